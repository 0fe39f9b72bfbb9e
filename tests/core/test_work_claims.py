"""Claims: fair between workspaces, one lost row alone, begun rows unknown."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection, transaction

from apps.core.clock import now
from apps.core.work import claims, kinds, scan, verbs
from tests.work_app.factories import LEASE, ChoreFactory, WorkspaceFactory, claimed, expire
from tests.work_app.models import Chore, Trace

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _start_anywhere():
    scan._last_served.clear()


def claim(**options):
    return claims.claim(kinds.get("chore"), **{"limit": 10, "lease": LEASE, **options})


def test_nothing_due_claims_nothing(django_assert_num_queries):
    ChoreFactory(not_before=now() + timedelta(hours=1))

    with django_assert_num_queries(1):
        assert claimed() == []


def test_ended_and_leased_rows_are_not_claimed():
    ChoreFactory.create_batch(3)
    first = claimed(limit=2)
    verbs.finish(first[0])

    assert len(claimed()) == 1
    assert claimed() == []


def test_oldest_first_within_a_workspace():
    workspace = WorkspaceFactory()
    rows = [ChoreFactory(workspace=workspace, not_before=now() - timedelta(minutes=n)) for n in (1, 3, 2)]

    assert [row.pk for row in claimed(limit=2)] == [rows[1].pk, rows[2].pk]


@pytest.mark.timeout(300)
def test_single_row_beside_a_hundred_thousand_is_in_the_first_claim():
    big, small = WorkspaceFactory(), WorkspaceFactory()
    due = now() - timedelta(hours=1)
    Chore.objects.bulk_create([Chore(workspace=big, not_before=due) for _ in range(100_000)], batch_size=5000)
    lonely = ChoreFactory(workspace=small)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE work_app_chore")

    rows = claimed(limit=20)

    assert lonely.pk in {row.pk for row in rows}
    assert Counter(row.workspace_id for row in rows) == {big.pk: 19, small.pk: 1}
    assert "work_app_chore_fair" in skip_scan_plan()
    assert "SCAN t\n" not in skip_scan_plan()
    assert "Seq Scan" not in skip_scan_plan()


def skip_scan_plan() -> str:
    table = scan.Table.of_rows(Chore)
    verb = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    after, last = 0, 2**63 - 1
    rows = scan.rows(table, verb + scan.skip_scan_sql(table), [after, last, last, scan.moment(table, now()), 20])
    return "\n".join(str(row[-1]) for row in rows) + "\n"


def test_shares_are_equal_and_the_rest_is_filled():
    spaces = WorkspaceFactory.create_batch(3)
    for space, count in zip(spaces, (10, 10, 1), strict=True):
        ChoreFactory.create_batch(count, workspace=space)

    shares = Counter(row.workspace_id for row in claimed(limit=9))

    assert sum(shares.values()) == 9
    assert shares[spaces[2].pk] == 1
    assert min(shares[spaces[0].pk], shares[spaces[1].pk]) >= 3


def test_more_workspaces_than_places_take_turns():
    spaces = WorkspaceFactory.create_batch(5)
    for space in spaces:
        ChoreFactory.create_batch(2, workspace=space)

    seen = [row.workspace_id for _ in range(5) for row in claimed(limit=1)]

    assert sorted(seen) == sorted(space.pk for space in spaces)


def test_claims_share_a_token_and_no_two_do():
    ChoreFactory.create_batch(4)

    first, second = claimed(limit=2), claimed(limit=2)

    assert len({row.token for row in first}) == len({row.token for row in second}) == 1
    assert first[0].token != second[0].token


def test_lost_row_is_claimed_alone_and_counted():
    ChoreFactory.create_batch(3)
    (lost,) = claimed(limit=1)
    expire(lost)

    given = claim()

    assert given.alone
    assert [row.pk for row in given.rows] == [lost.pk]
    row = given.rows[0]
    assert (row.faults, row.attempts, row.error_code) == (1, 2, "worker_lost")
    assert Chore.objects.get(pk=lost.pk).history[-1]["event"] == "lost"
    assert len(claim().rows) == 2


def test_busy_worker_leaves_a_lost_row_and_takes_the_others():
    ChoreFactory.create_batch(3)
    (lost,) = claimed(limit=1)
    expire(lost)

    given = claim(idle=False)

    assert given.waiting
    assert not given.alone
    assert lost.pk not in {row.pk for row in given.rows}
    assert len(given.rows) == 2


def test_third_loss_is_the_end():
    chore = ChoreFactory()
    for _ in range(3):
        (row,) = claimed()
        expire(row)

    given = claim()

    kept = Chore.objects.get(pk=chore.pk)
    assert (given.rows, given.settled) == ([], 1)
    assert (kept.state, kept.error, kept.faults, kept.attempts) == ("dead", "the worker died on it", 3, 3)
    assert list(Trace.objects.values_list("what", flat=True)) == ["dead"]


def test_begun_row_whose_lease_ran_out_is_unknown_and_never_due():
    ChoreFactory()
    (row,) = claimed()
    verbs.begin(row)
    expire(row)

    assert claim().settled == 1
    assert claim().rows == []
    assert Chore.objects.get().state == "unknown"
    assert list(Trace.objects.values_list("what", flat=True)) == ["unknown"]


def test_begun_rows_are_settled_without_their_turn():
    ChoreFactory.create_batch(2)
    for row in claimed():
        if not Trace.objects.exists():
            verbs.begin(row)
        expire(row)
        Trace.objects.create(chore=row.pk, what="seen")

    assert claims.settle_begun(kinds.get("chore")) == 1
    assert claims.settle_begun(kinds.get("chore")) == 0
    assert sorted(Chore.objects.values_list("state", flat=True)) == ["leased", "unknown"]


def test_failing_hook_stops_nobody_and_is_tried_again():
    poison = ChoreFactory(word="hook_fails", not_before=now() - timedelta(days=1))
    Chore.objects.filter(pk=poison.pk).update(faults=2)
    claimed()
    expire(poison)
    other = ChoreFactory()

    first, second = claim(), claim()

    assert first.settled == 1
    assert [row.pk for row in first.rows + second.rows] == [other.pk]
    kept = Chore.objects.get(pk=poison.pk)
    assert kept.state == "leased"
    assert now() < kept.not_before <= now() + claims.HOOK_PAUSE
    Chore.objects.filter(pk=poison.pk).update(word="ok", not_before=now())
    assert claim().settled == 1
    assert Chore.objects.get(pk=poison.pk).state == "dead"


@pytest.mark.django_db(transaction=True)
def test_rows_locked_by_another_claim_are_passed_over():
    if not connection.features.has_select_for_update_skip_locked:
        pytest.skip("SQLite has one writer at a time")
    workspace = WorkspaceFactory()
    rows = ChoreFactory.create_batch(3, workspace=workspace)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Chore.objects.select_for_update().get(pk=rows[0].pk)
            locked.set()
            done.wait(10)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    locked.wait(10)
    try:
        assert {row.pk for row in claimed()} == {rows[1].pk, rows[2].pk}
    finally:
        done.set()
        holder.join()


def test_is_due_says_whether_there_is_anything():
    assert not claims.is_due(kinds.get("chore"))
    ChoreFactory()
    assert claims.is_due(kinds.get("chore"))
    claimed()
    assert not claims.is_due(kinds.get("chore"))


@pytest.mark.parametrize("skips", [True, False])
def test_each_database_locks_in_its_own_way(skips, monkeypatch):
    asked: list[str] = []

    class Connection:
        class features:  # noqa: N801
            has_select_for_update_skip_locked = skips

        ops = connection.ops

    monkeypatch.setattr(scan.Table, "connection", Connection())
    monkeypatch.setattr(scan, "rows", lambda table, sql, params: asked.append(sql) or [(params[0], 7)] * (not skips))
    table = scan.Table("default", "chores", "not_before", scan.LIVE_SQL)

    found = scan.lock_due(table, [1, 2], at=now(), limit=2)

    assert all(("FOR UPDATE SKIP LOCKED" in sql) == skips for sql in asked)
    assert found == ([] if skips else [7, 7])
