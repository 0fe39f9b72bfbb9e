"""One that names another never leaves before that one is sent, and ends with it where it is not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, UnknownOutcomeError
from apps.core.work import claims, kinds, verbs
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import (
    delivery_absent,
    delivery_arrived,
    delivery_cancel,
    delivery_create,
    delivery_give_up,
    delivery_retry,
    delivery_send_again,
)
from apps.delivery.tasks import deliveries_send
from tests.delivery.factories import letter
from tests.delivery.letters import Box


def following(delivery: Delivery, text: str, *, order_key: str = "a") -> Delivery:
    return delivery_create(
        workspace=delivery.workspace,
        sender="test.letter",
        destination="Somebody",
        payload={"text": text},
        dedupe_key=f"letter:{text}",
        order_key=order_key,
        after=delivery,
    )


def standing(delivery: Delivery) -> tuple[str, str, bool]:
    delivery.refresh_from_db()
    return delivery.state, delivery.outcome, delivery.is_held


def a_minute_passes() -> None:
    past = now() - timedelta(seconds=1)
    Lane.objects.filter(unknown_until__isnull=False).update(unknown_until=past, next_at=past)


@pytest.mark.parametrize("order_key", ["a", "another lane"])
def test_it_leaves_once_the_other_is_sent(workspace: Workspace, box: Box, order_key: str) -> None:
    first = letter(workspace, "post", order_key="a", not_before=now() + timedelta(hours=1))
    edit = following(first, "edit", order_key=order_key)
    deliveries_send()
    assert box.sent == []
    assert standing(edit) == ("ready", "", True)
    Delivery.objects.filter(pk=first.pk).update(not_before=now())
    Lane.objects.filter(pk=first.lane_id).update(next_at=now())
    deliveries_send()
    deliveries_send()
    assert box.sent == ["post", "edit"]
    assert standing(edit) == ("done", "sent", False)


def test_it_leaves_at_once_where_the_other_has_been_sent(workspace: Workspace, box: Box) -> None:
    first = letter(workspace, "post", order_key="a")
    deliveries_send()
    edit = following(first, "edit")
    assert standing(edit) == ("ready", "", False)
    deliveries_send()
    assert box.sent == ["post", "edit"]


def test_its_sender_knows_the_other_sides_id(workspace: Workspace, box: Box) -> None:
    following(letter(workspace, "post", order_key="a"), "edit")
    deliveries_send()
    assert box.after_ids == ["", "letter-1"]


@pytest.mark.parametrize("how", ["cancel", "give_up", "dead", "absent"])
def test_it_is_cancelled_with_words_where_the_other_ends_otherwise(
    workspace: Workspace, box: Box, editor: User, how: str
) -> None:
    first = letter(workspace, "post", order_key="a")
    edit = following(first, "edit")
    pin = following(edit, "pin")
    if how == "cancel":
        delivery_cancel(delivery=first)
    elif how == "give_up":
        delivery_give_up(delivery=first, reason="old news", by=editor)
    else:
        box.troubles = [PermanentError("no") if how == "dead" else UnknownOutcomeError("cut")]
        deliveries_send()
        first.refresh_from_db()
    if how == "absent":
        assert standing(edit) == ("ready", "", True)
        delivery_absent(delivery=first, by=editor)
    assert standing(edit) == standing(pin) == ("done", "cancelled", True)
    assert "Somebody" in edit.error
    assert edit.error_code == "after_ended"
    assert (edit.pk, "cancelled") in box.recorded
    assert following(first, "unpin").outcome == "cancelled"
    a_minute_passes()
    deliveries_send()
    assert box.sent == []


def test_it_comes_back_where_the_other_is_sent_after_all(workspace: Workspace, box: Box, editor: User) -> None:
    box.troubles = [PermanentError("no")]
    first = letter(workspace, "post", order_key="a")
    edit = following(first, "edit")
    pin = following(edit, "pin")
    by_hand = following(first, "by hand")
    delivery_cancel(delivery=by_hand, by=editor)
    deliveries_send()
    assert standing(edit)[:2] == standing(pin)[:2] == ("done", "cancelled")
    first.refresh_from_db()
    delivery_retry(delivery=first, by=editor)
    assert standing(edit)[:2] == ("done", "cancelled")
    deliveries_send()
    deliveries_send()
    assert box.sent == ["post", "edit", "pin"]
    assert standing(edit)[:2] == standing(pin)[:2] == ("done", "sent")
    assert standing(by_hand)[:2] == ("done", "cancelled")


def test_a_doubt_lets_later_ones_pass_but_never_the_one_that_names_it(
    workspace: Workspace, box: Box, editor: User
) -> None:
    box.troubles = [UnknownOutcomeError("cut")]
    first = letter(workspace, "post", order_key="a")
    edit = following(first, "edit")
    letter(workspace, "next", order_key="a")
    deliveries_send()
    deliveries_send()
    assert box.sent == []
    a_minute_passes()
    deliveries_send()
    deliveries_send()
    assert box.sent == ["next"]
    assert standing(edit) == ("ready", "", True)
    first.refresh_from_db()
    delivery_arrived(delivery=first, by=editor, vendor_id="7")
    deliveries_send()
    assert box.sent == ["next", "edit"]
    assert box.after_ids[-1] == "7"


def test_send_again_goes_last_and_is_marked_late_where_later_ones_passed(
    workspace: Workspace, box: Box, editor: User
) -> None:
    box.troubles = [UnknownOutcomeError("cut")]
    first = letter(workspace, "post", order_key="a")
    letter(workspace, "second", order_key="a")
    deliveries_send()
    a_minute_passes()
    deliveries_send()
    deliveries_send()
    assert box.sent == ["second"]
    letter(workspace, "third", order_key="a", not_before=now())
    first.refresh_from_db()
    delivery_send_again(delivery=first, by=editor)
    first.refresh_from_db()
    assert first.is_late
    deliveries_send()
    assert box.sent == ["second", "third", "post"]


def test_send_again_within_the_minute_keeps_its_place(workspace: Workspace, box: Box, editor: User) -> None:
    box.troubles = [UnknownOutcomeError("cut")]
    first = letter(workspace, "post", order_key="a")
    letter(workspace, "second", order_key="a")
    deliveries_send()
    first.refresh_from_db()
    delivery_send_again(delivery=first, by=editor)
    deliveries_send()
    first.refresh_from_db()
    assert not first.is_late
    assert box.sent == ["post", "second"]


def test_killed_between_the_effect_and_its_commit_holds_the_follower_still(workspace: Workspace, box: Box) -> None:
    """The release of a follower is part of the transaction that records the other as sent."""
    first = letter(workspace, "post", order_key="a")
    edit = following(first, "edit")
    [row] = claims.claim(kinds.get("delivery"), limit=5, lease=timedelta(minutes=10)).rows
    verbs.begin(row)

    def effect() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        verbs.finish(row, effect=effect)
    assert standing(first)[:2] == ("leased", "")
    assert standing(edit) == ("ready", "", True)


def test_the_database_knows_that_what_is_held_names_another(workspace: Workspace) -> None:
    letter(workspace)
    with pytest.raises(IntegrityError, match="delivery_held_by_another"):
        Delivery.objects.update(is_held=True)


@pytest.mark.parametrize("how", ["cancelled", "failed", "given up"])
def test_what_ended_behind_it_without_leaving_has_not_passed_it(
    workspace: Workspace, box: Box, editor: User, how: str
) -> None:
    box.troubles = [PermanentError("no")]
    first = letter(workspace, "first", order_key="a")
    deliveries_send()
    if how == "failed":
        box.troubles = [PermanentError("no")]
    soon = now() + timedelta(hours=1) if how != "failed" else None
    second = letter(workspace, "second", order_key="a", not_before=soon)
    if how == "failed":
        deliveries_send()
    else:
        delivery_cancel(delivery=second, by=editor)
    if how == "given up":
        Delivery.objects.filter(pk=second.pk).update(outcome=Delivery.Outcome.FAILED)
    place = Delivery.objects.get(pk=first.pk).order_at
    third = letter(workspace, "third", order_key="a")
    first.refresh_from_db()
    delivery_retry(delivery=first, by=editor)
    first.refresh_from_db()
    assert (first.is_late, first.order_at) == (False, place)
    deliveries_send()
    assert box.sent == ["first", "third"]
    assert standing(third)[1] == "sent"


def test_one_that_waited_while_later_ones_left_is_last_and_late(workspace: Workspace, box: Box) -> None:
    first = letter(workspace, "post", order_key="b", not_before=now() + timedelta(hours=1))
    edit = following(first, "edit")
    letter(workspace, "other", order_key="a")
    deliveries_send()
    assert box.sent == ["other"]
    Delivery.objects.filter(pk=first.pk).update(not_before=now())
    Lane.objects.filter(pk=first.lane_id).update(next_at=now())
    deliveries_send()
    deliveries_send()
    edit.refresh_from_db()
    assert (box.sent, edit.is_late) == (["other", "post", "edit"], True)


def test_those_that_come_back_with_their_post_keep_their_order_and_are_not_late(
    workspace: Workspace, box: Box, editor: User
) -> None:
    box.troubles = [PermanentError("no")]
    first = letter(workspace, "post", order_key="b")
    edits = [following(first, "edit"), following(first, "edit again")]
    deliveries_send()
    delivery_give_up(delivery=first, reason="no use", by=editor)
    assert {standing(edit)[1] for edit in edits} == {"cancelled"}
    Delivery.objects.filter(pk=first.pk).update(state="unknown", outcome="unknown", finished_at=None)
    first.refresh_from_db()
    delivery_arrived(delivery=first, by=editor)
    deliveries_send()
    assert box.sent == ["edit", "edit again"]
    assert not Delivery.objects.filter(is_late=True).exists()
