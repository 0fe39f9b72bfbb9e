"""What can happen to a work row, and what is refused."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import history, verbs
from tests.work_app.factories import LEASE, ChoreFactory, claimed, expire
from tests.work_app.models import Chore, Trace

pytestmark = pytest.mark.django_db


def stored(row: Chore) -> Chore:
    return Chore.objects.get(pk=row.pk)


def one_claimed() -> Chore:
    ChoreFactory()
    (row,) = claimed()
    return row


def test_claim_moves_the_time_to_the_leases_end_and_counts_the_attempt():
    chore = ChoreFactory()
    before = now()

    (row,) = claimed(lease=LEASE)

    kept = stored(chore)
    assert (kept.state, kept.attempts, kept.token) == ("leased", 1, row.token)
    assert before + LEASE <= kept.not_before <= now() + LEASE
    assert row.was_due_at == chore.not_before


def test_finish_applies_the_effect_in_its_transaction():
    row = one_claimed()

    verbs.finish(row, effect=lambda: Trace.objects.create(chore=row.pk, what="done"))

    kept = stored(row)
    assert (kept.state, kept.token, row.state) == ("done", None, "done")
    assert kept.finished_at is not None
    assert Trace.objects.count() == 1


def test_finish_with_a_failing_effect_changes_nothing():
    row = one_claimed()

    with pytest.raises(ZeroDivisionError):
        verbs.finish(row, effect=lambda: 1 // 0)

    assert stored(row).state == "leased"
    assert (row.state, row.token) == ("leased", stored(row).token)


def test_outcome_of_a_lost_lease_is_refused():
    row = one_claimed()
    expire(row)
    (again,) = claimed()

    with pytest.raises(verbs.LeaseLost):
        verbs.finish(row, effect=lambda: Trace.objects.create(chore=row.pk, what="late"))

    assert again.token != row.token
    assert stored(row).state == "leased"
    assert not Trace.objects.exists()
    verbs.finish(again)
    assert stored(row).state == "done"


def test_outcome_without_a_claim_is_refused():
    chore = ChoreFactory()

    with pytest.raises(verbs.LeaseLost):
        verbs.finish(chore)
    with pytest.raises(verbs.LeaseLost):
        verbs.begin(chore)

    assert stored(chore).state == "ready"


def test_begin_is_committed_once():
    row = one_claimed()

    verbs.begin(row)

    assert stored(row).begun_at == row.begun_at is not None
    with pytest.raises(verbs.LeaseLost):
        verbs.begin(row)


def test_begin_of_an_expired_lease_is_refused():
    row = one_claimed()
    expire(row)

    with pytest.raises(verbs.LeaseLost):
        verbs.begin(row)

    assert stored(row).begun_at is None


@pytest.mark.parametrize("taken", ["cancelled", "moved"])
def test_begin_of_a_row_that_a_person_took_is_refused(taken):
    row = one_claimed()
    if taken == "cancelled":
        verbs.give_up(stored(row), reason="not needed")
    else:
        verbs.move(stored(row), not_before=now() + timedelta(hours=1))

    with pytest.raises(verbs.LeaseLost):
        verbs.begin(row)

    assert stored(row).begun_at is None
    assert stored(row).state == ("dead" if taken == "cancelled" else "ready")


def test_late_outcome_of_a_begun_row_is_accepted():
    row = one_claimed()
    verbs.begin(row)
    expire(row)
    assert claimed() == []
    assert stored(row).state == "unknown"

    verbs.finish(row, effect=lambda: Trace.objects.create(chore=row.pk, what="late"))

    assert stored(row).state == "done"
    assert list(Trace.objects.values_list("what", flat=True)) == ["unknown", "late"]


def test_unknown_is_told_once_although_the_lease_ran_out_before():
    row = one_claimed()
    verbs.begin(row)
    expire(row)
    claimed()

    verbs.unknown(row, error="cut")

    assert stored(row).state == "unknown"
    assert list(Trace.objects.values_list("what", flat=True)) == ["unknown"]


def test_renew_moves_the_leases_end():
    row = one_claimed()

    verbs.renew(row, lease=timedelta(hours=2))

    assert stored(row).not_before > now() + timedelta(hours=1)


def test_renew_of_a_lost_lease_is_refused():
    row = one_claimed()
    verbs.begin(row)
    expire(row)
    claimed()

    with pytest.raises(verbs.LeaseLost):
        verbs.renew(row, lease=LEASE)

    assert stored(row).state == "unknown"
    assert row.not_before < now() + LEASE


def test_defer_is_not_an_attempt():
    row = one_claimed()
    later = now() + timedelta(minutes=3)

    verbs.defer(row, until=later, reason="rate limit")

    kept = stored(row)
    assert (kept.state, kept.attempts, kept.not_before, kept.token) == ("ready", 0, later, None)
    assert kept.history[-1]["event"] == "deferred"


def test_release_gives_back_the_time_it_had():
    chore = ChoreFactory()
    (row,) = claimed()

    verbs.release(row)

    kept = stored(chore)
    assert (kept.state, kept.attempts, kept.not_before) == ("ready", 0, chore.not_before)


def test_retry_backs_off_with_jitter(monkeypatch):
    monkeypatch.setattr(verbs.random, "uniform", lambda low, high: high)
    assert [verbs.backoff_s(n) for n in (0, 1, 2, 3, 30)] == [5, 5, 10, 20, 3600]
    monkeypatch.setattr(verbs.random, "uniform", lambda low, high: low)
    assert verbs.backoff_s(5) == 1.0


def test_retry_after_wins_over_the_backoff():
    row = one_claimed()

    verbs.retry(row, error="busy", code="429", retry_after=900)

    kept = stored(row)
    assert timedelta(seconds=890) < kept.not_before - now() <= timedelta(seconds=900)
    assert (kept.state, kept.error, kept.error_code, kept.attempts, kept.faults) == ("ready", "busy", "429", 1, 0)


def test_three_faults_are_the_end():
    row = one_claimed()
    for expected in ("ready", "ready", "dead"):
        verbs.fault(row, error="ValueError: x")
        assert stored(row).state == expected
        Chore.objects.filter(state="ready").update(not_before=now())
        row = (claimed() or [row])[0]

    kept = stored(row)
    assert (kept.faults, kept.error, kept.error_code) == (3, "ValueError: x", "bug")
    assert Trace.objects.filter(what="dead").count() == 1


def test_failing_hook_leaves_the_row_leased():
    ChoreFactory(word="hook_fails")
    (row,) = claimed()

    with pytest.raises(ValueError, match="the hook failed"):
        verbs.fail(row, error="no")

    assert stored(row).state == "leased"
    assert row.state == "leased"


def test_revive_clears_the_slate():
    row = one_claimed()
    verbs.begin(row)
    verbs.unknown(row, error="cut")

    verbs.revive(row, by="Anna", reason="not there")

    kept = stored(row)
    assert (kept.state, kept.token, kept.begun_at, kept.faults) == ("ready", None, None, 0)
    assert kept.history[-1]["by"] == "Anna"
    assert row.state == "ready"
    assert row.token is None


@pytest.mark.parametrize("verb", ["revive", "arrived"])
def test_a_waiting_row_is_neither_revived_nor_settled(verb):
    chore = ChoreFactory()

    with pytest.raises(TransitionError):
        getattr(verbs, verb)(chore)

    assert stored(chore).state == "ready"
    assert stored(chore).history == []


def test_arrived_settles_what_is_unknown():
    row = one_claimed()
    verbs.begin(row)
    verbs.unknown(row, error="cut", code="time_out")

    verbs.arrived(row, by="Anna")

    kept = stored(row)
    assert (kept.state, kept.error, kept.error_code, kept.token) == ("done", "", "", None)


def test_give_up_tells_the_owner_unless_asked_not_to():
    first, second = ChoreFactory(), ChoreFactory()

    verbs.give_up(first, reason="old")
    verbs.give_up(second, reason="old", tell=False)

    assert list(Trace.objects.values_list("chore", flat=True)) == [first.pk]
    assert {stored(first).error_code, stored(second).error_code} == {"given_up"}


def test_begun_or_ended_work_is_neither_given_up_nor_moved():
    row = one_claimed()
    verbs.begin(row)
    for _ in range(2):
        with pytest.raises(TransitionError):
            verbs.give_up(row, reason="no")
        with pytest.raises(TransitionError):
            verbs.move(row, not_before=now())
        if row.state != "done":
            verbs.finish(row)


def test_finish_all_leaves_out_what_was_lost():
    ChoreFactory.create_batch(3)
    rows = claimed()
    verbs.give_up(stored(rows[1]), reason="no")

    held = verbs.finish_all(rows)

    assert held == [rows[0], rows[2]]
    assert sorted(Chore.objects.values_list("state", flat=True)) == ["dead", "done", "done"]
    assert verbs.finish_all([]) == []


def test_history_is_capped_and_counts_repeats():
    told: list[history.Entry] = []
    for n in range(30):
        told = history.extended(told, history.entry("retry", at=now(), detail=str(n)))
    assert [one["detail"] for one in told] == [str(n) for n in range(10, 30)]

    for _ in range(3):
        told = history.extended(told, history.entry("deferred", at=now(), detail="x", by="A"))
    assert told[-1]["times"] == 3
    assert len(told) == 20


@pytest.mark.parametrize(
    "broken",
    [
        {"state": "lost"},
        {"state": "leased"},
        {"state": "ready", "token": uuid4()},
        {"state": "ready", "begun_at": now()},
        {"state": "done"},
        {"state": "ready", "finished_at": now()},
    ],
)
def test_the_database_refuses_impossible_rows(broken):
    chore = ChoreFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        Chore.objects.filter(pk=chore.pk).update(**broken)

    assert stored(chore).state == "ready"
