"""The dashboard: what needs me, what goes out, what is broken, today in numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import Alert, Workspace
from apps.ai.models import Spend
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.desk import selectors
from apps.desk.dashboard import silence, spaced
from apps.publishing.models import Publication
from apps.sources.models import Post, Source
from apps.stories.models import Story
from tests.accounts.factories import AlertFactory, UserFactory, WorkspaceFactory, logged_in, member
from tests.accounts.rows import Rows

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def page_of(workspace: Workspace, role: str = "editor") -> Any:
    answer = logged_in(member(workspace, role)).get(reverse("admin:index"))
    assert answer.status_code == 200
    return answer


def filled(mark: str) -> Rows:
    """A workspace in which everything has happened."""
    rows = Rows(WorkspaceFactory.create(name=f"Workspace {mark}"), mark)
    publication = rows.one(Publication)
    Publication.objects.filter(pk=publication.pk).update(publish_at=now() + timedelta(hours=1))
    Delivery.objects.filter(pk=publication.delivery_id).update(state="unknown")
    Post.objects.filter(pk=rows.one(Post).pk).update(published_at=now())
    Source.objects.filter(pk=rows.one(Source).pk).update(
        failures=5, last_error="No answer", last_ok_at=now() - timedelta(hours=6, minutes=5)
    )
    AlertFactory.create(workspace=rows.workspace, level="error", message=f"Bot {mark} has no rights")
    AlertFactory.create(workspace=rows.workspace, level="warning", message=f"Budget {mark} is low")
    Spend.objects.create(workspace=rows.workspace, purpose="rewrite", cost_usd=Decimal("1.92"))
    return rows


def words(lines: list[Any]) -> list[str]:
    return [line.text for line in lines]


def test_cards_say_what_waits_goes_out_and_is_broken() -> None:
    rows = filled("quokka")
    page = page_of(rows.workspace)
    waiting, broken = page.context["waiting_lines"], page.context["broken_lines"]
    assert words(waiting) == ["1 story to review", "Story quokka", "In doubt: 1", "Budget quokka is low"]
    assert waiting[1].url == reverse("desk:story", args=[rows.one(Story).pk])
    assert words(page.context["upcoming_lines"]) == ["Publication quokka"]
    assert words(broken) == ["Bot quokka has no rights", "“Source quokka” is silent"]
    assert (page.context["posts"], page.context["stories"], page.context["published"]) == ("1", "1", "0")
    assert (page.context["spent"], page.context["budget"]) == ("1.92\u202f$", "5.00\u202f$")


def test_every_line_leads_to_a_page_that_opens() -> None:
    rows = filled("quokka")
    client = logged_in(member(rows.workspace, "owner"))
    context = client.get(reverse("admin:index")).context
    lines = [*context["waiting_lines"], *context["upcoming_lines"], *context["broken_lines"]]
    assert len(lines) == 7
    for line in lines:
        assert client.get(line.url, follow=True).status_code == 200, line


def test_filters_behind_the_counts_show_just_these_rows() -> None:
    rows = filled("quokka")
    Story.objects.create(workspace=rows.workspace, title="Fresh one", first_at=now(), last_at=now())
    client = logged_in(member(rows.workspace, "owner"))
    review, _story, unknown, _alert = client.get(reverse("admin:index")).context["waiting_lines"]
    assert [row.title for row in client.get(review.url).context["cl"].result_list] == ["Story quokka"]
    shown = client.get(unknown.url).context["shown"]
    assert [(one.title, one.standing) for one in shown] == [("delivery", "In doubt")]


def test_another_workspaces_things_are_not_told() -> None:
    mine, _theirs = filled("quokka"), filled("narwhal")
    page = page_of(mine.workspace)
    assert "narwhal" not in page.content.decode()
    assert page.context["spent"] == "1.92\u202f$"


def test_superuser_sees_all_workspaces_together_or_the_chosen_one() -> None:
    mine, _theirs = filled("quokka"), filled("narwhal")
    client = logged_in(UserFactory.create(is_superuser=True))
    assert client.get(reverse("admin:index")).context["spent"] == "3.84\u202f$"
    client.post(reverse("accounts:workspace"), {"workspace": mine.workspace.pk})
    page = client.get(reverse("admin:index"))
    assert page.context["spent"] == "1.92\u202f$"
    assert "narwhal" not in page.content.decode().replace("Workspace narwhal", "")


def test_empty_workspace_says_how_to_begin() -> None:
    page = page_of(WorkspaceFactory.create())
    text = page.content.decode()
    assert page.context["waiting_lines"] == page.context["broken_lines"] == page.context["upcoming_lines"] == []
    for sentence in ("Begin with a source", "Nothing waits for you", "Nothing is scheduled", "Everything works"):
        assert sentence in text
    assert reverse("admin:sources_source_add") in text


def test_installation_without_workspaces_offers_to_make_one() -> None:
    page = logged_in(UserFactory.create(is_superuser=True)).get(reverse("admin:index"))
    assert reverse("admin:accounts_workspace_add") in page.content.decode()


@pytest.mark.parametrize("copies", [1, 8])
def test_page_takes_at_most_eighteen_queries(copies: int) -> None:
    client = logged_in(UserFactory.create(is_superuser=True))
    for number in range(copies):
        filled(f"space{number}")
    with CaptureQueriesContext(connection) as caught:
        assert client.get(reverse("admin:index")).status_code == 200
    assert len(caught) <= 18, [query["sql"] for query in caught]


def test_late_publication_is_marked() -> None:
    rows = filled("quokka")
    Publication.objects.update(publish_at=now() - timedelta(minutes=10))
    (line,) = page_of(rows.workspace).context["upcoming_lines"]
    assert line.tone == "wait"
    assert line.note.endswith("overdue")


def test_source_with_an_alert_of_its_own_is_told_once() -> None:
    rows = filled("quokka")
    address = reverse("admin:sources_source_change", args=[rows.one(Source).pk])
    Alert.objects.create(workspace=rows.workspace, key="source", level="error", message="Source is gone", url=address)
    assert words(page_of(rows.workspace).context["broken_lines"]) == ["Source is gone", "Bot quokka has no rights"]


def test_posts_are_counted_by_the_hour_they_appeared() -> None:
    rows = Rows(WorkspaceFactory.create(), "quokka")
    at = datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    for number, back in enumerate([0, 0, 1, 23, 24, -1]):
        Post.objects.create(
            workspace=rows.workspace,
            source=rows.one(Source),
            external_id=str(number),
            published_at=at - timedelta(hours=back),
            content_hash=str(number),
        )
    counts = selectors.posts_by_hour([rows.workspace], at)
    assert len(counts) == 24
    assert (counts[0], counts[-2], counts[-1], sum(counts)) == (1, 1, 2, 4)


def test_day_begins_at_each_workspaces_own_midnight() -> None:
    omsk = WorkspaceFactory.create(time_zone="Asia/Omsk")
    moscow = WorkspaceFactory.create(time_zone="Europe/Moscow")
    at = datetime(2026, 11, 20, 19, 30, tzinfo=UTC)  # past midnight in Omsk, evening in Moscow
    for workspace in (omsk, moscow):
        Spend.objects.create(workspace=workspace, purpose="x", cost_usd=1, at=at - timedelta(hours=3))
    assert selectors.figures([omsk], at).spent_usd == 0
    assert selectors.figures([moscow], at).spent_usd == 1
    assert selectors.figures([omsk, moscow], at).spent_usd == 1


def test_numbers_and_lengths_are_told_briefly() -> None:
    assert spaced(1234567) == "1\u202f234\u202f567"
    assert silence(timedelta(seconds=5)) == "1 min"
    assert silence(timedelta(hours=6)) == "6 h"
    assert silence(timedelta(days=3)) == "3 d"


def test_drafts_to_read_stand_last() -> None:
    rows = filled("quokka")
    for number in range(2):
        Story.objects.create(
            workspace=rows.workspace, title=f"Draft {number}", status=Story.Status.DRAFT, first_at=now(), last_at=now()
        )
    line = page_of(rows.workspace).context["waiting_lines"][-1]
    assert line.text == "2 drafts to read"
    assert line.url.endswith("?status__exact=draft")
