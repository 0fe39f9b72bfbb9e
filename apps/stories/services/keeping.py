"""Which posts stories keep: those of a story that was worked on. The others may leave with age, and leave no trace.

A story is worked on once a text of it was asked for or written, or once it is past “new”; one that nobody touched
loses its old posts one by one and goes with the last.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef, Q

from apps.sources.services import posts_mark_used
from apps.stories.models import (
    Grouping,
    Illustrating,
    Illustration,
    PostTerms,
    PostVector,
    Rewrite,
    Story,
    StoryPost,
    StoryVersion,
)
from apps.stories.services.counting import stories_count

UNTOUCHED = (Story.Status.NEW, Story.Status.ASIDE)


def worked() -> Q:
    """The condition that a story was worked on."""
    own = {"story": OuterRef("pk")}
    has_work = (
        Exists(StoryVersion.objects.filter(**own)),
        Exists(Rewrite.objects.filter(**own)),
        Exists(Illustration.objects.filter(**own)) | Exists(Illustrating.objects.filter(**own)),
    )
    touched = ~Q(status__in=UNTOUCHED) | ~Q(origin=Story.Origin.STREAM)
    return touched | Q(has_work[0]) | Q(has_work[1]) | Q(has_work[2])


def stories_keep(stories: Collection[int]) -> None:
    """Mark the posts of those of these stories that are worked on; call it where one may have become so, or has grown.

    Runs in the transaction of that change, which holds the stories' rows.
    """
    kept = Story.objects.filter(worked(), pk__among=stories)
    unmarked = StoryPost.objects.filter(story__in=kept, post__is_used=False).order_by("post_id")
    posts_mark_used(unmarked.values_list("post_id", flat=True))


def posts_retire(posts: Sequence[int]) -> set[int]:
    """Let go of posts that are about to be removed; the answer is those that worked stories keep.

    The stories' rows are locked first, as whoever begins to work on one does; before them the posts' places in the
    queue, which grouping holds when it asks for stories.
    """
    waiting = Grouping.objects.select_for_update().filter(post__in=posts).order_by("pk")
    list(waiting.values_list("pk", flat=True))
    told = StoryPost.objects.filter(post__in=posts).values_list("story_id", flat=True)
    locked = Story.objects.select_for_update().filter(pk__in=set(told)).order_by("pk")
    stories = set(locked.values_list("pk", flat=True))
    kept_stories = set(Story.objects.filter(worked(), pk__in=stories).values_list("pk", flat=True))
    in_story = dict(StoryPost.objects.filter(post__in=posts).values_list("post_id", "story_id"))
    # What an editor moved before the stories were held is in one that is not: it stays for now.
    held = {post for post, story in in_story.items() if story in kept_stories or story not in stories}
    gone = [post for post in posts if post not in held]
    StoryPost.objects.filter(post__in=gone).delete()
    PostTerms.objects.filter(post__in=gone).delete()
    PostVector.objects.filter(post__in=gone).delete()
    Grouping.objects.filter(post__in=gone).delete()
    _shrink(stories - kept_stories)
    return held


def _shrink(stories: Collection[int]) -> None:
    """Count untouched stories anew after some of their posts went; the empty ones go."""
    left = set(StoryPost.objects.filter(story__in=stories).values_list("story_id", flat=True))
    Story.objects.filter(pk__in=[pk for pk in stories if pk not in left]).delete()
    stories_count(left)
