"""Quality of grouping: what editors corrected, what grouping says of it today, and how well both agree over time."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Case, Q, Value, When
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.admin_parts import ReadOnly
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import shown_of
from apps.sources.models import Post
from apps.stories.models import Judgement
from apps.stories.quality_shown import quality_shown
from apps.stories.services.placing import THRESHOLD

SHOWN = 90
SAYS_SAME, SAYS_TWO = Q(score__gte=THRESHOLD), Q(score__lt=THRESHOLD)
WRONG = (Q(is_same=True) & SAYS_TWO) | (Q(is_same=False) & SAYS_SAME)
WRONG_FIRST = Case(When(WRONG, then=Value(0)), When(score=None, then=Value(1)), default=Value(2))


class AgreementFilter(admin.SimpleListFilter):
    """Pairs by whether grouping says what the editor said."""

    title = _("grouping today")
    parameter_name = "agrees"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """The two answers, and none yet."""
        return [("no", _("says otherwise")), ("yes", _("says the same")), ("new", _("not tested yet"))]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Judgement]) -> models.QuerySet[Judgement]:  # noqa: ARG002
        """The pairs of the chosen answer."""
        match self.value():
            case "no":
                return queryset.filter(WRONG)
            case "yes":
                return queryset.filter(score__isnull=False).exclude(WRONG)
            case "new":
                return queryset.filter(score=None)
            case _:
                return queryset


@admin.register(Judgement)
class JudgementAdmin(ReadOnly, AnyCaseSearch, WorkspaceModelAdmin[Judgement]):
    """Pairs of posts that editors judged, those first on which grouping disagrees."""

    list_display = ("pair", "said", "today", "cause_shown", "who")
    list_display_links = None
    list_select_related = ("first__source", "second__source", "editor", "workspace")
    list_before_template = "stories/quality.html"
    list_filter = (AgreementFilter, "cause", "is_same")
    search_fields = ("first__title", "first__text", "second__title", "second__text")
    search_help_text = _("Words of either post")
    ordering = (WRONG_FIRST.asc(), "-created_at", "-id")
    sortable_by = ()
    empty_text = _(
        "When editors move, merge, split, pin or keep posts apart, the pairs they judged stand here: grouping holds to "
        "them and is tested with them every day. Open a story and correct what is wrong."
    )

    class Media:
        css = {"all": ("stories/quality.css",)}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list under how well grouping does, and has done."""
        return super().changelist_view(request, {"quality": quality_shown(shown_of(request)), **(extra_context or {})})

    @admin.display(description=_("posts"))
    def pair(self, row: Judgement) -> SafeString:
        """The beginnings of both posts, one under the other."""
        return format_html(
            '<div class="pair"><span class="pair-post">{}</span><span class="pair-post">{}</span></div>',
            post_line(row.first),
            post_line(row.second),
        )

    @admin.display(description=_("the editor"))
    def said(self, row: Judgement) -> str:
        """What the editor said."""
        return verdict(row.is_same)

    @admin.display(description=_("grouping today"))
    def today(self, row: Judgement) -> SafeString:
        """What grouping says by the last test, and how alike it finds the two."""
        if row.score is None:
            return format_html('<span class="pult-tag">{}</span>', _("not tested yet"))
        says = row.score >= THRESHOLD
        tone = "done" if says == row.is_same else "warning"
        return format_html(
            '<span class="pult-tag pult-tag--{}">{}</span> <span class="pair-score">{}</span>',
            tone,
            verdict(says),
            number_format(row.score, 2),
        )

    @admin.display(description=_("correction"))
    def cause_shown(self, row: Judgement) -> str:
        """What kind of correction it came from."""
        return str(row.get_cause_display())

    @admin.display(description=_("by"))
    def who(self, row: Judgement) -> SafeString:
        """The editor, and when."""
        when = row.created_at.astimezone(row.workspace.zone)
        return format_html(
            '<div class="pair-who">{}<br><span class="pair-score">{}</span></div>',
            row.editor or "—",
            f"{when:%d.%m.%Y %H:%M}",
        )


def verdict(is_same: bool) -> str:
    """One story or two, in words."""
    return str(pgettext_lazy("verdict", "one story") if is_same else pgettext_lazy("verdict", "two stories"))


def post_line(post: Post) -> SafeString:
    """Who said it, and how it begins."""
    text = " ".join((post.title or post.text).split())
    shown = text if len(text) <= SHOWN else f"{text[: SHOWN - 1].rstrip()}…"
    return format_html("<b>{}</b> {}", post.channel or post.source.name, shown)
