"""What the screens of sources say of their health: columns, the order of trouble, archive, how long posts are kept."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of
from apps.core.clock import now
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.admin_display import moment, number, tag
from apps.sources.models import Post, Source
from apps.sources.selectors import source_health
from apps.sources.standing import TROUBLE, TROUBLED, by_trouble, with_next_try
from apps.sources.words import span_words

COUNT_MAX = 100_000


class StandingFilter(admin.SimpleListFilter):
    """Sources by how they stand; those in the archive only where they are asked for."""

    title = _("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """What may be asked for."""
        return [
            ("trouble", _("In trouble")),
            ("quiet", _("Quiet")),
            ("working", _("Working")),
            ("paused", _("Paused")),
            ("archive", _("Archive")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Source]) -> QuerySet[Source]:  # noqa: ARG002
        """The sources that stand so."""
        value = self.value()
        if value == "archive":
            return queryset.exclude(archived_at=None)
        rows = queryset.filter(archived_at=None)
        if value == "trouble":
            return rows.filter(TROUBLED)
        if value == "quiet":
            return rows.filter(quiet_since__isnull=False)
        if value == "working":
            return rows.filter(is_active=True).exclude(TROUBLED)
        return rows.filter(is_active=False) if value == "paused" else rows

    def choices(self, changelist: Any) -> Iterator[Any]:
        """“All” leaves out the archive, and says so."""
        for place, choice in enumerate(super().choices(changelist)):
            yield {**choice, "display": _("All but the archive")} if place == 0 else choice


class HealthScreens(WorkspaceModelAdmin[Source]):
    """Health of sources in the list and on the page of each."""

    ordering = (TROUBLE.desc(), "name", "pk")  # what is broken first

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        """Sources with the rank of their trouble and their next collection."""
        return with_next_try(by_trouble(super().get_queryset(request)))

    @admin.display(description=_("standing"), ordering="trouble")
    def health(self, source: Any) -> SafeString:
        """The traffic light and its sentence."""
        at = now()
        health = source_health(source, at, planned=source.next_at)
        return format_html(
            '<div class="pult-health">{}<span class="pult-health__why">{}{}</span></div>',
            tag(health.tone, health.light),
            Truncator(health.sentence).chars(200),
            self.next_try(source, at),
        )

    def next_try(self, source: Any, at: datetime) -> SafeString:
        """When it is collected next."""
        planned: datetime | None = source.next_at
        if planned is None or not source.is_active:
            return SafeString("")
        wait = span_words(planned - at)
        words = _t("Next try in %(time)s.") % {"time": wait} if planned > at else _t("Next try now.")
        return format_html(' <span class="pult-health__next">{}</span>', words)

    @admin.display(description=_("last post"), ordering="last_post_at", empty_value="–")
    def last_post(self, source: Source) -> SafeString | None:
        """When its newest post came out."""
        return moment(source.last_post_at)

    @admin.display(description=_("posts a day"), ordering="posts_a_day")
    def a_day(self, source: Source) -> SafeString:
        """How many posts it gave a day over the last week."""
        posts = source.posts_a_day or 0.0
        return number(round(posts)) if posts >= 10 else _right(number_format(posts, 1) if posts else "–")

    @admin.display(description=_("kept"), ordering="share_kept")
    def kept(self, source: Source) -> SafeString:
        """Which part of the last week's posts the filters kept."""
        return _right("–" if source.share_kept is None else f"{round(source.share_kept * 100)} %")

    @admin.display(description=_("posts"))
    def holdings(self, source: Source) -> SafeString:
        """How many posts it has, and what that means for deleting it."""
        posts = Post.objects.filter(source=source).order_by()[:COUNT_MAX].count()
        if posts == 0:
            return format_html("{}", _t("None. It can be deleted."))
        more = "+" if posts >= COUNT_MAX else ""
        words = ngettext(
            "%(posts)s post. A source with posts is not deleted: put it into the archive, its posts leave with age.",
            "%(posts)s posts. A source with posts is not deleted: put it into the archive, its posts leave with age.",
            posts,
        )
        return format_html("{}", words % {"posts": number_format(posts, force_grouping=True) + more})

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only a source without posts is deleted; another goes into the archive."""
        allowed = super().has_delete_permission(request, obj)
        return allowed and not (isinstance(obj, Source) and Post.objects.filter(source=obj).exists())

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Deleting a source with posts leads back to its page, with what to do instead."""
        source = self.get_object(request, object_id)
        if source is not None and Post.objects.filter(source=source).exists():
            words = _t("“%(source)s” has posts, so it is not deleted. Press “Put into the archive” instead.")
            messages.warning(request, words % {"source": source.name})
            return HttpResponseRedirect(reverse("admin:sources_source_change", args=[source.pk]))
        return super().delete_view(request, object_id, extra_context)

    def get_readonly_fields(self, request: HttpRequest, obj: Source | None = None) -> Any:
        """Who may not manage sources sees how long posts are kept."""
        names = [*super().get_readonly_fields(request, obj)]
        return names if self.allows(request, "source.manage", obj) else [*names, "retention_days"]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Many sources at once go into the archive rather than away."""
        known = super().get_actions(request)
        known.pop("delete_selected", None)
        return known

    # Archive

    @admin.action(description=_("Put into the archive"), permissions=["source.manage"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Stop collecting the chosen sources and take them out of sight."""
        actor = user_of(request)
        each(queryset, lambda source: services.source_archive(source=source, actor=actor)).tell(request)

    @admin.action(description=_("Take from the archive"), permissions=["source.manage"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Collect the chosen sources again."""
        actor = user_of(request)
        each(queryset, lambda source: services.source_restore(source=source, actor=actor)).tell(request)

    def has_archive_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Put into the archive” stands under this source."""
        source = obj if obj is None or isinstance(obj, Source) else self.get_object(request, str(obj))
        return (source is None or source.archived_at is None) and self.allows(request, "source.manage", source)

    def has_restore_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Take from the archive” stands under this source."""
        source = obj if obj is None or isinstance(obj, Source) else self.get_object(request, str(obj))
        return (source is None or source.archived_at is not None) and self.allows(request, "source.manage", source)

    @action(description=_("Put into the archive"), permissions=["archive"])  # type: ignore[untyped-decorator]
    def row_archive(self, request: HttpRequest, obj: Source) -> None:
        """Put it into the archive."""
        _try_it(request, services.source_archive, obj)

    @action(description=_("Take from the archive"), permissions=["restore"])  # type: ignore[untyped-decorator]
    def row_restore(self, request: HttpRequest, obj: Source) -> None:
        """Take it from the archive."""
        _try_it(request, services.source_restore, obj)


def _try_it(request: HttpRequest, service: Any, source: Source) -> None:
    try:
        service(source=source, actor=user_of(request))
    except PultError as exc:
        messages.warning(request, str(exc))


def _right(words: str) -> SafeString:
    return format_html('<span class="pult-number">{}</span>', words)
