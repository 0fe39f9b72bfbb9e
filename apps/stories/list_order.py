"""In which order the list of stories stands, why each story stands where it does, and what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.sources.post_topics import topic_choices
from apps.stories.models import Story, StoryTopic
from apps.stories.queue import moment_words
from apps.stories.ranking import (
    GROWING_H,
    GROWING_HALF_H,
    RECENT,
    TOPIC_H,
    VOICES_H,
    VOICES_HALF_H,
    Rank,
)
from apps.stories.selectors import stories_about
from apps.stories.services.ranking import ranks_shown

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.views import ChangeList

ORDER, STATUS = "order", "status__exact"
BY_RANK, BY_TIME = "rank", "time"
ORDERINGS = {BY_RANK: ("-rank", "-id"), BY_TIME: ("-last_at", "-id")}


def order_of(request: HttpRequest) -> str:
    """The order that the address names; new stories stand by rank where it names none, all others by time."""
    asked = request.GET.get(ORDER, "")
    if asked in ORDERINGS:
        return asked
    return BY_RANK if request.GET.get(STATUS) == Story.Status.NEW else BY_TIME


class OrderedList(ChangeList):
    """A list of stories in one of two orders, each row with its rank and its topics."""

    order = BY_TIME

    def get_filters_params(self, params: Any = None) -> Any:
        """The order is no filter."""
        lookups = super().get_filters_params(params)
        lookups.pop(ORDER, None)
        return lookups

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """Remembers the order for the columns."""
        self.order = order_of(request)
        return super().get_ordering(request, queryset)

    def _get_default_ordering(self) -> Any:
        """No column shows an arrow for an order that is no column's."""
        return [] if self.order == BY_RANK else list(ORDERINGS[BY_TIME])

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page, with what is told of each."""
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        ranks, topics = ranks_shown(rows), topics_named([row.pk for row in rows])
        for row in rows:
            row.rank_shown = ranks[row.pk] if self.order == BY_RANK else None
            row.topics_shown = topics.get(row.pk, [])
        self.result_list = rows


class TopicFilter(admin.SimpleListFilter):
    """Stories by topic, those of the shown workspaces."""

    title = gettext_lazy("topic")
    parameter_name = "topic"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002
        """The editors' topics."""
        return topic_choices(request)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Story]) -> QuerySet[Story]:  # noqa: ARG002
        """The stories about it."""
        chosen = self.value()
        return stories_about(queryset, chosen) if chosen else queryset


def topics_named(stories: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    """The topics of these stories with their weights, the weightiest first; one query."""
    told: dict[int, list[tuple[str, int]]] = {}
    rows = StoryTopic.objects.filter(story__in=stories, topic__removed_at__isnull=True).order_by(
        "-topic__weight", "topic__name"
    )
    for story, name, weight in rows.values_list("story", "topic__name", "topic__weight"):
        told.setdefault(story, []).append((name, weight))
    return told


def orders_offered(request: HttpRequest) -> list[dict[str, Any]]:
    """The two orders, each with its address."""
    names = {BY_RANK: _("Important first"), BY_TIME: _("Newest first")}
    chosen = "" if "o" in request.GET else order_of(request)
    offered = []
    for order, name in names.items():
        query = request.GET.copy()
        for gone in ("o", "p", "e"):
            query.pop(gone, None)
        query[ORDER] = order
        offered.append({"name": name, "address": f"?{query.urlencode()}", "is_chosen": order == chosen})
    return offered


def order_words() -> list[str]:
    """The formula, for people: sentence by sentence."""
    told = {
        "voices": _n(VOICES_H),
        "voices_half": _n(VOICES_HALF_H),
        "growing": _n(GROWING_H),
        "growing_half": _n(GROWING_HALF_H),
        "topic": _n(TOPIC_H),
    }
    return [
        _("A story stands by the time of its last post, moved forward by hours for what makes it important:"),
        _(
            "many voices: +%(voices)s h whenever their number doubles; a voice that fell silent counts half for every "
            "%(voices_half)s h before the last post"
        )
        % told,
        _(
            "growing: +%(growing)s h more whenever the number doubles, where a voice counts half for every "
            "%(growing_half)s h, so only the latest count"
        )
        % told,
        _("topics: +%(topic)s h for each step of weight of its weightiest topic, three steps at most") % told,
    ]


def story_extras(story: Any) -> SafeString:
    """Under a story's title: its topics, and why it stands where it does."""
    chips = format_html_join(
        " ", '<span class="queue-topic">{}</span>', ((name,) for name, _weight in getattr(story, "topics_shown", ()))
    )
    rank = getattr(story, "rank_shown", None)
    reasons = why_words(rank) if rank else []
    if not chips and not reasons:
        return SafeString("")
    why = ""
    if rank is not None and reasons:
        told = rank_words(rank, zone=story.workspace.zone)
        why = format_html('<span class="queue-why" title="{}">{}</span>', told, " · ".join(reasons))
    return format_html('<span class="queue-line queue-extras">{} {}</span>', chips, why)


def why_words(rank: Rank) -> list[str]:
    """What moves a story up: "4 voices +8 h", "3 of them within 4 h +4.8 h", "topic +6 h"; empty where nothing does."""
    parts = []
    if rank.voices_h >= 0.05:
        voices = ngettext("%d voice", "%d voices", rank.voices) % rank.voices
        parts.append(_plus(voices, rank.voices_h))
    if rank.growing_h >= 0.05 and rank.recent > 1:
        recent = _("%(number)d of them within %(hours)s h") % {"number": rank.recent, "hours": _n(_hours(RECENT))}
        parts.append(_plus(recent, rank.growing_h))
    if rank.topic_h:
        parts.append(_plus(_("topic"), rank.topic_h))
    return parts


def rank_words(rank: Rank, *, zone: ZoneInfo) -> str:
    """The whole sum, for the hover."""
    return _("Last post %(time)s, moved forward by %(hours)s h") % {
        "time": moment_words(rank.last_at, zone=zone),
        "hours": _n(rank.voices_h + rank.growing_h + rank.topic_h),
    }


def _plus(what: str, hours: float) -> str:
    return _("%(what)s +%(hours)s h") % {"what": what, "hours": _n(hours)}


def _hours(length: Any) -> float:
    return float(length.total_seconds()) / 3600


def _n(hours: float) -> str:
    """Hours with one decimal place where there is something behind the point."""
    rounded = round(hours, 1)
    return number_format(rounded, 0 if rounded == int(rounded) else 1)
