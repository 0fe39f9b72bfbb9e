"""The statistics of publications: the page of a period, and its files."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.dates import WEEKDAYS
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from apps.accounts.access import permitted
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of
from apps.publishing.models import Publication
from apps.publishing.numbers import Chosen, Numbers, numbers_of
from apps.publishing.statistics.ages import AGES_H
from apps.publishing.statistics.summary import Line, Tally, grouped, grouped_many, tally
from apps.sources.numbers import Period
from apps.sources.periods import period_of, presets
from apps.sources.spreadsheets import file_of

VIEW = "publishing.view_publication"
AGE_H = 24
OFFERED = (1, 6, 24, 48, 168)
ROWS_SHOWN = 50
HEIGHT, BAR = 120, 10
UNKNOWN = "—"
DRAWN = ("hours",)


@dataclass(frozen=True, slots=True)
class Table:
    """A grouping: its name, the head of its first column, and its lines."""

    code: str
    name: str
    head: str
    lines: list[tuple[str, Tally]]


def statistics_page(screen: Any, request: HttpRequest) -> HttpResponse:
    """Publications of a period, compared at one age: the newest thirty days, a day after, unless others are asked."""
    workspaces = seen(request)
    period, age_h, chosen = period_of(request, workspaces), age_of(request), chosen_of(request)
    found = numbers_of(workspaces, period, age_h=age_h, chosen=chosen)
    whole, days = tally(found.lines), by_day(found, period)
    tables = [make(found, period) for make in TABLES.values()]
    context = {
        **screen.admin_site.each_context(request),
        "title": _("Statistics of publications"),
        "period": period,
        "presets": presets(request),
        "zone": period.zone.key,
        "query": query_of(period, age_h, chosen),
        "rest": f"&age={age_h}&channel={chosen.channel or ''}&author={chosen.author or ''}",
        "ages": [{"hours": hours, "name": age_words(hours), "is_chosen": hours == age_h} for hours in OFFERED],
        "age": age_words(age_h),
        "channels": choices(found.channels, chosen.channel),
        "authors": choices(found.authors, chosen.author),
        "whole": cells(whole),
        "unread": whole.publications - len(whole.views),
        "day_bars": bars(days.lines, lambda one: one.publications),
        "view_bars": bars(days.lines, lambda one: round(one.median_views or 0)),
        "has_views": bool(whole.views),
        "width": max(1, len(period.days)) * BAR,
        "height": HEIGHT,
        "tables": [shown(table) for table in tables if table.code != "days"],
        "day_table": shown(days, len(days.lines)),
        "best": best(found),
    }
    return TemplateResponse(request, "publishing/statistics.html", context)


def statistics_file(screen: Any, request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """One table as CSV that a Russian Excel opens; what is not known is an empty cell."""
    workspaces = seen(request)
    period, age_h = period_of(request, workspaces), age_of(request)
    make = TABLES.get(request.GET.get("table", ""))
    if make is None:
        raise Http404
    table = make(numbers_of(workspaces, period, age_h=age_h, chosen=chosen_of(request)), period)
    name = f"pult-publications-{table.code}-{age_h}h-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    answer = HttpResponse(file_of(written(table)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def seen(request: HttpRequest) -> list[Workspace]:
    """The shown workspaces in which the user may see publications.

    Raises:
        PermissionDenied: there is none.
    """
    user = user_of(request)
    workspaces = permitted(user, VIEW, shown_of(request))
    if not workspaces and not user.is_superuser:
        raise PermissionDenied
    return workspaces


def age_of(request: HttpRequest) -> int:
    """The age at which publications are compared."""
    given = request.GET.get("age", "")
    return int(given) if given.isdecimal() and len(given) < 5 and int(given) in AGES_H else AGE_H


def chosen_of(request: HttpRequest) -> Chosen:
    """What the page is narrowed to; keys of other workspaces find nothing."""
    keys = [request.GET.get(name, "") for name in ("channel", "author")]
    return Chosen(*(int(key) if key.isascii() and key.isdigit() and len(key) < 19 else 0 for key in keys))


def query_of(period: Period, age_h: int, chosen: Chosen) -> str:
    """The address's query for the same choice."""
    return (
        f"from={period.first.isoformat()}&to={period.last.isoformat()}&age={age_h}"
        f"&channel={chosen.channel or ''}&author={chosen.author or ''}"
    )


