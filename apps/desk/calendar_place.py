"""A free place in the calendar, taken by an approved story."""

from __future__ import annotations

from datetime import UTC, datetime

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import can, require_workspace_object
from apps.accounts.requests import user_of
from apps.core.errors import PermanentError
from apps.desk.calendar_steps import back_of, channel_for, frame, moment_words, query_of
from apps.publishing.models import Channel, Publication
from apps.publishing.services import Conflict, Placed, publication_schedule_at
from apps.publishing.wall import moment_typed
from apps.stories.models import Story

STORIES_SHOWN = 30
GONE = (Publication.Status.CANCELLED, Publication.Status.DELETED)


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def calendar_place(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose a story for a time of a channel."""
    channel = channel_for(request, pk, verb="publication.schedule")
    given = request.POST if request.method == "POST" else request.GET
    try:
        at, _words = moment_typed(given.get("at", ""), channel.workspace.zone)
    except PermanentError as exc:
        messages.error(request, str(exc))
        return redirect(back_of(request, channel=channel))
    if request.method == "GET" or not request.POST.get("story"):
        return place_page(request, channel, at)
    rows = Story.objects.select_related("workspace", "current_version").filter(workspace=channel.workspace)
    story = require_workspace_object(user_of(request), rows, request.POST["story"], verb="publication.schedule")
    anyway = "anyway" in request.POST and can(user_of(request), "publication.anyway", channel.workspace)
    [placed] = publication_schedule_at(story=story, channels=[channel], at=at, editor=user_of(request), anyway=anyway)
    if placed.conflicts:
        return place_page(request, channel, at, story=story, conflicts=placed.conflicts, status=409)
    tell(request, placed)
    return redirect(back_of(request, channel=channel))


def tell(request: HttpRequest, placed: Placed) -> None:
    """Say what a channel gave, or why not."""
    say = messages.warning if placed.is_warning else messages.success if placed.publication else messages.error
    say(request, placed.words)


def place_page(
    request: HttpRequest,
    channel: Channel,
    at: datetime,
    *,
    story: Story | None = None,
    conflicts: tuple[Conflict, ...] = (),
    status: int = 200,
) -> HttpResponse:
    """The stories that may take the place."""
    context = frame(request, _("Choose a story")) | {
        "channel": channel,
        "at": at.astimezone(UTC).isoformat(),
        "words": moment_words(at, channel.workspace),
        "zone": channel.workspace.time_zone,
        "stories": [] if conflicts else stories_for(channel),
        "story": story,
        "conflicts": conflicts,
        "may_anyway": can(user_of(request), "publication.anyway", channel.workspace),
        "back": query_of(request, channel=channel),
    }
    return render(request, "desk/calendar_place.html", context, status=status)


def stories_for(channel: Channel) -> list[Story]:
    """Approved stories that are not in the channel yet, the newest first, then what is out elsewhere."""
    there = Publication.objects.filter(channel=channel).exclude(status__in=GONE).values("story")
    rows = Story.objects.filter(workspace=channel.workspace_id, current_version__isnull=False).exclude(pk__in=there)
    approved = list(rows.filter(status=Story.Status.APPROVED).order_by("-approved_at", "-pk")[:STORIES_SHOWN])
    out = rows.filter(status=Story.Status.PUBLISHED).order_by("-last_at", "-pk")
    return approved + list(out[: STORIES_SHOWN - len(approved)])
