"""A channel's queue: paused, and resumed with the overdue decided by a person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.utils import translation

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import lanes
from apps.delivery.models import Lane
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, ChannelSchedule, PreviewMessage, Publication
from apps.publishing.services import (
    publication_schedule_next,
    queue_overdue,
    queue_pause,
    queue_plan,
    queue_resume,
    schedule_save,
)
from apps.publishing.services.schedule_queue import alert_key, plan_mark, resumed_words
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.clocks import Clock, standing
from tests.publishing.factories import approved_story, preview_channel, scheduled

NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)  # 12:00 in Moscow
HOUR = timedelta(hours=1)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Moscow")


@pytest.fixture
def clock() -> Iterator[Clock]:
    with standing(NOON) as traveller, translation.override("en"):
        yield traveller


@pytest.fixture
def late(clock: Clock, workspace: Workspace, editor: User) -> Channel:
    """A channel that was paused at noon, three hours ago; two of its publications are overdue, one is to come."""
    channel = preview_channel(workspace)
    every = [(day, at) for day in range(7) for at in (time(16), time(18), time(20))]
    schedule_save(channel=channel, times=every, gap_minutes=30, editor=editor)
    scheduled(channel, editor, "Second", at=NOON + 2 * HOUR)
    scheduled(channel, editor, "First", at=NOON + HOUR)
    scheduled(channel, editor, "To come", at=NOON + 6 * HOUR)
    queue_pause(channel=channel, editor=editor, reason="an accident")
    clock.move_to(NOON + 3 * HOUR)
    return channel


def times() -> dict[str, tuple[str, datetime]]:
    """Status and time of each publication."""
    return {row.title: (row.status, row.publish_at) for row in Publication.objects.all()}


def resume(channel: Channel, editor: User, choice: str) -> int:
    return queue_resume(
        channel=channel, editor=editor, choice=choice, mark=plan_mark(choice, queue_plan(channel, choice))
    )


def test_nothing_leaves_a_paused_queue(late: Channel, editor: User) -> None:
    deliveries_send()
    assert not PreviewMessage.objects.exists()
    assert [row.title for row in queue_overdue(late)] == ["First", "Second"]
    row = ChannelSchedule.objects.get()
    assert (row.paused_at, row.paused_by, row.paused_reason) == (NOON, editor, "an accident")
    assert Lane.objects.get(key=f"channel:{late.pk}").paused_reason == f"⏸ {editor}: an accident"
    with pytest.raises(TransitionError, match="already"):
        queue_pause(channel=late, editor=editor)


def test_a_paused_queue_is_told_until_it_goes_on(late: Channel, editor: User) -> None:
    alert = Alert.objects.get(key=alert_key(late))
    assert (alert.closed_at, alert.level) == (None, "warning")
    assert "an accident" in alert.message
    resume(late, editor, "cancel")
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert set(AuditEntry.objects.filter(verb__startswith="queue.").values_list("verb", flat=True)) == {
        "queue.paused", "queue.resumed"
    }  # fmt: skip


def test_what_is_scheduled_into_a_paused_queue_says_so(late: Channel, editor: User) -> None:
    [placed] = publication_schedule_next(story=approved_story(late.workspace, "New"), channels=[late], editor=editor)
    assert placed.is_warning
    assert "queue is paused" in placed.words


def test_without_a_choice_the_overdue_are_asked_about_and_nothing_moves(late: Channel, editor: User) -> None:
    before = times()
    with pytest.raises(PermanentError) as caught:
        queue_resume(channel=late, editor=editor)
    assert caught.value.code == "ask"
    deliveries_send()
    assert (times(), PreviewMessage.objects.count()) == (before, 0)
    assert ChannelSchedule.objects.get().paused_at is not None


def test_sent_now_they_leave_in_order_with_the_distance(late: Channel, editor: User, clock: Clock) -> None:
    assert resume(late, editor, "now") == 2
    at = NOON + 3 * HOUR
    assert times() == {
        "First": ("scheduled", at),
        "Second": ("scheduled", at + timedelta(minutes=30)),
        "To come": ("scheduled", NOON + 6 * HOUR),
    }
    deliveries_send()
    assert list(PreviewMessage.objects.values_list("title", flat=True)) == ["First"]
    clock.move_to(at + timedelta(minutes=30))
    deliveries_send()
    deliveries_send()
    assert sorted(PreviewMessage.objects.values_list("title", flat=True)) == ["First", "Second"]


def test_moved_they_take_free_slots(late: Channel, editor: User) -> None:
    plan = queue_plan(late, "slots")
    assert [each.at for each in plan] == [NOON + 4 * HOUR, NOON + 8 * HOUR]
    assert resume(late, editor, "slots") == 2
    deliveries_send()
    assert not PreviewMessage.objects.exists()
    assert times()["Second"] == ("scheduled", NOON + 8 * HOUR)


def test_cancelled_they_never_leave(late: Channel, editor: User, clock: Clock) -> None:
    assert resume(late, editor, "cancel") == 2
    assert {title: status for title, (status, _at) in times().items()} == {
        "First": "cancelled", "Second": "cancelled", "To come": "scheduled"
    }  # fmt: skip
    clock.move_to(NOON + 6 * HOUR)
    deliveries_send()
    assert list(PreviewMessage.objects.values_list("title", flat=True)) == ["To come"]


def test_a_queue_without_overdue_goes_on_at_once(clock: Clock, workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    scheduled(channel, editor, at=NOON + HOUR)
    queue_pause(channel=channel, editor=editor)
    assert queue_resume(channel=channel, editor=editor) == 0
    clock.move_to(NOON + HOUR)
    deliveries_send()
    assert PreviewMessage.objects.count() == 1
    with pytest.raises(TransitionError, match="not paused"):
        queue_resume(channel=channel, editor=editor)


def test_what_was_shown_must_still_hold(late: Channel, editor: User) -> None:
    mark = plan_mark("slots", queue_plan(late, "slots"))
    scheduled(late, editor, "In between", at=NOON + 4 * HOUR)
    before = times()
    with pytest.raises(TransitionError, match="Look at the new times"):
        queue_resume(channel=late, editor=editor, choice="slots", mark=mark)
    assert times() == before
    assert ChannelSchedule.objects.get().paused_at is not None


def test_resuming_twice_moves_once(late: Channel, editor: User) -> None:
    mark = plan_mark("slots", queue_plan(late, "slots"))
    queue_resume(channel=late, editor=editor, choice="slots", mark=mark)
    after = times()
    with pytest.raises(TransitionError):
        queue_resume(channel=late, editor=editor, choice="slots", mark=mark)
    assert times() == after


def test_too_few_slots_are_told(late: Channel, editor: User) -> None:
    schedule_save(channel=late, times=[], editor=editor)
    with pytest.raises(PermanentError, match="fewer free slots"):
        resume(late, editor, "slots")
    with pytest.raises(PermanentError, match="send, move or cancel"):
        queue_plan(late, "guess")
    assert {status for status, _at in times().values()} == {"scheduled"}


def test_quiet_hours_hold_for_what_is_sent_now(late: Channel, editor: User) -> None:
    schedule_save(channel=late, times=[], quiet_from=time(14), quiet_until=time(17), gap_minutes=30, editor=editor)
    assert [each.at for each in queue_plan(late, "now")] == [NOON + 5 * HOUR, NOON + 5 * HOUR + timedelta(minutes=30)]


def test_a_pause_of_something_else_is_not_ended(late: Channel, editor: User) -> None:
    lane = Lane.objects.get(key=f"channel:{late.pk}")
    lanes.pause(lane, "token revoked")
    resume(late, editor, "cancel")
    lane.refresh_from_db()
    assert lane.paused_reason == "token revoked"


@pytest.mark.parametrize(
    ("choice", "count", "words"),
    [
        ("now", 1, "The queue goes on. 1 goes out now."),
        ("slots", 2, "The queue goes on. 2 are moved to free slots."),
        ("cancel", 2, "The queue goes on. 2 are cancelled."),
        ("", 0, "The queue goes on."),
    ],
)
def test_words_of_a_resumed_queue(choice: str, count: int, words: str) -> None:
    with translation.override("en"):
        assert resumed_words(choice, count) == words
