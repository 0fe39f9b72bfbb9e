"""Where rules are written: on a source, in a set, for a whole workspace."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts import access
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import shown_of, user_of, workspaces_of
from apps.sources.admin_display import number, rules_listed
from apps.sources.filters import rules_owned
from apps.sources.filters_apply import apply_screen
from apps.sources.filters_screen import filters_screen, trial_piece
from apps.sources.models import FilterSet, Source

STEPS = (("", ""), ("try/", "_try"), ("apply/", "_apply"))
VIEWS = {"": filters_screen, "try/": trial_piece, "apply/": apply_screen}


class FilterScreens(WorkspaceModelAdmin[Any]):
    """Rows that own rules: their filters have a screen of their own."""

    def get_urls(self) -> list[URLPattern]:
        """The screen and its steps, 404 for a row that the user does not see."""
        name = f"sources_{self.opts.model_name}_filters"
        view = self.guarded(self.admin_site.admin_view(self.filters_view))
        start = "<path:object_id>/filters/"
        return [
            *(path(start + step, view, {"step": step}, name=name + end) for step, end in STEPS),
            *super().get_urls(),
        ]

    def filters_view(self, request: HttpRequest, object_id: str, step: str) -> HttpResponse:
        """The rules of the row, what they would do, what they do to past posts."""
        row = self.get_object(request, object_id)
        if not isinstance(row, Source | FilterSet) or not self.has_view_permission(request, row):
            raise Http404
        return VIEWS[step](request, row)


@admin.register(FilterSet)
class FilterSetAdmin(FilterScreens):
    """Sets of rules, and the way to the rules of the whole workspace."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    list_display = ("name", "rules_count", "sources_count")
    search_fields = ("name",)
    ordering = ("name", "id")
    fields = ("name",)
    actions_list = ("workspace_rules",)
    empty_text = _("A set is rules under one name, for any number of sources. Make one, then tick it on a source.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Sets with their counts."""
        rows = super().get_queryset(request)
        counted: QuerySet[Any] = rows.annotate(
            has_rules=Count("rules", distinct=True), has_sources=Count("sources", distinct=True)
        )
        return counted

    @admin.display(description=_("rules"), ordering="has_rules")
    def rules_count(self, row: Any) -> Any:
        """How many rules it has."""
        return number(row.has_rules)

    @admin.display(description=_("sources"), ordering="has_sources")
    def sources_count(self, row: Any) -> Any:
        """How many sources it serves."""
        return number(row.has_sources)

    @admin.display(description=_("rules"))
    def rules_in_words(self, row: FilterSet) -> SafeString:
        """The rules, and the way to change them."""
        return rules_listed([(str(rule), "") for rule in rules_owned(row)], "admin:sources_filterset_filters", row.pk)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """A new set has a name only."""
        fields = ["name"] if obj is None else ["name", "rules_in_words"]
        sets = super().get_fieldsets(request, obj)
        return [(title, {**options, "fields": [*options["fields"], *fields[1:]]}) for title, options in sets]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Rules have a screen of their own."""
        return [*super().get_readonly_fields(request, obj), "rules_in_words"]

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """A new set is empty: its rules come next."""
        return HttpResponseRedirect(reverse("admin:sources_filterset_filters", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        """The screen of a workspace's rules, beside those of its sets."""
        name, start = "sources_filterset_workspace", "workspace/<int:pk>/"
        view = self.admin_site.admin_view(self.workspace_view)
        return [
            *(path(start + step, view, {"step": step}, name=name + end) for step, end in STEPS),
            *super().get_urls(),
        ]

    def workspace_view(self, request: HttpRequest, pk: int, step: str) -> HttpResponse:
        """The rules of all sources of a workspace; 404 where the user does not see them."""
        found = next((one for one in workspaces_of(request) if one.pk == pk), None)
        if found is None or not access.can(user_of(request), "sources.view_filterset", found):
            raise Http404
        return VIEWS[step](request, found)

    @action(description=_("Rules of all sources"), icon="rule")  # type: ignore[untyped-decorator]
    def workspace_rules(self, request: HttpRequest) -> HttpResponse:
        """To the rules of the chosen workspace."""
        shown = shown_of(request)
        if len(shown) == 1:
            return HttpResponseRedirect(reverse("admin:sources_filterset_workspace", args=[shown[0].pk]))
        messages.info(request, _("Choose a workspace first: each has rules of its own."))
        return HttpResponseRedirect(reverse("admin:sources_filterset_changelist"))
