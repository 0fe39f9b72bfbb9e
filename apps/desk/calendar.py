"""The calendar: what comes out when, by week, month and as a list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_date
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from apps.accounts.access import can, permitted
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of
from apps.core.clock import now
from apps.desk import calendar_rows
from apps.desk.calendar_days import month_of, rows_of, week_of
from apps.desk.calendar_steps import moved_of
from apps.desk.story_form import keys_of
from apps.desk.story_request import number_of
from apps.publishing.models import Channel

VIEWS = ("week", "month", "list")
FIRST, LAST = date(2000, 1, 3), date(2099, 12, 28)


@dataclass(frozen=True)
class Asked:
    """What of the calendar somebody wants to see.

    Attributes:
        channels: ids; empty for all.
    """

    workspace: Workspace
    view: str
    day: date
    channels: tuple[int, ...]

    def query(self, **changes: Any) -> str:
        """The address's query of this sight, or of one that differs."""
        values = {"view": self.view, "date": self.day, "channel": self.channels, **changes}
        several = {"workspace": self.workspace.pk}
        pairs = [("view", values["view"]), ("date", f"{values['date']:%Y-%m-%d}"), *several.items()]
        return urlencode(pairs + [("channel", pk) for pk in values["channel"]])


@require_GET
@admin.site.admin_view
def calendar(request: HttpRequest) -> HttpResponse:
    """The calendar of one workspace, in its zone."""
    user = user_of(request)
    workspaces = permitted(user, "publishing.view_publication", shown_of(request))
    if not workspaces:
        if user.is_superuser:
            return render(
                request, "desk/calendar_none.html", {**admin.site.each_context(request), "title": _("Calendar")}
            )
        raise PermissionDenied
    asked = asked_of(request, workspaces)
    every = list(Channel.objects.filter(workspace=asked.workspace).order_by("name", "pk"))
    for channel in every:
        channel.workspace = asked.workspace
    chosen = [channel for channel in every if not asked.channels or channel.pk in asked.channels]
    context = {
        **admin.site.each_context(request),
        "title": _("Calendar"),
        "is_fullwidth": True,
        "asked": asked,
        "workspaces": [(each, asked_for(each, asked)) for each in workspaces] if len(workspaces) > 1 else [],
        "zone": asked.workspace.time_zone,
        "channels": chips(asked, every),
        "needing": calendar_rows.needing(asked.workspace, chosen),
        "paused": calendar_rows.paused(chosen),
        "resumed": calendar_rows.resumed(chosen),
        "moved": moved_of(request, asked.workspace),
        "may_move": can(user, "publication.schedule", asked.workspace),
        "may_pause": can(user, "queue.pause", asked.workspace),
        "may_set": can(user, "channel.manage", asked.workspace),
        **sight_of(asked, chosen, may_move=can(user, "publication.schedule", asked.workspace)),
    }
    return render(request, "desk/calendar.html", context)


def asked_of(request: HttpRequest, workspaces: Sequence[Workspace]) -> Asked:
    """What the address asks for; what it says wrongly is as if it said nothing."""
    pk = number_of(request.GET.get("workspace", ""))
    workspace = next((each for each in workspaces if each.pk == pk), workspaces[0])
    view = request.GET.get("view", "")
    try:
        day = parse_date(request.GET.get("date", ""))
    except ValueError:
        day = None
    if day is None or not FIRST <= day <= LAST:
        day = now().astimezone(workspace.zone).date()
    channels = tuple(dict.fromkeys(keys_of(request.GET.getlist("channel"))))
    return Asked(workspace, view if view in VIEWS else "week", day, channels)


def asked_for(workspace: Workspace, asked: Asked) -> str:
    """The query of the same time in another workspace."""
    return Asked(workspace, asked.view, asked.day, ()).query()


def chips(asked: Asked, channels: Sequence[Channel]) -> list[dict[str, Any]]:
    """The channels to choose from, each with the sight that a press on it gives."""
    found = []
    for channel in channels:
        is_on = channel.pk in asked.channels
        others = tuple(pk for pk in asked.channels if pk != channel.pk)
        query = asked.query(channel=others if is_on else (*asked.channels, channel.pk))
        found.append({"channel": channel, "is_on": is_on, "query": query, "settings": settings_of(channel)})
    return found


def settings_of(channel: Channel) -> str:
    """Where the channel's slots and quiet hours are set."""
    return reverse("desk:channel_schedule", args=[channel.pk])


def sight_of(asked: Asked, channels: Sequence[Channel], *, may_move: bool) -> dict[str, Any]:
    """The days that the page shows, and the ways to those before and after."""
    is_month = asked.view == "month"
    first, count = month_of(asked.day) if is_month else (week_of(asked.day), 7)
    seen = calendar_rows.sight(asked.workspace, channels, first, count, may_move=may_move)
    begin = asked.day.replace(day=1)
    back, onward = (
        ((begin - timedelta(days=1)).replace(day=1), (begin + timedelta(days=32)).replace(day=1))
        if is_month
        else (first - timedelta(days=7), first + timedelta(days=7))
    )
    today = now().astimezone(asked.workspace.zone).date()
    queries = {
        "back": asked.query(date=back),
        "onward": asked.query(date=onward),
        "today": asked.query(date=today),
        "here": asked.query(),
    }
    return {
        "days": seen.days,
        "rows": rows_of(seen.days) if asked.view == "week" else [],
        "weeks": [seen.days[at : at + 7] for at in range(0, count, 7)] if is_month else [],
        "odd_days": [day for day in seen.days if day.is_odd and not is_month],
        "has_slots": seen.has_slots,
        "is_cut": seen.cut,
        "is_empty": not any(day.cards for day in seen.days),
        "period": date_format(asked.day, "F Y") if is_month else span_words(first, first + timedelta(days=6)),
        "queries": queries,
        "views": [(name, words, asked.query(view=name)) for name, words in view_words()],
        "month": asked.day.month,
    }


def view_words() -> list[tuple[str, str]]:
    """The three sights, named."""
    return [("week", _("Week")), ("month", _("Month")), ("list", _("List"))]


def span_words(first: date, last: date) -> str:
    """A week in words."""
    if first.month == last.month:
        return f"{first.day}–{date_format(last, 'j E Y')}"
    return f"{date_format(first, 'j E')} – {date_format(last, 'j E Y')}"
