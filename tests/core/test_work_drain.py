"""Draining rows one by one, many at a time, and in batches."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import structlog
from django.db import InterfaceError, OperationalError

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError, UnknownOutcomeError
from apps.core.work import bells, claims, drain, outcomes, stopping, turns, verbs
from apps.core.work.fields import RequestIdField
from apps.core.work.loop import SlicedLoop
from tests.work_app.factories import ChoreFactory, WorkspaceFactory, claimed, expire
from tests.work_app.models import Chore, Trace
from tests.work_app.tasks import CHORES, chore_record

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Plan:
    pk: int
    word: str


def plan(row: Chore) -> Plan:
    if row.word == "bad_plan":
        raise PermanentError("nothing can come of this", code="bad_plan")
    return Plan(row.pk, row.word)


ERRORS: dict[str, Exception] = {
    "busy": RetryableError("busy", retry_after=600, code="429"),
    "refused": PermanentError("refused", code="403"),
    "cut": UnknownOutcomeError("cut", code="time_out"),
    "bug": ValueError("a slip"),
    "defer": drain.Defer(until=now() + timedelta(hours=1), reason="rate limit"),
}


def meet(word: str) -> None:
    if word in ERRORS:
        raise ERRORS[word]


def work(given: Plan) -> str:
    meet(given.word)
    return given.word


async def work_async(given: Plan) -> str:
    await asyncio.sleep(0)
    meet(given.word)
    return given.word


SYNC = drain.Job(kind="chore", plan=plan, work=work, record=chore_record)
ASYNC = drain.Job(kind="chore", plan=plan, work=work_async, record=chore_record)
BOTH = pytest.mark.parametrize("job", [SYNC, ASYNC], ids=["sync", "async"])


@pytest.fixture(autouse=True)
def _nobody_asked_to_stop() -> Iterator[None]:
    stopping.forget()
    yield
    stopping.forget()


def states() -> dict[str, str]:
    return dict(Chore.objects.values_list("word", "state"))


def chores(*words: str) -> None:
    """Chores of one workspace, due in this order."""
    workspace = WorkspaceFactory()
    for place, word in enumerate(words):
        ChoreFactory(word=word, workspace=workspace, not_before=now() - timedelta(seconds=100 - place))


@BOTH
def test_each_failure_ends_where_it_should_and_the_rest_goes_on(job):
    chores("ok", "busy", "refused", "cut", "bug", "defer", "bad_plan", "fine")

    drain.run(job)

    assert states() == {
        "ok": "done",
        "fine": "done",
        "busy": "ready",
        "defer": "ready",
        "cut": "ready",
        "bug": "ready",
        "refused": "dead",
        "bad_plan": "dead",
    }
    rows = {row.word: row for row in Chore.objects.all()}
    assert (rows["bug"].faults, rows["bug"].error) == (1, "ValueError: a slip")
    assert (rows["busy"].faults, rows["busy"].error_code, rows["busy"].attempts) == (0, "429", 1)
    assert rows["busy"].not_before > now() + timedelta(seconds=500)
    assert (rows["defer"].attempts, rows["refused"].error_code) == (0, "403")
    assert sorted(Trace.objects.values_list("what", flat=True)) == ["dead", "dead", "fine", "ok"]


@BOTH
@pytest.mark.django_db(transaction=True)
def test_after_begin_a_cut_or_a_bug_is_unknown(job):
    chores("ok", "cut", "bug", "busy", "refused", "bad_plan")

    drain.run(replace(job, begins=True))

    assert states() == {
        "ok": "done",
        "cut": "unknown",
        "bug": "unknown",
        "busy": "ready",
        "refused": "dead",
        "bad_plan": "dead",
    }


@BOTH
def test_delivered_twice_the_effect_happens_once(job):
    chores("ok")

    drain.run(job)
    drain.run(job)

    assert Trace.objects.count() == 1


@BOTH
def test_failing_effect_is_the_rows_failure_and_leaves_nothing(job):
    chores("ok")

    def record(row: Chore, word: str) -> None:
        chore_record(row, word)
        raise KeyError("missing")

    drain.run(replace(job, record=record))

    assert states() == {"ok": "ready"}
    assert Chore.objects.get().faults == 1
    assert not Trace.objects.exists()


@BOTH
def test_a_lease_lost_while_working_records_nothing(job):
    chores("ok")

    def steal(row: Chore) -> Plan:
        expire(row)
        assert len(claimed()) == 1
        return plan(row)

    drain.run(replace(job, plan=steal))

    assert states() == {"ok": "leased"}
    assert not Trace.objects.exists()


@BOTH
def test_expected_failures_are_counted_where_the_job_says(job):
    chores("busy")
    Chore.objects.update(attempts=4)

    drain.run(replace(job, attempts_max=5))

    assert states() == {"busy": "dead"}


@BOTH
def test_poison_row_is_worked_with_nothing_else_in_flight(job):
    chores("poison", "a", "b")
    poison = claimed(limit=1)[0]
    expire(poison)
    flying: list[str] = []

    async def fly(given: Plan) -> str:
        flying.append(given.word)
        if given.word == "poison":
            assert flying == ["poison"]
        await asyncio.sleep(0.01)
        flying.remove(given.word)
        return given.word

    drain.run(replace(job, work=fly) if job.is_async else job)

    assert set(states().values()) == {"done"}


def test_a_busy_drain_works_a_lost_row_alone_once_it_is_idle():
    chores("slow", "lost")
    together: list[set[str]] = []
    flying: set[str] = set()

    async def fly(given: Plan) -> str:
        flying.add(given.word)
        together.append(set(flying))
        if given.word == "slow":
            lost = Chore.objects.filter(word="lost")
            await drain.current().loop.ask_sync(lambda: lost.update(not_before=now()))  # type: ignore[union-attr]
        await asyncio.sleep(0.05)
        flying.discard(given.word)
        return given.word

    verbs.release(next(row for row in claimed() if row.word == "slow"))

    drain.run(replace(ASYNC, work=fly))

    assert states() == {"slow": "done", "lost": "done"}
    assert {"slow", "lost"} not in together


def test_effectless_rows_are_finished_together(django_assert_max_num_queries):
    ChoreFactory.create_batch(20, workspace=ChoreFactory().workspace)

    with django_assert_max_num_queries(80):
        drain.run(drain.Job(kind="chore", work=lambda row: None))

    assert set(Chore.objects.values_list("state", flat=True)) == {"done"}


def test_effectless_rows_that_were_lost_are_left_alone():
    chores("a", "b")
    rows = claimed()
    verbs.give_up(rows[0], reason="no")
    rows[0].token = rows[1].token

    outcomes.succeed_all(CHORES, rows)

    assert states() == {"a": "dead", "b": "done"}


def test_outcomes_that_the_database_refuses_leave_the_rows_to_their_leases(monkeypatch):
    monkeypatch.setattr(outcomes.time, "sleep", lambda seconds: None)
    chores("a")
    (row,) = claimed()

    def away(*_args: Any, **_options: Any) -> None:
        raise OperationalError("the database is away")

    for verb in ("finish_all", "finish", "fault", "retry", "release"):
        monkeypatch.setattr(verbs, verb, away)
    outcomes.succeed_all(CHORES, [row])
    outcomes.succeed(CHORES, row, "a")
    outcomes.release(CHORES, [row])

    assert states() == {"a": "leased"}


@BOTH
def test_the_databases_trouble_is_not_the_rows_fault(job):
    chores("a")

    def away(_row: Chore) -> Plan:
        raise OperationalError("deadlock detected")

    drain.run(replace(job, plan=away))

    row = Chore.objects.get()
    assert (row.state, row.faults, row.error_code) == ("ready", 0, "database")


@pytest.mark.django_db(transaction=True)
def test_a_short_absence_of_the_database_is_sat_out(monkeypatch):
    monkeypatch.setattr(outcomes.time, "sleep", lambda seconds: None)
    left = [InterfaceError("gone"), OperationalError("locked")]
    done: list[str] = []

    def verb() -> None:
        if left:
            raise left.pop()
        done.append("recorded")

    outcomes.patiently(verb)

    assert done == ["recorded"]


@pytest.mark.django_db(transaction=True)
def test_a_long_absence_of_the_database_is_not(monkeypatch):
    waits: list[float] = []
    monkeypatch.setattr(outcomes.time, "sleep", waits.append)

    def verb() -> None:
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        outcomes.patiently(verb)

    assert tuple(waits) == outcomes.DATABASE_WAITS_S


def test_inside_a_transaction_nothing_is_tried_again():
    tries: list[int] = []

    def verb() -> None:
        tries.append(1)
        raise OperationalError("aborted")

    with pytest.raises(OperationalError):
        outcomes.patiently(verb)

    assert len(tries) == 1


# Batches


def trace_all(rows: list[Chore]) -> None:
    for row in rows:
        meet(row.word)
        chore_record(row, row.word)


BATCH = drain.BatchJob(kind="chore", work=trace_all, batch=50)


def test_a_batch_is_one_call_and_one_transaction():
    chores("a", "b", "c")
    calls: list[int] = []

    drain.run_batches(replace(BATCH, work=lambda rows: calls.append(len(rows))))

    assert calls == [3]
    assert set(states().values()) == {"done"}


def test_a_poison_row_is_isolated_from_its_batch():
    chores("a", "bug", "b", "busy")

    drain.run_batches(BATCH)

    assert states() == {"a": "done", "b": "done", "bug": "ready", "busy": "ready"}
    assert sorted(Trace.objects.values_list("what", flat=True)) == ["a", "b"]
    assert Chore.objects.get(word="bug").faults == 1


def test_an_empty_batch_calls_nobody():
    drain.run_batches(replace(BATCH, work=lambda rows: pytest.fail("called")))


# Asynchronous work


def test_many_at_a_time_but_never_more_than_asked():
    chores(*(str(n) for n in range(12)))
    flying: list[int] = [0, 0]

    async def fly(given: Plan) -> str:
        flying[0] += 1
        flying[1] = max(flying)
        await asyncio.sleep(0.02)
        flying[0] -= 1
        return given.word

    drain.run(replace(ASYNC, work=fly, concurrency=4))

    assert flying == [0, 4]
    assert set(states().values()) == {"done"}


def test_one_session_a_drain_opened_and_closed_once():
    chores("a", "b", "c")
    events: list[str] = []

    @asynccontextmanager
    async def session():
        events.append("open")
        yield "client"
        events.append("close")

    async def fly(given: Plan, client: str) -> str:
        events.append(client)
        return given.word

    drain.run(replace(ASYNC, work=fly, session=session))

    assert events == ["open", "client", "client", "client", "close"]


def test_no_work_opens_no_session():
    drain.run(replace(ASYNC, session=lambda: pytest.fail("opened")))


def test_a_session_that_does_not_open_is_each_rows_failure():
    chores("a", "b")

    @asynccontextmanager
    async def session():
        raise RetryableError("the proxy is away", retry_after=600)
        yield

    drain.run(replace(ASYNC, work=work_async, session=session))

    assert set(states().values()) == {"ready"}
    assert set(Chore.objects.values_list("error", flat=True)) == {"the proxy is away"}


def test_a_session_that_does_not_close_is_said_after_the_outcomes():
    chores("a")

    @asynccontextmanager
    async def session():
        yield "client"
        raise RuntimeError("would not close")

    async def fly(given: Plan, client: str) -> str:
        return given.word

    with pytest.raises(RuntimeError, match="would not close"):
        drain.run(replace(ASYNC, work=fly, session=session))

    assert states() == {"a": "done"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("begins", "state"), [(True, "unknown"), (False, "ready")])
def test_work_that_outlives_its_lease_is_stopped(begins, state):
    chores("slow")

    async def fly(given: Plan) -> str:
        await asyncio.sleep(30)
        return given.word

    drain.run(replace(ASYNC, work=fly, begins=begins, lease=timedelta(seconds=0.4)))

    row = Chore.objects.get()
    assert (row.state, row.error_code) == (state, "lease_over")


def test_long_work_renews_between_its_steps():
    chores("slow")

    async def fly(given: Plan) -> str:
        handle = drain.current()
        for _ in range(4):
            await asyncio.sleep(0.15)
            await handle.renewed()
        return given.word

    drain.run(replace(ASYNC, work=fly, lease=timedelta(seconds=0.4)))

    assert states() == {"slow": "done"}


def test_synchronous_work_renews_too():
    chores("slow")

    def steps(given: Plan) -> str:
        handle = drain.current()
        before = handle.row.not_before
        handle.renew()
        assert handle.row.not_before > before
        assert 290 < handle.remaining_s() <= 300
        return given.word

    drain.run(replace(SYNC, work=steps))

    assert states() == {"slow": "done"}


def test_renewing_a_lost_lease_ends_the_work():
    chores("slow")

    async def fly(given: Plan) -> str:
        handle = drain.current()
        await handle.loop.ask_sync(lambda: (expire(handle.row), claimed()))  # type: ignore[union-attr]
        await handle.renewed()
        pytest.fail("went on without a lease")

    drain.run(replace(ASYNC, work=fly))

    assert states() == {"slow": "leased"}
    assert not Trace.objects.exists()


def test_a_handle_of_its_own_renews_without_a_limit():
    chores("slow")

    async def fly(given: Plan) -> str:
        handle = drain.current()
        limit, handle.limit = handle.limit, None
        await handle.renewed()
        handle.limit = limit
        return given.word

    drain.run(replace(ASYNC, work=fly))

    assert states() == {"slow": "done"}


def test_a_bell_while_work_is_in_flight_starts_the_new_row_at_once():
    chores("slow")
    landed: list[str] = []

    async def fly(given: Plan) -> str:
        if given.word == "slow":
            await drain.current().loop.ask_sync(lambda: chores("new") or drain.run(ASYNC))  # type: ignore[union-attr]
            await asyncio.sleep(0.5)
        landed.append(given.word)
        return given.word

    drain.run(replace(ASYNC, work=fly))

    assert landed == ["new", "slow"]


def test_what_was_asked_of_the_drain_is_gone_on_with_before_the_next():
    chores("a", "b", "c")
    order: list[str] = []

    async def fly(given: Plan) -> str:
        await drain.current().loop.ask_sync(lambda: order.append("begun"))  # type: ignore[union-attr]
        order.append("sent")
        return given.word

    drain.run(replace(ASYNC, work=fly))

    assert order == ["begun", "sent"] * 3


def test_waking_a_closed_loop_is_harmless():
    loop = SlicedLoop(None)
    loop.close()

    loop.wake()

    assert loop.flights == 0


def test_a_full_drain_claims_nothing_until_something_lands(monkeypatch):
    chores("a", "b")
    monkeypatch.setattr(drain, "SLICE_S", 0.05)
    limits: list[int] = []
    claim = claims.claim

    def counted(*args: Any, **options: Any) -> Any:
        limits.append(options["limit"])
        return claim(*args, **options)

    monkeypatch.setattr(claims, "claim", counted)

    async def fly(given: Plan) -> str:
        await asyncio.sleep(0.3)
        return given.word

    drain.run(replace(ASYNC, work=fly, concurrency=1))

    assert set(limits) == {1}
    assert len(limits) == 3


def test_current_outside_a_drain_is_an_error():
    with pytest.raises(LookupError):
        drain.current()


@BOTH
def test_log_lines_name_the_row(job):
    chore = ChoreFactory(request_id="r-1")
    seen: dict[str, Any] = {}

    def look(word: str) -> str:
        seen.update(structlog.contextvars.get_contextvars())
        return word

    async def fly(given: Plan) -> str:
        return look(given.word)

    drain.run(replace(job, work=fly if job.is_async else lambda given: look(given.word)))

    expected = {"work": "chore", "work_row": chore.pk, "workspace": chore.workspace_id, "request_id": "r-1"}
    assert {key: seen[key] for key in expected} == expected
    assert "work_row" not in structlog.contextvars.get_contextvars()


def test_the_request_that_made_a_row_is_kept():
    with structlog.contextvars.bound_contextvars(request_id="r-2"):
        made = ChoreFactory()
        (bulk,) = Chore.objects.bulk_create([Chore(workspace=made.workspace)])

    assert {Chore.objects.get(pk=row.pk).request_id for row in (made, bulk)} == {"r-2"}
    assert ChoreFactory().request_id == ""


def test_a_migration_sees_a_plain_column():
    _name, path, _args, options = RequestIdField(max_length=64).deconstruct()

    assert (path, options) == ("django.db.models.CharField", {"max_length": 64})


# Time and stopping


@BOTH
def test_a_drain_waits_a_moment_for_what_it_put_back(job):
    chores("soon")
    tries: list[int] = []

    def meet_once() -> None:
        tries.append(1)
        if len(tries) == 1:
            raise drain.Defer(until=now() + timedelta(seconds=0.2))

    def sync(given: Plan) -> str:
        meet_once()
        return given.word

    async def fly(given: Plan) -> str:
        return sync(given)

    drain.run(replace(job, work=fly if job.is_async else sync))

    assert states() == {"soon": "done"}
    assert len(tries) == 2


def test_a_bell_ends_the_wait_for_what_was_put_back():
    chores("later")
    seen: list[str] = []
    ringer = threading.Timer(0.3, lambda: turns.take("chore"))

    def put_off(given: Plan) -> str:
        if given.word == "later" and not seen:
            seen.append("put off")
            raise drain.Defer(until=now() + timedelta(seconds=1.5))
        seen.append(given.word)
        return given.word

    chores("new")
    Chore.objects.filter(word="new").update(not_before=now() + timedelta(seconds=0.2))
    ringer.start()
    drain.run(replace(SYNC, work=put_off))
    ringer.join()

    assert seen == ["put off", "new", "later"]


def test_deferred_row_beside_a_slow_one_is_taken_up_in_time():
    chores("slow", "soon")
    landed: list[str] = []
    tries: list[int] = []

    async def fly(given: Plan) -> str:
        if given.word == "slow":
            await asyncio.sleep(0.6)
        else:
            tries.append(1)
            if len(tries) == 1:
                raise drain.Defer(until=now() + timedelta(seconds=0.1))
        landed.append(given.word)
        return given.word

    drain.run(replace(ASYNC, work=fly))

    assert landed == ["soon", "slow"]


@pytest.mark.parametrize("run", [lambda: drain.run(SYNC), lambda: drain.run(ASYNC), lambda: drain.run_batches(BATCH)])
def test_a_drain_whose_time_is_over_rings_for_the_rest(run, monkeypatch):
    chores("a")
    rung: list[str] = []
    monkeypatch.setattr(drain, "DRAIN_S", 0.0)
    monkeypatch.setattr(bells, "ring", rung.append)

    run()

    assert rung == ["chore"]
    assert states() == {"a": "ready"}


def test_a_drain_that_is_over_with_nothing_due_rings_nobody(monkeypatch):
    monkeypatch.setattr(drain, "DRAIN_S", 0.0)
    monkeypatch.setattr(bells, "ring", lambda name: pytest.fail("rung"))

    drain.run(SYNC)


def test_asked_to_stop_a_synchronous_drain_puts_back_what_it_has_not_started():
    chores("a", "b", "c", "d")
    job = replace(SYNC, work=lambda given: stopping.ask() or given.word)
    stepper = drain._SyncDrain(job)
    stepper.size = 4

    stepper.run()

    assert states() == {"a": "done", "b": "ready", "c": "ready", "d": "ready"}
    assert set(Chore.objects.filter(state="ready").values_list("attempts", flat=True)) == {0}


def test_asked_to_stop_a_failed_batch_puts_back_what_it_has_not_started():
    chores("a", "b", "c")
    calls: list[int] = []

    def stop(rows: list[Chore]) -> None:
        calls.append(len(rows))
        if len(rows) > 1:
            raise ValueError("together it fails")
        stopping.ask()

    drain.run_batches(replace(BATCH, work=stop))

    assert calls == [3, 1]
    assert sorted(states().values()) == ["done", "ready", "ready"]


@pytest.mark.django_db(transaction=True)
def test_asked_to_stop_an_asynchronous_drain_lets_begun_work_land(monkeypatch):
    monkeypatch.setattr(drain, "GRACE_S", 0.1)
    monkeypatch.setattr(drain, "SLICE_S", 0.1)
    chores("stops", "waits")

    async def fly(given: Plan) -> str:
        if given.word == "stops":
            stopping.ask()
        await asyncio.sleep(0.5)
        return given.word

    drain.run(replace(ASYNC, work=fly, begins=True))

    assert set(states().values()) == {"done"}


def test_asked_to_stop_an_asynchronous_drain_takes_back_what_may_be_repeated(monkeypatch):
    monkeypatch.setattr(drain, "GRACE_S", 0.1)
    monkeypatch.setattr(drain, "SLICE_S", 0.1)
    chores("stops")

    async def fly(given: Plan) -> str:
        stopping.ask()
        await asyncio.sleep(60)
        return given.word

    drain.run(replace(ASYNC, work=fly))

    assert states() == {"stops": "ready"}
    assert Chore.objects.get().attempts == 0


def test_what_is_in_flight_when_the_time_is_over_still_lands(monkeypatch):
    monkeypatch.setattr(drain, "DRAIN_S", 0.2)
    monkeypatch.setattr(drain, "SLICE_S", 0.1)
    chores("slow")

    async def fly(given: Plan) -> str:
        await asyncio.sleep(0.8)
        return given.word

    drain.run(replace(ASYNC, work=fly))

    assert states() == {"slow": "done"}


def test_asked_to_stop_while_planning_nothing_is_started():
    chores("a", "b")

    def plan_and_stop(row: Chore) -> Plan:
        stopping.ask()
        return plan(row)

    drain.run(replace(ASYNC, plan=plan_and_stop))

    assert set(states().values()) == {"ready"}
    assert set(Chore.objects.values_list("attempts", flat=True)) == {0}


def test_a_worker_that_starts_forgets_the_last_shutdown():
    stopping.ask(sig="TERM")
    assert stopping.is_asked()
    stopping.forget()
    assert not stopping.is_asked()


def test_a_second_drain_of_a_kind_only_makes_the_first_look_again():
    chores("a")
    woken: list[int] = []
    assert turns.take("chore", lambda: woken.append(1))

    drain.run(SYNC)
    drain.run(ASYNC)
    drain.run_batches(BATCH)

    assert states() == {"a": "ready"}
    assert len(woken) == 3
    assert not turns.end("chore")
    assert turns.end("chore")


def test_a_bell_during_the_last_claim_is_heeded():
    chores("a")
    seen: list[str] = []

    def work_and_ring(given: Plan) -> str:
        seen.append(given.word)
        if given.word == "a":
            ChoreFactory(word="b", not_before=now() + timedelta(seconds=0.05))
            assert not turns.take("chore")
        return given.word

    drain.run(replace(SYNC, work=work_and_ring))

    assert seen[0] == "a"
    assert turns.take("chore")
    turns.end("chore")


@BOTH
def test_a_broken_claim_frees_the_turn(job, monkeypatch):
    def broken(*_args: Any, **_options: Any) -> None:
        raise OperationalError("the database is away")

    monkeypatch.setattr(claims, "claim", broken)

    with pytest.raises(OperationalError):
        drain.run(job)

    assert turns.take("chore")
    turns.end("chore")
