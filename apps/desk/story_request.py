"""What every view of the workbench begins and ends with: whose story it is, what the form said, how it went."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest

from apps.accounts.access import require_workspace_object
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.stories.models import Preset, Story

# Longer ones are no numbers of rows: no database would take them.
DIGITS = 18


def story_for(request: HttpRequest, pk: int, *, verb: str) -> Story:
    """The story of a request, if its user may do the verb there; else 404 or 403."""
    rows = Story.objects.select_related("workspace", "current_version__author")
    return require_workspace_object(user_of(request), rows, pk, verb=verb)


def preset_of(story: Story, pk: str) -> Preset | None:
    """The chosen preset of the story's workspace; None where there is no such one."""
    number = number_of(pk)
    return None if number is None else Preset.objects.filter(workspace=story.workspace_id, pk=number).first()


def number_of(text: str) -> int | None:
    """A row's or a version's number from the form; None where it is none, or is larger than any."""
    return int(text) if text.isdecimal() and len(text) <= DIGITS else None


def told(request: HttpRequest, step: Callable[[], object], done: str) -> None:
    """Do one step and say how it went."""
    try:
        step()
    except PultError as exc:
        messages.error(request, str(exc))
    else:
        messages.success(request, done)
