"""The admin's first page: what needs me, what goes out, what is broken, today in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import Alert
from apps.accounts.requests import shown_of
from apps.core.clock import now
from apps.desk import selectors
from apps.publishing.models import Publication
from apps.sources.models import Source

THIN_SPACE = "\u202f"
BAR, GAP, HEIGHT = 6, 2, 36


@dataclass(frozen=True)
class Line:
    """One line of a card.

    Attributes:
        text: what it says.
        url: where to act.
        when: shown before the text, such as “14:30”.
        exact: the whole moment, shown on hover.
        note: said quietly after it.
        tone: "wait", "bad" or empty.
    """

    text: str
    url: str
    when: str = ""
    exact: str = ""
    note: str = ""
    tone: str = ""


@dataclass(frozen=True)
class Bar:
    """One hour of the sparkline, in the units of its drawing."""

    x: int
    y: int
    height: int
    words: str


def dashboard_context(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Fill the first page for what this user sees."""
    workspaces = shown_of(request)
    at = now()
    alerts = selectors.open_alerts(workspaces)
    broken = selectors.broken(workspaces, alerts)
    figures = selectors.figures(workspaces, at)
    several = len(workspaces) > 1
    return context | {
        "title": _("Today"),
        "waiting_lines": waiting_lines(selectors.waiting(workspaces, alerts)),
        "upcoming_lines": [publication_line(each, at, several) for each in selectors.upcoming(workspaces)],
        "broken_lines": broken_lines(broken, at),
        "has_sources": broken.has_sources,
        "has_workspaces": bool(workspaces),
        "bars": bars(figures.by_hour, at),
        "chart_width": selectors.HOURS * (BAR + GAP) - GAP,
        "chart_height": HEIGHT,
        "posts": spaced(sum(figures.by_hour)),
        "stories": spaced(figures.stories),
        "published": spaced(figures.published),
        "spent": money(figures.spent_usd),
        "budget": money(figures.budget_usd),
        "is_over_budget": figures.spent_usd >= figures.budget_usd > 0,
    }


def spaced(count: int) -> str:
    """A count with thin spaces between thousands."""
    return f"{count:,}".replace(",", THIN_SPACE)


def money(amount: Any) -> str:
    """Dollars in the language's way of writing numbers."""
    return f"{formats.number_format(amount, decimal_pos=2)}{THIN_SPACE}$"


def capped(count: int) -> str:
    """A count that stops at the cap."""
    return f"{selectors.CAP - 1}+" if count >= selectors.CAP else str(count)


def waiting_lines(found: selectors.Waiting) -> list[Line]:
    """Stories in review first, then unknown deliveries, alerts, and last the drafts that nobody has handed on."""
    lines = []
    review = reverse("admin:stories_story_changelist") + "?status__exact=review"
    if found.stories:
        count = len(found.stories)
        text = ngettext("%s story to review", "%s stories to review", count) % capped(count)
        lines.append(Line(text, review, tone="wait"))
        lines += [Line(str(each), reverse("desk:story", args=[each.pk])) for each in found.stories[: selectors.SHOWN]]
    if found.unknown:
        text = ngettext("%s delivery unknown", "%s deliveries unknown", found.unknown) % capped(found.unknown)
        url = reverse("admin:delivery_delivery_changelist") + "?state__exact=unknown"
        lines.append(Line(text, url, note=_("Look in the channel and say whether it is there."), tone="wait"))
    lines += [alert_line(each, "wait") for each in found.alerts[: selectors.SHOWN]]
    if found.drafts:
        text = ngettext("%s draft to read", "%s drafts to read", found.drafts) % capped(found.drafts)
        lines.append(Line(text, reverse("admin:stories_story_changelist") + "?status__exact=draft"))
    return lines


def broken_lines(found: selectors.Broken, at: datetime) -> list[Line]:
    """Alerts first, then sources that keep failing."""
    lines = [alert_line(each, "bad") for each in found.alerts[: selectors.UPCOMING]]
    return lines + [source_line(each, at) for each in found.sources[: selectors.SHOWN]]


def alert_line(alert: Alert, tone: str) -> Line:
    """An alert, with the way to where it is put right."""
    url = alert.url if alert.url.startswith("/") else reverse("admin:accounts_alert_change", args=[alert.pk])
    return Line(alert.message, url, tone=tone)


def source_line(source: Source, at: datetime) -> Line:
    """A source that keeps failing, and since when."""
    url = reverse("admin:sources_source_change", args=[source.pk])
    if source.last_ok_at is None:
        return Line(_("“%s” has never answered") % source.name, url, note=source.last_error[:140], tone="bad")
    text = _("“%(name)s” silent for %(time)s") % {"name": source.name, "time": silence(at - source.last_ok_at)}
    return Line(text, url, note=source.last_error[:140], tone="bad")


def silence(length: timedelta) -> str:
    """How long, in its largest unit."""
    minutes = max(1, int(length.total_seconds() // 60))
    if minutes < 60:
        return _("%d min") % minutes
    return _("%d h") % (minutes // 60) if minutes < 48 * 60 else _("%d d") % (minutes // 1440)


def publication_line(row: Publication, at: datetime, several: bool) -> Line:
    """A scheduled publication: when on its workspace's clock, where, what."""
    local = row.publish_at.astimezone(row.workspace.zone)
    days = (local.date() - at.astimezone(row.workspace.zone).date()).days
    clock = formats.date_format(local, "H:i")
    when = clock if days == 0 else f"{formats.date_format(local, 'j E')} {clock}"
    late = at - row.publish_at > selectors.LATE
    overdue = _("overdue")
    where = f"{row.channel} · {row.workspace}" if several else str(row.channel)
    return Line(
        row.title or _("Untitled"),
        reverse("desk:story", args=[row.story_id]),
        when=when,
        exact=formats.date_format(local, "j E Y, H:i"),
        note=f"{where} · {overdue}" if late else where,
        tone="wait" if late else "",
    )


def bars(by_hour: list[int], at: datetime) -> list[Bar]:
    """The sparkline's bars; an hour without posts keeps a trace of one."""
    most = max([*by_hour, 1])
    drawn = []
    for place, count in enumerate(by_hour):
        height = max(2, round(HEIGHT * count / most))
        hour = timezone.localtime(at) - timedelta(hours=len(by_hour) - 1 - place)
        words = f"{formats.date_format(hour, 'H')}:00 · {spaced(count)}"
        drawn.append(Bar(place * (BAR + GAP), HEIGHT - height, height, words))
    return drawn
