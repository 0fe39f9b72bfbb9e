"""Filters of the lists of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Alert, AuditEntry
from apps.accounts.verbs import WORDS


class AlertStateFilter(admin.SimpleListFilter):
    """Open alerts unless somebody asks for others."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Besides open ones, which are shown without asking."""
        return [("closed", _("Closed")), ("all", _("All"))]

    def queryset(self, _request: HttpRequest, queryset: models.QuerySet[Alert]) -> models.QuerySet[Alert]:
        """Open, closed or all."""
        value = self.value()
        if value == "all":
            return queryset
        return queryset.filter(closed_at__isnull=value != "closed")

    def choices(self, changelist: Any) -> Iterator[Any]:
        """The first choice is “open”, not “all”."""
        for choice in super().choices(changelist):
            yield (
                {**choice, "display": pgettext_lazy("alerts", "Open")}
                if choice["query_string"].endswith("?")
                else choice
            )


class VerbFilter(admin.SimpleListFilter):
    """By what was done; the choices are the known verbs, so that a long audit is not read through for them."""

    title = _("what")
    parameter_name = "verb"

    def lookups(self, _request: HttpRequest, _model_admin: Any) -> list[tuple[str, Any]]:
        """Known verbs, by their words."""
        return sorted(((verb, str(words)) for verb, words in WORDS.items()), key=lambda each: each[1])

    def queryset(self, _request: HttpRequest, queryset: models.QuerySet[AuditEntry]) -> models.QuerySet[AuditEntry]:
        """Entries with the chosen verb."""
        value = self.value()
        return queryset.filter(verb=value) if value else queryset
