"""Two editors, or an editor and grouping, change the same stories at once: no circle of waiting, no wrong count."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import connection, connections, transaction

from apps.accounts.models import User
from apps.core.errors import TransitionError
from apps.core.work import drain
from apps.sources.models import Post
from apps.sources.ports import Item
from apps.sources.services import posts_intake
from apps.stories.models import Grouping, Story, StoryPost
from apps.stories.services import batches
from apps.stories.services.batches import groupings_group
from apps.stories.services.corrections import post_move, story_lock, story_split
from apps.stories.services.counting import stories_hold
from apps.stories.services.grouping import posts_added
from apps.stories.services.keeping import posts_retire
from apps.stories.services.merging import stories_merge
from apps.stories.tasks import GROUPINGS
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, WorkspaceFactory
from tests.stories.news import NEWS, added

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite writes one transaction after another"),
]
PAUSE_S = 0.7  # in it the other comes as far as it can; PostgreSQL looks for circles after a second


@pytest.fixture
def posts() -> list[Post]:
    """The news of one workspace, grouped."""
    posts = added(WorkspaceFactory.create())
    drain.run_batches(GROUPINGS)
    return posts


@pytest.fixture
def editor(posts: list[Post]) -> User:
    user: User = MembershipFactory.create(workspace=posts[0].workspace).user
    return user


def story_of(post: Post) -> Story:
    found: Story = StoryPost.objects.get(post=post).story
    return found


def together(first: Callable[[threading.Event], object], second: Callable[[], object]) -> list[Exception]:
    """Run both, the second from where the first says so; what went wrong."""
    begun = threading.Event()
    errors: list[Exception] = []

    def run(work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told by the test
            errors.append(error)
        finally:
            begun.set()
            connections.close_all()

    def later() -> None:
        begun.wait(10)
        second()

    threads = [threading.Thread(target=run, args=(work,)) for work in (lambda: first(begun), later)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return errors


def paused(work: Callable[[], object], begun: threading.Event) -> None:
    """Do the work, and wait before it is committed."""
    with transaction.atomic():
        work()
        begun.set()
        time.sleep(PAUSE_S)


def require_true_counts() -> None:
    for story in Story.objects.all():
        members = list(StoryPost.objects.filter(story=story).values_list("post__source", "post__channel"))
        assert (story.posts_count, story.sources_count) == (len(members), len(set(members)))


def test_two_editors_move_one_post(posts: list[Post], editor: User) -> None:
    fire, rate, tiger = story_of(posts[0]), story_of(posts[1]), story_of(posts[3])
    errors = together(
        lambda begun: paused(lambda: post_move(post=posts[0], story=fire, target=rate, editor=editor), begun),
        lambda: post_move(post=posts[0], story=fire, target=tiger, editor=editor),
    )
    assert [type(error) for error in errors] == [TransitionError]
    assert story_of(posts[0]) == rate
    require_true_counts()


def test_two_editors_merge_two_stories_into_each_other(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    errors = together(
        lambda begun: paused(lambda: stories_merge(into=fire, others=[rate], editor=editor), begun),
        lambda: stories_merge(into=rate, others=[fire], editor=editor),
    )
    assert [type(error) for error in errors] == [TransitionError]
    rate.refresh_from_db()
    assert (rate.merged_into, Story.objects.get(pk=fire.pk).merged_into) == (fire, None)
    require_true_counts()


def test_one_editor_splits_what_another_merges(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    errors = together(
        lambda begun: paused(lambda: story_split(story=rate, posts=[posts[1].pk], editor=editor), begun),
        lambda: stories_merge(into=fire, others=[rate], editor=editor),
    )
    assert errors == []
    assert (story_of(posts[4]), story_of(posts[1]) in (fire, rate)) == (fire, False)
    require_true_counts()


def test_grouping_waits_for_a_merge_and_follows_it(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    newcomer = waiting(posts)
    errors = together(
        lambda begun: paused(lambda: stories_merge(into=rate, others=[fire], editor=editor), begun),
        lambda: drain.run_batches(GROUPINGS),
    )
    assert errors == []
    assert story_of(newcomer) == rate
    require_true_counts()


def test_grouping_waits_for_a_lock_and_holds_to_it(posts: list[Post], editor: User) -> None:
    fire = story_of(posts[0])
    newcomer = waiting(posts)
    errors = together(
        lambda begun: paused(lambda: story_lock(story=fire, editor=editor), begun),
        lambda: drain.run_batches(GROUPINGS),
    )
    assert errors == []
    assert story_of(newcomer) != fire
    require_true_counts()


def test_an_editor_waits_for_grouping(posts: list[Post], editor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    newcomer = waiting(posts)
    rows = list(Grouping.objects.filter(post=newcomer))
    real, begun = batches.stories_keep, threading.Event()

    def slow(stories: list[int]) -> None:
        real(stories)
        begun.set()
        time.sleep(PAUSE_S)

    def group(told: threading.Event) -> None:
        threading.Thread(target=lambda: (begun.wait(10), told.set())).start()
        with transaction.atomic():
            groupings_group(rows)

    monkeypatch.setattr(batches, "stories_keep", slow)
    errors = together(group, lambda: stories_merge(into=rate, others=[fire], editor=editor))
    assert errors == []
    assert {story_of(post) for post in (newcomer, posts[0], posts[1])} == {rate}
    require_true_counts()


def test_a_source_changes_a_post_while_an_editor_moves_it(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    item = Item(external_id=posts[0].external_id, channel=posts[0].channel, text=f"{posts[0].text} Снова.")
    errors = together(
        lambda begun: paused(lambda: post_move(post=posts[0], story=fire, target=rate, editor=editor), begun),
        lambda: posts_intake(source=posts[0].source, items=[item]),
    )
    assert errors == []
    drain.run_batches(GROUPINGS)
    assert (story_of(posts[0]), Post.objects.get(pk=posts[0].pk).revision) == (rate, 2)
    require_true_counts()


def test_a_post_that_an_editor_moves_is_not_retired_from_under_its_story(posts: list[Post], editor: User) -> None:
    fire, rate = story_of(posts[0]), story_of(posts[1])
    Story.objects.filter(pk=rate.pk).update(status=Story.Status.DRAFT)
    kept: list[set[int]] = []

    def retire() -> None:
        with transaction.atomic():
            kept.append(posts_retire([posts[0].pk]))

    errors = together(
        lambda begun: paused(lambda: post_move(post=posts[0], story=fire, target=rate, editor=editor), begun), retire
    )
    assert (errors, kept) == ([], [{posts[0].pk}])
    assert story_of(posts[0]) == rate


def test_holding_stories_takes_turns_with_grouping(posts: list[Post]) -> None:
    fire = story_of(posts[0])
    newcomer = waiting(posts)
    placed: list[bool] = []

    def hold(begun: threading.Event) -> None:
        with transaction.atomic():
            stories_hold(fire.workspace_id, {fire.pk})
            begun.set()
            time.sleep(PAUSE_S)
            placed.append(StoryPost.objects.filter(post=newcomer).exists())

    assert together(hold, lambda: drain.run_batches(GROUPINGS)) == []
    assert placed == [False]
    assert StoryPost.objects.filter(post=newcomer).exists()


def waiting(posts: list[Post]) -> Post:
    """A post like the first one that has to be grouped."""
    source = SourceFactory.create(workspace=posts[0].workspace)
    newcomer: Post = PostFactory.create(source=source, text=NEWS[0].text, published_at=posts[0].published_at)
    posts_added([newcomer])
    return newcomer
