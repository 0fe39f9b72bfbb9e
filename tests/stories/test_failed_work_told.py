"""Background work that stops for good is told of, once a workspace, until none of it is left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError
from django.test import Client
from django.utils import translation

from apps.accounts.models import Alert, Workspace
from apps.accounts.work_again import work_give_up, work_retry
from apps.accounts.work_alerts import work_alerts_settle
from apps.core.clock import now
from apps.core.work import claims, kinds, verbs
from apps.core.work.models import WorkRow
from apps.sources.models import CopyCheck, HubPush, KinshipReview
from apps.sources.tasks import work_mend
from apps.stories.models import Ranking, Recount
from apps.stories.tasks import stories_rank
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db(transaction=True)
LEASE = timedelta(minutes=5)
Make = Callable[[Workspace], WorkRow]

KINDS: dict[str, tuple[Make, str]] = {
    "ranking": (lambda workspace: Ranking.objects.create(workspace=workspace), "Stories could not be ranked anew"),
    "recount": (lambda workspace: Recount.objects.create(workspace=workspace), "The voices of stories could not"),
    "copy_check": (
        lambda workspace: CopyCheck.objects.create(workspace=workspace, post=PostFactory.create(workspace=workspace)),
        "A near-copy could not be compared again",
    ),
    "kinship_review": (
        lambda workspace: KinshipReview.objects.create(workspace=workspace),
        "The search for sister channels stopped",
    ),
    "hub_push": (
        lambda workspace: HubPush.objects.create(
            workspace=workspace, source=SourceFactory.create(workspace=workspace), body=b"x"
        ),
        "What a hub told of new posts could not be read",
    ),
}


def died(row: WorkRow) -> WorkRow:
    """The row, after a worker failed on it for good."""
    kind = kinds.of(row)
    type(row)._base_manager.filter(pk=row.pk).update(not_before=now())
    (claimed,) = claims.claim(kind, limit=1, lease=LEASE).rows
    verbs.fail(claimed, error="ValueError: nonsense", code="bug")
    row.refresh_from_db()
    return row


def opened() -> list[tuple[str, int]]:
    """The open alerts' keys, and how often each was met."""
    return list(Alert.objects.filter(closed_at=None).order_by("key").values_list("key", "times"))


@pytest.mark.parametrize("name", KINDS)
def test_work_that_died_is_told_of_and_leads_to_its_list(client: Client, name: str) -> None:
    make, words = KINDS[name]
    workspace, other = WorkspaceFactory.create(), WorkspaceFactory.create()
    with translation.override("en"):
        died(make(workspace))
    alert = Alert.objects.get(closed_at=None)
    assert (alert.workspace, alert.key, alert.level) == (workspace, f"work.dead:{name}", "error")
    assert alert.message.startswith(words)
    assert "nonsense" in alert.message
    client.force_login(MembershipFactory.create(workspace=workspace, role="owner").user)
    assert client.get(alert.url).status_code == 200
    assert not Alert.objects.filter(workspace=other).exists()


@pytest.mark.parametrize("name", KINDS)
def test_the_alert_closes_when_nothing_is_left_behind(name: str) -> None:
    make, _words = KINDS[name]
    workspace, person = WorkspaceFactory.create(), UserFactory.create()
    first, second = died(make(workspace)), died(make(workspace))
    assert opened() == [(f"work.dead:{name}", 2)]
    first.delete()  # as with its source or its post
    assert (work_alerts_settle(), opened()) == (0, [(f"work.dead:{name}", 2)]), "one is left"
    work_retry(second, by=person)
    assert (work_alerts_settle(), opened()) == (1, [])
    assert work_alerts_settle() == 0


def test_what_a_person_gives_up_is_not_told_of() -> None:
    row = Ranking.objects.create(workspace=WorkspaceFactory.create())
    work_give_up(row, reason="not needed", by=UserFactory.create())
    row.refresh_from_db()
    assert (row.state, opened()) == ("dead", [])


def test_ranking_that_fails_three_times_is_told_of_and_beat_closes_it(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Ranking.objects.create(workspace=WorkspaceFactory.create())
    with monkeypatch.context() as broken:
        broken.setattr("apps.stories.services.ranking.stories_rank", lambda _keys: 1 / 0)
        for _time in range(3):
            Ranking.objects.update(not_before=now())
            stories_rank()
    row.refresh_from_db()
    assert (row.state, opened()) == ("dead", [("work.dead:ranking", 1)])
    work_mend()
    assert opened() == [("work.dead:ranking", 1)]
    work_retry(row, by=UserFactory.create())
    stories_rank()
    work_mend()
    row.refresh_from_db()
    assert (row.state, opened()) == ("done", [])


def test_a_failing_hook_leaves_the_row_for_later(monkeypatch: pytest.MonkeyPatch) -> None:
    row = Recount.objects.create(workspace=WorkspaceFactory.create())
    (claimed,) = claims.claim(kinds.get("recount"), limit=1, lease=LEASE).rows
    monkeypatch.setattr("apps.accounts.work_alerts.alert_raise", _away)
    with pytest.raises(DatabaseError):
        verbs.fail(claimed, error="x")
    row.refresh_from_db()
    assert (row.state, opened()) == ("leased", [])


def _away(**_told: object) -> None:
    raise DatabaseError("away")
