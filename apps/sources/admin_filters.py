"""The editor's screen of filters: rules in their order, tried on the latest posts before they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts import access
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.models import Workspace
from apps.accounts.reports import reason_of
from apps.accounts.requests import shown_of, user_of, workspaces_of
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.admin_display import moment, number
from apps.sources.filters import Rule, rule_words, rules_owned
from apps.sources.filters.chains import Owner
from apps.sources.filters_form import TypedRule, rules_typed, screen_words
from apps.sources.models import FilterSet, Source
from apps.sources.trying import POSTS, filters_try

CHANGE = "sources.change_filterrule"
PAGE, PAGES_MAX = 50, POSTS
SHOWS = ("dropped", "kept", "changed", "all")


@dataclass(frozen=True, slots=True)
class Place:
    """Whose rules a screen is about.

    Attributes:
        back: the address of the page that leads here, `back_words` its name.
    """

    owner: Owner
    workspace: Workspace
    title: str
    back: str
    back_words: str

    def may_change(self, request: HttpRequest) -> bool:
        """Whether the user's role allows to write rules there."""
        return access.can(user_of(request), CHANGE, self.workspace)


def place_of(owner: Owner) -> Place:
    """The screen's words for an owner."""
    if isinstance(owner, Source):
        back = reverse("admin:sources_source_change", args=[owner.pk])
        return Place(owner, owner.workspace, str(_("Filters of “%(name)s”") % {"name": owner.name}), back, owner.name)
    back, words = reverse("admin:sources_filterset_changelist"), str(_("Filters"))
    if isinstance(owner, FilterSet):
        return Place(owner, owner.workspace, str(_("Filter set “%(name)s”") % {"name": owner.name}), back, words)
    return Place(owner, owner, str(_("Filters of all sources")), back, words)


def filters_screen(request: HttpRequest, owner: Owner, *, is_trial: bool) -> HttpResponse:
    """The page; a POST saves it; a trial answers with the piece of the page that shows what the rules would do."""
    place = place_of(owner)
    if is_trial:
        return trial_piece(request, place)
    typed = [TypedRule.of(rule) for rule in rules_owned(owner)]
    chosen = {one.pk for one in owner.filter_sets.all()} if isinstance(owner, Source) else set()
    if request.method != "POST":
        return screen(request, place, typed, chosen)
    if not place.may_change(request):
        raise PermissionDenied
    typed = rules_typed(request.POST)
    sets = sets_chosen(request, owner)
    problem = ""
    if not any(rule.problem for rule in typed):
        try:
            services.filters_save(owner=owner, drafts=[rule.draft for rule in typed], sets=sets, actor=user_of(request))
        except (PultError, ValidationError) as exc:
            problem = reason_of(exc)
        else:
            messages.success(
                request, _("Saved. New posts go through these rules; posts that are here stay as they are.")
            )
            return HttpResponseRedirect(request.path)
    return screen(request, place, typed, {one.pk for one in sets or ()}, problem=problem, status=400)


