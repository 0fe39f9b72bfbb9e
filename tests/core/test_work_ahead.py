"""Rows are claimed a moment before their time, wait for it, and are let go where a person is quicker."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from apps.core.clock import now
from apps.core.work import claims, drain, kinds, lanes, verbs
from tests.work_app.factories import LEASE, LaneFactory, claimed, expire, laned
from tests.work_app.models import ChoreLane, LanedChore

pytestmark = pytest.mark.django_db
KIND = "laned_chore"
# Far longer than in the product, so that a slow machine changes nothing.
AHEAD = timedelta(hours=2)
SOON, LATER = timedelta(hours=1), timedelta(hours=3)


def early(*, limit: int = 10) -> list[LanedChore]:
    return claims.claim(kinds.get(KIND), limit=limit, lease=LEASE, ahead=AHEAD).rows


def in_lane(word: str, *, after: timedelta) -> LanedChore:
    (row,) = laned(LaneFactory(), word, not_before=now() + after)
    return row


def test_what_is_due_in_a_moment_is_claimed_with_its_lease_from_then_on():
    row = in_lane("soon", after=SOON)
    in_lane("later", after=LATER)

    (found,) = early()

    assert (found.pk, found.state, found.was_due_at) == (row.pk, "leased", row.not_before)
    assert found.not_before > now() + LEASE
    assert early() == []


def test_what_is_due_now_is_left_to_the_usual_claim():
    laned(LaneFactory(), "now")

    assert early() == []
    assert [row.word for row in claimed(KIND)] == ["now"]


def test_of_a_lane_only_the_head_is_claimed_ahead():
    lane = LaneFactory()
    laned(lane, "a", "b", not_before=now() + SOON)

    assert [row.word for row in early()] == ["a"]
    assert early() == []


def test_a_lease_or_a_doubt_that_ends_in_a_moment_is_not_touched():
    leased, doubted = in_lane("leased", after=-SOON), in_lane("doubted", after=-SOON)
    rows = {row.pk: row for row in claimed(KIND)}
    verbs.begin(rows[doubted.pk])
    verbs.unknown(rows[doubted.pk], error="cut")
    soon = now() + SOON
    LanedChore.objects.filter(pk=leased.pk).update(not_before=soon)
    ChoreLane.objects.update(next_at=soon)

    assert claims.claim(kinds.get(KIND), limit=10, lease=LEASE, ahead=AHEAD) == claims.Claimed()
    assert dict(LanedChore.objects.values_list("word", "state")) == {"leased": "leased", "doubted": "unknown"}


def test_a_paused_lane_gives_nothing_ahead():
    row = in_lane("soon", after=SOON)
    lanes.pause(row.lane, "no")

    assert early() == []


@pytest.mark.parametrize("how", ["moved", "cancelled"])
def test_begin_refuses_what_was_taken_back_while_it_waited(how: str):
    in_lane("soon", after=SOON)
    (row,) = early()
    fresh = LanedChore.objects.get()

    if how == "moved":
        verbs.move(fresh, not_before=now() + LATER)
    else:
        verbs.give_up(fresh, reason="no")

    with pytest.raises(verbs.LeaseLost):
        verbs.begin(row)
    row.refresh_from_db()
    assert (row.state, row.begun_at) == ("ready" if how == "moved" else "dead", None)


def test_released_ahead_of_its_time_waits_for_its_time():
    kept = in_lane("soon", after=SOON)
    (row,) = early()

    verbs.release(row)

    row.refresh_from_db()
    assert (row.state, row.not_before, row.attempts) == ("ready", kept.not_before, 0)
    assert claimed(KIND) == []


def test_a_worker_lost_while_it_waited_has_done_nothing():
    in_lane("soon", after=SOON)
    (row,) = early()
    expire(row)

    (again,) = claimed(KIND)

    assert (again.pk, again.faults) == (row.pk, 1)


def test_a_drain_starts_nothing_before_its_time(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(kinds._kinds, KIND, replace(kinds.get(KIND), ahead=AHEAD))
    row = in_lane("soon", after=timedelta(seconds=0.3))
    in_lane("later", after=LATER)
    begun: list[float] = []

    async def work(_row: LanedChore) -> None:
        await drain.current().its_time()
        begun.append((now() - row.not_before).total_seconds())

    drain.run(drain.Job(kind=KIND, work=work))

    assert len(begun) == 1
    assert begun[0] > -0.05
    assert dict(LanedChore.objects.values_list("word", "state")) == {"soon": "done", "later": "ready"}


def test_half_of_the_places_stay_free_for_what_is_due_first(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(kinds._kinds, KIND, replace(kinds.get(KIND), ahead=AHEAD))
    for number in range(6):
        in_lane(f"soon {number}", after=timedelta(seconds=0.4))
    asked: list[int] = []
    real = claims.claim

    def noted(kind: kinds.Kind, *, limit: int, **options: Any) -> claims.Claimed:
        if options.get("ahead"):
            asked.append(limit)
        return real(kind, limit=limit, **options)

    async def work(_row: LanedChore) -> None:
        await drain.current().its_time()

    monkeypatch.setattr(claims, "claim", noted)
    drain.run(drain.Job(kind=KIND, work=work, concurrency=4))

    assert max(asked) == 2
    assert LanedChore.objects.filter(state="done").count() == 6


def test_where_no_place_is_free_nothing_is_claimed_ahead(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(kinds._kinds, KIND, replace(kinds.get(KIND), ahead=AHEAD))
    row = in_lane("soon", after=SOON)

    async def work(_row: LanedChore) -> None:
        """Nothing."""

    full = drain._AsyncDrain(drain.Job(kind=KIND, work=work, concurrency=4))

    try:
        assert full.claim_ahead(0) == []
        row.refresh_from_db()
        assert row.state == "ready"
        assert [found.pk for found in full.claim_ahead(4)] == [row.pk]
    finally:
        full.loop.close()


def test_the_sweep_looks_ahead_of_the_time():
    kind = replace(kinds.get(KIND), ahead=AHEAD)
    in_lane("soon", after=SOON)

    assert claims.is_due(kind, at=now() + kind.ahead)
    assert not claims.is_due(kind)
