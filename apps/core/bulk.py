"""Many rows at once, without compiling every value.

Django's `bulk_create` spends most of its time on compiling: on SQLite a thousand rows of thirty-five columns took
0.24 s, of which the database took 0.02 s. For plain values one prepared line repeated says the same; on PostgreSQL, one
array a column.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import Any

from django.db import connections, models, router, transaction

Convert = Callable[[Any], Any]
Fields = Sequence[models.Field[Any, Any]]
# Fields whose values SQLite's driver takes as they are.
PLAIN = (
    models.CharField,
    models.TextField,
    models.IntegerField,
    models.FloatField,
    models.BooleanField,
    models.ForeignKey,
)
LETTERS = (models.CharField, models.TextField)
AT_ONCE = 1000  # rows a statement, on PostgreSQL


def rows_insert(rows: Sequence[models.Model], *, ignore_conflicts: bool = False) -> None:
    """Store new rows of one model and give them their keys.

    With `ignore_conflicts` rows that are there already stay as they are, and nobody gets a key.
    """
    _store(rows, " ON CONFLICT DO NOTHING" if ignore_conflicts else "", returns=not ignore_conflicts)


def rows_put(rows: Sequence[models.Model], *, unique: Collection[str], update: Collection[str]) -> None:
    """Store rows of one model, or write the fields of `update` where the fields of `unique` are there already."""
    if not rows:
        return
    _store(rows, _conflict(type(rows[0]), unique, update), returns=False)


def rows_update(rows: Sequence[models.Model], fields: Collection[str]) -> None:
    """Write these fields of stored rows of one model; of each row only its key and these fields are looked at.

    Hold the rows first, in the order of their keys: the database takes them in an order of its own.
    """
    if not rows:
        return
    meta = type(rows[0])._meta
    connection = connections[router.db_for_write(type(rows[0]))]
    quoted = connection.ops.quote_name
    key: models.Field[Any, Any] = meta.pk
    told: list[Any] = [meta.get_field(name) for name in fields]
    table, where = quoted(meta.db_table), quoted(_column(key))
    columns = [quoted(_column(field)) for field in told]
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            settings = ", ".join(f"{column} = %s" for column in columns)
            statement = f"UPDATE {table} SET {settings} WHERE {where} = %s"  # noqa: S608 - names of the model's own
            cursor.executemany(statement, list(_converted(connection, [*told, key], _columns([*told, key], rows))))
            return
        settings = ", ".join(f"{column} = told.{column}" for column in columns)
        for start in range(0, len(rows), AT_ONCE):
            some = rows[start : start + AT_ONCE]
            given, values = _arrays(connection, [key, *told], _columns([key, *told], some))
            cursor.execute(
                f"UPDATE {table} AS kept SET {settings} FROM ({given}) AS told ({where}, {', '.join(columns)}) "  # noqa: S608 - the same
                f"WHERE kept.{where} = told.{where}",
                values,
            )


def values_insert(
    model: type[models.Model],
    names: Sequence[str],
    lines: Sequence[Sequence[Any]],
    *,
    ignore_conflicts: bool = False,
) -> list[Any]:
    """Store new rows told as lines of values of the fields `names`; every other field has its default.

    Sooner than `rows_insert` where nothing is done with the rows: a model's instance costs more than its insert. The
    answer is their keys, empty with `ignore_conflicts`, where rows that are there already stay as they are.
    """
    if not lines:
        return []
    fields = _fields(model, with_key=model._meta.pk.name in names)
    given = dict(zip([model._meta.get_field(name).attname for name in names], zip(*lines, strict=True), strict=True))  # type: ignore[union-attr]
    columns = [given.get(field.attname) or [field.get_default()] * len(lines) for field in fields]
    tail = " ON CONFLICT DO NOTHING" if ignore_conflicts else f" RETURNING {_key_column(model)}"
    return _stored(model, fields, columns, tail)


def values_put(
    model: type[models.Model], names: Sequence[str], lines: Sequence[Sequence[Any]], *, unique: Collection[str]
) -> None:
    """Store rows told as lines of values of the fields `names`, or write those where those of `unique` are there."""
    if lines:
        fields: list[Any] = [model._meta.get_field(name) for name in names]
        update = [name for name in names if name not in unique]
        _stored(model, fields, list(zip(*lines, strict=True)), _conflict(model, unique, update))


def array_of(values: Collection[int] | Collection[str]) -> str:
    """Numbers or words as PostgreSQL writes an array in letters (its manual, 8.15.2)."""
    return "{" + ",".join([_quoted(one) if isinstance(one, str) else str(one) for one in values]) + "}"


def _store(rows: Sequence[models.Model], conflict: str, *, returns: bool) -> None:
    if not rows:
        return
    model = type(rows[0])
    gets_keys = returns and rows[0].pk is None
    fields = _fields(model, with_key=rows[0].pk is not None)
    tail = conflict + (f" RETURNING {_key_column(model)}" if gets_keys else "")
    keys = _stored(model, fields, _columns(fields, rows), tail)
    alias = router.db_for_write(model)
    for row, pk in zip(rows, keys if gets_keys else [row.pk for row in rows], strict=True):
        row.pk = pk
        row._state.adding, row._state.db = False, alias


def _stored(model: type[models.Model], fields: Fields, columns: Sequence[Sequence[Any]], tail: str) -> list[Any]:
    """Insert columns of values; what the statement's tail returns."""
    alias = router.db_for_write(model)
    connection = connections[alias]
    quoted = connection.ops.quote_name
    into = f"INSERT INTO {quoted(model._meta.db_table)} ({', '.join(quoted(_column(field)) for field in fields)}) "
    is_postgres = connection.vendor == "postgresql"
    most = AT_ONCE if is_postgres else (connection.features.max_query_params or 999) // len(fields)
    written = _arrays if is_postgres else _lines
    keys: list[Any] = []
    with transaction.atomic(using=alias, savepoint=False), connection.cursor() as cursor:
        for start in range(0, len(columns[0]), most):
            statement, values = written(connection, fields, [column[start : start + most] for column in columns])
            cursor.execute(f"{into}{statement}{tail}", values)
            if "RETURNING" in tail:
                keys += [pk for (pk,) in cursor.fetchall()]
    return keys


