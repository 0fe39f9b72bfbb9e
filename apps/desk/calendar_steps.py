"""Moving publications in the calendar: by hand, by keys, by form, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from apps.accounts.access import can, require_workspace_object
from apps.accounts.models import Workspace
from apps.accounts.requests import user_of
from apps.core.clock import now
from apps.core.errors import PermanentError, PultError
from apps.desk.story_request import number_of
from apps.publishing import slots
from apps.publishing.models import Channel, Publication
from apps.publishing.services import (
    ConflictError,
    UnfitError,
    publication_place,
    publication_rechannel,
    rules_by_channel,
)
from apps.publishing.services.schedule_rules import taken
from apps.publishing.wall import YEARS, clock_time, moment_typed

PLACES_SHOWN = 8
BACK_MAX = 500


@dataclass(frozen=True)
class Moved:
    """What was moved last, for the line that offers the way back.

    Attributes:
        was: where it stood before; empty where that has passed.
        source: id of the channel where it stood before; empty where it was this one.
    """

    row: Publication
    words: str
    was: str
    seen: str
    source: str = ""


@require_http_methods(["GET", "POST"])
@admin.site.admin_view
def calendar_move(request: HttpRequest, pk: int) -> HttpResponse:
    """Give a publication another time: asked for on a page, or told by a hand that let go of it."""
    rows = Publication.objects.select_related("workspace", "channel__workspace", "delivery")
    row = require_workspace_object(user_of(request), rows, pk, verb="publication.schedule")
    if request.method == "GET":
        return move_page(request, row, value=typed(row.publish_at, row.workspace))
    try:
        to, words = wanted_of(request, row)
        seen = parse_datetime(request.POST.get("seen", ""))
    except (PermanentError, ValueError) as exc:
        return move_page(request, row, wrong=str(exc), value=request.POST.get("to", ""), status=400)
    if there := channel_there(request, row):
        return rechannel_step(request, row, there, to, seen, words)
    before = row.publish_at
    anyway = "anyway" in request.POST and can(user_of(request), "publication.anyway", row.workspace)
    try:
        publication_place(publication=row, to=to, editor=user_of(request), seen=seen, anyway=anyway)
    except ConflictError as exc:
        against = tuple(each.words for each in exc.conflicts)
        return move_page(request, row, against=against, to=to, value=typed(to, row.workspace), status=409)
    except PultError as exc:
        messages.error(request, f"{row.title or _('Untitled')}: {exc}")
        return redirect(back_of(request))
    if words:
        messages.warning(request, words)
    return redirect(f"{back_of(request)}&moved={row.pk}&was={before.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")


def channel_there(request: HttpRequest, row: Publication) -> Channel | None:
    """The other channel of the workspace that it shall go to; None where it stays in its own."""
    number = number_of(request.POST.get("channel", ""))
    if number is None or number == row.channel_id:
        return None
    rows = Channel.objects.select_related("workspace", "bot").filter(workspace=row.workspace_id)
    return require_workspace_object(user_of(request), rows, number, verb="publication.schedule")


def rechannel_step(
    request: HttpRequest, row: Publication, channel: Channel, to: datetime, seen: datetime | None, words: str
) -> HttpResponse:
    """Let it go out in another channel; what does not fit there is refused, or asked about."""
    anyway = "anyway" in request.POST and can(user_of(request), "publication.anyway", row.workspace)
    before = row.publish_at
    asked: dict[str, Any] = {"to": to, "value": typed(to, row.workspace), "channel": channel, "status": 409}
    try:
        made = publication_rechannel(
            publication=row,
            channel=channel,
            to=to,
            editor=user_of(request),
            seen=seen,
            anyway=anyway,
            split="split" in request.POST,
        )
    except UnfitError as exc:
        found = tuple(one.text for one in exc.findings)
        return move_page(request, row, against=found, is_final=exc.is_final, splits=exc.splits, **asked)
    except ConflictError as exc:
        return move_page(request, row, against=tuple(one.words for one in exc.conflicts), **asked)
    except PultError as exc:
        messages.error(request, f"{row.title or _('Untitled')}: {exc}")
        return redirect(back_of(request))
    if words:
        messages.warning(request, words)
    was = f"&was={before.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}&from={row.channel_id}"
    return redirect(f"{back_of(request)}&moved={made.pk}{was}")


def move_page(
    request: HttpRequest,
    row: Publication,
    *,
    value: str,
    wrong: str = "",
    against: tuple[str, ...] = (),
    is_final: bool = False,
    splits: bool = False,
    channel: Channel | None = None,
    to: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    """The form that moves without a mouse, with the channel's next free slots and what stands in the way."""
    zone = row.workspace.zone
    context = frame(request, _("Move to another time")) | {
        "row": row,
        "local": row.publish_at.astimezone(zone),
        "zone": row.workspace.time_zone,
        "value": value,
        "wrong": wrong,
        "against": against,
        "splits": splits and not is_final,
        "channels": list(Channel.objects.filter(workspace=row.workspace_id, is_active=True).order_by("name", "pk")),
        "there": channel or row.channel,
        "to": to.astimezone(UTC).isoformat() if to else "",
        "to_words": moment_words(to, row.workspace) if to else "",
        "places": [(moment.isoformat(), moment_words(moment, row.workspace)) for moment in free_of(row)],
        "may_anyway": not is_final and can(user_of(request), "publication.anyway", row.workspace),
        "seen": row.publish_at.astimezone(UTC).isoformat(),
        "back": query_of(request, row),
        "is_open": row.status == Publication.Status.SCHEDULED,
    }
    return render(request, "desk/calendar_move.html", context, status=status)


