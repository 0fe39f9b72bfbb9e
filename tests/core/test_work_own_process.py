"""Kinds that a process of their own drains, and claims of a part of the rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from apps.accounts.models import Workspace
from apps.core import health
from apps.core.clock import now
from apps.core.health import UnhealthyError
from apps.core.ticks import tick_record
from apps.core.work import bells, claims, drain, kinds, metrics, publisher, scan
from apps.core.work.sweep import sweep
from tests.work_app.factories import LEASE, ChoreFactory
from tests.work_app.models import Chore

pytestmark = pytest.mark.django_db


@pytest.fixture
def own() -> Iterator[kinds.Kind]:
    """Chores, drained by a process."""
    known = kinds.get("chore")
    kinds.unregister("chore")
    yield kinds.register(name="chore", model="work_app.Chore", process="chores_do", on_dead=known.on_dead)
    kinds.unregister("chore")
    kinds.register(
        name="chore", model=known.model_label, task=known.task, on_dead=known.on_dead, on_unknown=known.on_unknown
    )


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Tasks that were sent."""
    sent: list[str] = []
    monkeypatch.setattr(publisher, "publish", sent.append)
    return sent


@pytest.mark.parametrize("drained_by", [{}, {"task": "x", "process": "y"}])
def test_a_kind_is_drained_by_a_task_or_by_a_process(drained_by: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="either by a task or by a process"):
        kinds.register(name="odd", model="work_app.Trace", **drained_by)


def test_no_bell_is_rung_for_it(
    own: kinds.Kind, published: list[str], django_capture_on_commit_callbacks: object
) -> None:
    ChoreFactory()

    with django_capture_on_commit_callbacks(execute=True) as callbacks:  # type: ignore[operator]
        bells.ring_on_commit("chore")

    assert bells.ring("chore") is False
    assert "chore" not in sweep()
    assert (callbacks, published) == ([], [])


def test_it_is_counted_like_any_other(own: kinds.Kind) -> None:
    ChoreFactory.create_batch(2)

    assert metrics.figures(own).due == 2


def test_health_says_that_nobody_drains_it(own: kinds.Kind) -> None:
    ChoreFactory(not_before=now() - timedelta(seconds=90))
    with pytest.raises(UnhealthyError, match=r"chore is due and nobody drains it: start “manage\.py chores_do”"):
        health.work()

    tick_record("chores_do")

    assert health.work().startswith("oldest: chore")


def test_another_process_that_lives_does_not_count(own: kinds.Kind) -> None:
    ChoreFactory(not_before=now() - timedelta(seconds=90))
    tick_record()
    tick_record("others_do")

    with pytest.raises(UnhealthyError, match="nobody drains it"):
        health.work()


def test_a_claim_of_a_part_leaves_the_others() -> None:
    ours, others = ChoreFactory.create_batch(3), ChoreFactory.create_batch(2)
    part = scan.Only("workspace", Workspace.objects.filter(pk__in=[row.workspace_id for row in ours]))

    claimed = claims.claim(kinds.get("chore"), limit=10, lease=LEASE, only=part)

    assert {row.pk for row in claimed.rows} == {row.pk for row in ours}
    assert not claims.is_due(kinds.get("chore"), only=part)
    assert claims.is_due(kinds.get("chore"))
    assert set(Chore.objects.filter(state="ready")) == set(others)


@pytest.mark.parametrize("nobody", [{"name": "no such name"}, {"pk__in": []}])
def test_a_part_of_nothing_claims_nothing(nobody: dict[str, object]) -> None:
    ChoreFactory()
    part = scan.Only("workspace", Workspace.objects.filter(**nobody))

    assert claims.claim(kinds.get("chore"), limit=1, lease=LEASE, only=part).rows == []
    assert not claims.is_due(kinds.get("chore"), only=part)


def test_a_drain_asks_before_each_claim_what_it_may_work() -> None:
    rows = ChoreFactory.create_batch(3)
    asked: list[int] = []

    def only() -> scan.Only:
        asked.append(1)
        return scan.Only("workspace", Workspace.objects.filter(pk=rows[0].workspace_id))

    worked: list[int] = []
    drain.run(drain.Job(kind="chore", work=lambda row: worked.append(row.pk), only=only))

    assert worked == [rows[0].pk]
    assert len(asked) >= 2
