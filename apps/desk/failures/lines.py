"""Failed work, counted: what failed alike is one line. One query over the partial indexes of every kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Self

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router
from django.db.models import Case, Count, F, Max, Min, Q, Sum, Value, When
from django.db.models.functions import Coalesce, Left, StrIndex
from django.utils.dateparse import parse_datetime

from apps.accounts.admin_search import spellings
from apps.accounts.work_again import DECIDED
from apps.core.work.fields import Among
from apps.core.work.models import WorkRow
from apps.desk.failures.index import STUCK
from apps.desk.failures.opened import Opened

State = WorkRow.State
COUNTED_MOST = 100_000  # rows of one kind; what is beyond is there, but not counted
SPLIT_MOST = 2_000  # rows without a code of their own that are told apart by their words
HEAD = 60
WITHOUT_CODE = ("", "bug")
WORDS_MAX = 6
STATES = {"failed": (State.DEAD,), "doubt": (State.UNKNOWN,)}
Row = tuple[str, int, str, str, int, Any, Any, int, int]


@dataclass(frozen=True)
class Wanted:
    """What of all is asked for; empty means all of it."""

    job: str = ""
    state: str = ""
    workspace: int = 0
    cause: str = ""

    def takes(self, kind: Opened) -> bool:
        """Whether rows of a kind are asked for."""
        return self.state != "standing" and self.job in {"", kind.job}


@dataclass(frozen=True)
class Line:
    """What failed alike: the same kind, workspace, state and cause.

    Attributes:
        code: the failure's code; empty where it has none.
        head: how its words begin, where the code does not tell causes apart; None where it does.
        first, last: when it failed; what is in doubt, when its lease ended.
        newest: key of the row that came last.
    """

    kind: str
    workspace_id: int
    state: str
    code: str
    count: int
    first: datetime
    last: datetime
    attempts: int
    newest: int
    head: str | None = None

    @property
    def key(self) -> str:
        """The line's name in addresses and forms."""
        head = "" if self.head is None else f"={self.head}"
        return f"{self.kind}|{self.workspace_id}|{self.state}|{self.code}|{head}"


@dataclass(frozen=True)
class LineKey:
    """Which line is meant."""

    kind: str
    workspace_id: int
    state: str
    code: str
    head: str | None

    @classmethod
    def read(cls, text: str) -> Self | None:
        """The key from its text; None where it is none."""
        parts = text.split("|", 4)
        if len(parts) != 5 or not parts[1].isdigit() or len(parts[1]) > 18 or "\0" in text:
            return None
        kind, workspace, state, code, head = parts
        return cls(kind, int(workspace), state, code, head[1:] if head.startswith("=") else None)


def stuck(kind: Opened, wanted: Wanted = Wanted()) -> models.QuerySet[Any]:
    """The rows of a kind that wait for a person, in the workspaces that the user sees."""
    among = STATES.get(wanted.state, (State.DEAD, State.UNKNOWN))
    places = [each.pk for each in kind.workspaces if wanted.workspace in {0, each.pk}]
    rows = kind.kind.model._base_manager.filter(Among("state", STUCK), workspace__in=places)
    rows = rows.filter(state__in=among).exclude(error_code__in=DECIDED)
    for word in wanted.cause.split()[:WORDS_MAX]:
        found = Q(request_id=word) | Q(error_code=word)
        for spelling in spellings(word, rows.db):
            found |= Q(error__icontains=spelling)
        rows = rows.filter(found)
    return rows.order_by()


def of_line(kind: Opened, key: LineKey, wanted: Wanted = Wanted()) -> models.QuerySet[Any]:
    """The rows of one line."""
    rows = stuck(kind, wanted).filter(workspace=key.workspace_id, state=key.state, error_code=key.code)
    return rows if key.head is None else rows.annotate(head=head_of()).filter(head=key.head)


def head_of() -> Any:
    """How the words of a failure begin: up to the first colon, such as the name of an error."""
    colon = StrIndex("error", Value(":"))
    short = When(GreaterZero(colon), then=colon - 1)
    return Left("error", Case(short, default=Value(HEAD), output_field=models.IntegerField()))


class GreaterZero(models.Func):
    """Whether a place was found, and near enough to the beginning."""

    template = f"%(expressions)s BETWEEN 2 AND {HEAD}"
    output_field = models.BooleanField()
    conditional = True


def lines_of(opened: Mapping[str, Opened], wanted: Wanted = Wanted()) -> list[Line]:
    """Every line, those in doubt first, then what failed last first."""
    chosen = [each for each in opened.values() if wanted.takes(each)]
    lines = [line_of(row) for row in counted(chosen, wanted)]
    return sorted(lines, key=lambda line: (line.state != State.UNKNOWN, -line.last.timestamp(), line.key))


def counted(chosen: Iterable[Opened], wanted: Wanted) -> list[Row]:
    """Counts by kind, workspace, state and code: each kind's own SELECT, all in one query."""
    parts: list[str] = []
    params: list[Any] = []
    alias = router.db_for_read(WorkRow)
    for kind in chosen:
        rows = stuck(kind, wanted).annotate(at=Coalesce("finished_at", "not_before"))
        inner = rows.values_list("workspace_id", "state", "error_code", "attempts", "id", "at")[:COUNTED_MOST]
        try:
            sql, given = inner.query.get_compiler(alias).as_sql()
        except EmptyResultSet:  # none of its workspaces is asked for
            continue
        parts.append(
            "SELECT %s, workspace_id, state, error_code, COUNT(*), MIN(at), MAX(at), SUM(attempts), MAX(id) "  # noqa: S608 - our own SQL
            f"FROM ({sql}) AS stuck GROUP BY workspace_id, state, error_code"
        )
        params += [kind.kind.name, *given]
    if not parts:
        return []
    with connections[alias].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        found: list[Row] = cursor.fetchall()
    return found


def line_of(row: Row) -> Line:
    """A line from the database's own values."""
    kind, workspace_id, state, code, count, first, last, attempts, newest = row
    return Line(kind, workspace_id, state, code, count, moment(first), moment(last), int(attempts), newest)


def moment(value: Any) -> datetime:
    """A time from what the driver gives: SQLite's is text."""
    read: Any = value if isinstance(value, datetime) else parse_datetime(str(value))
    found: datetime = read if read.tzinfo else read.replace(tzinfo=UTC)
    return found


def parted(kind: Opened, line: Line, wanted: Wanted) -> list[Line]:
    """A line whose code tells nothing, by how its words begin; the line itself where there is nothing to part."""
    if line.code not in WITHOUT_CODE or not 1 < line.count <= SPLIT_MOST:
        return [line]
    key = LineKey(line.kind, line.workspace_id, line.state, line.code, None)
    rows = of_line(kind, key, wanted).annotate(head=head_of(), at=Coalesce("finished_at", "not_before"))
    groups = rows.values("head").annotate(
        n=Count("pk"), first=Min("at"), last=Max("at"), tries=Sum("attempts"), top=Max("pk")
    )
    return [
        replace(
            line,
            head=each["head"],
            count=each["n"],
            first=each["first"],
            last=each["last"],
            attempts=each["tries"],
            newest=each["top"],
        )
        for each in groups.order_by(F("top").desc())
    ]
