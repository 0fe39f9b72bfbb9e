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
from apps.desk.failures.counts import Found, found
from apps.desk.failures.troubles import Trouble
from apps.publishing.models import Publication

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
    failed = found(request)
    figures = selectors.figures(workspaces, at)
    several = len(workspaces) > 1
    return context | {
        "title": _("Today"),
        "waiting_lines": waiting_lines(selectors.waiting(workspaces), failed),
        "upcoming_lines": [publication_line(each, at, several) for each in selectors.upcoming(workspaces)],
        "broken_lines": broken_lines(failed, at),
        "has_sources": failed.stands.has_sources,
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


def waiting_lines(waiting: selectors.Waiting, failed: Found) -> list[Line]:
    """Stories in review first, then what is in doubt, alerts, and last the drafts that nobody has handed on."""
    lines = []
    review = reverse("admin:stories_story_changelist") + "?status__exact=review"
    if waiting.stories:
        count = len(waiting.stories)
        text = ngettext("%s story to review", "%s stories to review", count) % capped(count)
        lines.append(Line(text, review, tone="wait"))
        lines += [Line(str(each), reverse("desk:story", args=[each.pk])) for each in waiting.stories[: selectors.SHOWN]]
    if doubt := failed.numbers.doubt:
        note = _("Look there and say whether it has arrived.")
        lines.append(
            Line(_("In doubt: %s") % spaced(doubt), f"{reverse('desk:failures')}?state=doubt", note=note, tone="wait")
        )
    lines += [alert_line(each) for each in failed.stands.alerts[: selectors.SHOWN]]
    if waiting.drafts:
        text = ngettext("%s draft to read", "%s drafts to read", waiting.drafts) % capped(waiting.drafts)
        lines.append(Line(text, reverse("admin:stories_story_changelist") + "?status__exact=draft"))
    return lines


def broken_lines(failed: Found, at: datetime) -> list[Line]:
    """How much has failed, then what stands still, and how much more of that there is."""
    lines = []
    if count := failed.numbers.failed:
        lines.append(Line(_("Failed: %s") % spaced(count), f"{reverse('desk:failures')}?state=failed", tone="bad"))
    troubles = failed.stands.troubles
    lines += [trouble_line(each, at) for each in troubles[: selectors.TROUBLES]]
    if (more := len(troubles) - selectors.TROUBLES) > 0:
        lines.append(Line(_("And %s more") % more, f"{reverse('desk:failures')}?state=standing"))
    return lines


def alert_line(alert: Alert) -> Line:
    """An alert, with the way to where it is put right."""
    url = alert.url if alert.url.startswith("/") else reverse("admin:accounts_alert_change", args=[alert.pk])
    return Line(alert.message, url, tone="wait")


def trouble_line(trouble: Trouble, at: datetime) -> Line:
    """Something that stands still, and for how long."""
    since = _("for %s") % silence(at - trouble.since) if trouble.since else ""
    note = " · ".join(part for part in (since, trouble.note) if part)
    return Line(trouble.text, trouble.url or reverse("desk:failures"), note=note, tone="bad")


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
