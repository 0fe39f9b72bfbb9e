"""Small numbers beside the sidebar's entries: cheap, remembered for ten seconds."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from apps.accounts.remember import remembered
from apps.accounts.requests import chosen_of, shown_of, user_of
from apps.desk.failures.counts import numbers
from apps.stories.models import Story

SECONDS = 10
LIMIT = 100


def short(count: int) -> str:
    """A count that fits a badge."""
    return f"{LIMIT - 1}+" if count >= LIMIT else str(count)


def stories_waiting(request: HttpRequest) -> int:
    """Stories that wait for somebody's approval."""
    rows = Story.objects.filter(workspace__in=shown_of(request), status=Story.Status.REVIEW)
    return kept(request, "stories", rows.order_by()[:LIMIT].count)


def alerts_open(request: HttpRequest) -> int:
    """Open alerts of what does not stand among the failures."""
    return numbers(request).alerts


def failures(request: HttpRequest) -> int:
    """All that failed, is in doubt or stands still."""
    return numbers(request).total


def kept(request: HttpRequest, name: str, count: Callable[[], int]) -> int:
    """The count, taken at most once in ten seconds for one user and choice of workspace."""
    chosen = chosen_of(request)
    return remembered(f"badge:{name}:{user_of(request).pk}:{chosen.pk if chosen else 0}", SECONDS, count)
