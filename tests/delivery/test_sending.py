"""What is in the outbox leaves once, in order, many at a time."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from uuid import uuid4

import pytest
import structlog
from django.db import DatabaseError
from pytest_django import Settings

from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import claims, drain, kinds, verbs
from apps.delivery.models import Attempt, Delivery
from apps.delivery.services import sending
from apps.delivery.tasks import deliveries_send
from tests.delivery.factories import letter
from tests.delivery.letters import Box


def attempts_of(delivery: Delivery) -> list[tuple[str, str]]:
    return list(delivery.attempt_log.order_by("id").values_list("kind", "outcome"))


def test_letter_leaves_with_its_receipt(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace, "hello")
    deliveries_send()
    delivery.refresh_from_db()
    assert box.sent == ["hello"]
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert (delivery.vendor_id, delivery.url) == ("letter-1", "https://letters.test/1")
    assert delivery.sent_at is not None
    assert attempts_of(delivery) == [("send", "sent")]
    assert Attempt.objects.get().duration_ms is not None
    assert box.recorded == [(delivery.pk, "sent")]
    assert not Alert.objects.exists()
    assert AuditEntry.objects.filter(verb="delivery.created", workspace=workspace).count() == 1


def test_those_sent_away_come_back_one_after_another_until_the_first_is_back(
    workspace: Workspace, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    parcel = sending.delivery_plan(letter(workspace, "hello"))
    sessions, moment = sending.Sessions(AsyncExitStack()), [100.0]
    monkeypatch.setattr("apps.delivery.services.sending.time.monotonic", lambda: moment[0])
    waits = [sessions.comeback_s(parcel, 1.0) for _parcel in range(3)]
    assert waits[0] == 1.0
    assert waits == sorted(set(waits))
    moment[0] = 200.0
    assert sessions.comeback_s(parcel, 1.0) == 1.0


def test_asking_twice_sends_once(workspace: Workspace, box: Box) -> None:
    first = letter(workspace, "hello", key="same")
    assert letter(workspace, "hello again", key="same") == first
    deliveries_send()
    assert letter(workspace, "and again", key="same").pk == first.pk
    deliveries_send()
    assert box.sent == ["hello"]
    assert Delivery.objects.count() == 1


def test_same_key_in_another_workspace_is_another_letter(workspace: Workspace, box: Box) -> None:
    other = Workspace.objects.create(name="Other", slug="other")
    assert letter(workspace, "a", key="same") != letter(other, "b", key="same")


def test_bell_delivered_twice_sends_once(workspace: Workspace, box: Box) -> None:
    letter(workspace)
    deliveries_send()
    deliveries_send()
    assert box.sent == ["hello"]


def test_letter_waits_for_its_time(workspace: Workspace, box: Box) -> None:
    letter(workspace, not_before=now() + timedelta(hours=1))
    deliveries_send()
    assert box.sent == []


def test_lane_keeps_its_order_and_lanes_go_side_by_side(workspace: Workspace, box: Box) -> None:
    for number in range(4):
        letter(workspace, f"a{number}", order_key="a")
    for number in range(4):
        letter(workspace, f"b{number}", order_key="b")
    for number in range(6):
        letter(workspace, f"free{number}")
    deliveries_send()
    assert [text for text in box.sent if text.startswith("a")] == ["a0", "a1", "a2", "a3"]
    assert [text for text in box.sent if text.startswith("b")] == ["b0", "b1", "b2", "b3"]
    assert len(box.sent) == 14
    assert box.most_at_once > 2
    assert (box.opened, box.closed) == (1, 1)


def test_retried_head_holds_its_lane(workspace: Workspace, box: Box) -> None:
    box.troubles = [RetryableError("busy", retry_after=60)]
    first, second = letter(workspace, "first", order_key="a"), letter(workspace, "second", order_key="a")
    deliveries_send()
    assert box.sent == []
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == ("ready", "ready")
    assert first.error == "busy"
    assert 55 < (first.not_before - now()).total_seconds() <= 60
    assert attempts_of(first) == [("send", "retry")]
    assert first.attempts == 1


def test_dead_letter_lets_the_next_go(workspace: Workspace, box: Box) -> None:
    box.troubles = [PermanentError("the address is wrong", code="bad_address")]
    first, second = letter(workspace, "first", order_key="a"), letter(workspace, "second", order_key="a")
    deliveries_send()
    first.refresh_from_db()
    assert (first.state, first.outcome, first.error_code) == ("dead", "failed", "bad_address")
    assert box.sent == ["second"]
    alert = Alert.objects.get(key=f"delivery.dead:{first.pk}")
    assert "the address is wrong" in alert.message
    assert "Somebody" in alert.message
    assert alert.url == f"/admin/delivery/delivery/{first.pk}/change/"
    assert attempts_of(first) == [("send", "failed")]
    assert box.recorded == [(first.pk, "failed"), (second.pk, "sent")]


def test_attempt_that_can_not_be_logged_is_said_and_changes_nothing(
    workspace: Workspace, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise DatabaseError("disk full")

    monkeypatch.setattr(sending, "delivery_attempted", broken)
    box.troubles = [PermanentError("the address is wrong", code="bad_address")]
    delivery = letter(workspace)
    with structlog.testing.capture_logs() as lines:
        deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error_code) == ("dead", "bad_address")
    [line] = [line for line in lines if line["event"] == "delivery.attempt_not_logged"]
    assert (line["log_level"], line["delivery"]) == ("warning", delivery.pk)
    assert line["error"] == "the address is wrong"


def test_rate_limit_is_not_an_attempt_and_nothing_has_begun(workspace: Workspace, box: Box) -> None:
    box.waits = [30.0]
    delivery = letter(workspace)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts, delivery.begun_at) == ("ready", 0, None)
    assert 25 < (delivery.not_before - now()).total_seconds() <= 30
    assert box.sent == []
    assert attempts_of(delivery) == []


def test_refusal_while_preparing_is_told(workspace: Workspace, box: Box) -> None:
    box.prepare_trouble = PermanentError("no stamp")
    delivery = letter(workspace)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error) == ("dead", "failed", "no stamp")
    assert Alert.objects.filter(key=f"delivery.dead:{delivery.pk}", closed_at=None).exists()


def test_unregistered_sender_is_told(workspace: Workspace) -> None:
    delivery = letter(workspace, sender="test.pigeon")
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error_code) == ("dead", "sender_unknown")
    assert "test.pigeon" in Alert.objects.get().message


def test_third_bug_is_told(workspace: Workspace, box: Box) -> None:
    box.prepare_trouble = ValueError("slip")
    delivery = letter(workspace)
    for _try in range(3):
        Delivery.objects.update(not_before=now())
        delivery.lane.__class__.objects.update(next_at=now())
        deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error_code) == ("dead", "failed", "bug")
    assert attempts_of(delivery) == [("send", "failed")]
    assert Alert.objects.filter(key=f"delivery.dead:{delivery.pk}").count() == 1


@pytest.mark.parametrize("begun", [False, True])
def test_killed_worker_doubles_nothing(workspace: Workspace, box: Box, begun: bool) -> None:
    delivery = letter(workspace)
    past = now() - timedelta(minutes=5)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    if begun:
        verbs.begin(row)
    Delivery.objects.update(not_before=past)
    delivery.lane.__class__.objects.update(next_at=past)
    deliveries_send()
    deliveries_send()
    delivery.refresh_from_db()
    if begun:
        assert (delivery.state, delivery.outcome) == ("unknown", "unknown")
        assert box.sent == []
        assert attempts_of(delivery) == [("send", "unknown")]
        assert Alert.objects.get().key == f"delivery.unknown:{delivery.pk}"
    else:
        assert (delivery.state, delivery.outcome) == ("done", "sent")
        assert box.sent == ["hello"]
        assert not Alert.objects.exists()


def test_lease_that_the_waits_have_used_up_is_renewed_before_it_leaves(
    workspace: Workspace, box: Box, settings: Settings
) -> None:
    delivery = letter(workspace)
    seen: list[float] = []

    def wait() -> None:
        row = drain.current().row
        row.not_before = now() + timedelta(seconds=3)
        seen.append(drain.current().remaining_s())

    box.on_admit = wait
    box.on_send = lambda: seen.append(drain.current().remaining_s())
    deliveries_send()
    delivery.refresh_from_db()
    assert (box.sent, delivery.outcome) == (["hello"], "sent")
    assert seen[0] <= 3 < settings.TELEGRAM_TIMEOUT_S < seen[1]


def test_lease_that_another_has_taken_over_lets_nothing_leave(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace)

    def taken() -> None:
        row = drain.current().row
        row.not_before, row.token = now() + timedelta(seconds=3), uuid4()

    box.on_admit = taken
    deliveries_send()
    delivery.refresh_from_db()
    assert (box.sent, delivery.state, delivery.begun_at) == ([], "leased", None)
