"""Django's SQLite backend, telling how many parameters the linked SQLite takes in a statement.

Django 5.2 assumes 999, the limit before SQLite 3.32 (2020; https://sqlite.org/limits.html, section 9). With that a
thousand rows of thirty columns would take thirty-four statements in place of one.
"""

from __future__ import annotations

import sqlite3
from functools import cache
from typing import Any

from django.db.backends.sqlite3 import base, features

MOST = 32_766  # SQLite's own limit; what a distribution allows beyond that only makes statements long


@cache
def parameters_max() -> int:
    """How many parameters a statement may have."""
    with_limits = sqlite3.connect(":memory:")
    try:
        return min(MOST, with_limits.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER))
    finally:
        with_limits.close()


class DatabaseFeatures(features.DatabaseFeatures):
    """What this SQLite can do."""

    @property
    def max_query_params(self) -> int:  # type: ignore[override]
        """How many parameters a statement may have."""
        return parameters_max()


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection."""

    features_class: Any = DatabaseFeatures
