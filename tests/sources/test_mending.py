"""Every workspace with sources is looked after, and every active source has something that asks it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.sources.collectors.channel import ReadResult
from apps.sources.collectors.results import PollResult
from apps.sources.models import ChannelRead, HealthCheck, Poll, Retention, Source
from apps.sources.parsers.opml import Outline
from apps.sources.services import polls, reads, source_create, source_pause
from apps.sources.services.lists import feeds_add
from apps.sources.tasks import health_look, retention_clear, work_mend
from tests.sources.channels import ChannelFactory, ReadFactory, SessionFactory
from tests.sources.factories import ExportFactory, FeedFactory, PollFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
DONE = {"state": "done", "token": None}


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


def live(model: Any) -> int:
    return int(model.objects.live().count())


def ended(model: Any) -> None:
    """The row that is being worked is recorded as done, as the drain has it."""
    model.objects.update(state="done", token=None, finished_at=now())


def test_a_list_of_feeds_begins_the_rounds(workspace: Workspace) -> None:
    feeds_add(workspace=workspace, outlines=[Outline("Порт", "https://a.example/rss")])

    assert (live(HealthCheck), live(Retention)) == (1, 1)


def test_rounds_that_ended_without_sources_begin_again_with_a_list(workspace: Workspace) -> None:
    made = source_create(workspace=workspace, kind="feed", name="Вестник", url="https://b.example/rss")
    made.delete()
    health_look()
    retention_clear()
    assert (live(HealthCheck), live(Retention)) == (0, 0)

    feeds_add(workspace=workspace, outlines=[Outline("Порт", "https://a.example/rss")])

    assert (live(HealthCheck), live(Retention)) == (1, 1)


def test_missing_rounds_are_made_once(workspace: Workspace) -> None:
    ExportFactory.create(workspace=workspace)
    WorkspaceFactory.create()  # without a source there is nothing to look after

    work_mend()
    work_mend()

    assert list(HealthCheck.objects.values_list("workspace", "state")) == [(workspace.pk, "ready")]
    assert list(Retention.objects.values_list("workspace", "state")) == [(workspace.pk, "ready")]


def test_mending_goes_on_after_a_kill(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    FeedFactory.create(workspace=workspace)

    def killed() -> int:
        raise SystemExit

    monkeypatch.setattr("apps.sources.services.mending._sources_mend", killed)
    with pytest.raises(SystemExit):
        work_mend()
    monkeypatch.undo()
    work_mend()

    assert (live(HealthCheck), live(Poll)) == (1, 1)


def test_active_sources_that_nothing_asks_are_asked_again(workspace: Workspace) -> None:
    feed = FeedFactory.create(workspace=workspace)
    channel = ChannelFactory.create(workspace=workspace)
    FeedFactory.create(workspace=workspace, is_active=False)
    ChannelFactory.create(workspace=workspace, is_active=False)
    FeedFactory.create(workspace=workspace, is_active=False, archived_at=now())
    ExportFactory.create(workspace=workspace)
    waiting, worked = PollFactory.create(), PollFactory.create()
    Poll.objects.filter(pk=worked.pk).update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000")
    old = PollFactory.create(source=feed)
    Poll.objects.filter(pk=old.pk).update(**DONE, finished_at=now())

    work_mend()
    work_mend()

    assert Poll.objects.get(state="ready", source=feed).not_before <= now()
    assert {row.pk for row in Poll.objects.live()} == {waiting.pk, worked.pk, Poll.objects.latest("pk").pk}
    assert list(ChannelRead.objects.values_list("source", "state")) == [(channel.pk, "ready")]


def test_the_minute_is_beats() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["mend"]

    assert (entry["task"], entry["schedule"]) == (work_mend.name, timedelta(minutes=1))


def test_a_source_resumed_between_plan_and_record_is_collected_again() -> None:
    row = PollFactory.create()
    Poll.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000")
    ended(Poll)

    polls.poll_record(row, PollResult(""))

    assert list(Poll.objects.live().values_list("source", "state")) == [(row.source_id, "ready")]


def test_a_channel_without_its_account_goes_on_waiting_for_another() -> None:
    source = ChannelFactory.create(session=None)
    row = ReadFactory.create(source=source)
    assert not reads.read_plan(row).is_wanted
    ended(ChannelRead)

    reads.read_record(row, ReadResult(""))

    assert list(ChannelRead.objects.live().values_list("source", "state")) == [(source.pk, "ready")]


@pytest.mark.parametrize("kind", ["feed", "telegram"])
def test_a_source_paused_meanwhile_gets_no_next_one(kind: str) -> None:
    row: Any = PollFactory.create() if kind == "feed" else ReadFactory.create(source__session=SessionFactory.create())
    source_pause(source=Source.objects.get())
    row = type(row).objects.create(workspace=row.workspace, source=row.source)
    ended(type(row))

    if kind == "feed":
        polls.poll_record(row, PollResult(""))
    else:
        reads.read_record(row, ReadResult(""))

    assert not Poll.objects.live().exists()
    assert not ChannelRead.objects.live().exists()
