"""What people do to sources."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError

from apps.accounts.models import AuditEntry
from apps.accounts.services import alert_raise
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Poll, Source
from apps.sources.services import (
    source_create,
    source_pause,
    source_poll_now,
    source_resume,
    source_save,
)
from apps.sources.services.schedule import failing_key, gone_key
from tests.sources.factories import ExportFactory, FeedFactory, PollFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


def test_new_feed_is_due_at_once() -> None:
    workspace, editor = WorkspaceFactory.create(), UserFactory.create()

    source = source_create(
        workspace=workspace, kind="feed", name="Вестник", url="https://a.example/rss", actor=editor, interval_s=900
    )

    poll = Poll.objects.get()
    assert (poll.source, poll.workspace, poll.state) == (source, workspace, "ready")
    assert poll.not_before <= now()
    assert source.interval_s == 900
    audit = AuditEntry.objects.get()
    assert (audit.verb, audit.actor, audit.workspace) == ("source.created", editor, workspace)


def test_new_export_waits_for_its_file() -> None:
    source_create(workspace=WorkspaceFactory.create(), kind="export", name="Каналы")

    assert not Poll.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"url": ""},
        {"url": "not an address"},
        {"name": ""},
        {"interval_s": 5},
        {"interval_s": 999_999},
        {"kind": "telepathy"},
    ],
)
def test_malformed_source_is_refused(fields: dict[str, object]) -> None:
    good = {"kind": "feed", "name": "Вестник", "url": "https://a.example/rss"}

    with pytest.raises(ValidationError):
        source_create(workspace=WorkspaceFactory.create(), **{**good, **fields})  # type: ignore[arg-type]

    assert not Source.objects.exists()
    assert not Poll.objects.exists()


def test_one_address_twice_in_a_workspace_is_refused() -> None:
    known = FeedFactory.create()

    with pytest.raises(ValidationError):
        source_create(workspace=known.workspace, kind="feed", name="Другое имя", url=known.url)

    source_create(workspace=WorkspaceFactory.create(), kind="feed", name=known.name, url=known.url)


def test_new_address_is_read_whole_and_at_once() -> None:
    source = FeedFactory.create(etag='"a"', last_modified="yesterday")
    PollFactory.create(source=source, not_before=now() + timedelta(hours=5))
    source.url = "https://moved.example/rss"

    source_save(source=source, changed=["url"])

    source.refresh_from_db()
    assert (source.url, source.etag, source.last_modified) == ("https://moved.example/rss", "", "")
    assert Poll.objects.get().not_before <= now()


def test_new_name_alone_changes_nothing_else() -> None:
    source = FeedFactory.create(etag='"a"')
    later = now() + timedelta(hours=5)
    PollFactory.create(source=source, not_before=later)
    source.name = "Новое имя"

    source_save(source=source, changed=["name"])

    source.refresh_from_db()
    assert (source.name, source.etag) == ("Новое имя", '"a"')
    assert Poll.objects.get().not_before == later


def test_poll_now_brings_the_waiting_one_forward() -> None:
    source = FeedFactory.create()
    PollFactory.create(source=source, not_before=now() + timedelta(hours=5))

    source_poll_now(source=source)

    assert Poll.objects.get().not_before <= now()
    assert AuditEntry.objects.get().verb == "source.poll_asked"


def test_poll_now_makes_one_where_none_waits() -> None:
    source = FeedFactory.create()

    source_poll_now(source=source)
    source_poll_now(source=source)

    assert Poll.objects.count() == 1


def test_poll_now_is_refused_while_collecting_paused_or_no_feed() -> None:
    busy, paused, export = FeedFactory.create(), FeedFactory.create(is_active=False), ExportFactory.create()
    PollFactory.create(
        source=busy,
        state="leased",
        token="5f0c1b1c-0000-4000-8000-000000000000",
        not_before=now() + timedelta(minutes=1),
    )

    for source in (busy, paused, export):
        with pytest.raises(TransitionError):
            source_poll_now(source=source)

    assert Poll.objects.count() == 1
    assert not AuditEntry.objects.exists()


def test_pause_stops_and_resume_starts_again() -> None:
    source, editor = FeedFactory.create(failures=4, last_error="нет ответа"), UserFactory.create()
    PollFactory.create(source=source, not_before=now() + timedelta(hours=5))
    for key in (failing_key(source), gone_key(source)):
        alert_raise(workspace=source.workspace, key=key, message="…")

    source_pause(source=source, actor=editor, reason="отпуск")
    assert (source.is_active, source.paused_reason) == (False, "отпуск")
    assert not Poll.objects.exists()
    assert source.workspace.alerts.filter(closed_at=None).count() == 1
    with pytest.raises(TransitionError):
        source_pause(source=source)

    source_resume(source=source, actor=editor)
    assert (source.is_active, source.paused_reason, source.failures, source.last_error) == (True, "", 0, "")
    assert Poll.objects.get().not_before <= now()
    assert not source.workspace.alerts.filter(closed_at=None).exists()
    with pytest.raises(TransitionError):
        source_resume(source=source)
    assert list(AuditEntry.objects.order_by("id").values_list("verb", flat=True)) == ["source.paused", "source.resumed"]
