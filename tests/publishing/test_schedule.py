"""A channel's schedule: free slots for stories, and times that speak against a publication."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, ChannelSchedule, Publication, Slot
from apps.publishing.services import (
    ConflictError,
    publication_cancel,
    publication_place,
    publication_schedule_at,
    publication_schedule_next,
    schedule,
    schedule_save,
)
from apps.publishing.services.options import options_of
from apps.publishing.services.schedule_rules import conflicts_at, rules_of
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.clocks import standing
from tests.publishing.factories import approved_story, preview_channel, scheduled

# A Saturday, 12:00 in Moscow, where the workspaces of the tests are.
NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Moscow")


@pytest.fixture(autouse=True)
def _at_noon() -> Iterator[None]:
    with standing(NOON), translation.override("en"):
        yield


def every_day(channel: Channel, *times: time, **rules: object) -> ChannelSchedule:
    """Give a channel the same slots on every day."""
    return schedule_save(channel=channel, times=[(day, at) for day in range(7) for at in times], **rules)  # type: ignore[arg-type]


def moscow(hour: int, minute: int = 0, day: int = 21) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) - timedelta(hours=3)


def test_each_channel_gives_its_own_next_slot_and_text(workspace: Workspace, editor: User) -> None:
    one, two = preview_channel(workspace, "One", footer="@one"), preview_channel(workspace, "Two", footer="@two")
    every_day(one, time(15), time(18))
    every_day(two, time(9))
    scheduled(one, editor, "Earlier", at=moscow(15))
    story = approved_story(workspace)
    first, second = publication_schedule_next(story=story, channels=[one, two], editor=editor)
    assert first.publication is not None
    assert second.publication is not None
    assert (first.publication.publish_at, second.publication.publish_at) == (moscow(18), moscow(9, day=22))
    assert first.publication.html.endswith("@one")
    assert second.publication.html.endswith("@two")
    assert first.words == "“One”: Saturday 21 November, 18:00."
    assert second.words == "“Two”: Sunday 22 November, 09:00."
    assert not first.is_warning
    assert Delivery.objects.get(publication=first.publication).not_before == moscow(18)


def test_one_channel_without_slots_does_not_hold_up_the_others(workspace: Workspace, editor: User) -> None:
    bare, kept = preview_channel(workspace, "Bare"), preview_channel(workspace, "Kept")
    every_day(kept, time(15))
    placed = publication_schedule_next(story=approved_story(workspace), channels=[bare, kept], editor=editor)
    assert [each.publication is not None for each in placed] == [False, True]
    assert placed[0].words == "“Bare”: the channel has no slots. Give it some, or choose a time."
    assert Publication.objects.get().channel == kept


def test_slots_that_are_all_quiet_are_told(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    every_day(channel, time(2), quiet_from=time(23), quiet_until=time(8))
    [placed] = publication_schedule_next(story=approved_story(workspace), channels=[channel], editor=editor)
    assert "no slot is free within a year" in placed.words
    assert not Publication.objects.exists()


def test_asking_twice_takes_one_slot(workspace: Workspace, editor: User) -> None:
    channel, story = preview_channel(workspace), approved_story(workspace)
    every_day(channel, time(15), time(18))
    [first] = publication_schedule_next(story=story, channels=[channel], editor=editor)
    [again] = publication_schedule_next(story=story, channels=[channel], editor=editor)
    assert first.publication == again.publication
    assert again.words == "“Showcase”: it stands there already, Saturday 21 November, 15:00."
    assert (Publication.objects.count(), Delivery.objects.count()) == (1, 1)


def test_a_cancelled_slot_is_free_again(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    every_day(channel, time(15), time(18))
    [first] = publication_schedule_next(story=approved_story(workspace), channels=[channel], editor=editor)
    assert first.publication is not None
    publication_cancel(publication=first.publication, editor=editor)
    [second] = publication_schedule_next(story=approved_story(workspace, "Other"), channels=[channel], editor=editor)
    assert second.publication is not None
    assert second.publication.publish_at == moscow(15)


def test_refused_stories_say_why_by_channel(workspace: Workspace, editor: User) -> None:
    channel, other = preview_channel(workspace), preview_channel(WorkspaceFactory.create(), "Foreign")
    every_day(channel, time(15))
    every_day(other, time(15))
    draft = approved_story(workspace)
    type(draft).objects.update(status="draft")
    placed = publication_schedule_next(story=draft, channels=[channel, other], editor=editor)
    assert "Approve it first" in placed[0].words
    assert "another workspace" in placed[1].words
    assert not Publication.objects.exists()


def test_a_time_too_near_or_in_the_night_is_told_and_taken_anyway(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    every_day(channel, quiet_from=time(23), quiet_until=time(8), gap_minutes=30)
    scheduled(channel, editor, "Fire in the port", at=moscow(15))
    story = approved_story(workspace, "Second")
    [near] = publication_schedule_at(story=story, channels=[channel], at=moscow(15, 20), editor=editor)
    assert near.words == "“Showcase”: “Fire in the port” comes out at 15:00: less than 30 minutes apart."
    [night] = publication_schedule_at(story=story, channels=[channel], at=moscow(23, 30), editor=editor)
    assert night.words == "“Showcase”: It falls into quiet hours, 23:00–08:00."
    assert Publication.objects.count() == 1
    [done] = publication_schedule_at(story=story, channels=[channel], at=moscow(23, 30), editor=editor, anyway=True)
    assert done.publication is not None
    assert Publication.objects.count() == 2
    assert conflicts_at(channel, moscow(15, 30)) == []
    assert [each.kind for each in conflicts_at(channel, moscow(23, 59))] == ["quiet", "near"]


def test_moving_keeps_to_the_schedule_unless_said_anyway(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    every_day(channel, quiet_from=time(23), quiet_until=time(8), gap_minutes=30)
    scheduled(channel, editor, "First", at=moscow(15))
    moved = scheduled(channel, editor, "Second", at=moscow(18))
    with pytest.raises(ConflictError, match="“First” comes out at 15:00"):
        publication_place(publication=moved, to=moscow(15, 10), editor=editor)
    moved.refresh_from_db()
    assert moved.publish_at == moscow(18)
    # its own place is nobody's conflict
    publication_place(publication=moved, to=moscow(18, 10), editor=editor)
    publication_place(publication=moved, to=moscow(15, 10), editor=editor, anyway=True)
    moved.refresh_from_db()
    assert moved.publish_at == moscow(15, 10)
    assert Delivery.objects.get(publication=moved).not_before == moscow(15, 10)


def test_what_left_meanwhile_is_not_moved_and_says_so(workspace: Workspace, editor: User) -> None:
    publication = scheduled(preview_channel(workspace), editor)
    deliveries_send()
    with pytest.raises(TransitionError, match="It went out at 12:00, before it was moved"):
        publication_place(publication=publication, to=moscow(18), editor=editor)
    stored = Publication.objects.get()
    assert (stored.status, stored.publish_at) == ("sent", NOON)


def test_what_somebody_else_moved_is_not_moved_blindly(workspace: Workspace, editor: User) -> None:
    publication = scheduled(preview_channel(workspace), editor, at=moscow(15))
    publication_place(publication=publication, to=moscow(16), editor=editor, seen=moscow(15))
    with pytest.raises(TransitionError, match="moved it to 16:00 meanwhile"):
        publication_place(publication=publication, to=moscow(18), editor=editor, seen=moscow(15))
    publication.refresh_from_db()
    assert publication.publish_at == moscow(16)


@pytest.mark.parametrize(("status", "words"), [("cancelled", "cancelled meanwhile"), ("failed", "not published")])
def test_what_has_ended_is_not_moved(workspace: Workspace, editor: User, status: str, words: str) -> None:
    publication = scheduled(preview_channel(workspace), editor, at=moscow(15))
    Publication.objects.update(status=status)
    with pytest.raises(TransitionError, match=words):
        publication_place(publication=publication, to=moscow(18), editor=editor)


def test_a_passed_time_is_refused_even_anyway(workspace: Workspace, editor: User) -> None:
    publication = scheduled(preview_channel(workspace), editor, at=moscow(15))
    with pytest.raises(PermanentError, match="passed"):
        publication_place(publication=publication, to=moscow(9), editor=editor, anyway=True)


def test_saving_replaces_slots_and_keeps_what_is_scheduled(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    every_day(channel, time(15), editor=editor)
    kept = scheduled(channel, editor, at=moscow(15))
    same = Slot.objects.filter(weekday=2).get()
    schedule_save(channel=channel, times=[(2, time(15)), (3, time(9))], gap_minutes=10, editor=editor)
    assert list(Slot.objects.values_list("weekday", "at")) == [(2, time(15)), (3, time(9))]
    assert Slot.objects.get(weekday=2) == same
    kept.refresh_from_db()
    assert kept.publish_at == moscow(15)
    assert ChannelSchedule.objects.get().gap_minutes == 10
    assert AuditEntry.objects.filter(verb="schedule.changed", actor=editor).count() == 2


def test_a_channel_may_have_a_clock_of_its_own(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    every_day(channel, time(9), time_zone="Asia/Vladivostok")
    [placed] = publication_schedule_next(story=approved_story(workspace), channels=[channel], editor=editor)
    assert placed.publication is not None
    assert placed.publication.publish_at == datetime(2026, 11, 21, 23, 0, tzinfo=UTC)
    assert placed.words == "“Showcase”: Sunday 22 November, 02:00."
    assert str(rules_of(preview_channel(workspace, "Plain")).zone) == "Europe/Moscow"


@pytest.mark.parametrize(
    "wrong",
    [
        {"quiet_from": time(9)},
        {"quiet_from": time(9), "quiet_until": time(9)},
        {"gap_minutes": 1441},
        {"paused_reason": "nobody paused it"},
    ],
)
def test_the_database_refuses_what_no_schedule_is(workspace: Workspace, wrong: dict[str, object]) -> None:
    channel = preview_channel(workspace)
    with pytest.raises(IntegrityError), transaction.atomic():
        ChannelSchedule.objects.create(channel=channel, **wrong)
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.create(channel=channel, weekday=7, at=time(9))
    Slot.objects.create(channel=channel, weekday=6, at=time(9))
    with pytest.raises(IntegrityError), transaction.atomic():
        Slot.objects.create(channel=channel, weekday=6, at=time(9))


def test_two_who_take_one_slot_in_the_same_moment_get_two(
    workspace: Workspace, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, quick, slow = (
        preview_channel(workspace),
        approved_story(workspace, "Quick"),
        approved_story(workspace, "Slow"),
    )
    every_day(channel, time(15), time(18))
    real = schedule.publication_schedule

    def overtaken(**given: Any) -> Publication:
        """Another editor is done while this one's files are read."""
        monkeypatch.setattr(schedule, "publication_schedule", real)
        publication_schedule_next(story=quick, channels=[channel], editor=editor)
        return real(**given)

    monkeypatch.setattr(schedule, "publication_schedule", overtaken)
    [placed] = publication_schedule_next(story=slow, channels=[channel], editor=editor)
    assert placed.words == "“Showcase”: Saturday 21 November, 18:00."
    times = Publication.objects.order_by("publish_at").values_list("title", "publish_at")
    assert list(times) == [("Quick", moscow(15)), ("Slow", moscow(18))]
    assert set(Delivery.objects.values_list("not_before", flat=True)) == {moscow(15), moscow(18)}


