"""Words of posts are found in any form, on both databases, and what is shown of very many is said."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from apps.accounts.models import Workspace
from apps.sources import search
from apps.sources.models import Post
from apps.sources.search import index_ensure, posts_found
from tests.accounts.factories import logged_in, member
from tests.sources.factories import FeedFactory, PostFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


def post(workspace: Workspace, text: str, **fields: object) -> Post:
    source = FeedFactory.create(workspace=workspace)
    made: Post = PostFactory.create(source=source, workspace=workspace, text=text, **fields)
    return made


def found(typed: str) -> set[Post]:
    return set(posts_found(Post.objects.all(), typed)[0])


def test_words_are_found_in_other_forms_and_cases(workspace: Workspace) -> None:
    fire = post(workspace, "В порту загорелись склады с канатами.", title="Пожар")
    bridge = post(workspace, "Мост открыли. Ёлку поставили.")

    assert found("склад") == {fire}
    assert found("ПОЖАРА порту") == {fire}
    assert found("мосты") == {bridge}
    assert found("ёлка") == {bridge}
    assert found("склад мост") == set()
    assert found("кл") == set()
    assert found('"; DROP') == set()
    assert found("!!! ") == set()


def test_changed_and_removed_posts_are_found_as_they_are(workspace: Workspace) -> None:
    changed, gone = post(workspace, "Паром вышел утром."), post(workspace, "Паром вернулся.")
    Post.objects.filter(pk=changed.pk).update(text="Катер вышел утром.")
    gone.delete()

    assert found("паром") == set()
    assert found("катер") == {changed}


def test_the_newest_of_very_many_are_given_and_it_is_said(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "HITS_MAX", 3)
    monkeypatch.setattr(search, "HITS_ENOUGH", 3)
    posts = [post(workspace, "Паром вышел утром.") for _time in range(5)]

    hits, is_cut = posts_found(Post.objects.all(), "паром")

    assert (set(hits), is_cut) == (set(posts[2:]), True)
    assert posts_found(Post.objects.filter(pk=posts[0].pk), "паром")[1] is False
    viewer: Client = logged_in(member(workspace, "viewer", email="viewer@example.org"))
    assert "the newest are shown" in viewer.get("/admin/sources/post/", {"q": "паром"}).content.decode()


def test_filters_hold_beside_the_words(workspace: Workspace) -> None:
    kept, dropped = post(workspace, "Паром вышел."), post(workspace, "Паром вернулся.", dropped_by="words")
    viewer: Client = logged_in(member(workspace, "viewer", email="viewer@example.org"))

    page = viewer.get("/admin/sources/post/", {"q": "паром", "kept": "no"})

    assert [row.pk for row in page.context["cl"].result_list] == [dropped.pk]
    assert kept.pk != dropped.pk


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL keeps its column whatever is altered")
def test_a_remade_table_gets_its_triggers_again(workspace: Workspace) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP TRIGGER sources_post_words_added")
    lost = post(workspace, "Паром вышел утром.")
    assert found("паром") == set()

    index_ensure(using="default")

    assert found("паром") == {lost}
