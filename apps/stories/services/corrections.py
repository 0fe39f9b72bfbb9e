"""What an editor changes of the grouping: which story a post is in, what stays together, what never meets.

Every correction holds against later work that nobody asked for, is said in judgements of pairs, and can be taken back
(`services.taking_back`). The rows it changes are held in the order of docs/collection.md.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import TransitionError
from apps.sources.models import Post
from apps.stories.models import Judgement, Story, StoryPost
from apps.stories.services.correcting import Correction, story_begin
from apps.stories.services.counting import stories_hold
from apps.stories.services.judging import posts_hold, telling
from apps.stories.services.placing import POSTS_MAX

Cause = Judgement.Cause
OPEN_ENDED = (Story.Status.APPROVED, Story.Status.PUBLISHED)


@transaction.atomic
def post_move(*, post: Post, story: Story, target: Story | None = None, editor: User) -> Story:
    """Take a post out of a story into another one, or into a story of its own; the answer is where it is now.

    A story that loses its last post is put aside, and says where the post went.

    Raises:
        TransitionError: the post or a story has changed meanwhile, the target takes no posts, or the post is the only
            one of a story that is approved, published, or to be its own.
    """
    wanted = {story.pk} if target is None else {story.pk, target.pk}
    held = stories_hold(story.workspace_id, wanted)
    source = _held(held, story)
    others = _require_among(source, [post.pk])
    correction = Correction(verb="story.post_moved", editor=editor, main=source)
    if target is None:
        if not others:
            raise TransitionError(_("This is the only post of the story: it has a story of its own already."))
        place = story_begin(post)
        correction.made.append(place.pk)
    else:
        place = _held(held, target)
        _require_takes(place, source=source, posts=1)
        if not others:
            correction.put_aside(source, into=place)
    there = members_of(place)
    correction.move([post.pk], source, place)
    correction.judge(telling([post.pk], others, pairs=2), [post.pk], others, is_same=False, cause=Cause.MOVED)
    correction.judge(telling([post.pk], there, pairs=3), [post.pk], there, is_same=True, cause=Cause.MOVED)
    words = {"post": str(post)[:100], "from": source.title, "to": place.title, "own": target is None}
    correction.finish(words=words)
    return place


@transaction.atomic
def story_split(*, story: Story, posts: Collection[int], editor: User) -> Story:
    """Put some posts of a story into a new one, which is the answer.

    Raises:
        TransitionError: nothing or everything is chosen, or a chosen post has left the story meanwhile.
    """
    chosen = sorted(set(posts))
    source = _held(stories_hold(story.workspace_id, {story.pk}), story)
    if not chosen:
        raise TransitionError(_("Tick the posts that belong to another story."))
    others = _require_among(source, chosen)
    if not others:
        raise TransitionError(_("All posts are ticked: leave at least one where it is."))
    first = Post.objects.filter(pk__in=chosen).order_by("published_at", "pk")[0]
    place = story_begin(first)
    correction = Correction(verb="story.split", editor=editor, main=source)
    correction.made.append(place.pk)
    correction.move(chosen, source, place)
    correction.judge(telling(chosen, others), chosen, others, is_same=False, cause=Cause.SPLIT)
    correction.finish(words={"posts": len(chosen), "from": source.title, "to": place.title})
    return place


@transaction.atomic
def posts_keep_apart(*, post: Post, story: Story, others: Sequence[Post], editor: User) -> Story:
    """Say that a post never belongs with these; where it stands beside one of them, it gets a story of its own.

    The answer is the story that the post is in now.

    Raises:
        TransitionError: no other post is named, or the post has left the story meanwhile.
    """
    named = sorted({other.pk for other in others} - {post.pk})
    if not named:
        raise TransitionError(_("Choose what the post does not belong with."))
    beside = set(StoryPost.objects.filter(post__in=named).values_list("story_id", flat=True))
    held = stories_hold(story.workspace_id, {story.pk, *beside})
    source = _held(held, story)
    here = _require_among(source, [post.pk])
    correction = Correction(verb="story.kept_apart", editor=editor, main=source)
    place = source
    if not set(here).isdisjoint(named):
        place = story_begin(post)
        correction.made.append(place.pk)
        correction.move([post.pk], source, place)
    correction.judge(telling([post.pk], named), [post.pk], named, is_same=False, cause=Cause.NEVER)
    other = next(other for other in others if other.pk == named[0])
    correction.finish(words={"post": str(post)[:100], "other": str(other)[:100], "from": source.title})
    return place


@transaction.atomic
def post_pin(*, post: Post, story: Story, editor: User) -> None:
    """Fix a post to its story: nothing but an editor takes it away, and retention leaves it alone.

    Raises:
        TransitionError: it has left the story meanwhile, or is pinned already.
    """
    source = _held(stories_hold(story.workspace_id, {story.pk}), story)
    others = _require_among(source, [post.pk])
    correction = Correction(verb="story.post_pinned", editor=editor, main=source)
    if not correction.pin(post.pk, source, pinned=True):
        raise TransitionError(_("The post is pinned already."))
    posts_hold([post.pk])
    correction.judge(telling([post.pk], others, pairs=2), [post.pk], others, is_same=True, cause=Cause.PINNED)
    correction.finish(words={"post": str(post)[:100]})


@transaction.atomic
def post_unpin(*, post: Post, story: Story, editor: User) -> None:
    """Let go of a pinned post.

    Raises:
        TransitionError: it has left the story meanwhile, or is not pinned.
    """
    source = _held(stories_hold(story.workspace_id, {story.pk}), story)
    _require_among(source, [post.pk])
    correction = Correction(verb="story.post_unpinned", editor=editor, main=source)
    if not correction.pin(post.pk, source, pinned=False):
        raise TransitionError(_("The post is not pinned."))
    correction.finish(words={"post": str(post)[:100]})


@transaction.atomic
def story_lock(*, story: Story, editor: User) -> None:
    """Have a story take no more posts.

    Raises:
        TransitionError: it is locked already, or gone.
    """
    _turn(story, editor=editor, locked=True, verb="story.locked", refusal=_("The story is locked already."))


@transaction.atomic
def story_unlock(*, story: Story, editor: User) -> None:
    """Have a locked story take posts again.

    Raises:
        TransitionError: it is not locked, or gone.
    """
    _turn(story, editor=editor, locked=False, verb="story.unlocked", refusal=_("The story is not locked."))


def members_of(story: Story) -> list[int]:
    """The posts of a story, the earliest first."""
    rows = StoryPost.objects.filter(story=story).order_by("post__published_at", "post_id")
    return list(rows.values_list("post_id", flat=True))


def _turn(story: Story, *, editor: User, locked: bool, verb: str, refusal: str) -> None:
    source = _held(stories_hold(story.workspace_id, {story.pk}), story)
    correction = Correction(verb=verb, editor=editor, main=source)
    if not correction.lock(source, locked=locked):
        raise TransitionError(refusal)
    correction.finish(words={})
    story.is_locked = locked


def _held(held: dict[int, Story], story: Story) -> Story:
    if story.pk not in held:
        raise TransitionError(_("“%(story)s” is not there any more. Open the list again.") % {"story": story.title})
    return held[story.pk]


def _require_among(story: Story, posts: Collection[int]) -> list[int]:
    """The other posts of a story that has these.

    Raises:
        TransitionError: it has not.
    """
    members = members_of(story)
    if not set(posts) <= set(members):
        raise TransitionError(
            _("A post is no longer in this story: somebody has moved it meanwhile. Open the story again.")
        )
    return [post for post in members if post not in posts]


def _require_takes(place: Story, *, source: Story, posts: int) -> None:
    """Refuse what no editor can want of a target.

    Raises:
        TransitionError: it is the story itself, put aside, locked or full, or the source would be left without posts.
    """
    if place.pk == source.pk:
        raise TransitionError(_("The post is in this story already."))
    require_open(place, posts=posts)
    if source.posts_count <= posts and (source.status in OPEN_ENDED or source.published_at is not None):
        raise TransitionError(
            _("“%(story)s” is approved or published: its last post stays. Merge the other story into it instead.")
            % {"story": source.title}
        )


def require_open(place: Story, *, posts: int) -> None:
    """Refuse to put posts into a story that is put aside, locked or full.

    Raises:
        TransitionError: it is.
    """
    named = {"story": place.title}
    if place.status == Story.Status.ASIDE:
        raise TransitionError(_("“%(story)s” is put aside. Bring it back first.") % named)
    if place.is_locked:
        raise TransitionError(_("“%(story)s” is locked and takes no more posts. Unlock it first.") % named)
    if place.posts_count + posts > POSTS_MAX:
        raise TransitionError(
            _("“%(story)s” would have more than %(most)d posts: that is a topic, not a story.")
            % {**named, "most": POSTS_MAX}
        )
