"""Beat and the clock: twice, not for an hour, forwards and back. Nothing is doubled, nothing is skipped in silence.

A publication's time stands in its delivery's row. Beat only rings for what is due; that it rings too often, too late or
not at all changes when somebody looks, never what is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.conf import settings
from django_celery_beat.models import PeriodicTask

from apps.accounts.models import User, Workspace
from apps.core.ticks import tick_last
from apps.core.work import bells, claims, kinds, verbs
from apps.core.work.sweep import sweep
from apps.delivery.models import Delivery, Lane
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import PreviewMessage, Publication
from apps.publishing.services import publication_schedule_next, schedule_save
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.clocks import Clock, standing
from tests.publishing.factories import approved_story, preview_channel, scheduled

NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Berlin")


@pytest.fixture
def clock() -> Iterator[Clock]:
    with standing(NOON) as clock:
        yield clock


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The kinds that were rung for, in order; nobody drains of itself."""
    heard: list[str] = []
    monkeypatch.setattr(bells, "ring", heard.append)
    return heard


def titles() -> list[str]:
    return list(PreviewMessage.objects.order_by("pk").values_list("title", flat=True))


def test_two_beats_ring_twice_and_send_once(workspace: Workspace, editor: User, clock: Clock, rung: list[str]) -> None:
    scheduled(preview_channel(workspace), editor, "Once", at=NOON + HOUR)
    clock.move_to(NOON + HOUR)
    rung.clear()
    assert [sweep(), sweep()] == [["delivery"], ["delivery"]]
    assert rung == ["delivery", "delivery"]
    deliveries_send()
    deliveries_send()
    assert titles() == ["Once"]
    assert Delivery.objects.get().attempts == 1
    assert sweep() == []


def test_two_drains_at_once_share_the_rows(workspace: Workspace, editor: User, clock: Clock, rung: list[str]) -> None:
    scheduled(preview_channel(workspace), editor, at=NOON + HOUR)
    clock.move_to(NOON + HOUR)
    kind, lease = kinds.get("delivery"), timedelta(minutes=10)
    first, second = (claims.claim(kind, limit=5, lease=lease).rows for _drain in range(2))
    assert (len(first), len(second)) == (1, 0)


def test_after_an_hour_without_beat_all_goes_out_late_in_order_and_once(
    workspace: Workspace, editor: User, clock: Clock, rung: list[str]
) -> None:
    channel = preview_channel(workspace)
    for minutes in (50, 10, 30):
        scheduled(channel, editor, f"At {minutes}", at=NOON + timedelta(minutes=minutes))
    scheduled(channel, editor, "Later", at=NOON + 2 * HOUR)
    clock.move_to(NOON + HOUR)
    assert tick_last() is None or tick_last() < NOON + HOUR  # type: ignore[operator]
    assert sweep() == ["delivery"]
    deliveries_send()
    deliveries_send()
    assert titles() == ["At 10", "At 30", "At 50"]
    assert tick_last() == NOON + HOUR
    assert Publication.objects.get(title="Later").status == "scheduled"


def test_a_clock_that_jumps_forward_sends_what_became_due_and_no_more(
    workspace: Workspace, editor: User, clock: Clock, rung: list[str]
) -> None:
    channel = preview_channel(workspace)
    scheduled(channel, editor, "Today", at=NOON + HOUR)
    scheduled(channel, editor, "Tomorrow", at=NOON + 24 * HOUR)
    clock.move_to(NOON + 3 * HOUR)
    sweep()
    deliveries_send()
    clock.move_to(NOON + timedelta(minutes=1))
    sweep()
    deliveries_send()
    assert titles() == ["Today"]
    clock.move_to(NOON + 24 * HOUR)
    deliveries_send()
    assert titles() == ["Today", "Tomorrow"]


def test_a_clock_that_jumps_back_sends_nothing_twice(
    workspace: Workspace, editor: User, clock: Clock, rung: list[str]
) -> None:
    channel = preview_channel(workspace)
    scheduled(channel, editor, "Sent", at=NOON + HOUR)
    clock.move_to(NOON + HOUR)
    deliveries_send()
    clock.move_to(NOON - HOUR)
    assert sweep() == []
    deliveries_send()
    scheduled(channel, editor, "New", at=NOON)
    clock.move_to(NOON)
    deliveries_send()
    clock.move_to(NOON + HOUR)
    deliveries_send()
    assert titles() == ["Sent", "New"]


def test_a_clock_that_jumps_while_one_is_leased_neither_doubles_nor_loses(
    workspace: Workspace, editor: User, clock: Clock, rung: list[str]
) -> None:
    scheduled(preview_channel(workspace), editor, "Leased", at=NOON)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    verbs.begin(row)
    clock.move_to(NOON + 5 * HOUR)  # the lease is over, as the clock says
    sweep()
    deliveries_send()
    deliveries_send()
    assert titles() == ["Leased"]
    with pytest.raises(verbs.LeaseLost):
        verbs.finish(row, effect=lambda: pytest.fail("the late outcome was taken a second time"))
    assert titles() == ["Leased"]


@pytest.mark.parametrize(
    ("eve", "due"),
    [
        (datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
        (datetime(2026, 10, 24, 22, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
    ],
)
def test_a_slot_in_the_night_of_the_change_goes_out_once(
    workspace: Workspace, editor: User, clock: Clock, rung: list[str], eve: datetime, due: datetime
) -> None:
    clock.move_to(eve)
    channel = preview_channel(workspace)
    schedule_save(channel=channel, times=[(6, time(2, 30))])
    [placed] = publication_schedule_next(story=approved_story(workspace, "Night"), channels=[channel], editor=editor)
    assert placed.publication is not None
    assert Delivery.objects.get().not_before == due
    sent = []
    for minutes in range(0, 360, 15):  # through both of the doubled hours, and past the one that is left out
        clock.move_to(eve + timedelta(minutes=minutes))
        sweep()
        deliveries_send()
        sent.append(PreviewMessage.objects.count())
    assert sent.index(1) == (due - eve) // timedelta(minutes=15)
    assert sent[-1] == 1


def test_a_lost_bell_and_a_lane_put_wrong_are_mended_by_the_sweep(
    workspace: Workspace, editor: User, clock: Clock, rung: list[str]
) -> None:
    scheduled(preview_channel(workspace), editor, "Kept", at=NOON + HOUR)
    Lane.objects.update(next_at=NOON)  # looked at too early
    assert sweep() == ["delivery"]
    deliveries_send()
    assert titles() == []
    clock.move_to(NOON + HOUR)
    assert sweep() == ["delivery"]
    deliveries_send()
    assert titles() == ["Kept"]


def test_beat_itself_holds_no_time_of_a_publication(workspace: Workspace, editor: User, clock: Clock) -> None:
    before = PeriodicTask.objects.count()
    scheduled(preview_channel(workspace), editor, at=NOON + HOUR)
    assert PeriodicTask.objects.count() == before
    assert all(isinstance(entry["schedule"], timedelta) for entry in settings.CELERY_BEAT_SCHEDULE.values())