def age_words(hours: int) -> str:
    """An age in words."""
    if hours < 24:
        return _("after %(hours)s h") % {"hours": hours}
    return _("after a day") if hours == 24 else _("after %(days)s days") % {"days": hours // 24}


def choices(names: Mapping[int, str], chosen: int) -> list[dict[str, Any]]:
    """What may be chosen, by name."""
    found = sorted(names.items(), key=lambda pair: pair[1].lower())
    return [{"pk": pk, "name": name, "is_chosen": pk == chosen} for pk, name in found]


# Tables


def most(tallies: Mapping[Any, Tally], names: Mapping[Any, str], missing: str) -> list[tuple[str, Tally]]:
    """Lines of a table, those with most publications first."""
    found = sorted(tallies.items(), key=lambda pair: (-pair[1].publications, str(pair[0])))
    return [(names.get(key) or missing, one) for key, one in found]


def in_order(tallies: Mapping[Any, Tally], keys: Iterable[Hashable], name: Callable[[Any], str]) -> list[Any]:
    """Lines of a table in an order of their own, empty ones among them."""
    return [(name(key), tallies.get(key) or Tally()) for key in keys]


def by_day(found: Numbers, period: Period) -> Table:
    """Every day of the period."""
    days = in_order(
        grouped(found.lines, lambda line: line.at.date()), period.days, lambda day: date_format(day, "j E Y")
    )
    return Table("days", _("By day"), _("Day"), days)


def by_channel(found: Numbers, _period: Period) -> Table:
    """Channels."""
    lines = most(grouped(found.lines, lambda line: line.channel), found.channels, "–")
    return Table("channels", _("By channel"), _("Channel"), lines)


def by_author(found: Numbers, _period: Period) -> Table:
    """Editors who had them published."""
    lines = most(grouped(found.lines, lambda line: line.author), found.authors, _("Nobody who is here now"))
    return Table("authors", _("By editor"), _("Editor"), lines)


def by_preset(found: Numbers, _period: Period) -> Table:
    """Presets that their texts were written by."""
    lines = most(grouped(found.lines, lambda line: line.preset), found.presets, _("Written by hand"))
    return Table("presets", _("By preset"), _("Preset"), lines)


def by_topic(found: Numbers, _period: Period) -> Table:
    """Topics of their stories; several each, or none."""
    tallies = grouped_many(found.lines, lambda line: found.topics.get(line.story, ()))
    return Table("topics", _("By topic"), _("Topic"), most(tallies, found.topic_names, "–"))


def by_hour(found: Numbers, _period: Period) -> Table:
    """Hours of the day at which they came out."""
    tallies = grouped(found.lines, lambda line: line.at.hour)
    return Table("hours", _("By hour of the day"), _("Hour"), in_order(tallies, range(24), lambda hour: f"{hour}:00"))


def by_weekday(found: Numbers, _period: Period) -> Table:
    """Days of the week."""
    tallies = grouped(found.lines, lambda line: line.at.weekday())
    return Table(
        "weekdays", _("By day of the week"), _("Day"), in_order(tallies, range(7), lambda day: str(WEEKDAYS[day]))
    )


TABLES: dict[str, Callable[[Numbers, Period], Table]] = {
    "channels": by_channel,
    "authors": by_author,
    "presets": by_preset,
    "topics": by_topic,
    "hours": by_hour,
    "weekdays": by_weekday,
    "days": by_day,
}


def shown(table: Table, most_lines: int = ROWS_SHOWN) -> dict[str, Any]:
    """A table as its template shows it; `width` is a line's part of the largest median, in percent."""
    lines = [(name, one) for name, one in table.lines if one.publications]
    largest = max((one.median_views or 0 for _name, one in lines), default=0) or 1
    rows = [
        {"name": name, "width": round(100 * (one.median_views or 0) / largest), **cells(one)}
        for name, one in lines[:most_lines]
    ]
    drawn = bars(table.lines, lambda one: round(one.median_views or 0)) if table.code in DRAWN else []
    heads = {"code": table.code, "name": table.name, "head": table.head}
    return {**heads, "rows": rows, "more": len(lines) - len(rows), "bars": drawn, "bars_width": len(drawn) * BAR}


def cells(one: Tally) -> dict[str, str]:
    """Numbers in words; what is not known is a dash."""
    return {
        "publications": counted(one.publications),
        "median": counted(one.median_views),
        "views": counted(one.all_views),
        "forwards": counted(one.forwards),
        "reactions": counted(one.reactions),
        "clicks": counted(one.clicks),
        "rate": percent(one.click_rate),
    }


def counted(number: float | None) -> str:
    """A number with its thousands apart."""
    return UNKNOWN if number is None else number_format(round(number), force_grouping=True)


def percent(part: float | None) -> str:
    """A share in percent."""
    return UNKNOWN if part is None else f"{number_format(round(100 * part, 2), 2)} %"


def bars(lines: Sequence[tuple[str, Tally]], number: Callable[[Tally], int]) -> list[dict[str, Any]]:
    """Bars of a chart, one beside the other, in the units of its drawing."""
    numbers = [(name, number(one)) for name, one in lines]
    largest = max((value for _name, value in numbers), default=0) or 1
    drawn = []
    for place, (name, value) in enumerate(numbers):
        height = round(HEIGHT * value / largest)
        words = f"{name}: {counted(value)}"
        bar = {"x": place * BAR, "y": HEIGHT - height, "height": height, "words": words}
        drawn.append({**bar, "kept_y": bar["y"], "kept_height": height})
    return drawn


def best(found: Numbers, most_shown: int = 10) -> list[dict[str, Any]]:
    """The publications with most views; one query for their titles."""
    lines = sorted((line for line in found.lines if line.views), key=lambda line: -(line.views or 0))[:most_shown]
    titles = dict(Publication.objects.filter(pk__in=[line.pk for line in lines]).values_list("pk", "title"))
    return [told(line, titles.get(line.pk, ""), found) for line in lines]


def told(line: Line, title: str, found: Numbers) -> dict[str, Any]:
    """A publication of the top."""
    return {
        "pk": line.pk,
        "title": title or f"#{line.pk}",
        "channel": found.channels.get(line.channel, ""),
        "views": counted(line.views),
    }


def written(table: Table) -> list[list[str]]:
    """A table's lines for a spreadsheet."""
    titles = [
        *(table.head, _("publications"), _("views, median"), _("views, all"), _("publications with known views")),
        *(_("forwards"), _("reactions"), _("clicks"), _("clicks per view, %")),
    ]
    return [titles, *([name, *plain(one)] for name, one in table.lines if one.publications)]


def plain(one: Tally) -> list[str]:
    """Numbers as a spreadsheet reads them."""
    rate = one.click_rate
    numbers = [one.publications, one.median_views, one.all_views, len(one.views)]
    numbers += [one.forwards, one.reactions, one.clicks]
    cells_of = ["" if number is None else f"{number:g}" if number < 1e6 else f"{number:.0f}" for number in numbers]
    return [cell.replace(".", ",") for cell in (*cells_of, "" if rate is None else f"{100 * rate:.2f}")]
