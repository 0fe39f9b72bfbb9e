"""Stories are ranked by their last post, voices, growth and topics; the order stays right without counting anew."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from datetime import timedelta
from math import isclose, log2
from random import Random

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import Workspace
from apps.core.work import drain
from apps.sources.models import Post, PostTopic, Topic, Voice
from apps.sources.ports import Item
from apps.sources.services import posts_intake
from apps.sources.services.families import family_create
from apps.sources.services.topic_removal import topic_remove
from apps.sources.services.topics import topic_save
from apps.sources.tasks import topics_clear, topics_read
from apps.stories.models import Ranking, Story, StoryPost, StoryTopic
from apps.stories.ranking import Rank, rank_of, topics_of
from apps.stories.services import ranking
from apps.stories.services.corrections import post_move
from apps.stories.services.keeping import posts_retire
from apps.stories.services.ranking import ranks_shown, stories_rank
from apps.stories.tasks import GROUPINGS, RANKINGS, RECOUNTS
from tests.sources.factories import TopicFactory
from tests.stories.factories import (
    BEGAN,
    MembershipFactory,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    WorkspaceFactory,
)
from tests.stories.news import added

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


def story_of(workspace: Workspace, *voices: float, topics: Sequence[Topic] = ()) -> Story:
    """A story whose voices spoke so many hours after `BEGAN`, each in a post about these topics."""
    at = [BEGAN + timedelta(hours=hours) for hours in voices]
    story: Story = StoryFactory.create(
        workspace=workspace, first_at=min(at), last_at=max(at), posts_count=len(at), sources_count=len(at)
    )
    source = SourceFactory.create(workspace=workspace)
    for number, moment in enumerate(at):
        post = PostFactory.create(source=source, channel=f"{story.pk}-{number}", published_at=moment)
        StoryPostFactory.create(story=story, post=post)
        for topic in topics:
            PostTopic.objects.create(topic=topic, post=post, published_at=moment)
    return story


def ranked(*stories: Story) -> list[float]:
    """The stories' ranks as they are stored, in hours after that of one voice at `BEGAN`."""
    values = dict(Story.objects.values_list("pk", "rank"))
    return [round(values[story.pk] - rank_of(BEGAN).value, 3) for story in stories]


def spoken(*hours: float) -> Rank:
    """The rank of a story whose voices spoke then."""
    at = [BEGAN + timedelta(hours=each) for each in hours]
    return rank_of(max(at), at)


# The formula


def test_one_voice_stands_where_it_spoke() -> None:
    rank = spoken(0)
    assert (rank.value, rank.voices_h, rank.growing_h, rank.topic_h) == (BEGAN.timestamp() / 3600, 0.0, 0.0, 0.0)


def test_voices_growth_and_topics_are_worth_hours() -> None:
    four = spoken(0, 0, 0, 0)
    assert (four.voices_h, four.growing_h) == (8.0, 6.0)
    assert rank_of(BEGAN, weight=3).value == BEGAN.timestamp() / 3600 + 9
    later = spoken(0, 16)
    assert isclose(later.voices_h, 4 * log2(1.5))
    assert isclose(later.growing_h, 3 * log2(1 + 1 / 16))
    assert (later.voices, later.recent) == (2, 1)


def test_of_as_many_voices_those_that_come_faster_stand_higher() -> None:
    assert spoken(9, 10, 11, 12).value > spoken(0, 4, 8, 12).value > spoken(0, 0, 0, 12).value


def test_a_voice_that_joins_never_lowers_a_rank() -> None:
    chance = Random(5)
    for _each in range(500):
        hours = sorted(chance.uniform(0, 100) for _voice in range(chance.randint(1, 30)))
        joined = hours[-1] + chance.choice([0.0, chance.uniform(0, 1), chance.uniform(0, 100)])
        assert spoken(*hours, joined).value >= spoken(*hours).value - 1e-6


def test_order_does_not_change_with_time() -> None:
    first, second = spoken(0, 0.5, 1, 1.5), spoken(9)
    for later in (0, 100, 100_000):
        moved = [spoken(*(each + later for each in hours)) for hours in ((0, 0.5, 1, 1.5), (9,))]
        assert isclose(moved[0].value - moved[1].value, first.value - second.value, abs_tol=1e-6)


def test_a_passing_mention_is_no_topic_of_the_story() -> None:
    assert topics_of({1: 1, 2: 2, 3: 6}, posts=6) == {2, 3}
    assert topics_of({1: 1}, posts=1) == {1}


# Stories


def test_a_storys_rank_and_topics_come_from_its_posts(workspace: Workspace) -> None:
    port, votes = TopicFactory.create(workspace=workspace, weight=2), TopicFactory.create(workspace=workspace, weight=1)
    plain, wide = story_of(workspace, 1), story_of(workspace, 1, 1)
    told = story_of(workspace, 1, topics=[port, votes])

    stories_rank([plain.pk, wide.pk, told.pk])

    assert ranked(plain, wide, told) == [1.0, 8.0, 7.0]
    assert set(StoryTopic.objects.values_list("story", "topic")) == {(told.pk, port.pk), (told.pk, votes.pk)}
    PostTopic.objects.all().delete()
    stories_rank([told.pk])
    assert (ranked(told), StoryTopic.objects.count()) == ([1.0], 0)


def test_a_story_without_posts_stands_by_its_time(workspace: Workspace) -> None:
    story = StoryFactory.create(workspace=workspace)
    stories_rank([story.pk])
    assert ranked(story) == [0.0]


