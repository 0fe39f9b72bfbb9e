"""Rewrites as people ask for them: previewed, asked for, cancelled, tried again, chosen among variants."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.ai.ports import Prompt, SourceText
from apps.ai.services import spend_release
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells, verbs
from apps.stories.models import Preset, Rewrite, Story, StoryVersion
from apps.stories.services.keeping import stories_keep
from apps.stories.services.prompts import BuiltPrompt, draft_of, prompt_build
from apps.stories.services.versions import story_locked, version_conflict, version_make_current
from apps.stories.services.warnings import warnings_in

VARIANTS_AT_MOST = 4
LIVE = (Rewrite.State.READY, Rewrite.State.LEASED)


def preset_default(*, story: Story) -> Preset | None:
    """The preset that a story gets where nobody chooses another."""
    return Preset.objects.filter(workspace=story.workspace_id).order_by("-is_default", "pk").first()


def rewrite_preview(
    *, story: Story, preset: Preset | None = None, comment: str = "", kind: str = Rewrite.Kind.WRITE
) -> Prompt:
    """The exact prompt that a request with this preset, comment and kind would send.

    Raises:
        TransitionError: the story has no posts to write from, or no text to make shorter, calmer and so on.
    """
    return prompt_build(story=story, preset=preset, comment=comment, kind=kind).prompt


@transaction.atomic
def rewrite_request(
    *,
    story: Story,
    preset: Preset | None = None,
    comment: str = "",
    editor: User,
    prompt_override: Prompt | str | None = None,
    kind: str = Rewrite.Kind.WRITE,
    variants: int = 1,
) -> Rewrite:
    """Ask for a text, or for several to choose from; what is stored is exactly what will be sent.

    Args:
        prompt_override: the prompt as the editor changed it; a plain text replaces the user part only.
        kind: write from the sources, or make the present text shorter, calmer, with numbers, or translate it.
        variants: 1 to 4 answers to the same prompt. With more than one none becomes current by itself.

    Returns:
        The rewrite of the first variant; the others have the same `batch`.

    Raises:
        TransitionError: the story is put aside or empty, has no text to start from, or one is already being written.
    """
    if not 1 <= variants <= VARIANTS_AT_MOST:
        raise TransitionError(_("Ask for one to %(most)d variants.") % {"most": VARIANTS_AT_MOST})
    locked = story_locked(story)
    if locked.status == Story.Status.ASIDE:
        raise TransitionError(_("The story is put aside. Bring it back first."))
    if Rewrite.objects.filter(story=locked, state__in=LIVE).exists():
        raise TransitionError(_("A text for this story is already being written. Wait for it or cancel it."))
    built = prompt_build(story=locked, preset=preset, comment=comment, kind=kind)
    prompt = _overridden(built.prompt, prompt_override)
    common: dict[str, Any] = {
        "workspace_id": locked.workspace_id,
        "story": locked,
        "preset": preset,
        "comment": comment,
        "requested_by": editor,
        "prompt_edited": (prompt.system, prompt.user) != (built.prompt.system, built.prompt.user),
        "not_before": now(),
        "batch": uuid.uuid4() if variants > 1 else None,
        **prompt_stored(replace(built, prompt=prompt), preset=preset),
    }
    rows = [Rewrite.objects.create(variant=number, **common) for number in range(1, variants + 1)]
    stories_keep([locked.pk])
    audit_record(
        actor=editor,
        verb="story.rewrite_requested",
        target=locked,
        details={"rewrite": rows[0].pk, "preset": preset.name if preset else "", "kind": kind, "variants": variants},
    )
    bells.ring_on_commit("rewrite")
    return rows[0]


@transaction.atomic
def variant_choose(*, version: StoryVersion, editor: User, based_on: int | None = None) -> None:
    """Make a version that stands beside the current one the story's text.

    Args:
        based_on: number of the version that the editor saw as the current one; None does not ask.

    Raises:
        VersionConflictError: another version has become current meanwhile.
        TransitionError: the story is put aside, or the version is no answer to what was asked for last.
    """
    story = story_locked(version.story)
    if story.status == Story.Status.ASIDE:
        raise TransitionError(_("The story is put aside. Bring it back first."))
    current = story.current_version
    if current is not None and current.pk == version.pk:
        return
    if not _is_offered(version):
        raise TransitionError(_("This text is none of the present variants. Restore it from the versions."))
    if based_on is not None and current is not None and current.number != based_on:
        raise version_conflict(current)
    version_make_current(story, version)
    audit_record(actor=editor, verb="story.variant_chosen", target=story, details={"number": version.number})


def _is_offered(version: StoryVersion) -> bool:
    """Whether a version is an answer to what was asked for last."""
    last = Rewrite.objects.filter(story=version.story_id).order_by("-pk").first()
    made = version.rewrite
    if last is None or made is None:
        return False
    return made.pk == last.pk or (last.batch is not None and made.batch == last.batch)


@transaction.atomic
def rewrite_cancel(*, rewrite: Rewrite, editor: User, reason: str = "") -> None:
    """Stop a rewrite that is waiting or being written; what the writer still answers is thrown away, and paid for.

    What is reserved for a request on its way stays until its answer comes.

    Raises:
        TransitionError: it is already finished.
    """
    on_its_way = Rewrite.objects.select_for_update().filter(pk=rewrite.pk, state=Rewrite.State.LEASED).first()
    verbs.give_up(rewrite, reason=reason or _("Cancelled."), by=editor)
    if on_its_way is None:
        spend_release(workspace=rewrite.workspace, target=rewrite)
    audit_record(actor=editor, verb="story.rewrite_cancelled", target=rewrite, details={"reason": reason})


@transaction.atomic
def rewrite_retry(*, rewrite: Rewrite, editor: User) -> None:
    """Have a failed rewrite written again, with the same prompt; an answer that had come is used and not paid again.

    Raises:
        TransitionError: it has not failed, or another text of the story is being written.
    """
    locked = story_locked(rewrite.story)
    if Rewrite.objects.filter(story=rewrite.story_id, state__in=LIVE).exclude(pk=rewrite.pk).exists():
        raise TransitionError(_("Another text for this story is already being written."))
    verbs.revive(rewrite, by=editor)
    if rewrite.kind == Rewrite.Kind.WRITE:
        # It is written from the sources alone: the editor wants it in place of what is there now.
        current = locked.current_version
        Rewrite.objects.filter(pk=rewrite.pk).update(based_on=current.number if current else None)
    audit_record(actor=editor, verb="story.rewrite_retried", target=rewrite)
    bells.ring_on_commit("rewrite")


def rewrites_automatic(stories: Iterable[Story], *, at: datetime) -> list[Rewrite]:
    """Ask for the drafts that presets want by themselves; call it in the transaction that grew these stories.

    Once per story, and never where an editor or a writer has already been at work. Their prompts are built when the
    writer's turn comes, from what the story holds by then.
    """
    grown = [story for story in stories if story.status == Story.Status.NEW and story.current_version_id is None]
    presets = list(
        Preset.objects.filter(
            workspace__in={story.workspace_id for story in grown}, drafts_from_sources__isnull=False
        ).order_by("-is_default", "pk")
    )
    chosen = [(story, _wanting(presets, story, at)) for story in grown]
    wanted = {story.pk: preset for story, preset in chosen if preset is not None}
    if not wanted:
        return []
    known = set(Rewrite.objects.filter(story__in=wanted).values_list("story_id", flat=True))
    made = Rewrite.objects.bulk_create(
        [
            Rewrite(workspace_id=preset.workspace_id, story_id=pk, preset=preset, automatic=True, not_before=at)
            for pk, preset in wanted.items()
            if pk not in known
        ]
    )
    if made:
        stories_keep([rewrite.story_id for rewrite in made])
        bells.ring_on_commit("rewrite")
    return made


def prompt_of(row: Rewrite) -> Prompt:
    """The stored prompt of a rewrite, as the writer gets it."""
    base = None
    if row.kind != Rewrite.Kind.WRITE and row.based_on is not None:
        base = StoryVersion.objects.filter(story=row.story_id, number=row.based_on).first()
    return Prompt(
        system=row.system_prompt,
        user=row.user_prompt,
        sources=tuple(SourceText(**source) for source in row.sources),
        language=row.language,
        max_chars=row.max_chars,
        kind=row.kind,
        variant=row.variant,
        draft=draft_of(base) if base else None,
        credit=row.credit,
    )


def prompt_stored(built: BuiltPrompt, *, preset: Preset | None) -> dict[str, Any]:
    """What a rewrite keeps of its prompt: the text byte for byte, and what it was made of."""
    prompt = built.prompt
    return {
        "system_prompt": prompt.system,
        "user_prompt": prompt.user,
        "sources": [asdict(source) for source in prompt.sources],
        "language": prompt.language,
        "max_chars": prompt.max_chars,
        "kind": prompt.kind,
        "credit": prompt.credit,
        "based_on": built.based_on,
        "preset_number": preset.number if preset else None,
        "prompt_number": built.prompt_number,
        "request_number": built.request_number,
        "revisions": [[post.pk, post.revision] for post, _text in built.posts],
        "warnings": warnings_in(built.posts),
    }


def _overridden(built: Prompt, override: Prompt | str | None) -> Prompt:
    if override is None:
        return built
    if isinstance(override, str):
        return replace(built, user=override)
    return replace(built, system=override.system, user=override.user)


def _wanting(presets: Iterable[Preset], story: Story, at: datetime) -> Preset | None:
    """The first preset that wants a draft of this story by itself."""
    for preset in presets:
        age = preset.drafts_max_age_hours
        if (
            preset.workspace_id == story.workspace_id
            and story.sources_count >= (preset.drafts_from_sources or 0)
            and (age is None or story.last_at >= at - timedelta(hours=age))
        ):
            return preset
    return None
