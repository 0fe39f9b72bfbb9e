"""Several waiting texts of one kind to one chat leave as one message, and share what becomes of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError, TransitionError, UnknownOutcomeError
from apps.core.work import claims, kinds
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import (
    delivery_arrived,
    delivery_cancel,
    delivery_give_up,
    delivery_move,
    delivery_send_again,
    sending,
)
from apps.delivery.services.joining import payload_sent, payloads_sent
from apps.delivery.tasks import deliveries_send
from apps.delivery.telegram_doing import joined
from tests.delivery.factories import letter
from tests.delivery.letters import Box


def news(workspace: Workspace, *texts: str, kind: str = "news", not_before: timedelta = timedelta()) -> list[Delivery]:
    at = now() + not_before if not_before else None
    return [letter(workspace, text, sender="test.bundle", order_key="chat", kind=kind, not_before=at) for text in texts]


def outcomes() -> set[tuple[str, str, str]]:
    return set(Delivery.objects.values_list("state", "outcome", "vendor_id"))


def claimed_and_planned() -> Delivery:
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    sending.delivery_plan(row)
    return row


def test_a_burst_is_one_message_and_all_of_it_is_sent(workspace: Workspace, box: Box) -> None:
    rows = news(workspace, "a", "b", "c")
    deliveries_send()
    assert box.sent == ["a+b+c"]
    assert outcomes() == {("done", "sent", "letter-1")}
    assert Delivery.objects.values("sent_at").distinct().count() == 1
    assert sorted(box.recorded) == [(row.pk, "sent") for row in rows]
    deliveries_send()
    assert box.sent == ["a+b+c"]


def test_what_has_left_is_told_with_what_left_inside_it(workspace: Workspace, box: Box) -> None:
    whole, *_inside = news(workspace, "a", "b", "c")
    alone = letter(workspace, "d", order_key="another chat")
    deliveries_send()
    assert box.sent[0] == "a+b+c"
    told = payloads_sent([whole, alone])
    assert told[whole.pk]["text"] == "a+b+c"
    assert told[alone.pk] == alone.payload
    assert payload_sent(whole) == told[whole.pk]


def test_what_does_not_fit_goes_in_the_next(workspace: Workspace, box: Box) -> None:
    news(workspace, "a", "b", "c", "d", "e", "f")
    deliveries_send()
    assert box.sent == ["a+b+c+d", "e+f"]


def test_order_is_kept_where_one_of_another_kind_stands_between(workspace: Workspace, box: Box) -> None:
    news(workspace, "a")
    news(workspace, "b", kind="digest")
    news(workspace, "c")
    deliveries_send()
    assert box.sent == ["a", "b", "c"]


def test_later_ones_and_those_that_name_another_are_left(workspace: Workspace, box: Box) -> None:
    [first] = news(workspace, "a")
    letter(workspace, "b", sender="test.bundle", order_key="chat", kind="news", after=first)
    news(workspace, "c", not_before=timedelta(hours=1))
    deliveries_send()
    assert box.sent == ["a", "b"]


def test_other_senders_send_each_by_itself(workspace: Workspace, box: Box) -> None:
    for text in "ab":
        letter(workspace, text, order_key="chat", kind="news")
    deliveries_send()
    assert box.sent == ["a", "b"]


def test_a_joined_one_can_not_be_taken_back_by_itself(workspace: Workspace, box: Box, editor: User) -> None:
    _first, second = news(workspace, "a", "b")
    claimed_and_planned()
    for act in (
        lambda: delivery_cancel(delivery=second),
        lambda: delivery_move(delivery=second, to=now()),
        lambda: delivery_give_up(delivery=second, reason="no", by=editor),
    ):
        with pytest.raises(TransitionError, match="together with another"):
            act()
    second.refresh_from_db()
    assert (second.state, second.is_held, second.is_joined) == ("ready", True, True)


def test_taking_back_the_first_lets_the_others_go_by_themselves(workspace: Workspace, box: Box) -> None:
    first, _second, _third = news(workspace, "a", "b", "c")
    claimed_and_planned()
    delivery_cancel(delivery=first)
    deliveries_send()
    assert box.sent == ["b+c"]


def test_moving_the_first_lets_the_others_go_at_their_own_time(workspace: Workspace, box: Box) -> None:
    first, second, _third = news(workspace, "a", "b", "c")
    claimed_and_planned()
    delivery_move(delivery=first, to=now() + timedelta(days=7))
    deliveries_send()
    assert box.sent == ["b+c"]
    first.refresh_from_db()
    assert (first.state, first.outcome) == ("ready", "")
    second.refresh_from_db()
    assert second.outcome == "sent"


def test_those_that_do_not_go_together_any_more_leave_one_by_one(workspace: Workspace, box: Box) -> None:
    _first, second = news(workspace, "a", "b")
    row = claimed_and_planned()
    Delivery.objects.filter(pk=second.pk).update(payload={"text": "b", "alone": True})
    past = now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=row.pk).update(not_before=past)
    Lane.objects.update(next_at=past)
    deliveries_send()
    deliveries_send()
    assert box.sent == ["a", "b"]


def test_killed_after_joining_sends_all_once(workspace: Workspace, box: Box) -> None:
    news(workspace, "a", "b")
    row = claimed_and_planned()
    past = now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=row.pk).update(not_before=past)
    Lane.objects.update(next_at=past)
    news(workspace, "c")
    deliveries_send()
    assert box.sent == ["a+b+c"]
    assert outcomes() == {("done", "sent", "letter-1")}


def test_tried_again_takes_the_same_and_what_came_meanwhile(workspace: Workspace, box: Box) -> None:
    news(workspace, "a", "b")
    box.troubles = [RetryableError("busy", retry_after=0.05)]
    box.on_admit = lambda: None
    deliveries_send()
    assert box.sent == ["a+b"]
    assert outcomes() == {("done", "sent", "letter-1")}


def test_refused_together_leave_by_themselves(workspace: Workspace, box: Box) -> None:
    first, second = news(workspace, "a", "b")
    box.troubles = [PermanentError("too long")]
    deliveries_send()
    for row in (first, second):
        row.refresh_from_db()
    assert box.sent == ["b"]
    assert (first.outcome, second.outcome, second.after_id) == ("failed", "sent", None)


@pytest.mark.parametrize("answer", ["there", "again"])
def test_a_doubt_about_the_message_is_a_doubt_about_all_of_it(
    workspace: Workspace, box: Box, editor: User, answer: str
) -> None:
    first, second = news(workspace, "a", "b")
    box.troubles = [UnknownOutcomeError("cut")]
    deliveries_send()
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state, second.is_held) == ("unknown", "ready", True)
    assert list(Alert.objects.values_list("key", flat=True)) == [f"delivery.unknown:{first.pk}"]
    if answer == "there":
        delivery_arrived(delivery=first, by=editor, vendor_id="42")
    else:
        delivery_send_again(delivery=first, by=editor)
    deliveries_send()
    assert box.sent == ([] if answer == "there" else ["a+b"])
    assert outcomes() == {("done", "sent", "42" if answer == "there" else "letter-1")}


def test_what_may_be_repeated_is_never_in_doubt(workspace: Workspace, box: Box) -> None:
    box.troubles = [UnknownOutcomeError("cut")]
    delivery = letter(workspace, sender="test.postcard")
    deliveries_send()
    deliveries_send()  # on a slow machine the drain does not live to see the second try
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.filter(next_at__isnull=False).update(next_at=now())
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert box.sent == ["hello"]
    assert not Alert.objects.exists()
    assert list(delivery.attempt_log.order_by("id").values_list("outcome", flat=True)) == ["unknown", "sent"]


def test_texts_are_joined_where_nothing_but_the_words_differs() -> None:
    one = {"bot": 1, "chat_id": "5", "html": "one"}
    assert joined([one, {**one, "html": "two"}]) == {**one, "html": "one\n\ntwo"}
    assert joined([one, {**one, "chat_id": "6"}]) is None
    assert joined([one, {**one, "silent": True}]) is None
    assert joined([one, {**one, "buttons": []}]) is None
    assert joined([{**one, "do": "edit"}, {**one, "do": "edit"}]) is None
    assert joined([{**one, "html": "x" * 3000}, {**one, "html": "y" * 1095}]) is None
    assert joined([{**one, "html": "x" * 3000}, {**one, "html": "y" * 1094}]) is not None
