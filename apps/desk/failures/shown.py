"""Lines, rows and troubles as the screen shows them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Model
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import Workspace
from apps.core.work.admin import words
from apps.core.work.models import WorkRow
from apps.desk.failures.lines import Line
from apps.desk.failures.opened import JOBS, Opened
from apps.desk.failures.troubles import Trouble
from apps.sources.words import ago

State = WorkRow.State
THIN_SPACE = "\u202f"


@dataclass(frozen=True)
class Shown:
    """One line of the screen.

    Attributes:
        key: what its box stands for; empty where nothing can be done with it here.
        tone, standing: the state's colour and word.
        title: which kind of work, or what stands still.
        cause: why, in words.
        often: how many alike, or how often it was tried.
        since, last: in words; `exact` are both moments on the workspace's clock.
        deeds: what may be done: (name, words).
        url: where it opens.
    """

    tone: str
    standing: str
    title: str
    cause: str
    url: str
    key: str = ""
    about: str = ""
    job: str = ""
    workspace: str = ""
    often: str = ""
    since: str = ""
    last: str = ""
    first_at: datetime | None = None
    last_at: datetime | None = None
    request_id: str = ""
    deeds: tuple[tuple[str, str], ...] = ()


def deed_words(deeds: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """What may be done, in words."""
    known = {"retry": _("Try again"), "give_up": _("Give up"), "there": _("It is there"), "again": _("Send again")}
    return tuple((deed, known[deed]) for deed in deeds)


def state_words(state: str) -> tuple[str, str]:
    """A state's colour and word."""
    return ("warning", _("In doubt")) if state == State.UNKNOWN else ("error", _("Failed"))


def spaced(count: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{count:,}".replace(",", THIN_SPACE)


def newest_rows(opened: Mapping[str, Opened], lines: Sequence[Line]) -> dict[tuple[str, int], Any]:
    """The row of each line that failed last, by kind and key: one query a kind."""
    keys: dict[str, list[int]] = defaultdict(list)
    for line in lines:
        keys[line.kind].append(line.newest)
    found = {}
    for kind, pks in keys.items():
        for row in with_about(opened[kind]).filter(pk__in=pks):
            found[kind, row.pk] = row
    return found


def with_about(kind: Opened) -> Any:
    """Rows of a kind, with what they are about read along."""
    rows = kind.kind.model._base_manager.defer("history")
    names = [name for name in about_names(kind) if kind.kind.model._meta.get_field(name).is_relation]
    return rows.select_related(*names) if names else rows


def about_names(kind: Opened) -> list[str]:
    """The fields that say what a row is about: those that its own list names first."""
    named = getattr(kind.model_admin, "about", ()) or kind.model_admin.list_display[:1]
    fields = {each.name for each in kind.kind.model._meta.concrete_fields}
    return [name for name in named if name in fields and name != "created_at"][:1]


def about_of(kind: Opened, row: Any) -> str:
    """What a row is about, in words; empty where only its number would be said."""
    values = [getattr(row, name) for name in about_names(kind)]
    if not values:
        return "" if str(row) == WorkRow.__str__(row) else str(row)
    return ", ".join(str(value) for value in values if value is not None and (isinstance(value, Model) or value))


def line_shown(kind: Opened, line: Line, row: Any, at: datetime, workspaces: Mapping[int, Workspace]) -> Shown:
    """A line: one row as itself, many by their common cause."""
    tone, standing = state_words(line.state)
    one = line.count == 1
    first, last = (moment_of(row), moment_of(row)) if one and row is not None else (line.first, line.last)
    tries = ngettext("%d attempt", "%d attempts", line.attempts) % line.attempts
    alike = _("%s alike") % spaced(line.count)
    place = workspaces.get(line.workspace_id)
    own = f"{kind.address}{line.newest}/change/"
    return Shown(
        tone=tone,
        standing=standing,
        title=kind.words,
        about=about_of(kind, row) if row is not None and one else "",
        cause=words(row.error) if row is not None else "",
        url=own if one else f"{reverse('desk:failures')}?{urlencode({'line': line.key})}",
        key=line.key,
        job=str(JOBS[kind.job]),
        workspace=str(place or ""),
        often=tries if one else alike,
        since=ago(first, at),
        last="" if first == last else ago(last, at),
        first_at=first,
        last_at=last,
        request_id=row.request_id if row is not None and one else "",
        deeds=deed_words(kind.deeds(line.state, line.workspace_id)),
    )


def moment_of(row: Any) -> datetime:
    """When a row failed; what is in doubt, when its request began."""
    ended: datetime = row.finished_at or row.begun_at or row.not_before
    return ended


def row_shown(kind: Opened, row: Any, at: datetime, workspaces: Mapping[int, Workspace]) -> Shown:
    """One row of an opened line."""
    tone, standing = state_words(row.state)
    ended = moment_of(row)
    return Shown(
        tone=tone,
        standing=standing,
        title=kind.words,
        about=about_of(kind, row),
        cause=words(row.error),
        url=f"{kind.address}{row.pk}/change/",
        key=f"{kind.kind.name}#{row.pk}",
        job=str(JOBS[kind.job]),
        workspace=str(workspaces.get(row.workspace_id) or ""),
        often=ngettext("%d attempt", "%d attempts", row.attempts) % row.attempts,
        since=ago(ended, at),
        first_at=ended,
        last_at=ended,
        request_id=row.request_id,
        deeds=deed_words(kind.deeds(row.state, row.workspace_id)),
    )


def trouble_shown(trouble: Trouble, at: datetime, workspaces: Mapping[int, Workspace]) -> Shown:
    """Something that stands still."""
    return Shown(
        tone="error",
        standing=_("Stands still"),
        title=trouble.text,
        cause=trouble.note,
        url=trouble.url,
        job=str(JOBS[trouble.job]),
        workspace=str(workspaces.get(trouble.workspace_id) or ""),
        often=ngettext("%d time", "%d times", trouble.times) % trouble.times if trouble.times > 1 else "",
        since=ago(trouble.since, at) if trouble.since else "",
        first_at=trouble.since,
        last_at=trouble.since,
    )
