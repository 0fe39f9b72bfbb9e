"""New posts join a story or start one, once, and for reasons that are kept."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import transaction

from apps.accounts.models import Workspace
from apps.core.work import drain
from apps.sources.models import Post
from apps.stories.models import Grouping, PostTerms, Story, StoryPost, TermCounts, Window
from apps.stories.services import batches, streams
from apps.stories.services.batches import groupings_group
from apps.stories.services.grouping import posts_added
from apps.stories.services.streams import streams_forget
from apps.stories.tasks import GROUPINGS
from apps.stories.tasks import groupings_group as task
from tests.stories.factories import BEGAN, PostFactory, SourceFactory, WorkspaceFactory
from tests.stories.news import NEWS, Told, added, events, partition

pytestmark = pytest.mark.django_db


def group_all(workspace: Workspace, *, batch: int = 200, forget: bool = False) -> None:
    """Group everything that waits, so many rows in a transaction."""
    rows = list(Grouping.objects.filter(workspace=workspace).order_by("pk"))
    for begin in range(0, len(rows), batch):
        if forget:
            streams_forget()
        with transaction.atomic():
            groupings_group(rows[begin : begin + batch])


def test_posts_of_one_event_stand_in_one_story() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    group_all(workspace)
    assert partition(workspace) == events(posts)
    fire = Story.objects.get(memberships__post=posts[0])
    assert (fire.posts_count, fire.sources_count, fire.first_voice) == (3, 3, "Гавань")
    assert (fire.first_at, fire.last_at) == (BEGAN, BEGAN + timedelta(hours=3))
    assert fire.title == NEWS[0].text
    assert fire.status == Story.Status.NEW


def test_a_membership_says_why() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    group_all(workspace)
    began, joined = posts[0].membership, posts[2].membership
    assert (began.score, began.reasons) == (0.0, {})
    assert joined.score > 0.38
    assert joined.reasons["post"] == posts[0].pk
    assert joined.reasons["hours"] == 0.5
    words = [word for word, _part in joined.reasons["terms"]]
    assert {"канат", "склад"} <= set(words)
    assert "Тихой Гавани" in joined.reasons["names"]
    assert joined.reasons["numbers"] == []
    assert "порту Тихой Гавани" in joined.reasons["phrases"]
    parts = [part for _word, part in joined.reasons["terms"]]
    assert parts == sorted(parts, reverse=True)


@pytest.mark.django_db(transaction=True)
def test_the_task_groups_what_intake_told_of() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    task()
    assert partition(workspace) == events(posts)
    assert not Grouping.objects.exclude(state=Grouping.State.DONE).exists()


def test_posts_told_of_twice_are_grouped_once() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    posts_added(posts)
    assert Grouping.objects.count() == len(posts)


def test_rows_delivered_twice_change_nothing() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    group_all(workspace)
    before = list(Story.objects.order_by("pk").values())
    group_all(workspace)
    assert list(Story.objects.order_by("pk").values()) == before
    assert StoryPost.objects.count() == PostTerms.objects.count() == len(posts)
    assert Window.objects.get(workspace=workspace).posts == len(posts)


@pytest.mark.parametrize("batch", [1, 3, 7])
@pytest.mark.parametrize("forget", [True, False])
def test_batch_size_and_restarts_do_not_matter(batch: int, forget: bool) -> None:
    whole, parts = WorkspaceFactory.create(), WorkspaceFactory.create()
    expected = [post.external_id for post in added(whole)]
    names = dict(zip((post.external_id for post in added(parts)), expected, strict=True))
    group_all(whole)
    group_all(parts, batch=batch, forget=forget)
    assert {frozenset(names[name] for name in group) for group in partition(parts)} == partition(whole)
    scores = [
        list(StoryPost.objects.filter(post__workspace=one).order_by("post_id").values_list("score", flat=True))
        for one in (whole, parts)
    ]
    assert scores[0] == scores[1]


def test_a_batch_killed_half_way_leaves_nothing_and_the_next_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, killed = WorkspaceFactory.create(), WorkspaceFactory.create()
    expected = [post.external_id for post in added(whole)]
    names = dict(zip((post.external_id for post in added(killed)), expected, strict=True))
    group_all(whole)
    rows = list(Grouping.objects.filter(workspace=killed).order_by("pk"))
    with transaction.atomic():
        groupings_group(rows[:4])

    def die(*_args: object, **_kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(batches, "rewrites_automatic", die)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            groupings_group(rows[4:8])
    assert StoryPost.objects.filter(post__workspace=killed).count() == 4
    with transaction.atomic():
        groupings_group(rows[4:])
    assert {frozenset(names[name] for name in group) for group in partition(killed)} == partition(whole)


def test_a_rolled_back_batch_is_forgotten_by_the_cache() -> None:
    workspace = WorkspaceFactory.create()
    source = SourceFactory.create(workspace=workspace)
    posts = [PostFactory.create(source=source, channel=name, text=NEWS[0].text) for name in ("А", "Б", "В")]
    posts_added(posts)
    rows = list(Grouping.objects.order_by("pk"))
    with transaction.atomic():
        groupings_group(rows[:2])
        transaction.set_rollback(True)
    with transaction.atomic():
        groupings_group(rows[2:])
    assert StoryPost.objects.count() == 1
    assert Story.objects.get().posts_count == 1


def test_another_process_s_posts_are_seen() -> None:
    """Two caches take turns on one workspace; each sees what the other stored."""
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    rows = list(Grouping.objects.order_by("pk"))
    ours: dict[int, streams.Stream] = {}
    for number, row in enumerate(rows):
        streams_forget()
        if number % 2 in ours:
            streams._streams[workspace.pk] = ours[number % 2]
        with transaction.atomic():
            groupings_group([row])
        ours[number % 2] = streams._streams[workspace.pk]
    assert partition(workspace) == events(posts)
    assert ours[0] is not ours[1]


def test_posts_out_of_time_order_find_each_other() -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace, news=NEWS[::-1])
    group_all(workspace)
    assert partition(workspace) == events(posts)
    fire = Story.objects.get(memberships__post__author="fire", memberships__post__channel="Гавань")
    assert (fire.first_at, fire.first_voice) == (BEGAN, "Гавань")
    assert fire.last_at == BEGAN + timedelta(hours=3)


@pytest.mark.parametrize(("hours", "stories"), [(71.0, 1), (73.0, 2), (-71.0, 1), (-73.0, 2), (24 * 365, 2)])
def test_only_posts_within_three_days_are_compared(hours: float, stories: int) -> None:
    workspace = WorkspaceFactory.create()
    later = Told("fire", "Маяк", hours, NEWS[0].text)
    added(workspace, news=(NEWS[0], later))
    group_all(workspace)
    assert Story.objects.count() == stories


def test_workspaces_never_mix() -> None:
    ours, theirs = WorkspaceFactory.create(), WorkspaceFactory.create()
    added(ours)
    added(theirs)
    with transaction.atomic():
        groupings_group(list(Grouping.objects.order_by("created_at", "-pk")))
    for story in Story.objects.prefetch_related("memberships__post"):
        assert {membership.post.workspace_id for membership in story.memberships.all()} == {story.workspace_id}
    assert Story.objects.filter(workspace=ours).count() == Story.objects.filter(workspace=theirs).count() == 5


def test_posts_without_words_each_stand_alone() -> None:
    workspace = WorkspaceFactory.create()
    source = SourceFactory.create(workspace=workspace)
    posts_added(
        [PostFactory.create(source=source, text=text) for text in ("🔥🔥🔥", "🔥🔥🔥", "https://example.org/1")]
    )
    group_all(workspace)
    assert Story.objects.count() == 3
    assert {bytes(row.terms) for row in PostTerms.objects.all()} == {b""}


def test_a_story_that_is_published_still_grows_and_keeps_its_status() -> None:
    workspace = WorkspaceFactory.create()
    added(workspace, news=NEWS[:1])
    group_all(workspace)
    Story.objects.update(status=Story.Status.ASIDE, aside_from=Story.Status.NEW)
    added(workspace, news=NEWS[2:3])
    group_all(workspace)
    story = Story.objects.get()
    assert (story.status, story.posts_count) == (Story.Status.ASIDE, 2)


def test_a_poison_post_is_isolated(monkeypatch: pytest.MonkeyPatch) -> None:
    workspace = WorkspaceFactory.create()
    posts = added(workspace)
    real = batches.document_of

    def poisoned(post: Post) -> object:
        if post.pk == posts[3].pk:
            raise ZeroDivisionError
        return real(post)

    monkeypatch.setattr(batches, "document_of", poisoned)
    monkeypatch.setattr(drain, "PATIENCE_S", 0.0)
    drain.run_batches(replace(GROUPINGS, batch=50))
    assert StoryPost.objects.count() == len(posts) - 1
    poison = Grouping.objects.get(post=posts[3])
    assert (poison.state, poison.faults) == (Grouping.State.READY, 1)


def test_counts_are_kept_so_that_a_restart_reads_little(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CHECKPOINT_POSTS", 4)
    workspace = WorkspaceFactory.create()
    added(workspace)
    group_all(workspace, batch=3)
    counts = TermCounts.objects.get(workspace=workspace)
    assert counts.documents == 9
    held = streams._streams[workspace.pk].rarity
    streams_forget()
    with transaction.atomic(), streams.stream_held(workspace.pk) as (stream, _row):
        read = stream.rarity
    assert (read.documents, read._counts) == (held.documents, held._counts)


@pytest.mark.parametrize(("name", "limit"), [("WORKSPACES_HELD", 1), ("POSTS_HELD", 12)])
def test_workspaces_used_least_are_forgotten_and_read_again(
    monkeypatch: pytest.MonkeyPatch, name: str, limit: int
) -> None:
    monkeypatch.setattr(streams, name, limit)
    first, second = WorkspaceFactory.create(), WorkspaceFactory.create()
    posts, _other = added(first, news=NEWS[:4]), added(second)
    group_all(first)
    group_all(second)
    assert list(streams._streams) == ([second.pk] if name == "WORKSPACES_HELD" else [first.pk, second.pk])
    posts += added(first, news=NEWS[4:])
    group_all(first)
    assert list(streams._streams)[-1] == first.pk
    assert partition(first) == events(posts)
