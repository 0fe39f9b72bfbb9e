"""The registry of kinds, its check of indexes, and the figures by kind."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from apps.core.clock import now
from apps.core.work import claims, kinds, lanes, metrics, verbs
from apps.core.work.models import WorkQuerySet
from tests.work_app.factories import ChoreFactory, LaneFactory, WorkspaceFactory, claimed, expire, laned
from tests.work_app.models import Chore, ChoreLane, LanedChore, Trace


def test_a_kind_knows_its_tables():
    assert kinds.get("chore").model is Chore
    assert kinds.get("chore").lane_model is None
    assert kinds.get("laned_chore").lane_model is ChoreLane
    assert kinds.of(LanedChore()).name == "laned_chore"
    assert {"chore", "laned_chore"} <= {kind.name for kind in kinds.known()}


def test_registering_twice_the_same_is_harmless_and_a_collision_is_not():
    known = kinds.get("chore")
    same = {"task": known.task, "on_dead": known.on_dead, "on_unknown": known.on_unknown}

    assert kinds.register(name="chore", model="work_app.Chore", **same) is known
    with pytest.raises(ValueError, match="collides"):
        kinds.register(name="chore", model="work_app.Other", **same)
    with pytest.raises(ValueError, match="collides"):
        kinds.register(name="other", model="work_app.Chore", **same)


def test_rows_of_no_kind_are_an_error():
    with pytest.raises(LookupError, match="not registered"):
        kinds.of(Trace())  # type: ignore[arg-type]


def test_a_table_without_the_indexes_of_claims_is_refused():
    assert kinds.check_indexes() == []
    kinds.register(name="trace", model="work_app.Trace", task="x")
    try:
        (error,) = kinds.check_indexes()
    finally:
        kinds.unregister("trace")

    assert (error.id, error.obj) == ("core.E012", Trace)


@pytest.mark.django_db
def test_hooks_are_optional():
    bare = kinds.Kind("bare", "work_app.Chore", "x")

    bare.tell_dead(Chore(pk=1))
    bare.tell_unknown(Chore(pk=1))

    assert not Trace.objects.exists()


@pytest.mark.django_db
def test_figures_by_kind():
    workspace = WorkspaceFactory()
    ChoreFactory.create_batch(6, workspace=workspace, not_before=now() - timedelta(seconds=40))
    ChoreFactory(workspace=workspace, not_before=now() + timedelta(days=1))
    flying, cut, refused, lost = claimed(limit=4)
    verbs.begin(cut)
    verbs.unknown(cut, error="cut")
    verbs.fail(refused, error="no")
    expire(lost)

    found = metrics.figures(kinds.get("chore"))

    assert (found.due, found.in_flight, found.unknown, found.dead) == (3, 1, 1, 1)
    assert 39 < found.oldest_due_s < 50
    assert flying.state == "leased"


@pytest.mark.django_db
def test_what_waits_behind_a_paused_lane_is_not_late():
    lane = LaneFactory()
    laned(lane, "a", "b")
    assert metrics.figures(kinds.get("laned_chore")).oldest_due_s > 0

    lanes.pause(lane, "token revoked")

    found = metrics.figures(kinds.get("laned_chore"))
    assert (found.due, found.oldest_due_s) == (2, 0.0)


@pytest.mark.django_db
def test_counts_are_capped(monkeypatch):
    monkeypatch.setattr(metrics, "CAP", 3)
    ChoreFactory.create_batch(5)

    assert metrics.figures(kinds.get("chore")).due == 3


@pytest.mark.django_db
def test_every_kind_is_in_every_family():
    ChoreFactory()

    families = {family.name: family for family in metrics.collect()}

    assert set(families) == {
        *("pult_work_due", "pult_work_oldest_due_seconds", "pult_work_in_flight", "pult_work_unknown", "pult_work_dead")
    }
    due = {sample.labels["kind"]: sample.value for sample in families["pult_work_due"].samples}
    assert due["chore"] == 1
    assert due["laned_chore"] == 0


@pytest.mark.django_db
def test_querysets_use_the_partial_indexes():
    rows = WorkQuerySet(Chore)
    at = now()
    expected = {
        "work_app_chore_due": rows.due(at).order_by("not_before", "id")[:1],
        "work_app_chore_held": rows.expired(at),
    }
    for index, query in expected.items():
        if connection.vendor == "sqlite":
            assert index in query.explain()
        else:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
            assert index in query.explain() or "work_app_chore_fair" in query.explain()
    assert not rows.live().exists()
    assert not rows.dead().exists()
    assert not claims.is_due(kinds.get("chore"))


def test_a_row_says_what_it_is():
    assert str(Chore(pk=7)) == "chore 7"
    assert Chore(state="leased").is_live
    assert not Chore(state="dead").is_live
    assert str(ChoreLane(key="channel:1")) == "channel:1"
