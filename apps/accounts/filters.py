"""Filters of the lists of accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Alert


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
            yield {**choice, "display": _("Open")} if choice["query_string"].endswith("?") else choice
