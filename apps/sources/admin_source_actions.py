"""What can be done to a source from its screens: collect, pause, resume."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.models import Source


class SourceActions(WorkspaceModelAdmin[Source]):
    """The actions of the list and the buttons under one source."""

    actions: Any = ("collect_now", "pause", "resume", "archive", "restore")
    actions_submit_line: Any = ("row_collect", "row_pause", "row_resume", "row_archive", "row_restore")

    @admin.action(description=_("Collect now"), permissions=["source.poll"])
    def collect_now(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Collect the chosen feeds without waiting."""
        actor = user_of(request)
        each(queryset, lambda source: services.source_poll_now(source=source, actor=actor)).tell(request)

    @admin.action(description=_("Pause"), permissions=["change"])
    def pause(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Stop collecting the chosen sources."""
        actor = user_of(request)
        each(queryset, lambda source: services.source_pause(source=source, actor=actor)).tell(request)

    @admin.action(description=_("Resume"), permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Source]) -> None:
        """Collect the chosen sources again."""
        actor = user_of(request)
        each(queryset, lambda source: services.source_resume(source=source, actor=actor)).tell(request)

    def has_collect_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Collect now” stands under this source."""
        source = self.row(request, obj)
        fits = source is None or (source.is_active and services.is_timed(source.kind))
        return fits and self.allows(request, "source.poll", source)

    def has_pause_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Pause” stands under this source."""
        source = self.row(request, obj)
        return (source is None or source.is_active) and self.has_change_permission(request, source)

    def has_resume_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether “Resume” stands under this source."""
        source = self.row(request, obj)
        asleep = source is None or not (source.is_active or source.archived_at)
        return asleep and self.has_change_permission(request, source)

    def row(self, request: HttpRequest, obj: Any) -> Source | None:
        """The source itself, given it or its key."""
        return obj if obj is None or isinstance(obj, Source) else self.get_object(request, str(obj))

    @action(description=_("Collect now"), permissions=["collect"])  # type: ignore[untyped-decorator]
    def row_collect(self, request: HttpRequest, obj: Source) -> None:
        """Collect it without waiting."""
        self.try_it(request, services.source_poll_now, obj)

    @action(description=_("Pause"), permissions=["pause"])  # type: ignore[untyped-decorator]
    def row_pause(self, request: HttpRequest, obj: Source) -> None:
        """Stop collecting it."""
        self.try_it(request, services.source_pause, obj)

    @action(description=_("Resume"), permissions=["resume"])  # type: ignore[untyped-decorator]
    def row_resume(self, request: HttpRequest, obj: Source) -> None:
        """Collect it again."""
        self.try_it(request, services.source_resume, obj)

    def try_it(self, request: HttpRequest, service: Any, source: Source) -> None:
        """Call a service and say what it refused."""
        try:
            service(source=source, actor=user_of(request))
        except PultError as exc:
            messages.warning(request, str(exc))
