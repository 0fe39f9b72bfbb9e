"""A story goes out from the workbench: now, at a time, or in the next free slot of each channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from apps.accounts.access import can
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.desk.calendar_place import tell
from apps.desk.calendar_steps import frame, moment_words
from apps.desk.parts.publish import chosen_options
from apps.desk.story_form import keys_of, moment_of
from apps.desk.story_request import story_for, told
from apps.publishing.models import Channel
from apps.publishing.services import (
    Placed,
    publication_schedule,
    publication_schedule_at,
    publication_schedule_next,
)
from apps.publishing.services.options import PostOptions
from apps.stories.models import Story

# What the page that asks gives back; the channels and the time it knows better itself.
ASKED_ANEW = frozenset({"csrfmiddlewaretoken", "channel", "at", "anyway", "next_slot"})


@require_POST
@admin.site.admin_view
def story_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish the approved text in the ticked channels, now or at the typed time of the workspace's clock."""
    story = story_for(request, pk, verb="publication.schedule")
    rows = Channel.objects.filter(workspace=story.workspace_id, pk__in=keys_of(request.POST.getlist("channel")))
    channels = list(rows.select_related("workspace").order_by("name", "pk"))
    if not channels:
        messages.error(request, _("Tick at least one channel."))
    try:
        at, words = moment_of("" if "next_slot" in request.POST else request.POST.get("at", ""), story)
        options = {channel.pk: chosen_options(request.POST, story, channel) for channel in channels}
    except PultError as exc:
        messages.error(request, str(exc))
        return redirect("desk:story", pk)
    if "next_slot" in request.POST:
        place_next(request, story, channels, options)
    elif at is None:
        publish_now(request, story, channels, options)
    else:
        if words and channels:
            messages.warning(request, words)
        if against := place_at(request, story, channels, at, options):
            return conflict_page(request, story, at, against)
    return redirect("desk:story", pk)


def publish_now(
    request: HttpRequest, story: Story, channels: Iterable[Channel], options: dict[int, PostOptions]
) -> None:
    """Publish it at once in each channel; and tell."""
    for channel in channels:
        told(
            request,
            lambda channel=channel: publication_schedule(  # type: ignore[misc]
                story=story, channel=channel, editor=user_of(request), options=options[channel.pk]
            ),
            _("It goes out in “%(channel)s”.") % {"channel": channel.name},
        )


def place_next(
    request: HttpRequest, story: Story, channels: Sequence[Channel], options: dict[int, PostOptions]
) -> None:
    """Give the story the next free slot of each channel; and tell."""
    for placed in publication_schedule_next(story=story, channels=channels, editor=user_of(request), options=options):
        tell(request, placed)


def place_at(
    request: HttpRequest, story: Story, channels: Sequence[Channel], at: datetime, options: dict[int, PostOptions]
) -> list[Placed]:
    """Give the story this time in each channel, and tell; returned is what a channel's schedule speaks against."""
    anyway = "anyway" in request.POST and can(user_of(request), "publication.anyway", story.workspace)
    placed = publication_schedule_at(
        story=story, channels=channels, at=at, editor=user_of(request), options=options, anyway=anyway
    )
    for each in placed:
        if not each.conflicts:
            tell(request, each)
    return [each for each in placed if each.conflicts]


def conflict_page(request: HttpRequest, story: Story, at: datetime, against: Sequence[Placed]) -> HttpResponse:
    """What speaks against the time, with the ways on; what was chosen in the form goes with each of them."""
    kept = [(name, value) for name in request.POST if name not in ASKED_ANEW for value in request.POST.getlist(name)]
    context = frame(request, _("This time does not suit")) | {
        "story": story,
        "against": against,
        "kept": kept,
        "at": at.astimezone(UTC).isoformat(),
        "typed": f"{at.astimezone(story.workspace.zone):%Y-%m-%dT%H:%M}",
        "words": moment_words(at, story.workspace),
        "zone": story.workspace.time_zone,
        "may_anyway": can(user_of(request), "publication.anyway", story.workspace),
    }
    return render(request, "desk/story_conflicts.html", context, status=409)