def test_many_stories_cost_as_many_queries_as_two(workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace)
    counts = []
    for number in (2, 20):
        stories = [story_of(workspace, 0, 1, topics=[topic]).pk for _each in range(number)]
        with CaptureQueriesContext(connection) as queries:
            stories_rank(stories)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_grouping_ranks_what_it_grows(workspace: Workspace) -> None:
    posts = added(workspace)
    drain.run_batches(GROUPINGS)
    assert Story.objects.count() > 1
    for story in Story.objects.all():
        assert story.rank == ranks_shown([story])[story.pk].value > 0
    fire = StoryPost.objects.get(post=posts[0]).story
    assert fire.rank > fire.last_at.timestamp() / 3600 + 4


def test_collected_posts_bring_their_topics_to_the_story(workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace, words="склад", weight=3)
    source = SourceFactory.create(workspace=workspace)
    item = Item(external_id="1", text="В порту Тихой Гавани загорелся склад с канатами.", published_at=BEGAN)
    posts_intake(source=source, items=[item])
    drain.run_batches(GROUPINGS)
    story = Story.objects.get()
    assert (ranked(story), StoryTopic.objects.get().topic) == ([9.0], topic)

    changed = Item(external_id="1", text="В порту Тихой Гавани загорелся причал с канатами.", published_at=BEGAN)
    posts_intake(source=source, items=[changed])
    assert (ranked(story), StoryTopic.objects.count()) == ([0.0], 0)


def test_a_post_that_leaves_or_moves_changes_the_ranks(workspace: Workspace) -> None:
    story = story_of(workspace, 0, 0, 0, 0)
    stories_rank([story.pk])
    assert ranked(story) == [14.0]
    first, second, *_others = Post.objects.order_by("pk")
    posts_retire([first.pk])
    assert ranked(story) == [round(7 * log2(3), 3)]

    editor = MembershipFactory.create(workspace=workspace).user
    place = post_move(post=second, story=story, editor=editor)
    assert ranked(story, place) == [7.0, 0.0]


def test_a_family_is_one_voice_of_the_rank(workspace: Workspace) -> None:
    story = story_of(workspace, 0, 0)
    stories_rank([story.pk])
    assert ranked(story) == [7.0]
    editor = MembershipFactory.create(workspace=workspace).user
    voices = [
        Voice.objects.create(source_id=post.source_id, channel=post.channel) for post in Post.objects.order_by("pk")
    ]
    Story.objects.update(sources_count=2)
    family_create(workspace=workspace, name="Порт", voices=voices, actor=editor)
    drain.run(RECOUNTS)
    assert ranked(story) == [0.0]


# Topics that change


def test_a_new_weight_moves_the_stories_of_the_topic_only(workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace, weight=1)
    told, other = story_of(workspace, 0, topics=[topic]), story_of(workspace, 0)
    stories_rank([told.pk])
    topic.weight = 3
    topic_save(topic=topic)
    drain.run(RANKINGS)
    assert ranked(told) == [9.0]
    other.refresh_from_db()
    assert other.rank == 0.0


def test_a_new_topic_reaches_the_stories_of_past_posts_and_leaves_them_again(workspace: Workspace) -> None:
    story = story_of(workspace, 0)
    stories_rank([story.pk])
    topic = Topic(workspace=workspace, name="Порт", words="порт", weight=2)
    topic_save(topic=topic)
    topics_read()
    drain.run(RANKINGS)
    assert (ranked(story), StoryTopic.objects.count()) == ([6.0], 1)

    topic.words = "выборы"
    topic_save(topic=topic)
    topics_read()
    drain.run(RANKINGS)
    assert (ranked(story), StoryTopic.objects.count()) == ([0.0], 0)


def test_a_removed_topic_leaves_the_recent_stories(workspace: Workspace) -> None:
    topic = TopicFactory.create(workspace=workspace, weight=3)
    story = story_of(workspace, 0, topics=[topic])
    stories_rank([story.pk])
    topic_remove(topic=topic)
    Ranking.objects.update(since=BEGAN)
    drain.run(RANKINGS)
    assert ranked(story) == [0.0]
    topics_clear()
    assert StoryTopic.objects.count() == 0


def test_another_workspaces_stories_are_left_alone(workspace: Workspace) -> None:
    stranger = story_of(WorkspaceFactory.create(), 0)
    own = story_of(workspace, 0)
    Ranking.objects.create(workspace=workspace)
    drain.run(RANKINGS)
    stranger.refresh_from_db()
    assert (ranked(own), stranger.rank) == ([0.0], 0.0)


def test_a_ranking_killed_half_way_goes_on_where_it_was(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranking, "STORIES_AT_ONCE", 2)
    stories = [story_of(workspace, number) for number in range(5)]
    Ranking.objects.create(workspace=workspace)
    step, steps = ranking._some_ranked, []

    def killed(row: Ranking) -> bool:
        steps.append(row.upto_id)
        if len(steps) == 2:
            raise SystemExit
        return step(row)

    with monkeypatch.context() as patched:
        patched.setattr(ranking, "_some_ranked", killed)
        with pytest.raises(SystemExit):
            drain.run(RANKINGS)
    assert Story.objects.filter(rank=0.0).count() == 3
    Ranking.objects.update(not_before=BEGAN)
    drain.run(RANKINGS)
    drain.run(RANKINGS)
    assert ranked(*stories) == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert Ranking.objects.get().state == "done"


def test_stories_that_are_here_already_are_ranked_after_the_migration(workspace: Workspace) -> None:
    story = story_of(workspace, 3)
    WorkspaceFactory.create()
    migration = importlib.import_module("apps.stories.migrations.0010_stories_ranked")
    migration.rankings_ask(apps, None)
    assert Ranking.objects.get().workspace == workspace
    drain.run(RANKINGS)
    assert ranked(story) == [3.0]
