"""Pictures that a story has: uploaded, taken from a source, chosen, described, cut, removed."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.sources.models import PostMedia
from apps.stories.models import Illustration, Story
from apps.stories.services.candidates import candidate_add, put_away
from apps.stories.services.pictures import crop_of, picture_read
from apps.stories.services.versions import story_locked

Kind = Illustration.Kind


def illustration_upload(*, story: Story, content: bytes, editor: User) -> Illustration:
    """Keep a picture that an editor has brought; the same one twice is one. Call it outside any transaction.

    Raises:
        PermanentError: it is no picture that can be read, too large, or too small.
    """
    read = picture_read(content)
    with put_away(read) as filed, transaction.atomic():
        locked = story_locked(story)
        made = candidate_add(locked, filed, kind=Kind.UPLOADED, editor=editor)
        audit_record(actor=editor, verb="story.illustration_uploaded", target=locked, details={"picture": made.pk})
    return made


def illustration_from_source(*, story: Story, media: PostMedia, editor: User) -> Illustration:
    """Take a picture of one of the story's posts, with its credit. Call it outside any transaction.

    Raises:
        TransitionError: the picture is not fetched, or belongs to another story's post.
        PermanentError: it can't be read.
    """
    found = PostMedia.objects.select_related("stored", "post__source").filter(
        pk=media.pk, post__membership__story=story, stored__isnull=False
    )
    shown, refusal = found.first(), _("The picture is not fetched yet, or its post is in another story by now.")
    if shown is None or shown.stored is None:
        raise TransitionError(refusal)
    try:
        with shown.stored.file.open("rb") as file:
            read = picture_read(file.read())
    except FileNotFoundError as exc:
        raise TransitionError(refusal) from exc
    voice = shown.post.channel or shown.post.source.name
    credit = f"{voice}, {shown.post.url}" if shown.post.url else voice
    with put_away(read) as filed, transaction.atomic():
        locked = story_locked(story)
        if not found.exists():
            raise TransitionError(refusal)
        made = candidate_add(locked, filed, kind=Kind.SOURCE, editor=editor, credit=credit[:300])
        audit_record(actor=editor, verb="story.illustration_taken", target=locked, details={"media": shown.pk})
    return made


@transaction.atomic
def illustration_choose(*, illustration: Illustration, editor: User, is_chosen: bool = True) -> None:
    """Make a picture the story's own, in place of another; or leave the story without one."""
    story = story_locked(illustration.story)
    Illustration.objects.filter(story=story, is_chosen=True).update(is_chosen=False)
    if is_chosen and Illustration.objects.filter(pk=illustration.pk, story=story).update(is_chosen=True) != 1:
        raise TransitionError(_("The picture is not there any more."))
    verb = "story.illustration_chosen" if is_chosen else "story.illustration_unchosen"
    audit_record(actor=editor, verb=verb, target=story, details={"picture": illustration.pk})


@transaction.atomic
def illustration_describe(
    *, illustration: Illustration, title: str, alt: str, credit: str, tags: Collection[str], editor: User
) -> None:
    """Write what a picture is called, shows, and whose it is.

    Raises:
        TransitionError: it was removed meanwhile.
    """
    words = {"title": title.strip()[:200], "alt": alt.strip()[:500], "credit": credit.strip()[:300], "tags": list(tags)}
    _update(illustration, words)
    audit_record(actor=editor, verb="story.illustration_described", target=illustration)


@transaction.atomic
def illustration_crop(
    *, illustration: Illustration, ratio: str, editor: User, x: float = 0.5, y: float = 0.5
) -> list[float]:
    """Choose the part that is shown, around a point; the whole stays stored. The answer is the crop.

    Raises:
        TransitionError: it was removed meanwhile.
    """
    crop = crop_of(width=illustration.width, height=illustration.height, ratio=ratio, x=x, y=y)
    _update(illustration, {"crop": crop})
    audit_record(actor=editor, verb="story.illustration_cropped", target=illustration, details={"crop": crop})
    return crop


@transaction.atomic
def illustration_remove(*, illustration: Illustration, editor: User) -> None:
    """Take a picture away from its story, for good.

    Raises:
        TransitionError: it is the chosen one.
    """
    gone, _by_model = Illustration.objects.filter(pk=illustration.pk, is_chosen=False).delete()
    if not gone:
        raise TransitionError(_("This picture is chosen. Choose another one or none first."))
    audit_record(actor=editor, verb="story.illustration_removed", target=illustration.story)


def _update(illustration: Illustration, change: dict[str, Any]) -> None:
    if Illustration.objects.filter(pk=illustration.pk).update(**change) != 1:
        raise TransitionError(_("The picture is not there any more."))
