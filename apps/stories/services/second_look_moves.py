"""What a second look changes: only what grouping placed by itself, in stories that nobody has touched.

The caller holds the stories with the workspace's grouping (`counting.stories_hold`). Every function answers why it left
things as they are, in a word, or with nothing where it changed them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from apps.accounts.models import AuditEntry
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.sources.models import Post
from apps.stories.grouping.likeness import Told
from apps.stories.grouping.terms import Document, unpack
from apps.stories.models import CloseCall, EditLock, Illustrating, PostTerms, Story, StoryPost, UnsavedText
from apps.stories.services.batches import document_of, reasons_of
from apps.stories.services.correcting import stories_brought_up, story_begin
from apps.stories.services.judgements import said_of
from apps.stories.services.keeping import worked
from apps.stories.services.placing import POSTS_MAX
from apps.stories.services.rewrites import rewrites_automatic
from apps.stories.services.taking_back import TAKEN_BACK, VERBS

JOINED, PARTED = "story.post_joined_by_meaning", "story.post_parted_by_meaning"
MOVED, EDITOR, TOUCHED, FULL = "moved", "editor", "touched", "full"


def call_join(call: CloseCall, held: Mapping[int, Story]) -> str:
    """Put a post that stands in a story of its own, and what has followed it there, beside the other post."""
    here = _here(call, held)
    if isinstance(here, str):
        return here
    source, place, members = here
    moving = branch_of(members, call.post_id)
    if moving != set(members):
        return MOVED
    target = {member.post_id: member for member in StoryPost.objects.filter(story=place)}
    refusal = _by_hand(members.values())
    if refusal or len(target) + len(moving) > POSTS_MAX:
        return refusal or FULL
    posts = Post.objects.in_bulk([*moving, *target])
    said = said_of(call.workspace_id, [posts[pk] for pk in moving])
    holds = {pk for one in target for pk in (one, posts[one].copy_of_id or one)}
    if any(said.parts(pk, holds) for pk in moving):
        return EDITOR
    title = source.title
    StoryPost.objects.filter(story=source, post__in=moving).update(story=place)
    told = {"post": call.other_id, "hours": _hours(posts[call.post_id], posts[call.other_id])}
    told |= _alike(posts[call.post_id], call.other_id)
    _say(call, score=call.score, reasons=told)
    source.delete()
    _finish(call, JOINED, [place], {"from": title, "to": place.title})
    return ""


def call_part(call: CloseCall, held: Mapping[int, Story]) -> str:
    """Take a post, and what has followed it, out of the story where it was put beside the other post."""
    here = _here(call, held)
    if isinstance(here, str):
        return here
    source, _place, members = here
    moving = branch_of(members, call.post_id)
    follows = members[call.post_id].reasons.get("post") == call.other_id
    if not follows or call.other_id in moving:
        return MOVED
    if refusal := _by_hand([members[pk] for pk in moving]):
        return refusal
    posts = Post.objects.in_bulk(moving)
    said = said_of(call.workspace_id, list(posts.values()))
    if any(said.same.get(pk, set()) & (members.keys() - moving) for pk in moving):
        return EDITOR
    own = story_begin(min(posts.values(), key=lambda post: (post.published_at, post.pk)))
    StoryPost.objects.filter(story=source, post__in=moving).update(story=own)
    _say(call, score=0.0, reasons={"apart": call.other_id})
    _finish(call, PARTED, [source, own], {"from": source.title, "to": own.title})
    return ""


def branch_of(members: Mapping[int, StoryPost], root: int) -> set[int]:
    """A post of a story with those that joined because of it, and because of them."""
    found, before = {root}, 0
    while len(found) > before:
        before = len(found)
        for pk, member in members.items():
            if {member.reasons.get("post"), member.reasons.get("copy_of")} & found:
                found.add(pk)
    return found


def _here(call: CloseCall, held: Mapping[int, Story]) -> tuple[Story, Story, dict[int, StoryPost]] | str:
    """The stories of a call and the members of the first, if they stand as they stood when it was noted."""
    source, place = held.get(call.story_id or 0), held.get(call.other_story_id or 0)
    if source is None or place is None:
        return MOVED
    where = dict(StoryPost.objects.filter(post__in=[call.post_id, call.other_id]).values_list("post_id", "story_id"))
    if where != {call.post_id: source.pk, call.other_id: place.pk}:
        return MOVED
    wanted = {source.pk, place.pk}
    if untouched(wanted).count() != len(wanted):
        return TOUCHED
    return source, place, {member.post_id: member for member in StoryPost.objects.filter(story=source)}


def untouched(stories: Collection[int]) -> QuerySet[Story]:
    """Those of these stories that only grouping has had to do with."""
    own = {"story": OuterRef("pk")}
    corrected = AuditEntry.objects.filter(
        Q(actor__isnull=False) | Q(verb__in=[*VERBS, TAKEN_BACK]),
        target_type=Story._meta.label_lower,
        target_id__in=[str(pk) for pk in stories],
    )
    names = {int(pk) for pk in corrected.values_list("target_id", flat=True)}
    return (
        Story.objects.filter(pk__in=set(stories) - names, status=Story.Status.NEW, is_locked=False)
        .filter(current_version=None, published_at=None, merged_into=None, is_paid=False)
        .exclude(worked())
        .exclude(Exists(Illustrating.objects.filter(**own)))
        .exclude(Exists(EditLock.objects.filter(**own)))
        .exclude(Exists(UnsavedText.objects.filter(**own)))
    )


def _by_hand(members: Collection[StoryPost]) -> str:
    return EDITOR if any(one.is_pinned or one.placed_by_id is not None for one in members) else ""


def _hours(first: Post, second: Post) -> float:
    return round(abs((first.published_at - second.published_at).total_seconds()) / 3600, 1)


def _alike(post: Post, other: int) -> dict[str, Any]:
    """What binds two posts in words, by their stored terms; nothing where a post has changed since."""
    stored = dict(PostTerms.objects.filter(post__in=[post.pk, other]).values_list("post_id", "terms"))
    if len(stored) < 2:
        return {}
    read, terms = document_of(post), unpack(stored[post.pk])
    if read.terms.hashes != terms.hashes:
        return {}
    weighed = Document(key=post.pk, at=read.at, terms=terms, words=read.words)
    return dict(reasons_of(post, weighed, Told(other, 0.0, unpack(stored[other]))))


def _say(call: CloseCall, *, score: float, reasons: dict[str, Any]) -> None:
    """Keep with the membership why the post is where it is now."""
    told = {**reasons, "vectors": round(call.cosine or 0.0, 2)}
    StoryPost.objects.filter(post=call.post_id).update(score=round(score, 4), reasons=told)


def _finish(call: CloseCall, verb: str, stories: Collection[Story], words: dict[str, str]) -> None:
    """Bring the stories' rows up to date, ask for the drafts that presets want, and tell the audit."""
    grown = stories_brought_up([story.pk for story in stories])
    rewrites_automatic(grown, at=now())
    details = {
        "post": call.post_id,
        "other": call.other_id,
        "score": round(call.score, 4),
        "needed": round(call.needed, 4),
        "cosine": round(call.cosine or 0.0, 4),
        "background": round(call.background or 0.0, 4),
        "words": words,
    }
    for story in grown:
        audit_record(verb=verb, target=story, details=details)
