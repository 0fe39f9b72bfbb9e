"""A second look at close calls: vectors of both posts, one request for many, and a verdict. For workers only.

`plan` takes the calls that wait, `vectors_ask` asks for the vectors that are not kept yet and keeps what comes with
what it cost, `look_record` judges and moves in the transaction that finishes the row.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from hashlib import blake2b

from django.db import transaction

from apps.accounts.models import Workspace
from apps.ai.embedders import embedder_for, vectors_budget_check, vectors_paid
from apps.ai.embedding_ports import CHARACTERS_MAX, TEXTS_MAX, Embedder, Vectors
from apps.ai.ports import PaidError, Usage
from apps.ai.services import day_of, spend_release
from apps.core.bulk import rows_update
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work import drain, outcomes
from apps.core.work.models import WorkRow
from apps.sources.models import Post
from apps.stories.grouping.meaning import (
    BACKGROUND_MOST,
    background_of,
    cosine,
    margin_with,
    packed,
    unpacked,
)
from apps.stories.models import CloseCall, PostVector, SecondLook, Story
from apps.stories.services.close_calls import second_look_soon
from apps.stories.services.counting import stories_hold
from apps.stories.services.second_look_moves import call_join, call_part

CALLS_AT_ONCE = TEXTS_MAX // 2
LATE = timedelta(hours=24)  # by then an editor has seen the stories as they are
VECTORS_KEPT, CALLS_KEPT = timedelta(days=7), timedelta(days=30)
CLEARED_AT_ONCE = 500
TURN_S = 1.0
AGAIN = timedelta(minutes=1)
Verdict = CloseCall.Verdict


@dataclass(frozen=True)
class LookPlan:
    """What a look asks for, free of the database.

    Attributes:
        embedder: None where the second look was switched off meanwhile.
        posts, hashes, texts: those whose vectors are not kept yet, in one order.
    """

    embedder: Embedder | None
    posts: tuple[int, ...] = ()
    hashes: tuple[bytes, ...] = ()
    texts: tuple[str, ...] = ()


def look_plan(row: SecondLook) -> LookPlan:
    """Take the calls that wait, choose the embedder, and reserve what the missing vectors may cost.

    Raises:
        Defer: another look of the workspace is under way, or the budget of its day is spent.
        PermanentError: what the choice of an embedder raises.
    """
    workspace = row.workspace
    embedder = embedder_for(workspace) if workspace.ai_second_look else None
    waiting = CloseCall.objects.filter(workspace=workspace, verdict="")
    if embedder is None:
        waiting.delete()
        return LookPlan(None)
    others = SecondLook.objects.in_flight(now()).filter(workspace=workspace).exclude(pk=row.pk)
    if others.exists():  # side by side they would ask for the same vectors
        raise drain.Defer(until=now() + timedelta(seconds=TURN_S * random.uniform(1, 2)))
    waiting.filter(created_at__lt=now() - LATE).update(verdict=Verdict.HELD, why="late")
    mine = list(waiting.filter(look=row).values_list("pk", flat=True))
    free = waiting.filter(look=None).order_by("pk").values_list("pk", flat=True)
    waiting.filter(look=None, pk__in=list(free[: max(CALLS_AT_ONCE - len(mine), 0)])).update(look=row)
    plan = _missing(embedder, row)
    try:
        vectors_budget_check(workspace=workspace, embedder=embedder, texts=plan.texts, target=row)
    except PermanentError as exc:
        if exc.code != "budget_spent":
            raise
        raise drain.Defer(until=day_of(workspace, now())[1], reason=str(exc)) from exc
    return plan


def _missing(embedder: Embedder, row: SecondLook) -> LookPlan:
    """The posts of a look whose vectors are not kept, or of another text than they have now."""
    calls = CloseCall.objects.filter(look=row, verdict="").values_list("post_id", "other_id")
    fields = ("title", "text", "boilerplate")
    posts = Post.objects.only(*fields).in_bulk({post for pair in calls for post in pair})
    kept = dict(
        PostVector.objects.filter(post__in=posts, model=embedder.model[:100]).values_list("post_id", "text_hash")
    )
    texts = {pk: text_of(title=post.title, text=post.told) for pk, post in sorted(posts.items())}
    lacking = [(pk, hash_of(text), text) for pk, text in texts.items() if bytes(kept.get(pk, b"")) != hash_of(text)]
    return LookPlan(
        embedder,
        posts=tuple(pk for pk, _hash, _text in lacking),
        hashes=tuple(told for _pk, told, _text in lacking),
        texts=tuple(text for _pk, _hash, text in lacking),
    )


def text_of(*, title: str, text: str) -> str:
    """What is sent of a post: its title and beginning; of one without words a dash, for nothing can't be sent."""
    return "\n".join(part for part in (title.strip(), text.strip()) if part)[:CHARACTERS_MAX].strip() or "—"


def hash_of(text: str) -> bytes:
    """By what a text is known again."""
    return blake2b(text.encode(), digest_size=16).digest()


async def vectors_ask(plan: LookPlan) -> str:
    """Ask for the missing vectors; what came is kept and what it cost written down at once. The answer is the model.

    Raises:
        PultError: what the embedder raises.
    """
    if plan.embedder is None or not plan.texts:
        return "" if plan.embedder is None else plan.embedder.model
    handle = drain.current()
    assert handle.loop is not None and isinstance(handle.row, SecondLook)  # noqa: S101, PT018 - asynchronous work
    try:
        came = await plan.embedder.embed(plan.texts)
    except PaidError as error:
        paid = partial(_paid, handle.row, error.usage, writer=error.writer, model=error.model)
        await handle.loop.ask_sync(partial(outcomes.patiently, paid))
        raise
    await handle.loop.ask_sync(partial(outcomes.patiently, partial(vectors_keep, handle.row, plan, came)))
    return came.model


