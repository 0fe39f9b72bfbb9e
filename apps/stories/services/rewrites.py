"""Rewrites: asked for by an editor or by a preset, written by the workspace's writer, kept as versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.ai.ports import Draft, PaidError, Prompt, SourceText, Writer
from apps.ai.services import budget_check, spend_record, spend_release, writer_for
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells, drain, outcomes, verbs
from apps.stories.models import Preset, Rewrite, Story
from apps.stories.services.keeping import stories_keep
from apps.stories.services.prompts import prompt_build
from apps.stories.services.versions import story_locked, version_add, version_make_current

AUTOMATIC_ALERT = "stories.drafts"
GIVEN_UP = "given_up"
LIVE = (Rewrite.State.READY, Rewrite.State.LEASED)


@dataclass(frozen=True)
class RewritePlan:
    """What the writer needs, free of the database."""

    writer: Writer
    prompt: Prompt


def preset_default(*, story: Story) -> Preset | None:
    """The preset that a story gets where nobody chooses another."""
    return Preset.objects.filter(workspace=story.workspace_id).order_by("-is_default", "pk").first()


def rewrite_preview(*, story: Story, preset: Preset | None = None, comment: str = "") -> Prompt:
    """The exact prompt that a request with this preset and comment would send.

    Raises:
        TransitionError: the story has no posts to write from.
    """
    return prompt_build(story=story, preset=preset, comment=comment)


@transaction.atomic
def rewrite_request(
    *,
    story: Story,
    preset: Preset | None = None,
    comment: str = "",
    editor: User,
    prompt_override: Prompt | str | None = None,
) -> Rewrite:
    """Ask for a text; what is stored is exactly what will be sent.

    Args:
        prompt_override: the prompt as the editor changed it; a plain text replaces the user part only.

    Raises:
        TransitionError: the story is put aside or empty, or a text is already being written.
    """
    locked = story_locked(story)
    if locked.status == Story.Status.ASIDE:
        raise TransitionError(_("The story is put aside. Bring it back first."))
    if Rewrite.objects.filter(story=locked, state__in=LIVE).exists():
        raise TransitionError(_("A text for this story is already being written. Wait for it or cancel it."))
    built = prompt_build(story=locked, preset=preset, comment=comment)
    prompt = _overridden(built, prompt_override)
    rewrite = Rewrite.objects.create(
        workspace_id=locked.workspace_id,
        story=locked,
        preset=preset,
        comment=comment,
        requested_by=editor,
        prompt_edited=(prompt.system, prompt.user) != (built.system, built.user),
        not_before=now(),
        **_stored(prompt),
    )
    stories_keep([locked.pk])
    audit_record(
        actor=editor,
        verb="story.rewrite_requested",
        target=locked,
        details={"rewrite": rewrite.pk, "preset": preset.name if preset else ""},
    )
    bells.ring_on_commit("rewrite")
    return rewrite


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
    """Have a failed rewrite written again, with the same prompt.

    Raises:
        TransitionError: it has not failed, or another text of the story is being written.
    """
    story_locked(rewrite.story)
    if Rewrite.objects.filter(story=rewrite.story_id, state__in=LIVE).exclude(pk=rewrite.pk).exists():
        raise TransitionError(_("Another text for this story is already being written."))
    verbs.revive(rewrite, by=editor)
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


def rewrite_plan(row: Rewrite) -> RewritePlan:
    """Choose the writer, check the budget, and fix the prompt of a rewrite that nobody typed.

    Raises:
        PermanentError: the budget is spent, or no writer is set up.
        TransitionError: the story has lost its posts.
    """
    budget_check(workspace=row.workspace, target=row)
    if not row.user_prompt:
        prompt = prompt_build(story=row.story, preset=row.preset, comment=row.comment)
        Rewrite.objects.filter(pk=row.pk, user_prompt="").update(**_stored(prompt))
    else:
        prompt = prompt_of(row)
    return RewritePlan(writer=writer_for(row.workspace), prompt=prompt)


async def rewrite_write(plan: RewritePlan) -> Draft:
    """Have the text written, and what it cost written down at once: it is paid for whatever becomes of the row."""
    try:
        draft = await plan.writer.write(plan.prompt)
    except PaidError as error:
        await _told(error)
        raise
    await _told(draft)
    return draft


def rewrite_record(row: Rewrite, draft: Draft) -> None:
    """Keep the text as the story's next version.

    A draft that nobody asked for never takes the place of a text that came meanwhile; it stands among the versions.
    """
    story = story_locked(row.story)
    version = version_add(
        story,
        rewrite=row,
        author=None,
        title=draft.title.strip()[:300],
        lead=draft.lead,
        body=draft.body,
        tags=list(draft.tags),
        writer=draft.writer[:100],
        model=draft.model[:100],
        based_on=story.current_version.number if story.current_version else None,
    )
    if not (row.automatic and story.current_version_id is not None):
        version_make_current(story, version)
    if row.automatic:
        alert_close(workspace=row.workspace, key=AUTOMATIC_ALERT)
    audit_record(
        actor=row.requested_by,
        verb="story.rewritten",
        target=story,
        details={"rewrite": row.pk, "number": version.number, "automatic": row.automatic},
    )


def rewrite_dead(row: Rewrite) -> None:
    """Free what was reserved, and tell people of a draft that nobody asked for; the asked ones show it themselves."""
    if row.error_code == GIVEN_UP:
        return
    spend_release(workspace=row.workspace, target=row)
    if row.automatic:
        alert_raise(
            workspace=row.workspace,
            key=AUTOMATIC_ALERT,
            message=_("Drafts are not written by themselves: %(why)s") % {"why": row.error},
            url=reverse("admin:stories_rewrite_changelist"),
        )


def answer_paid(row: Rewrite, answer: Draft | PaidError) -> None:
    """Write an answer into the ledger, once, in a transaction of its own."""
    spend_record(
        workspace=row.workspace,
        usage=answer.usage,
        purpose="rewrite",
        model=answer.model,
        target=row,
        writer=answer.writer,
    )


async def _told(answer: Draft | PaidError) -> None:
    """Have the drain write down what an answer cost, while the row is still being worked."""
    row, loop = drain.current().row, drain.current().loop
    assert loop is not None and isinstance(row, Rewrite)  # noqa: S101, PT018 - asynchronous work of this kind
    await loop.ask_sync(partial(outcomes.patiently, partial(answer_paid, row, answer)))


def prompt_of(row: Rewrite) -> Prompt:
    """The stored prompt of a rewrite, as the writer gets it."""
    return Prompt(
        system=row.system_prompt,
        user=row.user_prompt,
        sources=tuple(SourceText(**source) for source in row.sources),
        language=row.language,
        max_chars=row.max_chars,
    )


def _overridden(built: Prompt, override: Prompt | str | None) -> Prompt:
    if override is None:
        return built
    if isinstance(override, str):
        return replace(built, user=override)
    return replace(built, system=override.system, user=override.user)


def _stored(prompt: Prompt) -> dict[str, Any]:
    return {
        "system_prompt": prompt.system,
        "user_prompt": prompt.user,
        "sources": [asdict(source) for source in prompt.sources],
        "language": prompt.language,
        "max_chars": prompt.max_chars,
    }


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
