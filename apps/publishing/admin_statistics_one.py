"""The statistics of one publication: its curve, its readings and its links; and the way to both pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from statistics import median
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.core.clock import now
from apps.publishing import admin_statistics
from apps.publishing.admin_statistics import age_words, counted, percent
from apps.publishing.models import MessageLook, Publication, PublicationReading
from apps.publishing.numbers import links_of, usual_views
from apps.publishing.services.links import link_address

if TYPE_CHECKING:
    Base = WorkspaceModelAdmin[Publication]
else:
    Base = object

WIDTH, HEIGHT = 600, 160
USUAL_LEAST = 5


class StatisticsMixin(Base):
    """The statistics beside the list of publications, and those of each."""

    list_before_template = "publishing/publications_before.html"

    def get_urls(self) -> list[URLPattern]:
        """Also the page of a period, and its files."""
        view = self.admin_site.admin_view
        return [
            path("statistics/", view(self.statistics_view), name="publishing_publication_statistics"),
            path("statistics.csv", view(self.statistics_csv_view), name="publishing_publication_statistics_csv"),
            *super().get_urls(),
        ]

    def statistics_view(self, request: HttpRequest) -> HttpResponse:
        """Publications over a period."""
        return admin_statistics.statistics_page(self, request)

    def statistics_csv_view(self, request: HttpRequest) -> HttpResponse:
        """One of its tables."""
        return admin_statistics.statistics_file(self, request)

    @action(description=_("Statistics"), url_path="numbers", permissions=["view"])  # type: ignore[untyped-decorator]
    def numbers(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """How this one fares."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        readings = list(row.readings.order_by("age_h"))
        context = {
            **self.admin_site.each_context(request),
            "title": row.title or str(row.pk),
            "opts": self.opts,
            "row": row,
            "is_out": row.status in Publication.OUT,
            "rows": [reading_shown(one, row) for one in readings],
            "curve": curve(readings, row.sent_at),
            "width": WIDTH,
            "height": HEIGHT,
            "usual": usual_words(row),
            "links": [{**one, "short": link_address(one["code"])} for one in links_of(row)],
            "next": next_look(row),
        }
        return TemplateResponse(request, "publishing/publication_statistics.html", context)


def reading_shown(one: PublicationReading, row: Publication) -> dict[str, str]:
    """A reading in words; what is not known is a dash."""
    rate = one.clicks / one.views if one.views and one.clicks is not None else None
    return {
        "age": age_words(one.age_h),
        "taken": date_format(one.taken_at.astimezone(row.workspace.zone), "SHORT_DATETIME_FORMAT"),
        "views": counted(one.views),
        "forwards": counted(one.forwards),
        "reactions": counted(one.reactions),
        "clicks": counted(one.clicks),
        "rate": percent(rate),
        "origin": one.get_origin_display() if one.origin else "",
    }


def curve(readings: Sequence[PublicationReading], sent_at: datetime | None) -> dict[str, Any] | None:
    """Views over time, from nothing at the start, as points of a drawing; None where fewer than two are known."""
    known = [(one.taken_at, one.views) for one in readings if one.views is not None]
    if sent_at is None or len(known) < 2:
        return None
    span = (known[-1][0] - sent_at).total_seconds() or 1
    largest = max(views for _at, views in known) or 1
    points = [(0.0, float(HEIGHT))]
    points += [
        (round(WIDTH * (at - sent_at).total_seconds() / span, 1), round(HEIGHT * (1 - views / largest), 1))
        for at, views in known
    ]
    # Points as text: the drawing's numbers have dots in every language.
    line = " ".join(f"{x},{y}" for x, y in points)
    dots = [
        {"x": f"{x}", "y": f"{y}", "words": f"{age_words(one.age_h)}: {counted(one.views)}"}
        for (x, y), one in zip(points[1:], [one for one in readings if one.views is not None], strict=True)
    ]
    return {
        "line": line,
        "area": f"{line} {points[-1][0]},{HEIGHT}",
        "dots": dots,
        "ends": age_words(readings[-1].age_h),
    }


def usual_words(row: Publication) -> str:
    """What is usual in the channel after a day; empty where too few earlier publications are known."""
    if row.sent_at is None:
        return ""
    known = usual_views(row, age_h=admin_statistics.AGE_H)
    if len(known) < USUAL_LEAST:
        return ""
    words = _t("Usual in this channel after a day: %(views)s views (the median of the last %(count)s).")
    return words % {"views": counted(median(known)), "count": len(known)}


def next_look(row: Publication) -> datetime | None:
    """When it is looked at next, on the workspace's clock."""
    due = MessageLook.objects.live().filter(publication=row).values_list("not_before", flat=True).first()
    return max(due, now()).astimezone(row.workspace.zone) if due else None
