"""Writing what was asked for: the plan, the answer kept as soon as it came, the version recorded."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.ai.ports import OFFLINE_DRAFT, Draft, PaidError, PaidPermanentError, Prompt, Usage, Writer
from apps.ai.services import budget_check, spend_record, spend_release, writer_for
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import drain, outcomes
from apps.sources.language import language_of
from apps.stories.models import TITLE_LENGTH, Rewrite
from apps.stories.services.prompts import prompt_build
from apps.stories.services.rewrites import prompt_of, prompt_stored
from apps.stories.services.versions import story_locked, version_add, version_make_current
from apps.stories.services.warnings import forbidden_in

AUTOMATIC_ALERT = "stories.drafts"
GIVEN_UP = "given_up"
UNUSABLE_CHARACTERS = 20_000
# Less text than this does not tell its language.
TELLING_CHARACTERS = 80


@dataclass(frozen=True)
class Written:
    """A finished answer, and how many seconds it took."""

    draft: Draft
    seconds: float


@dataclass(frozen=True)
class RewritePlan:
    """What the writer needs, free of the database.

    Attributes:
        finished: the answer that had come before and is paid for; nothing is asked then.
    """

    writer: Writer
    prompt: Prompt
    finished: Written | None = None


def rewrite_plan(row: Rewrite) -> RewritePlan:
    """Choose the writer, check the budget, and fix the prompt of a rewrite that nobody typed.

    Raises:
        PermanentError: the budget is spent, no writer is set up, or the story has lost its posts.
    """
    if row.answer is not None:
        return RewritePlan(writer_for(row.workspace), prompt_of(row), written_of(row.answer))
    budget_check(workspace=row.workspace, target=row)
    if not row.user_prompt:
        try:
            built = prompt_build(story=row.story, preset=row.preset, comment=row.comment)
        except TransitionError as exc:
            raise PermanentError(str(exc), code="no_sources") from exc
        stored = prompt_stored(built, preset=row.preset)
        Rewrite.objects.filter(pk=row.pk, user_prompt="").update(**stored)
        for name, value in stored.items():
            setattr(row, name, value)
    Rewrite.objects.filter(pk=row.pk).update(asked_at=now())
    return RewritePlan(writer=writer_for(row.workspace), prompt=prompt_of(row))


async def rewrite_write(plan: RewritePlan) -> Written:
    """Have the text written; what came is kept and what it cost written down at once, whatever becomes of the row.

    An answer in another language is asked for once more on the spot, as a malformed one is.

    Raises:
        WrongLanguageError: the second answer is in another language too.
        PultError: what the writer raises.
    """
    if plan.finished is not None:
        return plan.finished
    try:
        return await _asked(plan)
    except WrongLanguageError:
        await drain.current().renewed()
        await _told(lambda row: budget_check(workspace=row.workspace, target=row))
    return await _asked(plan)


async def _asked(plan: RewritePlan) -> Written:
    """Ask the writer once and keep what came."""
    began = time.monotonic()
    try:
        draft = await plan.writer.write(plan.prompt)
        check_language(plan.prompt, draft)
    except PaidError as error:
        await _told(partial(failure_keep, error=error, seconds=time.monotonic() - began))
        raise
    written = Written(draft, round(time.monotonic() - began, 3))
    await _told(partial(answer_keep, written=written))
    return written


class WrongLanguageError(PaidPermanentError):
    """A draft in another language than was asked for, paid for all the same."""


def check_language(prompt: Prompt, draft: Draft) -> None:
    """Refuse a draft in another language than was asked for; one that is too short to tell is let through.

    Raises:
        WrongLanguageError: code wrong_language.
    """
    text = f"{draft.lead}\n{draft.body}".strip()
    found = "" if draft.writer == OFFLINE_DRAFT or len(text) < TELLING_CHARACTERS else language_of(text)
    if found in {"", prompt.language}:
        return
    error = WrongLanguageError(
        _(
            "The model answered in another language than was asked for (%(got)s instead of %(asked)s), also when asked "
            "again. Its answer is kept. Try again, name the language in the comment, or choose another model."
        )
        % {"asked": prompt.language, "got": found},
        code="wrong_language",
    )
    error.usage, error.writer, error.model, error.answer = draft.usage, draft.writer, draft.model, text_of(draft)
    raise error


def text_of(draft: Draft) -> str:
    """A draft as plain text."""
    return "\n\n".join(part for part in (draft.title, draft.lead, draft.body) if part)


def rewrite_record(row: Rewrite, written: Written) -> None:
    """Keep the text as the story's next version.

    It becomes the story's text unless it is one of several variants, or another text came since it was asked for: then
    it stands among the versions until an editor chooses it.
    """
    story = story_locked(row.story)
    current = story.current_version
    version = version_add(story, rewrite=row, author=None, **version_fields(row, written))
    began_from = 0 if row.automatic else row.based_on or 0
    becomes_current = row.batch is None and began_from == (current.number if current else 0)
    if becomes_current:
        version_make_current(story, version)
    if row.automatic:
        alert_close(workspace=row.workspace, key=AUTOMATIC_ALERT)
    audit_record(
        actor=row.requested_by,
        verb="story.rewritten",
        target=story,
        details={
            "rewrite": row.pk,
            "number": version.number,
            "automatic": row.automatic,
            "kind": row.kind,
            "current": becomes_current,
        },
    )


def version_fields(row: Rewrite, written: Written) -> dict[str, Any]:
    """A finished answer as the fields of a version, with what it took and what it was made of."""
    draft = written.draft
    title = draft.title.strip()[:TITLE_LENGTH]
    return {
        "title": title,
        "lead": draft.lead,
        "body": draft.body,
        "tags": list(draft.tags),
        "writer": draft.writer[:100],
        "model": draft.model[:100],
        "based_on": row.based_on,
        "why": why_of(row),
        "input_tokens": draft.usage.input_tokens,
        "output_tokens": draft.usage.output_tokens,
        "cost_usd": draft.usage.cost_usd,
        "seconds": written.seconds,
        "warnings": forbidden_in(row.preset, title=title, lead=draft.lead, body=draft.body),
    }


def why_of(row: Rewrite) -> str:
    """Why a version was made: the editor's comment, else the kind; English, shown through gettext."""
    comment = " ".join(row.comment.split())[:200]
    return comment or KINDS[Rewrite.Kind(row.kind)]


