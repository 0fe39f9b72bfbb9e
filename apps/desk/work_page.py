"""All kinds of work on one page: how much of each waits, and what has failed and needs a person."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import has_back_office
from apps.accounts.requests import user_of
from apps.core.work.fields import Among
from apps.core.work.models import LIVE, WorkRow
from apps.desk.failures.counts import found
from apps.desk.failures.shown import spaced

State = WorkRow.State


@dataclass(frozen=True, slots=True)
class KindLine:
    """One kind of work: how many rows wait, failed or are in doubt, and the list of them."""

    words: str
    waiting: int
    failed: int
    unknown: int
    address: str


@require_GET
@admin.site.admin_view
def work(request: HttpRequest) -> HttpResponse:
    """The kinds that the user's role opens, those with trouble first."""
    if not has_back_office(user_of(request)):
        raise PermissionDenied
    lines, total = lines_of(request), found(request).numbers.total
    context: dict[str, Any] = {"title": _("All work"), "lines": lines, "total": total, "total_words": spaced(total)}
    return render(request, "desk/work.html", {**admin.site.each_context(request), **context})


def lines_of(request: HttpRequest) -> list[KindLine]:
    """A line for each kind that has a list, by trouble and name; what a person gave up is not counted."""
    failures = found(request)
    counts: Counter[tuple[str, str]] = Counter()
    for line in failures.lines:
        counts[line.kind, line.state] += line.count
    lines = []
    for name, kind in failures.opened.items():
        waiting = kind.kind.model._base_manager.filter(Among("state", LIVE), workspace__in=kind.workspaces)
        lines.append(
            KindLine(
                words=str(kind.kind.model._meta.verbose_name_plural),
                waiting=waiting.count(),
                failed=counts[name, State.DEAD],
                unknown=counts[name, State.UNKNOWN],
                address=kind.address,
            )
        )
    return sorted(lines, key=lambda line: (-line.failed - line.unknown, line.words.casefold()))
