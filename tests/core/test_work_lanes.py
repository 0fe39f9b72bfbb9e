"""Lanes: in order, one in flight, and what is blocked costs nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError

from apps.core.clock import now
from apps.core.errors import UnknownOutcomeError
from apps.core.work import claims, drain, kinds, lanes, verbs
from tests.work_app.factories import LEASE, LaneFactory, claimed, expire, laned
from tests.work_app.models import ChoreLane, LanedChore, Trace
from tests.work_app.tasks import LANED_CHORES

pytestmark = pytest.mark.django_db
KIND = "laned_chore"
# Eight, and one for each priority.
QUERIES_OF_A_CLAIM = 11


def words(rows) -> list[str]:
    return [row.word for row in rows]


def finish_next() -> str:
    (row,) = claimed(KIND)
    verbs.finish(row)
    return row.word


def test_rows_of_a_lane_go_in_order_one_at_a_time():
    laned(LaneFactory(), "a", "b", "c")

    (first,) = claimed(KIND)
    assert claimed(KIND) == []
    verbs.finish(first)

    assert [first.word, finish_next(), finish_next()] == ["a", "b", "c"]
    assert claimed(KIND) == []
    assert ChoreLane.objects.get().next_at is None


def test_lanes_do_not_wait_for_each_other():
    for name in ("x", "y", "z"):
        laned(LaneFactory(), name, name)

    assert sorted(words(claimed(KIND))) == ["x", "y", "z"]


def test_a_drain_works_whole_lanes_in_order():
    one, two = LaneFactory(), LaneFactory()
    laned(one, "a1", "a2", "a3")
    laned(two, "b1", "b2")

    drain.run(LANED_CHORES)

    done = list(Trace.objects.order_by("id").values_list("what", flat=True))
    assert [word for word in done if word[0] == "a"] == ["a1", "a2", "a3"]
    assert [word for word in done if word[0] == "b"] == ["b1", "b2"]


def test_batches_of_laned_rows_go_one_by_one():
    laned(LaneFactory(), "a", "b")
    seen: list[list[str]] = []

    drain.run_batches(drain.BatchJob(kind=KIND, work=lambda rows: seen.append(words(rows))))

    assert seen == [["a"], ["b"]]
    assert LanedChore.objects.filter(state="done").count() == 2


def test_a_failing_head_holds_its_lane_through_retries():
    laned(LaneFactory(), "a", "b")
    (head,) = claimed(KIND)

    verbs.retry(head, error="busy", retry_after=60)

    assert claimed(KIND) == []
    LanedChore.objects.filter(pk=head.pk).update(not_before=now())
    ChoreLane.objects.update(next_at=now())
    assert words(claimed(KIND)) == ["a"]


def test_a_dead_head_lets_the_next_pass():
    laned(LaneFactory(), "a", "b")
    (head,) = claimed(KIND)

    verbs.fail(head, error="no")

    assert words(claimed(KIND)) == ["b"]


def test_a_revived_row_takes_its_old_place():
    laned(LaneFactory(), "a", "b", "c")
    (head,) = claimed(KIND)
    verbs.fail(head, error="no")
    (second,) = claimed(KIND)

    verbs.revive(head)
    assert claimed(KIND) == []
    verbs.finish(second)

    assert [finish_next(), finish_next()] == ["a", "c"]


def test_unknown_head_holds_the_lane_for_a_minute():
    lane = LaneFactory()
    laned(lane, "a", "b")
    (head,) = claimed(KIND)
    verbs.begin(head)

    verbs.unknown(head, error="cut")

    lane.refresh_from_db()
    assert claimed(KIND) == []
    assert timedelta(seconds=55) < lane.next_at - now() <= lanes.UNKNOWN_HOLDS
    ChoreLane.objects.update(next_at=now(), unknown_until=now())
    assert claims.claim(kinds.get(KIND), limit=5, lease=LEASE).settled == 1
    assert words(claimed(KIND)) == ["b"]


@pytest.mark.parametrize(("verb", "follows"), [("arrived", "b"), ("revive", "a")])
def test_settling_the_unknown_head_frees_the_lane_at_once(verb, follows):
    laned(LaneFactory(), "a", "b")
    (head,) = claimed(KIND)
    verbs.begin(head)
    expire(head)
    claimed(KIND)
    assert claimed(KIND) == []

    getattr(verbs, verb)(head)

    assert words(claimed(KIND)) == [follows]


def test_late_outcome_of_an_unknown_head_does_not_disturb_the_next():
    laned(LaneFactory(), "a", "b", "c")
    (head,) = claimed(KIND)
    verbs.begin(head)
    verbs.unknown(head, error="cut")
    ChoreLane.objects.update(next_at=now(), unknown_until=now())
    claimed(KIND)
    (second,) = claimed(KIND)

    verbs.finish(head)

    assert claimed(KIND) == []
    verbs.finish(second)
    assert words(claimed(KIND)) == ["c"]


def test_lost_head_is_claimed_again_and_dies_after_three():
    laned(LaneFactory(), "a", "b")
    for _ in range(3):
        (row,) = claimed(KIND)
        assert row.word == "a"
        expire(row)

    claimed(KIND)

    assert LanedChore.objects.get(word="a").state == "dead"
    assert words(claimed(KIND)) == ["b"]


def test_a_paused_lane_is_not_claimed_until_resumed():
    lane = LaneFactory()
    laned(lane, "a")
    lanes.pause(lane, "token revoked")
    laned(lane, "b")

    assert claimed(KIND) == []
    assert lane.paused_reason == "token revoked"
    lanes.resume(lane)
    assert words(claimed(KIND)) == ["a"]


def test_pause_lets_the_head_in_flight_finish():
    lane = LaneFactory()
    laned(lane, "a", "b")
    (head,) = claimed(KIND)

    lanes.pause(lane, "token revoked")
    verbs.finish(head)

    assert claimed(KIND) == []


def test_head_lost_in_a_paused_lane_waits_for_the_lane():
    lane = LaneFactory()
    laned(lane, "a")
    (head,) = claimed(KIND)
    lanes.pause(lane, "token revoked")
    expire(head)

    assert claims.claim(kinds.get(KIND), limit=5, lease=LEASE).settled == 1

    kept = LanedChore.objects.get()
    assert (kept.state, kept.faults, kept.token) == ("ready", 1, None)
    assert claimed(KIND) == []
    lanes.resume(lane)
    assert words(claimed(KIND)) == ["a"]


def test_begun_head_of_a_paused_lane_becomes_unknown():
    lane = LaneFactory()
    laned(lane, "a")
    (head,) = claimed(KIND)
    verbs.begin(head)
    lanes.pause(lane, "token revoked")
    expire(head)

    assert claims.settle_begun(kinds.get(KIND)) == 1

    assert LanedChore.objects.get().state == "unknown"


def test_removing_a_row_from_the_middle():
    _a, b, _c = laned(LaneFactory(), "a", "b", "c")

    verbs.give_up(b, reason="not needed")

    assert [finish_next(), finish_next()] == ["a", "c"]
    assert claimed(KIND) == []


def test_cancelling_the_head_lets_the_next_pass():
    a, _b = laned(LaneFactory(), "a", "b")

    verbs.give_up(a, reason="not needed")

    assert words(claimed(KIND)) == ["b"]


def test_later_rows_do_not_hold_what_is_due_now():
    lane = LaneFactory()
    laned(lane, "tomorrow", not_before=now() + timedelta(days=1))
    laned(lane, "now")

    assert finish_next() == "now"
    assert claimed(KIND) == []


def test_moving_the_head_moves_the_lane():
    lane = LaneFactory()
    a, _b = laned(lane, "a", "b")

    verbs.move(a, not_before=now() + timedelta(hours=1))
    assert finish_next() == "b"
    lane.refresh_from_db()
    assert (lane.head, lane.next_at) == (a.pk, a.not_before)

    verbs.move(a, not_before=now())
    assert finish_next() == "a"


def test_rows_appended_together_keep_their_order():
    lane = LaneFactory()

    lanes.append_many([LanedChore(workspace=lane.workspace, lane=lane, word=word) for word in "abc"])
    lanes.append_many([])

    assert [finish_next() for _ in range(3)] == ["a", "b", "c"]


def test_many_rows_behind_a_paused_lane_cost_nothing(django_assert_max_num_queries):
    blocked, free = LaneFactory(), LaneFactory()
    lanes.append_many([LanedChore(workspace=blocked.workspace, lane=blocked) for _ in range(5_000)])
    lanes.pause(blocked, "token revoked")
    laned(free, "a")

    with django_assert_max_num_queries(QUERIES_OF_A_CLAIM):
        rows = claimed(KIND)

    assert words(rows) == ["a"]
    assert not claims.is_due(kinds.get(KIND))


def test_a_lane_whose_head_is_gone_is_put_right():
    lane = LaneFactory()
    a, _b = laned(lane, "a", "b")
    LanedChore.objects.filter(pk=a.pk).delete()

    assert claims.claim(kinds.get(KIND), limit=5, lease=LEASE).settled == 1
    assert words(claimed(KIND)) == ["b"]


def test_keys_are_unique_in_a_workspace():
    lane = LaneFactory()

    with pytest.raises(IntegrityError):
        ChoreLane.objects.create(workspace=lane.workspace, key=lane.key)


def test_unknown_outcome_in_a_drain_holds_only_its_lane():
    laned(LaneFactory(), "cut", "after")
    laned(LaneFactory(), "ok")

    def work(row: LanedChore) -> str:
        if row.word == "cut":
            raise UnknownOutcomeError("cut after the request left")
        return row.word

    drain.run(drain.Job(kind=KIND, work=work, record=LANED_CHORES.record, begins=True))

    assert dict(LanedChore.objects.values_list("word", "state")) == {"cut": "unknown", "after": "ready", "ok": "done"}
