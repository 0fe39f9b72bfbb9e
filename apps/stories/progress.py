"""How the writing of a story goes, for a page that asks every second or two."""

from __future__ import annotations

from typing import TypedDict

from django.utils.translation import gettext as _

from apps.ai.selectors import usual_seconds
from apps.core.clock import now
from apps.stories.models import Rewrite, Story

State = Rewrite.State
# So many times the usual is slow; nothing below this many seconds is.
SLOW_TIMES, SLOW_LEAST_S = 2.0, 20.0
# What a page that asks every second does not show.
LONG = (
    *("system_prompt", "user_prompt", "sources", "revisions", "warnings", "answer"),
    *(f"made_version__{name}" for name in ("lead", "body", "findings", "warnings")),
)


class RewriteProgress(TypedDict):
    """How one variant stands; all of it is JSON.

    `state` is waiting, writing, paused (it failed and is tried again by itself), done, failed or cancelled; `words` say
    that to a person, with what to do where it failed. `elapsed_s` counts from when it was sent to the writer, else from
    when it was asked for. `usual_s` is what an answer usually takes, null where nothing is known. `next_try_s` is there
    while it is paused. `version` is the number of the version it made, `is_current` whether that is the story's text.
    `unusable` is what the model answered where that was no draft.
    """

    rewrite: int
    kind: str
    variant: int
    variants: int
    state: str
    is_live: bool
    is_slow: bool
    words: str
    elapsed_s: int
    usual_s: int | None
    next_try_s: int | None
    attempts: int
    error: str
    error_code: str
    unusable: str
    version: int | None
    is_current: bool


def rewrite_progress(story: Story) -> list[RewriteProgress]:
    """Every variant of what was asked for last, the live ones and those that have ended; empty where nothing was."""
    last = Rewrite.objects.filter(story=story).order_by("-pk").values_list("pk", "batch").first()
    if last is None:
        return []
    pk, batch = last
    rows = Rewrite.objects.filter(story=story)
    rows = rows.filter(batch=batch) if batch else rows.filter(pk=pk)
    found = list(rows.select_related("made_version").defer(*LONG).order_by("variant", "pk"))
    usual = usual_seconds(story.workspace) if any(row.is_live for row in found) else None
    current = Story.objects.values_list("current_version_id", flat=True).get(pk=story.pk)
    return [one_progress(row, variants=len(found), usual=usual, current=current) for row in found]


def one_progress(row: Rewrite, *, variants: int, usual: float | None, current: int | None) -> RewriteProgress:
    """How one variant stands."""
    state = state_of(row)
    until = row.finished_at or now()
    since = row.asked_at or row.created_at
    elapsed = max(0, int((until - since).total_seconds()))
    slow = state == "writing" and elapsed >= max(SLOW_LEAST_S, SLOW_TIMES * (usual or 0.0))
    wait = max(0, int((row.not_before - now()).total_seconds())) if state == "paused" else None
    version = row.version
    return {
        "rewrite": row.pk,
        "kind": row.kind,
        "variant": row.variant,
        "variants": variants,
        "state": state,
        "is_live": row.is_live,
        "is_slow": slow,
        "words": words_of(row, state, is_slow=slow, wait=wait),
        "elapsed_s": elapsed,
        "usual_s": None if usual is None else max(1, round(usual)),
        "next_try_s": wait,
        "attempts": row.attempts,
        "error": row.error if state in {"paused", "failed"} else "",
        "error_code": row.error_code,
        "unusable": row.unusable if state == "failed" else "",
        "version": version.number if version else None,
        "is_current": version is not None and version.pk == current,
    }


def state_of(row: Rewrite) -> str:
    """One word for where a rewrite stands."""
    if row.state == State.LEASED:
        return "writing"
    if row.state == State.READY:
        return "paused" if row.error_code else "waiting"
    if row.state == State.DONE:
        return "done"
    return "cancelled" if row.error_code == "given_up" else "failed"


def words_of(row: Rewrite, state: str, *, is_slow: bool, wait: int | None) -> str:
    """Where a rewrite stands, for a person."""
    match state:
        case "waiting":
            return _("Waiting for its turn.")
        case "writing" if is_slow:
            return _("The model takes longer than usual. Go on with your text, or cancel and ask again later.")
        case "writing":
            return _("Writing…")
        case "paused":
            return _("%(why)s Tried again by itself in %(seconds)d s; you may cancel.") % {
                "why": row.error,
                "seconds": wait or 0,
            }
        case "done":
            return _("Ready.")
        case "cancelled":
            return _("Cancelled.")
        case _:
            return row.error or _("The draft could not be written.")
