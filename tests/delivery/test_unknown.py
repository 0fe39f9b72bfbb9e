"""A cut after it left: looked up, or told to a person; never sent blindly again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError, TransitionError, UnknownOutcomeError
from apps.core.work import claims, kinds, lanes, outcomes, verbs
from apps.core.work.models import WorkRow
from apps.delivery import tasks
from apps.delivery.models import Delivery, Lane, LookUp
from apps.delivery.ports import Absent, CannotTell, Found, Receipt
from apps.delivery.services import (
    delivery_absent,
    delivery_arrived,
    delivery_give_up,
    delivery_retry,
    delivery_send_again,
    delivery_sent,
    look_up_settle,
)
from apps.delivery.tasks import deliveries_send, look_ups_ask
from tests.delivery.factories import letter
from tests.delivery.letters import Box

CUT = "the connection broke"


def in_doubt(workspace: Workspace, box: Box, sender: str = "test.letter", **options: str) -> Delivery:
    """A letter that left without an answer."""
    box.troubles = [UnknownOutcomeError(CUT, code="cut")]
    delivery = letter(workspace, sender=sender, **options)
    deliveries_send()
    delivery.refresh_from_db()
    return delivery


def look_up_now() -> None:
    LookUp.objects.update(not_before=now())
    look_ups_ask()


def due_now() -> None:
    """As if the time of everything that waits had come."""
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.exclude(next_at=None).update(next_at=now())


def open_alerts() -> list[str]:
    return list(Alert.objects.filter(closed_at=None).values_list("key", flat=True))


def test_cut_without_look_up_is_told_and_stays(workspace: Workspace, box: Box) -> None:
    delivery = in_doubt(workspace, box)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error) == ("unknown", "unknown", CUT)
    assert box.sent == []
    assert not LookUp.objects.exists()
    alert = Alert.objects.get()
    assert (alert.key, alert.level, alert.closed_at) == (f"delivery.unknown:{delivery.pk}", "error", None)
    assert CUT in alert.message
    assert alert.url == f"/admin/delivery/delivery/{delivery.pk}/change/"
    assert box.recorded == [(delivery.pk, "unknown")]
    assert list(delivery.attempt_log.values_list("outcome", "detail")) == [("unknown", CUT)]


def test_found_is_sent_with_its_id(workspace: Workspace, box: Box) -> None:
    delivery = in_doubt(workspace, box, "test.registered")
    assert open_alerts() == []
    box.answers = [Found(Receipt("letter-77", "https://letters.test/77"))]
    look_up_now()
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.vendor_id) == ("done", "sent", "letter-77")
    assert box.sent == []
    assert open_alerts() == []
    assert list(delivery.attempt_log.order_by("id").values_list("kind", "outcome")) == [
        ("send", "unknown"),
        ("look_up", "sent"),
    ]


def test_proven_absent_is_sent_once_more(workspace: Workspace, box: Box) -> None:
    delivery = in_doubt(workspace, box, "test.registered")
    box.answers = [Absent()]
    look_up_now()
    delivery.refresh_from_db()
    assert timedelta() < delivery.not_before - now() <= timedelta(seconds=5)
    due_now()
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert box.sent == ["hello"]
    assert box.recorded == [(delivery.pk, "unknown"), (delivery.pk, ""), (delivery.pk, "sent")]


def absent_again(delivery: Delivery, box: Box) -> None:
    """It leaves, is cut, and is proven absent."""
    box.troubles, box.answers = [UnknownOutcomeError(CUT, code="cut")], [Absent()]
    due_now()
    deliveries_send()
    look_up_now()
    delivery.refresh_from_db()


def test_what_never_arrives_leaves_three_times_and_a_person_is_told(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace, sender="test.registered")
    absent_again(delivery, box)
    absent_again(delivery, box)
    assert (delivery.state, delivery.outcome, open_alerts()) == ("ready", "", [])
    absent_again(delivery, box)
    assert (delivery.state, delivery.outcome, delivery.error_code) == ("dead", "failed", "never_arrives")
    assert open_alerts() == [f"delivery.dead:{delivery.pk}"]
    assert (delivery.attempt_log.filter(outcome="absent").count(), box.sent) == (3, [])
    assert delivery.attempt_log.order_by("-pk")[0].detail == "It left several times and never arrived."
    deliveries_send()
    assert delivery.attempt_log.filter(kind="send", outcome="unknown").count() == 3


def test_person_who_tries_again_what_never_arrived_begins_anew(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = letter(workspace, sender="test.registered")
    for _time in range(3):
        absent_again(delivery, box)
    delivery_retry(delivery=delivery, by=editor)
    absent_again(delivery, box)
    assert (delivery.state, open_alerts()) == ("ready", [])
    due_now()
    deliveries_send()
    assert box.sent == ["hello"]


def test_what_was_found_while_its_lane_was_awaited_is_not_told(
    workspace: Workspace, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivery, hold = in_doubt(workspace, box, "test.registered"), lanes.hold

    def awaited(row: WorkRow) -> object:
        monkeypatch.setattr(lanes, "hold", hold)
        verbs.arrived(delivery)
        return hold(row)

    asked = LookUp.objects.get()
    monkeypatch.setattr(lanes, "hold", awaited)
    look_up_settle(asked, CannotTell("nobody has looked"))
    delivery.refresh_from_db()
    assert (delivery.state, open_alerts()) == ("done", [])


def test_cannot_tell_is_told(workspace: Workspace, box: Box) -> None:
    delivery = in_doubt(workspace, box, "test.registered")
    box.answers = [CannotTell("the office is closed")]
    look_up_now()
    deliveries_send()
    delivery.refresh_from_db()
    assert delivery.state == "unknown"
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]
    assert box.sent == []


def test_look_up_that_fails_for_good_is_told(workspace: Workspace, box: Box) -> None:
    delivery = in_doubt(workspace, box, "test.registered")
    box.answers = [RetryableError("busy", retry_after=0.05), PermanentError("no such office")]
    look_up_now()
    delivery.refresh_from_db()
    assert (delivery.state, LookUp.objects.get().state) == ("unknown", "dead")
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]
    assert delivery.attempt_log.filter(kind="look_up", detail="no such office").count() == 1
    assert box.sent == []


def test_answer_after_a_person_decided_changes_nothing(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = in_doubt(workspace, box, "test.registered")
    delivery_arrived(delivery=delivery, by=editor, vendor_id="seen")
    look_up_settle(LookUp.objects.get(), Absent())
    delivery.refresh_from_db()
    assert (delivery.outcome, delivery.vendor_id) == ("sent", "seen")


def test_it_is_there_settles_and_closes_the_alert(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = in_doubt(workspace, box)
    delivery_arrived(delivery=delivery, by=editor, vendor_id="42", url="https://letters.test/42")
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.vendor_id) == ("done", "sent", "42")
    assert delivery.url == "https://letters.test/42"
    assert open_alerts() == []
    assert box.sent == []
    assert box.recorded[-1] == (delivery.pk, "sent")
    assert AuditEntry.objects.get(verb="delivery.arrived").actor == editor
    with pytest.raises(TransitionError):
        delivery_arrived(delivery=delivery, by=editor)
    with pytest.raises(TransitionError):
        delivery_send_again(delivery=delivery, by=editor)


def test_send_again_sends_once_and_closes_the_alert(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = in_doubt(workspace, box)
    delivery_send_again(delivery=delivery, by=editor)
    assert open_alerts() == []
    deliveries_send()
    deliveries_send()
    delivery.refresh_from_db()
    assert box.sent == ["hello"]
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert AuditEntry.objects.get(verb="delivery.sent_again").actor == editor
    assert [entry["event"] for entry in delivery.history] == ["unknown", "revived"]


def test_doubt_is_not_given_up(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = in_doubt(workspace, box)
    with pytest.raises(TransitionError, match="Say first whether it is there"):
        delivery_give_up(delivery=delivery, reason="too late", by=editor)
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error) == ("unknown", "unknown", CUT)
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]
    assert box.recorded == [(delivery.pk, "unknown")]
    assert not AuditEntry.objects.filter(verb="delivery.given_up").exists()


def test_it_is_not_there_ends_it_unsent_and_lets_the_next_go(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = in_doubt(workspace, box, key="first", order_key="a")
    letter(workspace, "second", order_key="a")
    delivery_absent(delivery=delivery, by=editor)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error_code) == ("done", "failed", "absent")
    assert "not there" in delivery.error
    assert box.sent == ["second"]
    assert open_alerts() == []
    assert box.recorded[:2] == [(delivery.pk, "unknown"), (delivery.pk, "failed")]
    assert [entry["event"] for entry in delivery.history] == ["unknown", "absent"]
    assert delivery.attempt_log.filter(kind="person", outcome="absent", detail=str(editor)).count() == 1
    assert AuditEntry.objects.get(verb="delivery.not_there").actor == editor
    with pytest.raises(TransitionError):
        delivery_absent(delivery=delivery, by=editor)


def test_doubt_holds_its_lane_for_a_minute(workspace: Workspace, box: Box) -> None:
    in_doubt(workspace, box, key="first", order_key="a")
    letter(workspace, "second", order_key="a")
    deliveries_send()
    assert box.sent == []
    Lane.objects.update(unknown_until=now() - timedelta(seconds=1), next_at=now())
    deliveries_send()
    deliveries_send()
    assert box.sent == ["second"]


def test_late_answer_still_counts(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    verbs.begin(row)
    past = now() - timedelta(minutes=1)
    Delivery.objects.update(not_before=past)
    Lane.objects.update(next_at=past)
    deliveries_send()
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]
    verbs.finish(row, effect=lambda: delivery_sent(row, Receipt("letter-1")))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert open_alerts() == []


def test_bug_after_it_left_is_unknown(workspace: Workspace, box: Box) -> None:
    box.troubles = [ValueError("slip")]
    delivery = letter(workspace)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error_code) == ("unknown", "unknown", "bug")
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]
    assert delivery.attempt_log.count() == 1


def test_cut_of_what_never_left_is_simply_repeated(workspace: Workspace, box: Box) -> None:
    delivery = in_doubt(workspace, box, "test.note")
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome) == ("done", "sent")
    assert box.recorded == [(delivery.pk, "sent")]
    assert not Alert.objects.exists()


@pytest.mark.parametrize("sender", ["test.postcard", "test.note"])
def test_what_may_be_repeated_but_meets_a_bug_each_time_is_dead_and_told(
    workspace: Workspace, box: Box, sender: str
) -> None:
    box.troubles = [ValueError("slip")] * 9
    delivery = letter(workspace, sender=sender)
    for _try in range(6):
        Delivery.objects.filter(state="ready").update(not_before=now())
        Lane.objects.filter(next_at__isnull=False).update(next_at=now())
        deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, delivery.error_code) == ("dead", "failed", "bug")
    assert len(box.troubles) == 6
    assert open_alerts() == [f"delivery.dead:{delivery.pk}"]


def test_unknown_of_a_sender_that_is_gone_is_told(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace, sender="test.pigeon")
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    verbs.begin(row)
    verbs.unknown(row, error=CUT)
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]


@pytest.mark.parametrize("error", [RetryableError("later", retry_after=5.0), PermanentError("refused")])
def test_late_answer_that_it_did_not_arrive_ends_the_doubt(
    workspace: Workspace, box: Box, error: PermanentError | RetryableError
) -> None:
    delivery = letter(workspace)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    verbs.begin(row)
    past = now() - timedelta(minutes=1)
    Delivery.objects.update(not_before=past)
    Lane.objects.update(next_at=past)
    claims.settle_begun(kinds.get("delivery"))
    assert open_alerts() == [f"delivery.unknown:{delivery.pk}"]
    outcomes.fail(tasks.DELIVERIES, row, error)
    delivery.refresh_from_db()
    if isinstance(error, RetryableError):
        assert (delivery.state, delivery.outcome, open_alerts()) == ("ready", "", [])
        assert box.recorded == [(delivery.pk, "unknown"), (delivery.pk, "")]
    else:
        assert (delivery.state, delivery.outcome, open_alerts()) == ("dead", "failed", [f"delivery.dead:{delivery.pk}"])


def test_answer_to_try_later_of_one_that_nobody_doubts_tells_nobody(workspace: Workspace, box: Box) -> None:
    box.troubles = [RetryableError("later", retry_after=5.0)]
    delivery = letter(workspace)
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.outcome, box.recorded) == ("ready", "", [])


def test_doubt_again_while_the_first_is_asked_about_asks_anew(workspace: Workspace, box: Box, editor: User) -> None:
    delivery = in_doubt(workspace, box, "test.registered")
    delivery_send_again(delivery=delivery, by=editor)
    box.troubles = [UnknownOutcomeError(CUT, code="cut")]
    deliveries_send()
    delivery.refresh_from_db()
    assert delivery.state == "unknown"
    assert sorted(LookUp.objects.values_list("state", flat=True)) == ["done", "ready"]
