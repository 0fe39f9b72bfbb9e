"""The SQL of a claim: stepping through workspaces and locking what is due, on PostgreSQL and on SQLite."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router
from django.db.backends.base.base import BaseDatabaseWrapper

LIVE_SQL = "state IN ('ready', 'leased')"
LEVELS = (0, 1, 2)
_last_served: dict[str, int] = {}


@dataclass(frozen=True)
class Only:
    """A part of a kind's rows: those whose `column` names one of these objects."""

    column: str
    objects: models.QuerySet[Any]


@dataclass(frozen=True)
class Table:
    """Where due things are found: the rows of a kind, or its lanes.

    Attributes:
        name: quoted for SQL.
        time: the column that says when.
        live: the condition of the partial indexes, word for word.
        only, params: a further condition on `t`, with what stands for its %s; empty where every row may be taken.
        levels: the values of its column `priority`, the first to be served first; empty where it has none.
    """

    alias: str
    name: str
    time: str
    live: str
    only: str = ""
    params: tuple[Any, ...] = ()
    levels: tuple[int, ...] = ()

    @classmethod
    def of_rows(cls, model: type[models.Model], only: Only | None = None) -> Table:
        """The rows of a kind, or a part of them."""
        table = cls._of(model, "not_before", LIVE_SQL)
        if only is None:
            return table
        name: Any = getattr(model._meta.get_field(only.column), "column", "")
        column = connections[table.alias].ops.quote_name(name)
        try:
            sql, params = only.objects.values("pk").order_by().query.get_compiler(table.alias).as_sql()
        except EmptyResultSet:
            return replace(table, only=" AND 1 = 0")
        return replace(table, only=f" AND t.{column} IN ({sql})", params=tuple(params))

    @classmethod
    def of_lanes(cls, model: type[models.Model]) -> Table:
        """The lanes of a kind."""
        return replace(cls._of(model, "next_at", "next_at IS NOT NULL"), levels=LEVELS)

    def after(self, at: datetime) -> Table:
        """Only what is due later than this."""
        return replace(self, only=f"{self.only} AND t.{self.time} > %s", params=(*self.params, moment(self, at)))

    @property
    def ranks(self) -> str:
        """Names every priority, so that the index over workspace, priority and time is used."""
        return f" AND t.priority IN ({', '.join(map(str, self.levels))})" if self.levels else ""

    @classmethod
    def _of(cls, model: type[models.Model], time: str, live: str) -> Table:
        alias = router.db_for_write(model)
        return cls(alias, connections[alias].ops.quote_name(model._meta.db_table), time, live)

    @property
    def connection(self) -> BaseDatabaseWrapper:
        """The connection of this thread."""
        return connections[self.alias]


