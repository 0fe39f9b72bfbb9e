"""Several stories become one."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import TransitionError
from apps.core.work import verbs
from apps.stories.models import Judgement, Rewrite, Story
from apps.stories.services.correcting import Correction
from apps.stories.services.corrections import members_of, require_open
from apps.stories.services.counting import stories_hold
from apps.stories.services.judging import PAIRS, telling

OUT = (Story.Status.APPROVED, Story.Status.PUBLISHED)
STORIES_MAX = 50


@transaction.atomic
def stories_merge(*, into: Story, others: Sequence[Story], editor: User) -> Story:
    """Put the posts of several stories into one; the answer is that one.

    The others are put aside and say where their posts are; their versions, rewrites and publications stay with them.
    What is approved or has been published is never merged away: its text is out, and its sources belong to it.

    Raises:
        TransitionError: nothing to merge, a story has changed meanwhile, is put aside, locked, approved or published,
            or there would be too many posts.
    """
    wanted = {other.pk: other for other in others if other.pk != into.pk}
    if not wanted:
        raise TransitionError(_("Choose at least two stories to merge."))
    if len(wanted) >= STORIES_MAX:
        raise TransitionError(_("At most %d stories can be merged at once.") % STORIES_MAX)
    held = stories_hold(into.workspace_id, {into.pk, *wanted})
    if len(held) != len(wanted) + 1:
        raise TransitionError(_("One of the stories is not there any more. Open the list again."))
    place = held.pop(into.pk)
    for story in held.values():
        _require_free(story)
    require_open(place, posts=sum(story.posts_count for story in held.values()))
    correction = Correction(verb="story.merged", editor=editor, main=place)
    share = max(1, PAIRS // len(held))
    for story in held.values():
        _bring(story, into=place, correction=correction, pairs=share)
    correction.finish(words={"stories": [story.title for story in held.values()], "to": place.title})
    return place


def _bring(story: Story, *, into: Story, correction: Correction, pairs: int) -> None:
    here, there = members_of(story), members_of(into)
    correction.move(here, story, into, placed=False)
    correction.put_aside(story, into=into)
    said = telling(here, there, pairs=pairs)
    correction.judge(said, here, there, is_same=True, cause=Judgement.Cause.MERGED)
    _unasked_stop(story, editor=correction.editor)


def _unasked_stop(story: Story, *, editor: User) -> None:
    """Stop the draft that nobody asked for and nobody has begun: its story has no posts to write from any more."""
    waiting = Rewrite.objects.live().filter(story=story, state=Rewrite.State.READY, automatic=True, user_prompt="")
    for rewrite in waiting:
        # Where the writer has just begun on it, it says itself what it lacks.
        with suppress(TransitionError):
            verbs.give_up(rewrite, reason=_("Its story was merged into another."), by=editor)


def _require_free(story: Story) -> None:
    """Refuse to merge away what is out, or has no posts to bring.

    Raises:
        TransitionError: it is.
    """
    named = {"story": story.title}
    if story.merged_into_id is not None:
        raise TransitionError(_("“%(story)s” has been merged into another story meanwhile.") % named)
    if story.status in OUT or story.published_at is not None:
        raise TransitionError(
            _("“%(story)s” is approved or published. Merge the other stories into it instead.") % named
        )
    if story.is_locked:
        raise TransitionError(_("“%(story)s” is locked. Unlock it first.") % named)