def _paid(row: SecondLook, usage: Usage, *, writer: str, model: str) -> None:
    vectors_paid(workspace=row.workspace, usage=usage, writer=writer, model=model, target=row)


@transaction.atomic
def vectors_keep(row: SecondLook, plan: LookPlan, came: Vectors) -> None:
    """Keep vectors and what they cost; those of another length are of another model under the same name, and go."""
    _paid(row, came.usage, writer=came.writer, model=came.model)
    model, at = came.model[:100], now()
    there = Post.objects.select_for_update(no_key=True).filter(pk__in=plan.posts).order_by("pk")
    posts = set(there.values_list("pk", flat=True))
    rows = [
        PostVector(
            workspace_id=row.workspace_id,
            post_id=post,
            model=model,
            text_hash=told,
            vector=packed(vector),
            created_at=at,
        )
        for post, told, vector in zip(plan.posts, plan.hashes, came.vectors, strict=True)
        if post in posts
    ]
    older = PostVector.objects.filter(workspace=row.workspace_id, model=model)
    newest = older.order_by("-created_at").first()
    if rows and newest is not None and len(bytes(newest.vector)) != len(rows[0].vector):
        older.delete()
    PostVector.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["post", "model"],
        update_fields=["text_hash", "vector", "created_at"],
    )


def look_record(row: SecondLook, model: str) -> None:
    """Judge the calls of a look by their vectors, and move what they turn; what can't be judged yet waits on."""
    spend_release(workspace=row.workspace, target=row)
    calls = list(CloseCall.objects.filter(look=row, verdict="").order_by("pk")) if model else []
    if calls:
        vectors = _vectors({pk for call in calls for pk in (call.post_id, call.other_id)}, model)
        background = _background(row.workspace, model)
        stories = {pk for call in calls for pk in (call.story_id, call.other_story_id) if pk}
        held = stories_hold(row.workspace_id, stories)
        for call in calls:
            _judge(call, vectors, background, held)
        rows_update(calls, ["cosine", "background", "verdict", "why", "look"])
        if background is not None and any(not call.verdict for call in calls):
            # Vectors of another length came in the place of theirs, so theirs have to be asked for again.
            second_look_soon(row.workspace_id, at=now() + AGAIN)
    _clear(row)
    if model and (not calls or len(calls) == CALLS_AT_ONCE):
        rest = CloseCall.objects.filter(workspace=row.workspace_id, verdict="", look=None).exclude(
            pk__in=[call.pk for call in calls]
        )
        if rest.exists():
            second_look_soon(row.workspace_id)


def _judge(
    call: CloseCall, vectors: Mapping[int, Sequence[float]], background: float | None, held: Mapping[int, Story]
) -> None:
    """Give a call its verdict and carry that out; without what it takes the call waits for another look."""
    first, second = vectors.get(call.post_id), vectors.get(call.other_id)
    if background is None or first is None or second is None or len(first) != len(second):
        call.look = None
        return
    call.cosine, call.background = cosine(first, second), background
    margin = margin_with(call.score - call.needed, cosine=call.cosine, background=background)
    if (margin >= 0) == call.is_together:
        call.verdict = Verdict.KEPT.value
        return
    call.why = (call_part if call.is_together else call_join)(call, held)
    done = Verdict.PARTED if call.is_together else Verdict.JOINED
    call.verdict = (Verdict.HELD if call.why else done).value


def _vectors(posts: set[int], model: str) -> Mapping[int, Sequence[float]]:
    rows = PostVector.objects.filter(post__in=posts, model=model[:100]).values_list("post_id", "vector")
    return {post: unpacked(vector) for post, vector in rows}


def _background(workspace: Workspace, model: str) -> float | None:
    """How alike any two posts of the workspace are by this model, from the newest vectors; None of too few."""
    rows = PostVector.objects.filter(workspace=workspace, model=model[:100]).order_by("-created_at", "-pk")
    return background_of([unpacked(vector) for vector in rows.values_list("vector", flat=True)[:BACKGROUND_MOST]])


def _clear(row: SecondLook) -> None:
    """Let go of old vectors, calls and looks of a workspace."""
    looks_clear(workspaces=[row.workspace_id])
    SecondLook.objects.filter(workspace=row.workspace_id, pk__lt=row.pk, state=WorkRow.State.DONE).delete()


def looks_clear(*, workspaces: Sequence[int] | None = None, step: int = CLEARED_AT_ONCE) -> int:
    """Let go of old vectors and calls, of all workspaces where none are named; how many went.

    Where looks go on, each of them does it; a daily round does it where they have stopped.
    """
    at, gone = now(), 0
    for model, kept in ((PostVector, VECTORS_KEPT), (CloseCall, CALLS_KEPT)):
        old = model._base_manager.filter(created_at__lt=at - kept)
        if workspaces is not None:
            old = old.filter(workspace__in=workspaces)
        while found := list(old.values_list("pk", flat=True)[:step]):
            gone += model._base_manager.filter(pk__in=found).delete()[0]
    return gone
