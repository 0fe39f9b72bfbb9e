"""The screen of everything that failed: what stands there, for whom, and that its numbers are the same everywhere."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership
from apps.delivery.models import Delivery
from apps.desk.failures.lines import LineKey
from apps.sources.models import CopyCheck
from tests.accounts.factories import AlertFactory, UserFactory, WorkspaceFactory, logged_in, member
from tests.accounts.rows import Rows
from tests.desk.failed import LIST, client_of, dead, doubtful, in_english, rows, shown

__all__ = ["in_english", "rows"]
pytestmark = pytest.mark.django_db


def test_a_failed_row_says_why_since_when_and_for_whom(rows: Rows) -> None:
    (row,) = dead(rows, "poll", error="The site says 500.", error_code="http", ago=timedelta(hours=2))
    type(row).objects.update(request_id="req-42")
    (line,) = shown(client_of(rows))
    assert (line.title, line.standing, line.cause) == ("collection", "Failed", "The site says 500.")
    assert (line.since, line.often, line.request_id) == ("2\u00a0hours ago", "3 attempts", "req-42")
    assert (line.about, line.job) == ("Source quokka", "Collecting")
    assert line.url == reverse("admin:sources_poll_change", args=[row.pk])
    assert [deed for deed, _words in line.deeds] == ["retry", "give_up"]


def test_what_failed_alike_is_one_line_that_opens(rows: Rows) -> None:
    made = dead(rows, "copy_check", 60, error_code="gone", error="It is gone.", ago=timedelta(days=3))
    dead(rows, "grouping", error_code="late")
    client = client_of(rows)
    lines = shown(client)
    assert sorted((line.title, line.often) for line in lines) == [
        ("check of a copy", "60 alike"),
        ("grouping", "3 attempts"),
    ]
    (alike,) = (line for line in lines if line.often == "60 alike")
    assert client.get(alike.url).context["count"] == 60
    first = client.get(alike.url).context["shown"]
    rest = client.get(f"{alike.url}&p=2").context["shown"]
    assert [len(first), len(rest)] == [50, 10]
    assert {one.url for one in (*first, *rest)} == {
        reverse("admin:sources_copycheck_change", args=[row.pk]) for row in made
    }


def test_failures_without_a_code_are_told_apart_by_their_words(rows: Rows) -> None:
    made = dead(rows, "copy_check", 3, error_code="bug", error="ValueError: one")
    CopyCheck.objects.filter(pk=made[0].pk).update(error="KeyError: 'x'")
    lines = shown(client_of(rows))
    assert sorted(line.often for line in lines) == ["2 alike", "3 attempts"]
    (alike,) = (line for line in lines if line.often == "2 alike")
    assert [one.cause for one in client_of(rows).get(alike.url).context["shown"]] == ["ValueError: one"] * 2


def test_what_is_in_doubt_stands_first_and_offers_a_person_to_look(rows: Rows) -> None:
    dead(rows, "copy_check")
    doubtful(rows)
    first, second = shown(client_of(rows))
    assert (first.title, first.standing, dict(first.deeds)) == (
        "delivery",
        "In doubt",
        {"there": "It is there", "again": "Send again"},
    )
    assert second.standing == "Failed"


def test_rows_that_go_well_or_that_a_person_decided_about_are_left_out(rows: Rows) -> None:
    dead(rows, "copy_check", error_code="given_up")
    dead(rows, "grouping", error_code="superseded")
    rows.one(Delivery)
    answer = client_of(rows).get(reverse(LIST))
    assert answer.context["shown"] == []
    assert answer.context["numbers"].total == 0
    assert "All is well" in answer.content.decode()


def test_when_all_is_well_the_page_says_since_when(rows: Rows) -> None:
    AlertFactory.create(workspace=rows.workspace, closed_at="2026-11-03T08:15Z")
    assert "Nothing has failed and nothing stands still since 11/03/2026 11:15 a.m." in (
        client_of(rows).get(reverse(LIST)).content.decode()
    )


def test_filters_by_job_state_and_cause(rows: Rows) -> None:
    dead(rows, "poll", error="Сервер молчит", error_code="http")
    dead(rows, "grouping", error="Broke off", error_code="x")
    doubtful(rows, request_id="abc-1")
    client = client_of(rows)

    def titles(**asked: Any) -> list[str]:
        return sorted(line.title for line in shown(client, **asked))

    assert titles() == ["collection", "delivery", "grouping"]
    assert titles(job="collecting") == ["collection"]
    assert titles(job="stories") == ["grouping"]
    assert titles(state="doubt") == ["delivery"]
    assert titles(state="failed") == ["collection", "grouping"]
    assert titles(state="standing") == []
    assert titles(cause="сервер") == ["collection"]
    assert titles(cause="abc-1") == ["delivery"]
    assert titles(cause="x") == ["grouping"]
    assert titles(cause="broke", job="collecting") == []
    assert titles(job="nonsense", state="nonsense", workspace="nonsense", p="nonsense") == titles()


def test_filter_by_workspace(rows: Rows) -> None:
    other = Rows(WorkspaceFactory.create(name="Workspace narwhal"), "narwhal")
    user = member(rows.workspace)
    Membership.objects.create(user=user, workspace=other.workspace, role="viewer")
    dead(rows, "copy_check")
    dead(other, "copy_check", 2)
    client = logged_in(user)
    assert sorted((line.workspace, line.often, bool(line.deeds)) for line in shown(client)) == [
        ("Workspace narwhal", "2 alike", False),
        ("Workspace quokka", "3 attempts", True),
    ]
    assert [line.workspace for line in shown(client, workspace=other.workspace.pk)] == ["Workspace narwhal"]
    assert [line.workspace for line in shown(client, workspace=other.workspace.pk, cause="broke")] == [
        "Workspace narwhal"
    ]


def test_another_workspaces_failures_are_not_shown_by_any_way(rows: Rows) -> None:
    other = Rows(WorkspaceFactory.create(name="Workspace narwhal"), "narwhal")
    dead(other, "copy_check", 2, error="narwhal broke")
    AlertFactory.create(workspace=other.workspace, level="error", message="narwhal stands still")
    line = shown(client_of(other))[-1]
    client = client_of(rows)
    for asked in ({}, {"cause": "narwhal"}, {"workspace": other.workspace.pk}):
        answer = client.get(reverse(LIST), asked)
        assert answer.context["shown"] == []
        assert "narwhal broke" not in answer.content.decode()
        assert "narwhal stands still" not in answer.content.decode()
    assert client.get(line.url).status_code == 404
    assert client.get(reverse(LIST), {"line": "copy_check|x|dead||"}).status_code == 404


@pytest.mark.parametrize(("role", "titles"), [("editor", ["delivery"]), ("manager", ["delivery", "update"])])
def test_kinds_that_the_role_does_not_open_are_not_shown(rows: Rows, role: str, titles: list[str]) -> None:
    dead(rows, "update")
    doubtful(rows)
    client = client_of(rows, role)
    assert sorted(line.title for line in shown(client)) == titles
    assert client.get(reverse(LIST)).context["numbers"].total == len(titles)


def test_viewers_see_and_can_do_nothing(rows: Rows) -> None:
    dead(rows, "copy_check")
    doubtful(rows)
    assert [line.deeds for line in shown(client_of(rows, "viewer"))] == [(), ()]


def test_clients_and_strangers_have_no_such_page(rows: Rows) -> None:
    assert client_of(rows, "client").get(reverse(LIST)).status_code in {302, 403}
    assert client_of(rows, "client").post(reverse("desk:failures_act")).status_code in {302, 403}


def test_screen_dashboard_sidebar_and_all_work_tell_one_number(rows: Rows) -> None:
    dead(rows, "copy_check", 4, error_code="gone")
    doubtful(rows, count=2)
    AlertFactory.create(workspace=rows.workspace, level="error", message="Bot has no rights")
    AlertFactory.create(workspace=rows.workspace, message="Budget is low")
    client = client_of(rows)
    page = client.get(reverse(LIST))
    numbers = page.context["numbers"]
    assert (numbers.failed, numbers.doubt, numbers.standing, numbers.alerts, numbers.total) == (4, 2, 1, 1, 7)
    assert [(name, count) for name, _title, count in page.context["tabs"]] == [
        ("", "7"),
        ("failed", "4"),
        ("doubt", "2"),
        ("standing", "1"),
    ]
    today = client.get(reverse("admin:index"))
    assert [line.text for line in today.context["waiting_lines"]][:2] == ["In doubt: 2", "Budget is low"]
    assert [line.text for line in today.context["broken_lines"]] == ["Failed: 4", "Bot has no rights"]
    for answer in (page, today, client.get(reverse("desk:work")), client.get(reverse("admin:sources_post_changelist"))):
        badges = {
            str(item["title"]): item.get("badge")
            for group in answer.context["sidebar_navigation"]
            for item in group["items"]
        }
        assert (badges["What failed"], badges["Alerts"]) == ("7", "1")
    assert "All that failed, in one list: 7" in client.get(reverse("desk:work")).content.decode()


def test_the_number_on_the_screen_is_never_an_old_one(rows: Rows) -> None:
    client = client_of(rows)
    assert client.get(reverse(LIST)).context["numbers"].total == 0
    dead(rows, "copy_check")
    answer = client.get(reverse(LIST))
    assert answer.context["numbers"].total == 1
    items = [item for group in answer.context["sidebar_navigation"] for item in group["items"]]
    assert [item["badge"] for item in items if str(item["title"]) == "What failed"] == ["1"]


@pytest.mark.parametrize("copies", [1, 6])
def test_the_page_takes_as_many_queries_however_much_failed(copies: int) -> None:
    for number in range(copies):
        other = Rows(WorkspaceFactory.create(), f"space{number}")
        dead(other, "copy_check", 5, error_code="gone")
        doubtful(other)
    client = logged_in(UserFactory.create(is_superuser=True))
    with CaptureQueriesContext(connection) as caught:
        assert len(shown(client)) == copies * 2
    assert len(caught) <= 16, [query["sql"] for query in caught]


@pytest.mark.parametrize("text", ["", "a|b", "poll|x|dead||", "poll|9999999999999999999|dead||", "poll|1|dead|\0|"])
def test_what_is_no_line_is_not_read_as_one(text: str) -> None:
    assert LineKey.read(text) is None


def test_key_of_a_line_survives_its_own_separator() -> None:
    assert LineKey.read("poll|1|dead|bug|=a|b") == LineKey("poll", 1, "dead", "bug", "a|b")
