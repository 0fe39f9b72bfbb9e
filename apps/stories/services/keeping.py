"""Which posts stories keep: those of a story that was worked on. The others may leave with age, and leave no trace.

A story is worked on once a text of it was asked for or written, or once it is past “new”; one that nobody touched
loses its old posts one by one and goes with the last.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from apps.sources.services import posts_mark_used
from apps.sources.services.families import families_of
from apps.stories.models import Grouping, PostTerms, Rewrite, Story, StoryPost, StoryVersion
from apps.stories.services.placing import voice_of

UNTOUCHED = (Story.Status.NEW, Story.Status.ASIDE)


def worked() -> Q:
    """The condition that a story was worked on."""
    return (
        ~Q(status__in=UNTOUCHED)
        | Exists(StoryVersion.objects.filter(story=OuterRef("pk")))
        | Exists(Rewrite.objects.filter(story=OuterRef("pk")))
    )


def stories_keep(stories: Collection[int]) -> None:
    """Mark the posts of those of these stories that are worked on; call it where one may have become so, or has grown.

    Runs in the transaction of that change, which holds the stories' rows.
    """
    kept = Story.objects.filter(worked(), pk__in=stories)
    unmarked = StoryPost.objects.filter(story__in=kept, post__is_used=False).order_by("post_id")
    posts_mark_used(unmarked.values_list("post_id", flat=True))


def posts_retire(posts: Sequence[int]) -> set[int]:
    """Let go of posts that are about to be removed; the answer is those that worked stories keep.

    The stories' rows are locked first, as whoever begins to work on one does; before them the posts' places in the
    queue, which grouping holds when it asks for stories.
    """
    waiting = Grouping.objects.select_for_update().filter(post__in=posts).order_by("pk")
    list(waiting.values_list("pk", flat=True))
    in_story = dict(StoryPost.objects.filter(post__in=posts).values_list("post_id", "story_id"))
    locked = Story.objects.select_for_update().filter(pk__in=in_story.values()).order_by("pk")
    stories = set(locked.values_list("pk", flat=True))
    kept_stories = set(Story.objects.filter(worked(), pk__in=stories).values_list("pk", flat=True))
    held = {post for post, story in in_story.items() if story in kept_stories}
    gone = [post for post in posts if post not in held]
    StoryPost.objects.filter(post__in=gone).delete()
    PostTerms.objects.filter(post__in=gone).delete()
    Grouping.objects.filter(post__in=gone).delete()
    _shrink(stories - kept_stories)
    return held


def _shrink(stories: Collection[int]) -> None:
    """Count untouched stories anew after some of their posts went; the empty ones go."""
    rows = StoryPost.objects.filter(story__in=stories).order_by("post__published_at", "post_id")
    names = ("story_id", "post__published_at", "post__source_id", "post__channel", "post__source__name")
    left: dict[int, list[tuple[datetime, int, str, str]]] = {}
    for pk, at, source, channel, name in rows.values_list(*names):
        left.setdefault(pk, []).append((at, source, channel, name))
    Story.objects.filter(pk__in=[pk for pk in stories if pk not in left]).delete()
    changed = list(Story.objects.filter(pk__in=left))
    families = {pk: families_of(pk) for pk in {story.workspace_id for story in changed}}
    for story in changed:
        posts = left[story.pk]
        (story.first_at, _source, channel, name), story.last_at = posts[0], posts[-1][0]
        story.first_voice = (channel or name)[:200]
        story.posts_count = len(posts)
        known = families[story.workspace_id]
        story.sources_count = len({voice_of(source, channel, known) for _at, source, channel, _name in posts})
    fields = ["first_at", "last_at", "first_voice", "posts_count", "sources_count"]
    Story.objects.bulk_update(changed, fields, batch_size=200)
