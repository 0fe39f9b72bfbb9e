"""Grouping is tested with the editors' corrections, every day and soon after one, and a page shows how it does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, Workspace
from apps.core.clock import now
from apps.core.work import drain
from apps.sources.models import Post
from apps.stories.models import Judgement, QualityCheck, QualityReading
from apps.stories.selectors import judged_pairs
from apps.stories.services.quality_rounds import quality_soon
from apps.stories.tasks import QUALITY
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, UserFactory, WorkspaceFactory
from tests.stories.news import NEWS

pytestmark = pytest.mark.django_db
FIRE, RATE, AGAIN = NEWS[0].text, NEWS[1].text, NEWS[2].text
PAGE = reverse("admin:stories_judgement_changelist")


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


def judged(workspace: Workspace, first: str, second: str, *, is_same: bool) -> Judgement:
    source = SourceFactory.create(workspace=workspace)
    posts = [PostFactory.create(source=source, text=text) for text in (first, second)]
    made: Judgement = Judgement.objects.create(
        workspace=workspace, first=posts[0], second=posts[1], is_same=is_same, cause=Judgement.Cause.MOVED
    )
    return made


def measure(workspace: Workspace) -> None:
    quality_soon(workspace.pk)
    QualityCheck.objects.update(not_before=now())
    drain.run(QUALITY)


def reader(workspace: Workspace, role: str = Membership.Role.VIEWER) -> Client:
    user = UserFactory.create(language="en")
    MembershipFactory.create(workspace=workspace, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def test_a_day_s_reading_is_kept_and_the_next_test_made(workspace: Workspace) -> None:
    right, wrong = judged(workspace, FIRE, AGAIN, is_same=True), judged(workspace, FIRE, RATE, is_same=True)
    apart = judged(workspace, AGAIN, RATE, is_same=False)
    measure(workspace)
    reading = QualityReading.objects.get()
    assert (reading.workspace, reading.pairs) == (workspace, 3)
    assert (reading.precision, reading.recall, reading.f1) == (1.0, 0.5, 0.667)
    assert reading.auc is not None
    for row in (right, wrong, apart):
        row.refresh_from_db()
    assert right.score is not None
    assert wrong.score is not None
    assert right.score > reading.threshold > wrong.score
    following = QualityCheck.objects.get(state=QualityCheck.State.READY)
    assert following.not_before > now() + timedelta(hours=23)


def test_a_second_test_of_a_day_replaces_its_reading(workspace: Workspace) -> None:
    judged(workspace, FIRE, AGAIN, is_same=True)
    measure(workspace)
    judged(workspace, FIRE, RATE, is_same=False)
    measure(workspace)
    assert list(QualityReading.objects.values_list("pairs", flat=True)) == [2]
    assert QualityCheck.objects.filter(state=QualityCheck.State.READY).count() == 1


def test_without_corrections_nothing_is_kept_and_nothing_follows(workspace: Workspace) -> None:
    measure(workspace)
    assert not QualityReading.objects.exists()
    assert not QualityCheck.objects.filter(state=QualityCheck.State.READY).exists()


def test_a_test_that_is_due_later_comes_sooner(workspace: Workspace) -> None:
    QualityCheck.objects.create(workspace=workspace, not_before=now() + timedelta(days=1))
    quality_soon(workspace.pk)
    quality_soon(workspace.pk)
    assert QualityCheck.objects.get().not_before < now() + timedelta(minutes=5)


def test_pairs_are_of_one_workspace_and_without_signatures(workspace: Workspace) -> None:
    row = judged(workspace, f"{FIRE}\nПодписаться", RATE, is_same=False)
    Post.objects.filter(pk=row.first_id).update(boilerplate=[[len(FIRE) + 1, len(FIRE) + 12]])
    judged(WorkspaceFactory.create(), FIRE, RATE, is_same=False)
    (pair,) = judged_pairs(workspace)
    assert (pair.judgement, pair.first[1].strip(), pair.second, pair.is_same) == (row.pk, FIRE, ("", RATE), False)


def test_the_page_shows_wrong_pairs_first_and_the_numbers(workspace: Workspace) -> None:
    judged(workspace, FIRE, AGAIN, is_same=True)
    judged(workspace, AGAIN, RATE, is_same=True)
    judged(workspace, FIRE, NEWS[3].text, is_same=False)
    measure(workspace)
    QualityReading.objects.create(
        workspace=workspace, day=date(2026, 1, 1), pairs=1, precision=0.5, recall=0.5, f1=0.5, auc=0.7, threshold=0.4
    )
    judged(workspace, FIRE, NEWS[9].text, is_same=False)
    shown = reader(workspace).get(PAGE).content.decode()
    wrong, new, right = (shown.index(text[:40]) for text in (RATE, NEWS[9].text, NEWS[3].text))
    assert wrong < new < right
    assert "not tested yet" in shown
    assert "a post was moved — 4" in shown
    assert "F1 was 0.500 on 1 January 2026 and is 0.667 now" in shown


def test_an_empty_page_says_what_will_appear(workspace: Workspace) -> None:
    assert "the pairs they judged stand here" in reader(workspace).get(PAGE).content.decode()


def test_the_page_is_of_one_s_own_workspaces_only(workspace: Workspace) -> None:
    judged(workspace, FIRE, AGAIN, is_same=True)
    measure(workspace)
    shown = reader(WorkspaceFactory.create()).get(PAGE).content.decode()
    assert FIRE[:40] not in shown
    assert "quality-main" not in shown


def test_the_page_reads_no_more_for_more_pairs(workspace: Workspace, django_assert_max_num_queries: Any) -> None:
    client = reader(workspace)
    judged(workspace, FIRE, AGAIN, is_same=True)
    client.get(PAGE)
    for _number in range(20):
        judged(workspace, FIRE, AGAIN, is_same=True)
    with django_assert_max_num_queries(14):
        client.get(PAGE)


def test_pairs_are_found_by_whether_grouping_agrees(workspace: Workspace) -> None:
    judged(workspace, FIRE, AGAIN, is_same=True)
    judged(workspace, AGAIN, RATE, is_same=True)
    measure(workspace)
    client = reader(workspace)
    assert RATE[:40] in client.get(PAGE, {"agrees": "no"}).content.decode()
    assert RATE[:40] not in client.get(PAGE, {"agrees": "yes"}).content.decode()
    assert AGAIN[:40] not in client.get(PAGE, {"agrees": "new"}).content.decode()


def test_numbers_of_one_kind_of_pairs_are_not_drawn(workspace: Workspace) -> None:
    judged(workspace, FIRE, RATE, is_same=False)
    measure(workspace)
    shown = reader(workspace).get(PAGE).content.decode()
    assert "All pairs are of one kind so far" in shown
    assert "<polyline" not in shown