def free_of(row: Publication) -> list[datetime]:
    """The channel's next free slots, its own place not counted as taken."""
    begin = now()
    others = taken(row.channel, begin, besides=[row.pk])
    return slots.next_free_many(rules_by_channel([row.channel])[row.channel_id], begin, others, PLACES_SHOWN)


def wanted_of(request: HttpRequest, row: Publication) -> tuple[datetime, str]:
    """The time that the request asks for, and what to know about it.

    Raises:
        PermanentError: it is no time, or the clock leaves it out on that day.
    """
    local = row.publish_at.astimezone(row.workspace.zone)
    if day_text := request.POST.get("day", ""):
        day = parse_date(day_text)
        if day is None or day.year not in YEARS:
            raise PermanentError(_("This is not a date and time; write it like 2030-01-31 14:30."))
        return clock_time(datetime.combine(day, local.time()), row.workspace.zone)
    return moment_typed(request.POST.get("to", ""), row.workspace.zone)


def moved_of(request: HttpRequest, workspace: Workspace) -> Moved | None:
    """What the address says was moved just now."""
    pk = number_of(request.GET.get("moved", ""))
    rows = Publication.objects.filter(workspace=workspace, pk=pk) if pk is not None else Publication.objects.none()
    row = rows.select_related("channel").first()
    if row is None or row.status != Publication.Status.SCHEDULED:
        return None
    source = number_of(request.GET.get("from", ""))
    line = _("“%(title)s”: %(channel)s, %(time)s.") if source else _("“%(title)s”: %(time)s.")
    told = {"title": row.title or _("Untitled"), "time": moment_words(row.publish_at, workspace)}
    words = line % {**told, "channel": row.channel.name}
    return Moved(row, words, was_of(request), row.publish_at.astimezone(UTC).isoformat(), str(source or ""))


def was_of(request: HttpRequest) -> str:
    """The former time, as far as one can go back to it."""
    text = request.GET.get("was", "")
    try:
        was = parse_datetime(text)
    except ValueError:
        return ""
    return text if was is not None and was.tzinfo and was > now() + timedelta(seconds=5) else ""


def query_of(request: HttpRequest, row: Publication | None = None, *, channel: Channel | None = None) -> str:
    """The query of the calendar that one came from; of the row's week where nothing is said."""
    given = request.POST.get("back", request.GET.get("back", ""))[:BACK_MAX]
    if given:
        return given
    if row is not None:
        return f"workspace={row.workspace_id}&date={row.publish_at.astimezone(row.workspace.zone):%Y-%m-%d}"
    return f"workspace={channel.workspace_id}" if channel is not None else ""


def back_of(request: HttpRequest, *, channel: Channel | None = None) -> str:
    """The calendar that one came from; only its query is taken from the request, never its address."""
    return f"{reverse('desk:calendar')}?{query_of(request, channel=channel)}"


def typed(moment: datetime, workspace: Workspace) -> str:
    """A time as its field wants it."""
    return f"{moment.astimezone(workspace.zone):%Y-%m-%dT%H:%M}"


def moment_words(moment: datetime, workspace: Workspace) -> str:
    """A day and a time on the workspace's clock."""
    return date_format(moment.astimezone(workspace.zone), "l j E, H:i")


def channel_for(request: HttpRequest, pk: int, *, verb: str) -> Channel:
    """The channel of a request, if its user may do the verb there; else 404 or 403."""
    rows = Channel.objects.select_related("workspace")
    return require_workspace_object(user_of(request), rows, pk, verb=verb)


def frame(request: HttpRequest, title: str, **context: Any) -> dict[str, Any]:
    """The admin's frame around a page of the calendar."""
    return {**admin.site.each_context(request), "title": title, **context}