def test_of_two_who_take_one_time_in_the_same_moment_the_second_is_told(
    workspace: Workspace, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, slow = preview_channel(workspace), approved_story(workspace, "Slow")
    real = schedule.publication_schedule

    def overtaken(**given: Any) -> Publication:
        """Another editor is done while this one's files are read."""
        scheduled(channel, editor, "Quick", at=moscow(15))
        return real(**given)

    monkeypatch.setattr(schedule, "publication_schedule", overtaken)
    [placed] = publication_schedule_at(story=slow, channels=[channel], at=moscow(15), editor=editor)
    assert placed.words == "“Showcase”: This time is taken: “Quick” comes out at 15:00."
    assert [each.kind for each in placed.conflicts] == ["near"]
    assert [row.title for row in Publication.objects.all()] == ["Quick"]
    assert Delivery.objects.count() == 1


def test_each_channel_has_its_own_options(workspace: Workspace, editor: User) -> None:
    one, two = preview_channel(workspace, "One"), preview_channel(workspace, "Two")
    every_day(one, time(15))
    every_day(two, time(15))
    options = {one.pk: replace(options_of(one), silent=True), two.pk: replace(options_of(two), silent=False)}
    placed = publication_schedule_next(
        story=approved_story(workspace), channels=[one, two], editor=editor, options=options
    )
    assert [each.publication is not None for each in placed] == [True, True]
    assert [row.silent for row in Publication.objects.order_by("channel__name")] == [True, False]
