"""Cancelling, moving, trying again, giving up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import claims, kinds, verbs
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import (
    delivery_absent,
    delivery_arrived,
    delivery_cancel,
    delivery_give_up,
    delivery_move,
    delivery_retry,
    delivery_send_again,
)
from apps.delivery.services.outbox import refusal
from apps.delivery.tasks import deliveries_send
from tests.delivery.factories import letter
from tests.delivery.letters import Box


def failed(workspace: Workspace, box: Box) -> Delivery:
    box.troubles = [PermanentError("the address is wrong")]
    delivery = letter(workspace)
    deliveries_send()
    delivery.refresh_from_db()
    return delivery


def claimed(*, begun: bool) -> Delivery:
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    if begun:
        verbs.begin(row)
    return row


def test_cancelled_is_not_sent(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = letter(workspace)
    delivery_cancel(delivery=delivery, by=editor, reason="wrong person")
    deliveries_send()
    assert (delivery.state, delivery.outcome) == ("done", "cancelled")
    assert box.sent == []
    assert box.recorded == [(delivery.pk, "cancelled")]
    entry = AuditEntry.objects.get(verb="delivery.cancelled")
    assert (entry.actor, entry.details) == (editor, {"reason": "wrong person"})
    with pytest.raises(TransitionError):
        delivery_cancel(delivery=delivery, by=editor)


@pytest.mark.parametrize("how", ["cancel", "move"])
def test_taken_back_just_before_begin_is_not_sent(workspace: Workspace, box: Box, how: str) -> None:
    """The claim is made, the limits let it through, and then a person is quicker than begin."""
    delivery = letter(workspace)

    def person() -> None:
        fresh = Delivery.objects.get(pk=delivery.pk)
        assert fresh.state == "leased"
        if how == "cancel":
            delivery_cancel(delivery=fresh)
        else:
            delivery_move(delivery=fresh, to=now() + timedelta(hours=1))

    row = claimed(begun=False)
    person()
    with pytest.raises(verbs.LeaseLost):
        verbs.begin(row)
    deliveries_send()
    delivery.refresh_from_db()
    assert box.sent == []
    assert (delivery.state, delivery.outcome) == (("done", "cancelled") if how == "cancel" else ("ready", ""))


def test_begun_can_be_neither_cancelled_nor_moved_nor_given_up(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = letter(workspace)
    claimed(begun=True)
    for act in (
        lambda: delivery_cancel(delivery=delivery, by=editor),
        lambda: delivery_move(delivery=delivery, to=now(), by=editor),
        lambda: delivery_give_up(delivery=delivery, reason="no", by=editor),
    ):
        with pytest.raises(TransitionError, match="leaving"):
            act()
    delivery.refresh_from_db()
    assert delivery.state == "leased"
    assert not AuditEntry.objects.exclude(verb="delivery.created").exists()


def test_cancelled_head_lets_the_next_go(workspace: Workspace, box: Box) -> None:
    first = letter(workspace, "first", order_key="a", not_before=now() + timedelta(hours=1))
    letter(workspace, "second", order_key="a", not_before=now() + timedelta(seconds=0.05))
    delivery_cancel(delivery=first)
    Lane.objects.update(next_at=now())
    Delivery.objects.filter(state="ready").update(not_before=now())
    deliveries_send()
    assert box.sent == ["second"]


def test_moved_leaves_at_the_new_time_and_place(workspace: Workspace, box: Box, editor: User) -> None:
    first = letter(workspace, "first", order_key="a")
    letter(workspace, "second", order_key="a")
    delivery_move(delivery=first, to=now() + timedelta(hours=1), by=editor)
    deliveries_send()
    assert box.sent == ["second"]
    delivery_move(delivery=first, to=now() - timedelta(seconds=1), by=editor)
    deliveries_send()
    assert box.sent == ["second", "first"]
    assert AuditEntry.objects.filter(verb="delivery.moved", actor=editor).count() == 2


def test_failed_is_tried_again(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = failed(workspace, box)
    delivery_retry(delivery=delivery, by=editor)
    assert (delivery.state, delivery.outcome) == ("ready", "")
    assert not Alert.objects.filter(closed_at=None).exists()
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert box.sent == ["hello"]
    assert box.recorded == [(delivery.pk, "failed"), (delivery.pk, ""), (delivery.pk, "sent")]
    assert AuditEntry.objects.get(verb="delivery.retried").actor == editor


@pytest.mark.parametrize("how", ["cancel", "give_up"])
def test_failed_can_be_ended(workspace: Workspace, box: Box, editor: User, how: str) -> None:
    delivery = failed(workspace, box)
    if how == "cancel":
        delivery_cancel(delivery=delivery, by=editor)
    else:
        delivery_give_up(delivery=delivery, reason="old news", by=editor)
    assert (delivery.state, delivery.outcome) == ("done", "cancelled" if how == "cancel" else "failed")
    assert not Alert.objects.filter(closed_at=None).exists()
    deliveries_send()
    assert box.sent == []
    with pytest.raises(TransitionError):
        delivery_retry(delivery=delivery, by=editor)


def test_waiting_can_be_neither_retried_nor_settled(workspace: Workspace, editor: User) -> None:
    delivery = letter(workspace)
    with pytest.raises(TransitionError):
        delivery_retry(delivery=delivery, by=editor)
    with pytest.raises(TransitionError):
        delivery_arrived(delivery=delivery, by=editor)
    with pytest.raises(TransitionError):
        delivery_send_again(delivery=delivery, by=editor)
    with pytest.raises(TransitionError, match="no doubt"):
        delivery_absent(delivery=delivery, by=editor)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("ready", "")


def test_sent_can_not_be_taken_back(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = letter(workspace)
    deliveries_send()
    with pytest.raises(TransitionError, match="sent already"):
        delivery_cancel(delivery=delivery, by=editor)
    with pytest.raises(TransitionError, match="sent already"):
        delivery_move(delivery=delivery, to=now(), by=editor)


@pytest.mark.parametrize(
    ("state", "outcome", "word"),
    [
        ("leased", "", "leaving"),
        ("unknown", "unknown", "Nobody knows"),
        ("dead", "failed", "not sent"),
        ("done", "sent", "sent already"),
        ("done", "cancelled", "cancelled or given up"),
    ],
)
def test_refusal_says_why(state: str, outcome: str, word: str) -> None:
    assert word in refusal(Delivery(state=state, outcome=outcome))


def test_race_of_two_askers_gives_one_delivery(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    first = letter(workspace, key="same")
    real = Delivery.objects.filter
    calls: list[int] = []

    def blind_once(*args: object, **kwargs: object) -> object:
        calls.append(1)
        rows = real(*args, **kwargs)
        return BlindOnce(rows) if len(calls) == 1 else rows

    class BlindOnce:
        def __init__(self, rows: object) -> None:
            self.rows = rows

        def first(self) -> None:
            return None

        def get(self) -> Delivery:
            return self.rows.get()  # type: ignore[attr-defined,no-any-return]

    monkeypatch.setattr(Delivery.objects, "filter", blind_once)
    assert letter(workspace, key="same").pk == first.pk
    monkeypatch.undo()
    assert Delivery.objects.count() == 1
