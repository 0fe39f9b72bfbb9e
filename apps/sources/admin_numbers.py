"""The screen of numbers and its files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from apps.accounts.access import permitted
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of
from apps.sources.models import Post, Source
from apps.sources.numbers import Numbers, Period, Tally, numbers_of
from apps.sources.numbers_topics import share, topic_name, topic_rows
from apps.sources.periods import period_of, presets
from apps.sources.spreadsheets import file_of

ROWS_SHOWN = 50
HEIGHT, BAR = 120, 10


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart in the units of its drawing: all posts, and the kept ones in front."""

    x: int
    y: int
    height: int
    kept_y: int
    kept_height: int
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; `width` is its part of the longest, in percent."""

    name: str
    posts: str
    kept: str
    used: str
    width: int
    url: str = ""


def numbers_page(screen: Any, request: HttpRequest) -> HttpResponse:
    """The numbers of a period; the newest thirty days unless others are asked for."""
    workspaces = seen(request)
    period = period_of(request, workspaces)
    found = numbers_of(workspaces, period)
    names = source_names(found.sources)
    days = [(day, found.days.get(day, Tally())) for day in period.days]
    context = {
        **screen.admin_site.each_context(request),
        "title": _("Numbers"),
        "period": period,
        "presets": presets(request),
        "query": f"from={period.first.isoformat()}&to={period.last.isoformat()}",
        "zone": period.zone.key,
        "posts": number_format(found.total.posts, force_grouping=True),
        "kept_share": share(found.total.kept, found.total.posts),
        "used_share": share(found.total.used, found.total.posts),
        "a_day": number_format(round(found.total.posts / len(days), 1), 1),
        "removed": found.removed,
        "day_bars": bars([(date_format(day, "j E Y"), tally) for day, tally in days]),
        "hour_bars": bars([(f"{hour}:00", tally) for hour, tally in enumerate(found.hours)]),
        "day_rows": rows([(date_format(day, "j E Y"), tally, "") for day, tally in days if tally.posts]),
        "hour_rows": rows([(f"{hour}:00", tally, "") for hour, tally in enumerate(found.hours)]),
        "source_rows": rows(
            [(names.get(pk, "–"), tally, source_address(pk)) for pk, tally in most(found.sources)][:ROWS_SHOWN]
        ),
        "sources_more": max(0, len(found.sources) - ROWS_SHOWN),
        "language_rows": rows([(code or "–", tally, "") for code, tally in most(found.languages)]),
        "kind_rows": rows([(kind_words(code), tally, "") for code, tally in most(found.kinds)]),
        "topic_rows": topic_rows(found, period, workspaces),
        "tags": found.tags,
        "seen": [told(post, post.views) for post in found.seen],
        "passed_on": [told(post, post.forwards) for post in found.passed_on],
        "height": HEIGHT,
        "day_width": max(1, len(days)) * BAR,
        "hour_width": 24 * BAR,
    }
    return TemplateResponse(request, "sources/numbers.html", context)


def numbers_file(screen: Any, request: HttpRequest) -> HttpResponse:  # noqa: ARG001
    """One table of the numbers as CSV that a Russian Excel opens: semicolons, UTF-8 with its mark, decimal commas."""
    workspaces = seen(request)
    period = period_of(request, workspaces)
    table = request.GET.get("table", "")
    if table not in TABLES:
        raise Http404
    found = numbers_of(workspaces, period)
    name = f"pult-{table}-{period.first.isoformat()}-{period.last.isoformat()}.csv"
    answer = HttpResponse(file_of(TABLES[table](found, period)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def seen(request: HttpRequest) -> list[Workspace]:
    """The shown workspaces in which the user may see posts; none for a superuser before the first one is made.

    Raises:
        PermissionDenied: there is none.
    """
    user = user_of(request)
    workspaces = permitted(user, "sources.view_post", shown_of(request))
    if not workspaces and not user.is_superuser:
        raise PermissionDenied
    return workspaces


def most(tallies: dict[Any, Tally]) -> list[tuple[Any, Tally]]:
    """The largest first."""
    return sorted(tallies.items(), key=lambda pair: (-pair[1].posts, str(pair[0])))


def rows(named: Sequence[tuple[str, Tally, str]]) -> list[Row]:
    """Lines of a table."""
    largest = max((tally.posts for _name, tally, _url in named), default=0) or 1
    return [
        Row(
            name=name,
            posts=number_format(tally.posts, force_grouping=True),
            kept=share(tally.kept, tally.posts),
            used=share(tally.used, tally.posts),
            width=round(100 * tally.posts / largest),
            url=url,
        )
        for name, tally, url in named
    ]


def bars(named: Sequence[tuple[str, Tally]]) -> list[Bar]:
    """Bars of a chart, one beside the other."""
    largest = max((tally.posts for _name, tally in named), default=0) or 1
    drawn = []
    for place, (name, tally) in enumerate(named):
        height, kept = round(HEIGHT * tally.posts / largest), round(HEIGHT * tally.kept / largest)
        words = f"{name}: {number_format(tally.posts, force_grouping=True)}"
        drawn.append(Bar(place * BAR, HEIGHT - height, height, HEIGHT - kept, kept, words))
    return drawn


def told(post: Post, number: int | None) -> dict[str, Any]:
    """A post of the top, with its number."""
    return {
        "number": number_format(number or 0, force_grouping=True),
        "words": Truncator(post.title or " ".join(post.text.split())).chars(100) or _("Without words"),
        "source": str(post.source),
        "url": reverse("admin:sources_post_change", args=[post.pk]),
    }


def source_names(keys: Iterable[int]) -> dict[int, str]:
    """Names of sources by key."""
    return dict(Source.objects.filter(pk__in=list(keys)).values_list("pk", "name"))


def source_address(pk: int) -> str:
    """The page of a source."""
    return reverse("admin:sources_source_change", args=[pk])


def kind_words(code: str) -> str:
    """A kind of post in words."""
    return str(dict(Post.Kind.choices).get(code, code))


# Files


def tallied(head: str, named: Iterable[tuple[str, Tally]]) -> list[list[str]]:
    """A table of tallies."""
    titles = [head, _("posts"), _("kept"), _("kept, %"), _("used in stories"), _("used, %")]
    lines = [
        [name, str(t.posts), str(t.kept), percent(t.kept, t.posts), str(t.used), percent(t.used, t.posts)]
        for name, t in named
    ]
    return [titles, *lines]


def percent(part: int, whole: int) -> str:
    """Percent with a decimal comma, as the spreadsheet of a Russian reads it."""
    return f"{100 * part / whole:.1f}".replace(".", ",") if whole else ""


def by_source(found: Numbers, _period: Period) -> list[list[str]]:
    """Sources, the busiest first."""
    names = source_names(found.sources)
    return tallied(_("source"), ((names.get(pk, str(pk)), tally) for pk, tally in most(found.sources)))


def by_day(found: Numbers, period: Period) -> list[list[str]]:
    """Every day of the period."""
    return tallied(_("day"), ((day.isoformat(), found.days.get(day, Tally())) for day in period.days))


def by_hour(found: Numbers, _period: Period) -> list[list[str]]:
    """The hours of a day."""
    return tallied(_("hour"), ((f"{hour}:00", tally) for hour, tally in enumerate(found.hours)))


def by_topic(found: Numbers, _period: Period) -> list[list[str]]:
    """The editors' topics."""
    several = len({one.topic.workspace_id for one in found.topics}) > 1
    return tallied(_("topic"), ((topic_name(one.topic, with_workspace=several), one.whole) for one in found.topics))


def by_tag(found: Numbers, _period: Period) -> list[list[str]]:
    """Hashtags."""
    return [[_("hashtag"), _("posts")], *([f"#{tag}", str(number)] for tag, number in found.tags)]


def by_reach(found: Numbers, _period: Period) -> list[list[str]]:
    """The posts with most views and forwards."""
    posts = {post.pk: post for post in (*found.seen, *found.passed_on)}
    lines = [
        [str(post), str(post.source), str(post.views or 0), str(post.forwards or 0), post.published_at.isoformat()]
        for post in posts.values()
    ]
    return [[_("post"), _("source"), _("views"), _("forwards"), _("published")], *lines]


def by_language(found: Numbers, _period: Period) -> list[list[str]]:
    """Languages."""
    return tallied(_("language"), most(found.languages))


def by_kind(found: Numbers, _period: Period) -> list[list[str]]:
    """Kinds of posts."""
    return tallied(_("kind"), ((kind_words(code), tally) for code, tally in most(found.kinds)))


TABLES = {
    "sources": by_source,
    "days": by_day,
    "hours": by_hour,
    "topics": by_topic,
    "hashtags": by_tag,
    "languages": by_language,
    "kinds": by_kind,
    "top": by_reach,
}
