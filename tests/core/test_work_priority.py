"""Priority acts between lanes, never within one; what is held waits outside its lane."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, connection

from apps.core.work import claims, kinds, lanes, scan, verbs
from apps.core.work.lanes import Priority
from tests.work_app.factories import LEASE, LaneFactory, WorkspaceFactory, claimed, laned
from tests.work_app.models import ChoreLane, LanedChore

pytestmark = pytest.mark.django_db
KIND = "laned_chore"


def words(limit: int) -> list[str]:
    return [row.word for row in claims.claim(kinds.get(KIND), limit=limit, lease=LEASE).rows]


def test_urgent_lanes_go_before_older_ones():
    space = WorkspaceFactory()
    for priority in (Priority.LOW, Priority.NORMAL, Priority.URGENT):
        laned(LaneFactory(workspace=space), priority.name, priority=priority)

    assert [words(1), words(1), words(1)] == [["URGENT"], ["NORMAL"], ["LOW"]]


def test_within_a_lane_priority_changes_nothing():
    lane = LaneFactory()
    laned(lane, "digest", priority=Priority.LOW)
    laned(lane, "answer", priority=Priority.URGENT)

    assert words(5) == ["digest"]
    lane.refresh_from_db()
    assert lane.priority == Priority.LOW
    verbs.finish(LanedChore.objects.get(word="digest", state="leased"))
    lane.refresh_from_db()
    assert lane.priority == Priority.URGENT


def test_a_workspace_full_of_urgent_work_does_not_starve_another():
    busy, quiet = WorkspaceFactory(), WorkspaceFactory()
    for number in range(8):
        laned(LaneFactory(workspace=busy), f"busy {number}", priority=Priority.URGENT)
    laned(LaneFactory(workspace=quiet), "quiet", priority=Priority.LOW)

    found = words(4)

    assert "quiet" in found
    assert len(found) == 4


def test_places_that_one_workspace_leaves_are_filled_from_another():
    busy, quiet = WorkspaceFactory(), WorkspaceFactory()
    for number in range(6):
        laned(LaneFactory(workspace=busy), f"busy {number}", priority=Priority(number % 3))
    laned(LaneFactory(workspace=quiet), "quiet")

    assert len(words(6)) == 6
    assert len(words(6)) == 1


@pytest.mark.parametrize("is_ahead", [False, True])
def test_claims_find_lanes_by_the_index(is_ahead: bool):
    table = scan.Table.of_lanes(ChoreLane)
    moment = lanes.now()
    if is_ahead:
        table = table.after(moment)
    when = scan.moment(table, moment)
    explained = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    sql = (
        f"{explained}SELECT t.id FROM {table.name} t WHERE t.{table.live} AND t.workspace_id = %s AND t.priority = 1 "
        f"AND t.{table.time} <= %s{table.only} ORDER BY t.{table.time}, t.id LIMIT 5"
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(sql, [1, when, *table.params])
        plan = " ".join(str(line) for line in cursor.fetchall())

    assert "work_app_chorelane_fair" in plan
    assert "TEMP B-TREE" not in plan


def test_the_turn_of_a_held_row_does_not_come_and_it_holds_nobody():
    lane = LaneFactory()
    laned(lane, "held", is_held=True)
    laned(lane, "free")

    assert words(5) == ["free"]
    verbs.finish(LanedChore.objects.get(word="free"))
    assert claimed(KIND) == []
    lane.refresh_from_db()
    assert (lane.head, lane.next_at) == (None, None)


def test_a_held_row_is_never_leased():
    laned(LaneFactory(), "held", is_held=True)

    with pytest.raises(IntegrityError, match="held_not_leased"):
        LanedChore.objects.update(state="leased", token="0" * 32)


def test_the_next_of_a_lane_is_found_by_the_index():
    lane = LaneFactory()
    query = str(lanes.waiting(LanedChore.objects.filter(lane=lane)).query)
    explained = "EXPLAIN " if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(explained + query)
        plan = " ".join(str(line) for line in cursor.fetchall())

    assert "work_app_lanedchore_lane" in plan
    assert "lanedchore_lane_id" not in plan


def test_passed_means_that_one_behind_it_was_worked():
    lane = LaneFactory()
    laned(lane, "a", "b")
    (first,) = claimed(KIND)
    verbs.begin(first)
    verbs.unknown(first, error="cut")

    assert not lanes.is_passed(first)
    ChoreLane.objects.update(unknown_until=lanes.now(), next_at=lanes.now())
    claims.claim(kinds.get(KIND), limit=5, lease=LEASE)
    assert [row.word for row in claimed(KIND)] == ["b"]
    assert lanes.is_passed(first)


def test_revived_in_another_place():
    lane = LaneFactory()
    laned(lane, "a", "b", "c")
    (head,) = claimed(KIND)
    verbs.fail(head, error="no")

    verbs.revive(head, order_at=lanes.last_place(head))

    done = []
    while rows := claimed(KIND):
        done.append(rows[0].word)
        verbs.finish(rows[0])
    assert done == ["b", "c", "a"]
