"""A post that found no story tells people, once a workspace, until none is left behind."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client
from django.utils import translation

from apps.accounts.models import Alert, Workspace
from apps.core.clock import now
from apps.core.work import drain
from apps.stories.models import Grouping
from apps.stories.services import batches
from apps.stories.services.grouping import grouping_dead
from apps.stories.services.work import grouping_revive
from apps.stories.tasks import GROUPINGS
from tests.stories.factories import MembershipFactory, PostFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


def waiting(workspace: Workspace, **fields: object) -> Grouping:
    """A post on its way."""
    return Grouping.objects.create(
        workspace=workspace, post=PostFactory.create(source__workspace=workspace), not_before=now(), **fields
    )


def broken(monkeypatch: pytest.MonkeyPatch) -> None:
    """No post can be compared any more."""

    def breaks(_post: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(batches, "document_of", breaks)
    monkeypatch.setattr(drain, "PATIENCE_S", 0.0)


def open_alerts() -> list[Alert]:
    return list(Alert.objects.filter(closed_at=None))


def test_posts_that_died_are_told_once_a_workspace(monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    broken(monkeypatch)
    workspace = WorkspaceFactory.create()
    first, second = waiting(workspace, faults=1), waiting(workspace, faults=2)
    with translation.override("en"):
        drain.run_batches(replace(GROUPINGS, batch=50))
        assert Grouping.objects.get(pk=first.pk).state == "ready"
        assert len(open_alerts()) == 1
        Grouping.objects.filter(pk=first.pk).update(faults=2, not_before=now())
        drain.run_batches(replace(GROUPINGS, batch=50))

    assert {row.state for row in Grouping.objects.filter(pk__in=[first.pk, second.pk])} == {"dead"}
    (alert,) = open_alerts()
    assert (alert.workspace, alert.key, alert.times, alert.level) == (workspace, "grouping.dead", 2, "error")
    assert "press “Try again”" in alert.message
    client.force_login(MembershipFactory.create(workspace=workspace).user)
    answer = client.get(alert.url)
    assert {row.pk for row in answer.context["cl"].result_list} == {first.pk, second.pk}


def test_one_failure_that_comes_back_tells_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    broken(monkeypatch)
    waiting(WorkspaceFactory.create())
    drain.run_batches(replace(GROUPINGS, batch=50))
    assert open_alerts() == []


def test_the_alert_closes_with_the_last_one_left_behind() -> None:
    workspace, other = WorkspaceFactory.create(), WorkspaceFactory.create()
    ended = {"state": "dead", "finished_at": now(), "error": "Сломалось."}
    rows = [waiting(workspace, **ended), waiting(workspace, **ended)]
    foreign = waiting(other, **ended)
    for row in (*rows, foreign):
        grouping_dead(row)
    editor = UserFactory.create()

    grouping_revive(rows[0], by=editor)
    assert {alert.workspace for alert in open_alerts()} == {workspace, other}
    grouping_revive(rows[1], by=editor)
    assert {alert.workspace for alert in open_alerts()} == {other}
