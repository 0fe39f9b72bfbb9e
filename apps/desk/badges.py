"""Small numbers beside the sidebar's entries: cheap, remembered for ten seconds."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest

from apps.accounts.models import Alert
from apps.accounts.remember import remembered
from apps.accounts.requests import chosen_of, shown_of, user_of
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
    """Alerts that nobody has closed."""
    rows = Alert.objects.filter(workspace__in=shown_of(request), closed_at__isnull=True)
    return kept(request, "alerts", rows.order_by()[:LIMIT].count)


def kept(request: HttpRequest, name: str, count: Callable[[], int]) -> int:
    """The count, taken at most once in ten seconds for one user and choice of workspace."""
    chosen = chosen_of(request)
    return remembered(f"badge:{name}:{user_of(request).pk}:{chosen.pk if chosen else 0}", SECONDS, count)
