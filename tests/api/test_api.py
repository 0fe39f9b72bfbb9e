"""The read-only API: scope, paging, limits, the shape of errors, the schema."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from rest_framework.throttling import SimpleRateThrottle

from apps.publishing.models import Publication
from apps.stories.models import Story
from tests.accounts.factories import MembershipFactory, WorkspaceFactory, logged_in, member
from tests.accounts.rows import Rows

pytestmark = pytest.mark.django_db


def rows_of(mark: str) -> Rows:
    rows = Rows(WorkspaceFactory.create(slug=mark), mark)
    rows.one(Publication)
    return rows


def test_me_tells_the_user_and_roles() -> None:
    workspace = WorkspaceFactory.create(slug="city")
    user = member(workspace, "editor", name="Anna")
    told = logged_in(user).get("/api/v1/me/").json()
    assert told == {
        "id": user.pk,
        "email": user.email,
        "name": "Anna",
        "language": "en",
        "is_superuser": False,
        "roles": [{"workspace": "city", "role": "editor"}],
    }


def test_lists_hold_own_rows_only() -> None:
    mine, _theirs = rows_of("quokka"), rows_of("narwhal")
    client = logged_in(member(mine.workspace, "viewer"))
    for path, model in (("stories", Story), ("publications", Publication)):
        told = client.get(f"/api/v1/{path}/").json()
        assert [each["id"] for each in told["results"]] == [mine.one(model).pk]
        assert told["results"][0]["workspace"] == "quokka"
    assert [each["slug"] for each in client.get("/api/v1/workspaces/").json()["results"]] == ["quokka"]


def test_client_role_reads_no_stories_even_beside_an_editors_role() -> None:
    mine, theirs = rows_of("quokka"), rows_of("narwhal")
    user = member(mine.workspace, "editor")
    MembershipFactory.create(user=user, workspace=theirs.workspace, role="client")
    told = logged_in(user).get("/api/v1/stories/").json()["results"]
    assert [each["id"] for each in told] == [mine.one(Story).pk]
    assert logged_in(member(theirs.workspace, "client")).get("/api/v1/stories/").status_code == 403


def test_secrets_are_not_told() -> None:
    workspace = WorkspaceFactory.create(ai_api_key="sk-secret")
    text = logged_in(member(workspace, "owner")).get("/api/v1/workspaces/").content.decode()
    assert "sk-secret" not in text
    assert "ai_" not in text


def test_pages_follow_by_key() -> None:
    rows = Rows(WorkspaceFactory.create(), "quokka")
    first = rows.one(Story)
    for number in range(4):
        Story.objects.create(
            workspace=rows.workspace, title=f"Story {number}", first_at=first.first_at, last_at=first.last_at
        )
    client, seen = logged_in(member(rows.workspace, "viewer")), []
    address: Any = "/api/v1/stories/?page_size=2"
    while address:
        told = client.get(address).json()
        seen += [each["id"] for each in told["results"]]
        address = told["next"]
    assert seen == sorted(seen, reverse=True)
    assert len(seen) == 5
    assert "count" not in told


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/v1/stories/999999/", 404), ("/api/v1/stories/x/", 404), ("/api/v1/nothing/here/", 404)],
)
def test_errors_are_json_with_a_plain_detail(path: str, status: int) -> None:
    answer = logged_in(member(WorkspaceFactory.create(), "viewer")).get(path)
    assert answer.status_code == status
    assert set(answer.json()) == {"detail"}


def test_unknown_visitor_is_refused(client: Client) -> None:
    for path in ("me", "workspaces", "stories", "publications"):
        answer = client.get(f"/api/v1/{path}/")
        assert answer.status_code == 403
        assert set(answer.json()) == {"detail"}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_is_written(method: str) -> None:
    rows = rows_of("quokka")
    client = logged_in(member(rows.workspace, "owner"))
    for path in ("/api/v1/stories/", f"/api/v1/stories/{rows.one(Story).pk}/", "/api/v1/me/"):
        answer = getattr(client, method)(path, {}, content_type="application/json")
        assert answer.status_code == 405
        assert set(answer.json()) == {"detail"}


def test_too_many_requests_are_refused_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"user": "3/min"})
    first, second = (logged_in(member(WorkspaceFactory.create(), "viewer")) for _ in range(2))
    assert [first.get("/api/v1/me/").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = first.get("/api/v1/me/")
    assert set(refused.json()) == {"detail"}
    assert int(refused.headers["Retry-After"]) > 0
    assert second.get("/api/v1/me/").status_code == 200


@pytest.mark.parametrize("path", ["stories", "publications", "workspaces"])
def test_lists_take_the_same_number_of_queries_whatever_their_length(
    path: str, django_assert_max_num_queries: Any
) -> None:
    owned = [rows_of(f"space{number}") for number in range(4)]
    user = member(owned[0].workspace, "viewer")
    for rows in owned[1:]:
        MembershipFactory.create(user=user, workspace=rows.workspace, role="viewer")
    client = logged_in(user)
    with django_assert_max_num_queries(5):
        assert len(client.get(f"/api/v1/{path}/").json()["results"]) == 4


def test_schema_validates_without_a_warning() -> None:
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    for path in ("/api/v1/me/", "/api/v1/workspaces/", "/api/v1/stories/", "/api/v1/publications/"):
        assert path in out.getvalue()


def test_schema_is_served() -> None:
    answer = logged_in(member(WorkspaceFactory.create(), "viewer")).get("/api/v1/schema/")
    assert answer.status_code == 200
    assert b"openapi: 3" in answer.content
