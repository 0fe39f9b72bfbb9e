"""A channel's queue, paused and resumed from the calendar: what is overdue is asked about, with the new times shown."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.requests import user_of
from apps.core.errors import PultError, TransitionError
from apps.desk.calendar_steps import back_of, channel_for, frame, moment_words, query_of
from apps.desk.story_form import line_of
from apps.desk.story_request import number_of
from apps.publishing.models import Channel, QueueResume
from apps.publishing.services import queue_pause, queue_plan, queue_resume, queue_undo
from apps.publishing.services.schedule_queue import CHOICES, plan_mark, resumed_words
from apps.publishing.services.schedule_rules import clock, schedule_of


@require_POST
@admin.site.admin_view
def queue_stop(request: HttpRequest, pk: int) -> HttpResponse:
    """Pause the queue, with a reason if one is given."""
    channel = channel_for(request, pk, verb="queue.pause")
    try:
        queue_pause(channel=channel, editor=user_of(request), reason=line_of(request.POST, "reason"))
    except PultError as exc:
        messages.error(request, str(exc))
    else:
        words = _("“%(channel)s”: nothing goes out until you resume the queue.")
        messages.success(request, words % {"channel": channel.name})
    return redirect(back_of(request, channel=channel))


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def queue_resume_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask what becomes of the overdue, show the new times, and let the queue go on."""
    channel = channel_for(request, pk, verb="queue.pause")
    if request.method == "GET":
        return resume_page(request, channel)
    choice = request.POST.get("choice", "")
    try:
        count = queue_resume(channel=channel, editor=user_of(request), choice=choice, mark=request.POST.get("mark", ""))
    except PultError as exc:
        messages.error(request, str(exc))
        return resume_page(request, channel, status=409)
    messages.success(request, f"{channel.name}: {resumed_words(choice, count)}")
    return redirect(back_of(request, channel=channel))


@require_POST
@admin.site.admin_view
def queue_undo_step(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the last resuming of the channel's queue back, as far as nothing has left."""
    channel = channel_for(request, pk, verb="queue.pause")
    number = number_of(request.POST.get("resume", ""))
    row = QueueResume.objects.filter(channel=channel, pk=number or 0).select_related("channel__workspace").first()
    try:
        if row is None:
            raise TransitionError(_("There is nothing to take back."))
        undone = queue_undo(resume=row, editor=user_of(request))
    except PultError as exc:
        messages.error(request, f"{channel.name}: {exc}")
    else:
        say = messages.warning if undone.stays else messages.success
        say(request, f"{channel.name}: {undone.words}")
    return redirect(back_of(request, channel=channel))


def resume_page(request: HttpRequest, channel: Channel, *, status: int = 200) -> HttpResponse:
    """The three ways on, each with what it would do."""
    schedule, ways = schedule_of(channel), [way_of(channel, choice) for choice in CHOICES]
    context = frame(request, _("Resume the queue")) | {
        "channel": channel,
        "schedule": schedule,
        "since": clock(schedule.paused_at, channel.workspace.zone) if schedule.paused_at else "",
        "zone": channel.workspace.time_zone,
        "ways": ways,
        "overdue": len(ways[0]["plan"]),
        "back": query_of(request, channel=channel),
    }
    return render(request, "desk/calendar_resume.html", context, status=status)


def way_of(channel: Channel, choice: str) -> dict[str, Any]:
    """One way on: what it does to each overdue publication."""
    names = {
        "now": (_("Send them now"), _("In order, with the least distance between them; quiet hours are kept.")),
        "slots": (_("Move them to the next free slots"), _("Nothing goes out now.")),
        "cancel": (_("Cancel them"), _("They never go out; the stories stay approved and can be published anew.")),
    }
    plan = queue_plan(channel, choice)
    zone = channel.workspace
    lines = [
        {
            "title": each.publication.title or _("Untitled"),
            "was": moment_words(each.publication.publish_at, zone),
            "becomes": moment_words(each.at, zone) if each.at else "",
        }
        for each in plan
    ]
    title, about = names[choice]
    return {
        "choice": choice,
        "title": title,
        "about": about,
        "plan": lines,
        "mark": plan_mark(choice, plan),
        "is_possible": choice != "slots" or all(each.at for each in plan),
    }
