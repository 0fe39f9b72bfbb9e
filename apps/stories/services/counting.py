"""What a story's row says of its posts: counted anew where posts came or went otherwise than by growing."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from apps.core.bulk import rows_update
from apps.sources.services.families import families_of
from apps.stories.models import Story, StoryPost, Window
from apps.stories.services.placing import voice_of
from apps.stories.services.ranking import stories_rank

COUNTED = ["first_at", "last_at", "first_voice", "posts_count", "sources_count"]
Said = tuple[datetime, int, str, str]


def stories_hold(workspace_id: int, stories: Iterable[int]) -> dict[int, Story]:
    """These stories of a workspace as they are now, held with its grouping until the transaction ends.

    A batch of grouping and a correction of a workspace take turns, so neither reads what the other is changing.
    """
    Window.objects.get_or_create(workspace_id=workspace_id)
    Window.objects.select_for_update().only("pk").get(workspace_id=workspace_id)
    held = Story.objects.select_for_update().filter(workspace=workspace_id, pk__in=set(stories)).order_by("pk")
    return {story.pk: story for story in held}


def stories_count(stories: Collection[int]) -> list[Story]:
    """Count and rank these stories, which the caller holds; those without posts keep their times.

    The answer is the stories as they are now.
    """
    rows = StoryPost.objects.filter(story__in=stories).order_by("post__published_at", "post_id")
    names = ("story_id", "post__published_at", "post__source_id", "post__channel", "post__source__name")
    said: dict[int, list[Said]] = {}
    for pk, at, source, channel, name in rows.values_list(*names):
        said.setdefault(pk, []).append((at, source, channel, name))
    counted = list(Story.objects.filter(pk__in=stories).order_by("pk"))
    families = {pk: families_of(pk) for pk in {story.workspace_id for story in counted}}
    for story in counted:
        posts = said.get(story.pk, [])
        story.posts_count = len(posts)
        known = families[story.workspace_id]
        story.sources_count = len({voice_of(source, channel, known) for _at, source, channel, _name in posts})
        if posts:
            (story.first_at, _source, channel, name), story.last_at = posts[0], posts[-1][0]
            story.first_voice = (channel or name)[:200]
    rows_update(counted, COUNTED)
    stories_rank([story.pk for story in counted])
    return counted
