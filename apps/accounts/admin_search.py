"""Search that finds words in any case on every database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import connections
from django.db.models import Q, QuerySet
from django.http import HttpRequest

WORDS_MAX = 6


def spellings(word: str, alias: str) -> set[str]:
    """The word as it has to be looked for, so that `icontains` finds it in any case in this database."""
    folds = connections[alias].vendor != "sqlite"
    return {word} if folds else {word, word.lower(), word.upper(), word.capitalize()}


class AnyCaseSearch:
    """An admin's search where each word must be in one of `search_fields`, whatever its case.

    SQLite knows the case of Latin letters only, so there a word is looked for in its usual spellings.
    """

    search_fields: ClassVar[tuple[str, ...]]

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        """The rows that have every word."""
        for word in search_term.split()[:WORDS_MAX]:
            found = Q()
            for field in self.search_fields:
                for spelling in spellings(word, queryset.db):
                    found |= Q(**{f"{field}__icontains": spelling})
            queryset = queryset.filter(found)
        return queryset, False