def screen(
    request: HttpRequest,
    place: Place,
    typed: Sequence[TypedRule],
    chosen: set[int],
    *,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    """The whole page."""
    owner = place.owner
    context = {
        **admin.site.each_context(request),
        **screen_words(),
        "title": place.title,
        "place": place,
        "rules": typed,
        "blank": TypedRule(),
        "problem": problem or (_("Some rules can't be understood yet.") if status == 400 else ""),
        "sets": list(FilterSet.objects.filter(workspace=place.workspace)) if isinstance(owner, Source) else [],
        "chosen": chosen,
        "workspace_rules": [] if isinstance(owner, Workspace) else rules_owned(place.workspace),
        "workspace_url": reverse("admin:sources_filterset_workspace", args=[place.workspace.pk]),
        "sources": list(owner.sources.all()) if isinstance(owner, FilterSet) else [],
        "may_change": place.may_change(request),
        "posts": POSTS,
    }
    return render(request, "sources/filters.html", context, status=status)


def trial_piece(request: HttpRequest, place: Place) -> HttpResponse:
    """What the typed rules, saved or not, would do to the latest posts."""
    if request.method != "POST":
        raise Http404
    typed = rules_typed(request.POST)
    rules = [
        Rule(one.draft.kind, one.draft.effect, one.draft.value) if one.is_active and not one.problem else None
        for one in typed
    ]
    show = request.POST.get("show", "")
    show = show if show in SHOWS else "dropped"
    most = request.POST.get("most", "")
    trial = filters_try(
        owner=place.owner,
        rules=rules,
        sets=sets_chosen(request, place.owner),
        show=show,
        most=min(int(most), PAGES_MAX) if most.isascii() and most.isdigit() and len(most) < 5 else PAGE,
    )
    rows = [
        {
            "tried": one,
            "when": moment(one.post.published_at),
            "reason": rule_words(one.verdict.dropped_by),
            "place": None if one.number is None else one.number + 1,
            "url": reverse("admin:sources_post_change", args=[one.post.pk]),
        }
        for one in trial.shown
    ]
    shows = [
        ("dropped", _("Dropped"), trial.dropped),
        ("kept", _("Kept"), trial.kept),
        ("changed", _("Fare otherwise than now"), trial.changed),
    ]
    context = {
        "trial": trial,
        "rows": rows,
        "show": show,
        "shows": shows,
        "more": min(len(trial.shown) + PAGE, trial.matching),
        "decided": {str(place): count for place, count in trial.decided.items()},
        "slow": sorted(trial.slow),
    }
    return render(request, "sources/filters_tried.html", context)


def sets_chosen(request: HttpRequest, owner: Owner) -> list[FilterSet] | None:
    """The ticked sets of a source, of its own workspace only; None where the owner has none to tick."""
    if not isinstance(owner, Source):
        return None
    ticked = [pk for pk in request.POST.getlist("sets") if pk.isascii() and pk.isdigit() and len(pk) < 19]
    return list(FilterSet.objects.filter(workspace=owner.workspace_id, pk__in=ticked))


class FilterScreens(WorkspaceModelAdmin[Any]):
    """Rows that own rules: their filters have a screen of their own."""

    def get_urls(self) -> list[URLPattern]:
        """The screen and its trial, 404 for a row that the user does not see."""
        name = f"sources_{self.opts.model_name}_filters"
        return [
            path("<path:object_id>/filters/", self.own(self.filters_view), name=name),
            path("<path:object_id>/filters/try/", self.own(self.filters_try_view), name=f"{name}_try"),
            *super().get_urls(),
        ]

    def own(self, view: Any) -> Any:
        """The view inside the admin, for rows that the user sees."""
        return self.guarded(self.admin_site.admin_view(view))

    def owner_of(self, request: HttpRequest, object_id: str) -> Owner:
        """The row itself."""
        row = self.get_object(request, object_id)
        if not isinstance(row, Source | FilterSet) or not self.has_view_permission(request, row):
            raise Http404
        return row

    def filters_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The rules of the row."""
        return filters_screen(request, self.owner_of(request, object_id), is_trial=False)

    def filters_try_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What they would do."""
        return filters_screen(request, self.owner_of(request, object_id), is_trial=True)


@admin.register(FilterSet)
class FilterSetAdmin(FilterScreens):
    """Sets of rules, and the way to the rules of the whole workspace."""

    class Media:
        css = {"all": ("sources/admin.css",)}

    list_display = ("name", "rules_count", "sources_count")
    search_fields = ("name",)
    fields = ("name",)
    actions_list = ("workspace_rules",)
    empty_text = _("A set is rules under one name, for any number of sources. Make one, then tick it on a source.")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Sets with their counts."""
        return (
            super()
            .get_queryset(request)
            .annotate(has_rules=Count("rules", distinct=True), has_sources=Count("sources", distinct=True))
        )

    @admin.display(description=_("rules"), ordering="has_rules")
    def rules_count(self, row: Any) -> Any:
        """How many rules it has."""
        return number(row.has_rules)

    @admin.display(description=_("sources"), ordering="has_sources")
    def sources_count(self, row: Any) -> Any:
        """How many sources it serves."""
        return number(row.has_sources)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its name, with the way to its rules."""
        more = {"filters_url": reverse("admin:sources_filterset_filters", args=[object_id])}
        return super().change_view(request, object_id, form_url, {**more, **(extra_context or {})})

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:  # noqa: ARG002
        """A new set is empty: its rules come next."""
        return HttpResponseRedirect(reverse("admin:sources_filterset_filters", args=[obj.pk]))

    def get_urls(self) -> list[URLPattern]:
        """The screen of a workspace's rules, beside those of its sets."""
        name = "sources_filterset_workspace"
        view = self.admin_site.admin_view
        return [
            path("workspace/<int:pk>/", view(self.workspace_view), name=name),
            path("workspace/<int:pk>/try/", view(self.workspace_try_view), name=f"{name}_try"),
            *super().get_urls(),
        ]

    def workspace_of(self, request: HttpRequest, pk: int) -> Workspace:
        """The workspace, if the user sees its filters; else a 404."""
        found = next((one for one in workspaces_of(request) if one.pk == pk), None)
        if found is None or not access.can(user_of(request), "sources.view_filterset", found):
            raise Http404
        return found

    def workspace_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The rules of all sources of a workspace."""
        return filters_screen(request, self.workspace_of(request, pk), is_trial=False)

    def workspace_try_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """What they would do."""
        return filters_screen(request, self.workspace_of(request, pk), is_trial=True)

    @action(description=_("Rules of all sources"), icon="rule")  # type: ignore[untyped-decorator]
    def workspace_rules(self, request: HttpRequest) -> HttpResponse:
        """To the rules of the chosen workspace."""
        shown = shown_of(request)
        if len(shown) == 1:
            return HttpResponseRedirect(reverse("admin:sources_filterset_workspace", args=[shown[0].pk]))
        messages.info(request, _("Choose a workspace first: each has rules of its own."))
        return HttpResponseRedirect(reverse("admin:sources_filterset_changelist"))