KINDS = {
    Rewrite.Kind.WRITE: "Write",
    Rewrite.Kind.SHORTER: "Shorter",
    Rewrite.Kind.CALMER: "Calmer",
    Rewrite.Kind.NUMBERS: "With numbers",
    Rewrite.Kind.TRANSLATE: "Translate",
}


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


@transaction.atomic
def answer_keep(row: Rewrite, *, written: Written) -> None:
    """Write a finished answer into the ledger and onto its row, in a transaction of its own: it is never paid again."""
    _spent(row, written.draft, seconds=written.seconds)
    Rewrite.objects.filter(pk=row.pk, answer__isnull=True).update(answer=answer_stored(written), unusable="")


@transaction.atomic
def failure_keep(row: Rewrite, *, error: PaidError, seconds: float) -> None:
    """Write an answer that is no draft into the ledger, and keep what it said for a person to read."""
    _spent(row, error, seconds=seconds)
    if error.answer:
        Rewrite.objects.filter(pk=row.pk).update(unusable=error.answer[:UNUSABLE_CHARACTERS])


def _spent(row: Rewrite, answer: Draft | PaidError, *, seconds: float) -> None:
    spend_record(
        workspace=row.workspace,
        usage=answer.usage,
        purpose="rewrite",
        model=answer.model,
        target=row,
        writer=answer.writer,
        seconds=round(seconds, 3),
    )


async def _told(call: Any) -> None:
    """Have the drain do something with the row that needs the ORM, while the row is still being worked."""
    row, loop = drain.current().row, drain.current().loop
    assert loop is not None and isinstance(row, Rewrite)  # noqa: S101, PT018 - asynchronous work of this kind
    await loop.ask_sync(partial(outcomes.patiently, partial(call, row)))


def answer_stored(written: Written) -> dict[str, Any]:
    """A finished answer as JSON."""
    fields = asdict(written.draft)
    usage = fields.pop("usage")
    return {**fields, **usage, "cost_usd": str(usage["cost_usd"]), "seconds": written.seconds}


def written_of(stored: dict[str, Any]) -> Written:
    """A finished answer as it was kept."""
    usage = Usage(stored["input_tokens"], stored["output_tokens"], Decimal(stored["cost_usd"]))
    names = ("title", "lead", "body", "writer", "model")
    fields = {name: str(stored[name]) for name in names}
    return Written(Draft(**fields, tags=tuple(stored["tags"]), usage=usage), float(stored["seconds"]))