def _conflict(model: type[models.Model], unique: Collection[str], update: Collection[str]) -> str:
    """What becomes of a row that is there already."""
    quoted = connections[router.db_for_write(model)].ops.quote_name
    keys = ", ".join(quoted(_column(model._meta.get_field(name))) for name in unique)
    columns = [quoted(_column(model._meta.get_field(name))) for name in update]
    settings = ", ".join(f"{column} = EXCLUDED.{column}" for column in columns)
    return f" ON CONFLICT ({keys}) DO UPDATE SET {settings}"


def _fields(model: type[models.Model], *, with_key: bool) -> list[models.Field[Any, Any]]:
    return [field for field in model._meta.local_concrete_fields if with_key or not field.primary_key]


def _columns(fields: Fields, rows: Sequence[models.Model]) -> list[list[Any]]:
    """The values of rows by field."""
    held = [row.__dict__ for row in rows]
    return [[values[field.attname] for values in held] for field in fields]


def _key_column(model: type[models.Model]) -> str:
    name: str = connections[router.db_for_write(model)].ops.quote_name(_column(model._meta.pk))
    return name


def _column(field: Any) -> str:
    return str(field.column)


def _lines(connection: Any, fields: Fields, columns: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """One line of values a row."""
    line = f"({', '.join(['%s'] * len(fields))})"
    values = list(chain.from_iterable(_converted(connection, fields, columns)))
    return f"VALUES {', '.join([line] * len(columns[0]))}", values


def _converted(connection: Any, fields: Fields, columns: Sequence[Sequence[Any]]) -> Iterator[tuple[Any, ...]]:
    """The values row by row, as SQLite's driver takes them."""
    written = []
    for field, column in zip(fields, columns, strict=True):
        convert = _sqlite_converter(field, connection)
        if convert is not None:
            column = [None if value is None else convert(value) for value in column]
        written.append(column)
    return zip(*written, strict=True)


def _sqlite_converter(field: models.Field[Any, Any], connection: Any) -> Convert | None:
    if isinstance(field, PLAIN):
        return None
    if isinstance(field, models.DateTimeField):
        adapted: Convert = connection.ops.adapt_datetimefield_value
        return adapted
    return lambda value: field.get_db_prep_save(value, connection=connection)


def _arrays(connection: Any, fields: Fields, columns: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """One array a column; a column that says the same in every row is told once."""
    told: list[str] = []
    arrays: list[str] = []
    values: list[str] = []
    of_once: list[str] = []
    for field, column in zip(fields, columns, strict=True):
        convert = _postgres_converter(field)
        # A cast to varchar(9) would cut what is too long; the column itself refuses it.
        kind = "text" if isinstance(field, LETTERS) else field.db_type(connection)
        first = column[0]
        is_same = (arrays or field is not fields[-1]) and all(value is first for value in column)
        some = column[:1] if is_same else column
        literal = "{" + ",".join(["NULL" if value is None else convert(value) for value in some]) + "}"
        if is_same:
            told.append(f"(%s::{kind}[])[1]")
            of_once.append(literal)
        else:
            told.append(f"t.c{len(arrays)}")
            arrays.append(f"%s::{kind}[]")
            values.append(literal)
    named = ", ".join(f"c{place}" for place in range(len(arrays)))
    return f"SELECT {', '.join(told)} FROM UNNEST({', '.join(arrays)}) AS t({named})", [*of_once, *values]  # noqa: S608 - types of the model's own


def _postgres_converter(field: models.Field[Any, Any]) -> Convert:
    if isinstance(field, models.BooleanField):
        return lambda value: "t" if value else "f"
    if isinstance(field, models.JSONField):
        return lambda value: _quoted(json.dumps(value, cls=field.encoder))
    if isinstance(field, models.DateTimeField):
        return lambda value: f'"{value.isoformat()}"'
    if isinstance(field, models.BinaryField):
        return lambda value: f'"\\\\x{bytes(value).hex()}"'
    if isinstance(field, models.IntegerField):
        return int.__repr__  # a member of IntegerChoices too
    if isinstance(field, models.FloatField):
        return repr
    return lambda value: _quoted(str(value))


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