def rows(table: Table, sql: str, params: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a query that reads."""
    with table.connection.cursor() as cursor:
        cursor.execute(sql, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def moment(table: Table, at: datetime) -> Any:
    """A time as this database's driver takes it."""
    return table.connection.ops.adapt_datetimefield_value(at)


def any_due(table: Table, *, at: datetime) -> bool:
    """Is anything due?"""
    sql = f"SELECT 1 FROM {table.name} t WHERE t.{table.live} AND t.{table.time} <= %s{table.only} LIMIT 1"  # noqa: S608
    return bool(rows(table, sql, [moment(table, at), *table.params]))


def due_workspaces(table: Table, *, at: datetime, limit: int) -> list[int]:
    """Up to `limit` workspaces with something due, beginning after the one that was served last."""
    start = _last_served.get(table.name, 0)
    found = _step(table, at=at, limit=limit, after=start, upto=None)
    if start and len(found) < limit:
        found += _step(table, at=at, limit=limit - len(found), after=0, upto=start)
    if found:
        _last_served[table.name] = found[-1]
    return found


def skip_scan_sql(table: Table) -> str:
    """Each step asks the workspace index for the next workspace; DISTINCT would read the whole backlog."""
    following = (
        f"(SELECT t.workspace_id FROM {table.name} t WHERE t.{table.live} AND t.workspace_id > {{}} "  # noqa: S608
        "ORDER BY t.workspace_id LIMIT 1)"
    )
    due = (
        f"SELECT 1 FROM {table.name} t "  # noqa: S608
        f"WHERE t.{table.live} AND t.workspace_id = spaces.id{table.ranks} AND t.{table.time} <= %s{table.only}"
    )
    first, others = following.format("%s"), following.format("spaces.id")
    steps = f"SELECT {first} UNION ALL SELECT {others} FROM spaces WHERE spaces.id < %s"  # noqa: S608
    return (
        f"WITH RECURSIVE spaces(id) AS ({steps}) SELECT spaces.id FROM spaces "  # noqa: S608
        f"WHERE spaces.id IS NOT NULL AND spaces.id <= %s AND EXISTS ({due}) LIMIT %s"
    )


def _step(table: Table, *, at: datetime, limit: int, after: int, upto: int | None) -> list[int]:
    last = 2**63 - 1 if upto is None else upto
    params = [after, last, last, moment(table, at), *table.params, limit]
    return [pk for (pk,) in rows(table, skip_scan_sql(table), params)]


def lock_due(table: Table, spaces: Sequence[int], *, at: datetime, limit: int) -> list[int]:
    """Ids of up to `limit` due things, locked until the transaction ends.

    Each workspace first gets an equal share, in which what is urgent comes first; then those with more fill it up.
    """
    share = -(-limit // len(spaces))
    counts = dict.fromkeys(spaces, 0)
    found = _lock_by_level(table, counts, at=at, share=share, limit=limit, except_for=[])
    if len(found) < limit:
        fuller = {space: 0 for space, count in counts.items() if count >= share}
        if fuller:
            rest = limit - len(found)
            found += _lock_by_level(table, fuller, at=at, share=rest, limit=rest, except_for=found)
    return found


def _lock_by_level(
    table: Table, counts: dict[int, int], *, at: datetime, share: int, limit: int, except_for: list[int]
) -> list[int]:
    """Lock the most urgent first, in every workspace; `counts` grows by what each workspace gave."""
    found: list[int] = []
    for level in table.levels or (None,):
        shares = {space: share - count for space, count in counts.items() if count < share}
        if not shares or len(found) >= limit:
            break
        for space, pk in _lock(table, shares, level, at=at, limit=limit - len(found), except_for=except_for):
            counts[space] += 1
            found.append(pk)
    return found


def _lock(
    table: Table, shares: dict[int, int], level: int | None, *, at: datetime, limit: int, except_for: list[int]
) -> list[tuple[int, int]]:
    skips = table.connection.features.has_select_for_update_skip_locked
    rank = "" if level is None else f" AND t.priority = {int(level)}"
    sql = (
        f"SELECT t.workspace_id, t.id FROM {table.name} t WHERE t.{table.live} AND t.workspace_id = {{}}{rank} "  # noqa: S608
        f"AND t.{table.time} <= %s{table.only} {{}}ORDER BY t.{table.time}, t.id LIMIT {{}} {{}}"
    )
    when = moment(table, at)
    if skips:
        inner = sql.format("s.id", "AND t.id <> ALL(%s) ", "s.share", "FOR UPDATE SKIP LOCKED")
        spaces = "unnest(%s::bigint[], %s::bigint[]) AS s(id, share)"
        outer = f"SELECT r.* FROM {spaces} CROSS JOIN LATERAL ({inner}) r LIMIT %s"  # noqa: S608
        params = [list(shares), list(shares.values()), when, *table.params, except_for, limit]
        return [(space, pk) for space, pk in rows(table, outer, params)]
    found: list[tuple[int, int]] = []
    unseen = f"AND t.id NOT IN ({', '.join(str(int(pk)) for pk in except_for)}) " if except_for else ""
    for space, share in shares.items():
        most = min(share, limit - len(found))
        found += rows(table, sql.format("%s", unseen, "%s", ""), [space, when, *table.params, most])
    return found[:limit]
