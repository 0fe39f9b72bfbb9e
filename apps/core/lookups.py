"""`among`: one of many keys, told to the database as one value.

`field__in` makes a parameter of every key, and each is prepared, compiled and quoted by itself: of a batch of five
hundred posts that took longer than the database's answer. `field__among` gives PostgreSQL an array and SQLite a list in
JSON; both look them up in the same indexes.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import models
from django.db.models.lookups import Lookup

from apps.core.bulk import array_of


class Among(Lookup[Any]):
    """`pk__among=[1, 2]`, `post__among=posts`, `external_id__among=names`: whole numbers, rows by their keys, words."""

    lookup_name = "among"

    def get_prep_lookup(self) -> list[int] | list[str]:
        """The keys, each once."""
        if isinstance(self.lhs.output_field, models.CharField):
            return list({str(one) for one in self.rhs})
        return list({int(one.pk) if isinstance(one, models.Model) else int(one) for one in self.rhs})

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """As SQLite has it."""
        column, params = self._column(compiler, connection)
        return f"{column} IN (SELECT value FROM json_each(%s))", (*params, json.dumps(self.rhs))  # noqa: S608 - a column's name

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """As PostgreSQL has it."""
        column, params = self._column(compiler, connection)
        kind = "text" if isinstance(self.lhs.output_field, models.CharField) else "bigint"
        return f"{column} = ANY(%s::{kind}[])", (*params, array_of(self.rhs))

    def _column(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """What is compared; of no keys nothing is asked at all."""
        if not self.rhs:
            raise EmptyResultSet
        column, params = self.process_lhs(compiler, connection)
        return column, tuple(params)


def register() -> None:
    """Make `among` known to whole numbers, to words and to references."""
    for field in (models.IntegerField, models.CharField, models.ForeignObject):
        field.register_lookup(Among)
