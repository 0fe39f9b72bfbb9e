"""Stories get their rank and topics where posts join, leave or change; `apps.stories.ranking` has the formula."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from apps.core.bulk import rows_insert, rows_update
from apps.core.clock import now
from apps.core.work import bells, drain, stopping
from apps.sources.models import PostTopic, Topic
from apps.sources.services.families import families_of
from apps.stories.models import Ranking, Story, StoryPost, StoryTopic
from apps.stories.ranking import Rank, rank_of, topics_of
from apps.stories.services.placing import voice_of

STORIES_AT_ONCE = 500
ROUND_S = 20.0
RECENT = timedelta(days=30)  # older stories keep the hours of a topic that is gone: nobody sees their order


def stories_rank(stories: Collection[int]) -> None:
    """Rank these stories and set their topics; the caller holds them, in the transaction that changed their posts."""
    rows = list(Story.objects.filter(pk__among=stories).only("workspace_id", "last_at", "posts_count", "rank"))
    weights = _weights(rows)
    topics = _topics_told(rows, weights) if weights else {}
    ranks = _ranks(rows, topics, weights)
    changed = [row for row in rows if row.rank != ranks[row.pk].value]
    for row in changed:
        row.rank = ranks[row.pk].value
    rows_update(changed, ["rank"])
    if weights:
        _topics_store(rows, topics)


def ranks_shown(stories: Sequence[Story]) -> dict[int, Rank]:
    """The parts of the ranks of stories, by story, as a list tells them; a handful of queries."""
    weights = _weights(stories)
    return _ranks(stories, _topics_told(stories, weights) if weights else {}, weights)


@transaction.atomic
def topics_moved(workspace_id: int, topic_id: int | None) -> None:
    """Have the stories of a topic ranked anew, or, where a topic is being removed, the recent ones of its workspace."""
    since = now() - RECENT if topic_id is None else None
    Ranking.objects.create(workspace_id=workspace_id, topic_id=topic_id, since=since)
    bells.ring_on_commit("ranking")


def ranking_work(row: Ranking) -> None:
    """Rank the stories of a row, some hundreds at a time; it goes on where it was, and twice comes to the same."""
    ends = time.monotonic() + ROUND_S
    while _some_ranked(row):
        if stopping.is_asked() or time.monotonic() > ends:
            raise drain.Defer(until=now() + timedelta(seconds=1), reason="makes way")
        drain.current().renew()


@transaction.atomic
def _some_ranked(row: Ranking) -> bool:
    told = Story.objects.filter(workspace=row.workspace_id, pk__gt=row.upto_id)
    if row.since is not None:
        told = told.filter(last_at__gte=row.since)
    if row.topic_id is not None:
        about = StoryPost.objects.filter(post__topics__topic=row.topic_id, story__gt=row.upto_id).values("story")
        were = StoryTopic.objects.filter(topic=row.topic_id).values("story")
        told = told.filter(Q(pk__in=about) | Q(pk__in=were))
    # Held like grouping holds them, so that nobody joins between the reading and the writing.
    keys = list(told.order_by("pk").values_list("pk", flat=True)[:STORIES_AT_ONCE])
    list(Story.objects.select_for_update().filter(pk__in=keys).order_by("pk").values_list("pk"))
    stories_rank(keys)
    if keys:
        row.upto_id = keys[-1]
        Ranking.objects.filter(pk=row.pk).update(upto_id=row.upto_id)
    return len(keys) == STORIES_AT_ONCE


def _weights(stories: Sequence[Story]) -> dict[int, int]:
    """The weight of each topic of these stories' workspaces."""
    owners = {story.workspace_id for story in stories}
    return dict(Topic.objects.filter(workspace__in=owners).values_list("pk", "weight"))


def _topics_told(stories: Sequence[Story], known: Collection[int]) -> dict[int, set[int]]:
    """Which of the known topics each of these stories has, by how many of its posts are about them."""
    sizes = {story.pk: story.posts_count for story in stories}
    rows = PostTopic.objects.filter(post__membership__story__among=sizes).order_by()
    told: dict[int, dict[int, int]] = defaultdict(dict)
    for story, topic, number in rows.values_list("post__membership__story", "topic").annotate(number=Count("*")):
        if topic in known:  # and not being removed
            told[story][topic] = number
    return {story: topics_of(numbers, sizes[story]) for story, numbers in told.items()}


def _ranks(stories: Sequence[Story], topics: dict[int, set[int]], weights: dict[int, int]) -> dict[int, Rank]:
    spoke = _spoke([story for story in stories if story.posts_count > 1])
    ranks = {}
    for story in stories:
        weight = max((weights.get(topic, 0) for topic in topics.get(story.pk, ())), default=0)
        ranks[story.pk] = rank_of(story.last_at, spoke.get(story.pk, {}).values(), weight)
    return ranks


def _spoke(stories: Sequence[Story]) -> dict[int, dict[str, datetime]]:
    """When each voice of each of these stories spoke last."""
    if not stories:
        return {}
    families = {owner: families_of(owner) for owner in {story.workspace_id for story in stories}}
    owner_of = {story.pk: story.workspace_id for story in stories}
    spoke: dict[int, dict[str, datetime]] = defaultdict(dict)
    told = StoryPost.objects.filter(story__among=owner_of).order_by()
    names = ("story_id", "post__source_id", "post__channel", "post__published_at")
    for story, source, channel, at in told.values_list(*names):
        voice = voice_of(source, channel, families[owner_of[story]])
        spoke[story][voice] = max(at, spoke[story].get(voice, at))
    return spoke


def _topics_store(stories: Sequence[Story], topics: dict[int, set[int]]) -> None:
    """Make the topics of these stories those that their posts have."""
    wanted = {(story, topic) for story, told in topics.items() for topic in told}
    rows = StoryTopic.objects.filter(story__in=[story.pk for story in stories])
    known = {(story, topic): pk for pk, story, topic in rows.values_list("pk", "story_id", "topic_id")}
    if gone := [pk for pair, pk in known.items() if pair not in wanted]:
        # What is held by somebody else goes with its topic, which is being removed; waiting could be in a circle.
        free = rows.filter(pk__in=gone).select_for_update(skip_locked=True).order_by("pk")
        StoryTopic.objects.filter(pk__in=list(free.values_list("pk", flat=True))).delete()
    fresh = sorted(wanted - known.keys())
    rows_insert([StoryTopic(story_id=story, topic_id=topic) for story, topic in fresh])
