"""The index that counts failed work: every kind's table has it, and only rows that wait for a person are in it.

It holds all that the count reads, so the rows themselves, with their histories, are not touched. It follows from the
registry of kinds and is mended after migrations: kinds of later have it too, and no other app's migrations know of it.
Its columns are such as change only together with those of the claims' indexes, so it costs work that goes well nothing.
"""

from __future__ import annotations

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from apps.core.work import kinds

COLUMNS = ("workspace_id", "state", "error_code", "finished_at", "not_before", "attempts", "id")
STUCK = ("dead", "unknown")


def indexes_of(connection: BaseDatabaseWrapper, table: str) -> set[str]:
    """The names of a table's indexes; Django's own introspection stumbles over some constraints of SQLite."""
    if connection.vendor == "postgresql":
        asked = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema() AND tablename = %s"
    else:
        asked = "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = %s"
    with connection.cursor() as cursor:
        cursor.execute(asked, [table])
        return {name for (name,) in cursor.fetchall()}


def index_ensure(*, using: str) -> None:
    """Make the index of each kind that lacks it."""
    connection = connections[using]
    quote = connection.ops.quote_name
    columns = ", ".join(quote(column) for column in COLUMNS)
    words = ", ".join(f"'{word}'" for word in STUCK)
    present = set(connection.introspection.table_names())
    with connection.cursor() as cursor:
        for table in (kind.model._meta.db_table for kind in kinds.known()):
            # Asked to make it "if not exists", PostgreSQL would hold up the table's writers first and look afterwards.
            if table not in present or f"{table}_stuck" in indexes_of(connection, table):
                continue
            cursor.execute(f"SELECT * FROM {quote(table)} LIMIT 0")  # noqa: S608 - a table of our own
            if {column[0] for column in cursor.description} >= set(COLUMNS):  # else it was migrated back
                name = quote(f"{table}_stuck")
                cursor.execute(
                    f"CREATE INDEX IF NOT EXISTS {name} ON {quote(table)} ({columns}) WHERE state IN ({words})"
                )
