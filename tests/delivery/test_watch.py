"""What is due and does not move raises one alert that names the cause, and it is closed when it moves."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert, Workspace
from apps.core.clock import now
from apps.core.errors import RetryableError, UnknownOutcomeError
from apps.core.work import claims, kinds, lanes, verbs
from apps.delivery.models import Attempt, Delivery, Lane
from apps.delivery.services import watch
from apps.delivery.services.watch import stuck_tell
from apps.delivery.tasks import deliveries_send, outbox_mend
from tests.delivery.factories import WorkspaceFactory, letter
from tests.delivery.letters import Box

LONG_AGO = timedelta(minutes=30)


def open_alerts() -> dict[str, str]:
    return dict(Alert.objects.filter(closed_at=None).values_list("key", "message"))


def aged(delivery: Delivery, *, is_put_off: bool = False) -> None:
    """As if it had been due for half an hour."""
    past = now() - LONG_AGO
    Delivery.objects.filter(pk=delivery.pk).update(order_at=past)
    if not is_put_off:
        Delivery.objects.filter(pk=delivery.pk).update(not_before=past)
        Lane.objects.filter(pk=delivery.lane_id).update(next_at=past)


def test_no_worker_is_told_once_and_closed_when_it_moves(workspace: Workspace, box: Box) -> None:
    first = letter(workspace, "first", order_key="a")
    letter(workspace, "second", order_key="a")
    aged(first)
    outbox_mend()
    outbox_mend()
    [alert] = Alert.objects.all()
    assert (alert.key, alert.level, alert.times) == ("delivery.stuck:no_worker", "error", 2)
    assert "No worker takes deliveries" in alert.message
    assert alert.message.startswith("1 line of deliveries stands")
    assert alert.url.endswith("?standing=waiting")
    deliveries_send()
    assert stuck_tell() == 0
    assert open_alerts() == {}
    assert box.sent == ["first", "second"]


def test_workers_that_are_behind_are_told_from_none(workspace: Workspace) -> None:
    done = letter(workspace, "done")
    Attempt.objects.create(delivery=done, outcome="sent")
    aged(letter(workspace, "waits"))
    stuck_tell()
    assert list(open_alerts()) == ["delivery.stuck:behind"]


def test_a_paused_line_says_why(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace, order_key="a")
    lanes.pause(delivery.lane, "the editor is on leave")
    stuck_tell()
    assert open_alerts() == {}
    aged(delivery)
    Lane.objects.update(next_at=None)
    stuck_tell()
    assert list(open_alerts()) == ["delivery.stuck:paused"]
    assert "the editor is on leave" in open_alerts()["delivery.stuck:paused"]
    lanes.resume(delivery.lane)
    deliveries_send()
    stuck_tell()
    assert open_alerts() == {}


@pytest.mark.parametrize("how", ["limit", "refused"])
def test_what_is_put_off_again_and_again_says_why(workspace: Workspace, box: Box, how: str) -> None:
    if how == "limit":
        box.waits = [600.0]
    else:
        box.troubles = [RetryableError("the office is full", retry_after=600)]
    delivery = letter(workspace)
    deliveries_send()
    stuck_tell()
    assert open_alerts() == {}
    aged(delivery, is_put_off=True)
    stuck_tell()
    [message] = open_alerts().values()
    assert ("rate limit" if how == "limit" else "the office is full") in message


def test_each_workspace_is_told_of_its_own(workspace: Workspace) -> None:
    other = WorkspaceFactory.create()
    for space in (workspace, other):
        aged(letter(space))
    stuck_tell()
    assert Alert.objects.filter(workspace=other).count() == Alert.objects.filter(workspace=workspace).count() == 1


def test_what_is_scheduled_held_in_doubt_or_just_revived_is_no_trouble(workspace: Workspace, box: Box) -> None:
    letter(workspace, "tomorrow", not_before=now() + timedelta(days=1))
    box.troubles = [UnknownOutcomeError("cut")]
    doubted = letter(workspace, "doubted", order_key="a")
    deliveries_send()
    follower = letter(workspace, "edit", order_key="a", after=doubted)
    revived = letter(workspace, "revived", order_key="b")
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1)).rows
    verbs.fail(row, error="no")
    verbs.revive(row)
    for delivery in (doubted, follower, revived):
        aged(delivery, is_put_off=True)
    stuck_tell()
    assert not [key for key in open_alerts() if key.startswith("delivery.stuck")]


def test_stuck_lines_of_one_workspace_hide_nobody_elses(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "LOOKED_AT", 2)
    other = WorkspaceFactory.create(language="en")
    for number in range(3):
        aged(letter(workspace, f"{number}"))
    last = letter(other)
    aged(last)
    assert stuck_tell() == 3
    assert Alert.objects.filter(workspace=other, closed_at=None).count() == 1
    Delivery.objects.filter(pk=last.pk).update(order_at=now())
    stuck_tell()
    assert Alert.objects.filter(workspace=other, closed_at=None).count() == 0
    assert Alert.objects.filter(workspace=workspace, closed_at=None).count() == 1
