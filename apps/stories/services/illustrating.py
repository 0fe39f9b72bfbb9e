"""Making pictures for a story: asked for, drawn once, kept as soon as they came, asked for again by a person."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.ai.illustrators import (
    cover_illustrator,
    illustrator_for,
    nobody_draws,
    picture_budget_check,
    picture_spend_hold,
    picture_spend_reckon,
    picture_spend_record,
)
from apps.ai.picture_ports import Illustrator, PictureAsk, Pictures
from apps.ai.prompts import render
from apps.ai.services import spend_release
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import bells, drain, outcomes, verbs
from apps.stories.models import Illustrating, Illustration, Story
from apps.stories.services.candidates import Filed, candidate_add, file_put
from apps.stories.services.keeping import stories_keep
from apps.stories.services.pictures import picture_read
from apps.stories.services.versions import story_locked

COUNT_MAX = 4
PROMPT_MAX = 4000
LIVE_MAX = 3  # makings on their way, a story
LIVE = (Illustrating.State.READY, Illustrating.State.LEASED)
GIVEN_UP = "given_up"
Way = Illustrating.Way


@dataclass(frozen=True)
class Drawn:
    """What came: who made it, what it took, and the stored files of those that can be read."""

    provider: str
    model: str
    cost_usd: Decimal
    files: tuple[Filed, ...]


@dataclass(frozen=True)
class DrawPlan:
    """What drawing needs, free of the database.

    Attributes:
        finished: what had come before and is paid for; nothing is asked then.
    """

    illustrator: Illustrator
    ask: PictureAsk
    finished: Drawn | None = None


def prompt_suggested(story: Story) -> str:
    """What an illustrator would be asked for a story, before an editor changes it."""
    version = story.current_version
    title, lead = (version.title, version.lead) if version else (story.title, "")
    return render(
        "stories/illustration", workspace=story.workspace, title=title or story.title, lead=" ".join(lead.split())
    )


@transaction.atomic
def illustrations_request(*, story: Story, way: str, prompt: str, count: int, editor: User) -> Illustrating:
    """Have pictures made for a story; what is stored is exactly what the illustrator gets.

    Raises:
        TransitionError: nothing to draw from, nobody draws, or enough is on its way.
    """
    words = prompt.strip()[:PROMPT_MAX]
    if way not in Way.values or not words or not 1 <= count <= COUNT_MAX:
        raise TransitionError(_("Say what should be drawn, and how many: one to four."))
    if way == Way.GENERATE and illustrator_for(story.workspace) is None:
        raise TransitionError(str(nobody_draws()))
    locked = story_locked(story)
    _check_room(locked)
    row = Illustrating.objects.create(
        workspace_id=locked.workspace_id, story=locked, way=way, prompt=words, count=count, requested_by=editor
    )
    stories_keep([locked.pk])
    audit_record(actor=editor, verb="story.illustration_requested", target=locked, details={"way": way, "row": row.pk})
    bells.ring_on_commit("illustrating")
    return row


@transaction.atomic
def illustrating_cancel(*, row: Illustrating, editor: User, reason: str = "") -> None:
    """Stop a making that was not begun, or leave one alone of which nobody knows what became.

    Raises:
        TransitionError: its request is on its way, or it is finished already.
    """
    verbs.give_up(row, reason=reason or _("Cancelled."), by=editor)
    audit_record(actor=editor, verb="story.illustration_cancelled", target=row, details={"reason": reason})


@transaction.atomic
def illustrating_again(*, row: Illustrating, editor: User) -> None:
    """Ask again for what failed, or for what nobody knows of; what came and is kept is taken and not asked for.

    What the earlier request may have cost stays in the ledger.

    Raises:
        TransitionError: it stands otherwise by now, or enough is on its way.
    """
    _check_room(story_locked(row.story))
    verbs.revive(row, by=editor)
    picture_spend_reckon(workspace=row.workspace, target=row)
    kept = Illustrating.objects.values_list("answer", flat=True).get(pk=row.pk)
    if kept and not kept["files"]:
        Illustrating.objects.filter(pk=row.pk).update(answer=None)
    audit_record(actor=editor, verb="story.illustration_asked_again", target=row)
    bells.ring_on_commit("illustrating")


def _check_room(locked: Story) -> None:
    if Illustrating.objects.filter(story=locked, state__in=LIVE).count() >= LIVE_MAX:
        raise TransitionError(_("Enough pictures are being made. Wait for them or cancel them."))


def illustrating_plan(row: Illustrating) -> DrawPlan:
    """Choose the illustrator and reserve what it will cost.

    Raises:
        PermanentError: nobody is set up, or the budget is spent.
    """
    label = row.workspace.name if row.way == Way.COVER else ""
    ask = PictureAsk(prompt=row.prompt, label=label, count=row.count)
    if row.answer and row.answer["files"]:
        return DrawPlan(cover_illustrator(), ask, drawn_of(row.answer))
    illustrator = cover_illustrator() if row.way == Way.COVER else illustrator_for(row.workspace)
    if illustrator is None:
        raise nobody_draws()
    picture_budget_check(workspace=row.workspace, target=row, cost=illustrator.price_of(row.count))
    return DrawPlan(illustrator, ask)


async def illustrating_draw(plan: DrawPlan) -> Drawn:
    """Have the pictures made. What may not be asked for twice is begun first; what came is kept at once.

    The cost is in the ledger before anything is looked at, and the names of the files are on the row before its end:
    a worker that is killed from then on costs nothing more.

    Raises:
        PermanentError: none of them could be fetched or read.
        PultError: what the illustrator raises.
    """
    if plan.finished is not None:
        return plan.finished
    if not plan.illustrator.may_repeat:
        await _told(verbs.begin)
    made = await plan.illustrator.draw(plan.ask)
    await _told(partial(pictures_paid, made=made))
    files: list[Filed] = []
    problem = PermanentError(made.problem, code="not_fetched") if made.problem else None
    for picture in made.pictures:
        try:
            files.append(await asyncio.to_thread(_read_and_put, picture.content))
        except PermanentError as exc:
            problem = exc
    if problem is not None and not files:
        raise problem
    drawn = Drawn(made.provider, made.model, made.cost_usd, tuple(files))
    await _told(partial(answer_keep, drawn=drawn))
    return drawn


async def _told(call: Any) -> None:
    """Have the drain do something with the row that needs the ORM, while the row is still being worked."""
    row, loop = drain.current().row, drain.current().loop
    assert loop is not None and isinstance(row, Illustrating)  # noqa: S101, PT018 - asynchronous work of this kind
    await loop.ask_sync(partial(outcomes.patiently, partial(call, row)))


def _read_and_put(content: bytes) -> Filed:
    return file_put(picture_read(content))


@transaction.atomic
def pictures_paid(row: Illustrating, *, made: Pictures) -> None:
    """Write into the ledger what an answer took, and onto the row that it came."""
    picture_spend_record(
        workspace=row.workspace, target=row, cost=made.cost_usd, provider=made.provider, model=made.model
    )
    answer_keep(row, drawn=Drawn(made.provider, made.model, made.cost_usd, ()))


def answer_keep(row: Illustrating, *, drawn: Drawn) -> None:
    """Keep what came on its row, unless somebody else has the row by now."""
    Illustrating.objects.filter(pk=row.pk, token=row.token).update(answer=answer_stored(drawn))


def illustrating_record(row: Illustrating, drawn: Drawn) -> None:
    """Keep the candidates."""
    story = story_locked(row.story)
    kind = Illustration.Kind.COVER if row.way == Way.COVER else Illustration.Kind.GENERATED
    provider = " ".join(part for part in (drawn.provider, drawn.model) if part)
    share = (drawn.cost_usd / max(len(drawn.files), 1)).quantize(Decimal("0.000001"))
    for filed in drawn.files:
        candidate_add(
            story,
            filed,
            kind=kind,
            editor=row.requested_by,
            prompt=row.prompt,
            provider=provider[:100],
            cost_usd=share,
            made_by=row,
            credit="" if kind == Illustration.Kind.COVER else provider[:300],
        )


def illustrating_dead(row: Illustrating) -> None:
    """Free what was reserved, or count it where it may have been spent; the page of the story shows why it failed."""
    if row.begun_at is not None and row.error_code == GIVEN_UP:
        picture_spend_reckon(workspace=row.workspace, target=row)
        return
    spend_release(workspace=row.workspace, target=row)


def illustrating_unknown(row: Illustrating) -> None:
    """Go on by itself where the pictures came and are kept; else leave it to a person, and hold its money."""
    kept = Illustrating.objects.values_list("answer", flat=True).get(pk=row.pk)
    if kept and kept["files"]:
        verbs.revive(row)
        bells.ring_on_commit("illustrating")
        return
    picture_spend_hold(workspace=row.workspace, target=row)


def answer_stored(drawn: Drawn) -> dict[str, Any]:
    """What came, as JSON."""
    fields = asdict(drawn)
    return {**fields, "cost_usd": str(drawn.cost_usd), "files": list(fields["files"])}


def drawn_of(stored: dict[str, Any]) -> Drawn:
    """What came, as it was kept."""
    files: Sequence[dict[str, Any]] = stored["files"]
    return Drawn(
        stored["provider"], stored["model"], Decimal(stored["cost_usd"]), tuple(Filed(**filed) for filed in files)
    )
