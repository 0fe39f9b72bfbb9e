"""Reads that screens make of many stories at once."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Count

from apps.accounts.models import Workspace
from apps.stories.models import Story


def status_counts(workspaces: Iterable[Workspace]) -> dict[str, int]:
    """How many stories of these workspaces stand where; every status is there, zero too."""
    found = Story.objects.of(workspaces).order_by().values_list("status").annotate(stories=Count("pk"))
    return dict.fromkeys(Story.Status.values, 0) | dict(found)
