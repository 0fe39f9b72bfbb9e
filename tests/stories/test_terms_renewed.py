"""Stored terms of the old form are dropped, and those of recent posts are read again in the background."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.apps import apps

from apps.core.work import drain
from apps.stories.models import DayCounts, Grouping, PostTerms, Story, StoryPost, TermCounts
from apps.stories.services.streams import streams_forget
from apps.stories.tasks import GROUPINGS
from tests.stories.factories import BEGAN, WorkspaceFactory
from tests.stories.news import NEWS, added

pytestmark = pytest.mark.django_db
MIGRATION = import_module("apps.stories.migrations.0014_terms_renewed")


def test_terms_of_the_last_two_weeks_are_read_again_and_stories_stay() -> None:
    workspace = WorkspaceFactory.create()
    old = added(workspace, news=NEWS[:2], began=BEGAN - timedelta(days=30))
    posts = added(workspace)
    drain.run_batches(GROUPINGS)
    before, terms = (
        set(Story.objects.values_list("pk", "posts_count")),
        dict(PostTerms.objects.values_list("post", "terms")),
    )
    PostTerms.objects.update(terms=b"\0" * 5)
    TermCounts.objects.create(workspace=workspace)

    MIGRATION.terms_renewed(apps, None)
    assert (PostTerms.objects.count(), TermCounts.objects.count(), DayCounts.objects.count()) == (0, 0, 0)
    assert set(Grouping.objects.live().values_list("post", flat=True)) == {post.pk for post in posts}

    streams_forget()
    drain.run_batches(GROUPINGS)
    assert set(PostTerms.objects.values_list("post", flat=True)) == {post.pk for post in posts}
    assert all(bytes(row.terms)[:4] == bytes(terms[row.post_id])[:4] for row in PostTerms.objects.all())
    assert set(Story.objects.values_list("pk", "posts_count")) == before
    assert StoryPost.objects.count() == len(old) + len(posts)
    late = added(workspace, news=NEWS[2:3], began=BEGAN + timedelta(hours=1))
    drain.run_batches(GROUPINGS)
    assert StoryPost.objects.get(post=late[0]).story == StoryPost.objects.get(post=posts[0]).story


def test_where_nothing_was_grouped_nothing_happens() -> None:
    workspace = WorkspaceFactory.create()
    added(workspace)
    MIGRATION.terms_renewed(apps, None)
    assert Grouping.objects.live().count() == len(NEWS)
