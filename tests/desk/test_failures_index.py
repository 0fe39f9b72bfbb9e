"""The index that counts failed work: on every kind's table, used by the count, and mended where it went."""

from __future__ import annotations

import pytest
from django.db import connection

from apps.core.work import kinds
from apps.desk.apps import failures_counted
from apps.desk.failures.lines import Wanted, counted
from apps.desk.failures.opened import Opened
from tests.accounts.rows import Rows
from tests.desk.failed import rows

__all__ = ["rows"]
pytestmark = pytest.mark.django_db


def tables() -> set[str]:
    return {kind.model._meta.db_table for kind in kinds.known()}


def indexed() -> set[str]:
    names = {f"{table}_stuck": table for table in tables()}
    is_postgres = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes" if is_postgres else "SELECT name FROM sqlite_master")
        return {names[name] for (name,) in cursor.fetchall() if name in names}


def test_every_kind_has_it() -> None:
    assert indexed() == tables()


def test_one_that_went_is_made_again_after_migrations() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX sources_poll_stuck")
    assert indexed() == tables() - {"sources_poll"}
    failures_counted(using="default", plan=[])
    assert indexed() == tables()


def test_the_count_reads_the_index_alone(rows: Rows) -> None:
    seen: list[tuple[str, object]] = []

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        seen.append((sql, params))
        return execute(sql, params, many, context)

    kind = Opened(kinds.get("poll"), None, [rows.workspace], frozenset())
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        with connection.execute_wrapper(note):
            assert counted([kind], Wanted()) == []
        [(sql, params)] = seen
        explain = "EXPLAIN" if connection.vendor == "postgresql" else "EXPLAIN QUERY PLAN"
        order = sql.split("FROM", 2)[-1]
        assert order.index("workspace_id") < order.index("error_code")
        cursor.execute(f"{explain} {sql}", params)
        plan = " ".join(str(part) for row in cursor.fetchall() for part in row)
    assert "sources_poll_stuck" in plan
    assert ("Index Only Scan" if connection.vendor == "postgresql" else "COVERING INDEX") in plan
