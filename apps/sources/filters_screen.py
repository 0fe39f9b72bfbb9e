"""The screen of filters: rules in their order, tried on the latest posts before they are saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts import access
from apps.accounts.models import Workspace
from apps.accounts.reports import reason_of
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.admin_display import moment
from apps.sources.filters import Rule, rule_words, rules_owned
from apps.sources.filters.chains import Owner
from apps.sources.filters_form import TypedRule, rules_typed, screen_words
from apps.sources.models import FilterSet, Source
from apps.sources.trying import POSTS, Tried, filters_try

CHANGE = "sources.change_filterrule"
PAGE, PAGES_MAX = 50, POSTS
LINKS_MAX = 300
APPLY_DAYS = (1, 3, 7, 30)
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


def filters_screen(request: HttpRequest, owner: Owner) -> HttpResponse:
    """The page; a POST saves it."""
    place = place_of(owner)
    if request.method != "POST":
        return screen(request, place, [TypedRule.of(rule) for rule in rules_owned(owner)], linked(owner))
    if not place.may_change(request):
        raise PermissionDenied
    typed, links = rules_typed(request.POST), links_chosen(request, owner)
    problem = ""
    if not any(rule.problem for rule in typed):
        drafts = [rule.draft for rule in typed]
        try:
            services.filters_save(owner=owner, drafts=drafts, links=links, actor=user_of(request))
        except (PultError, ValidationError) as exc:
            problem = reason_of(exc)
        else:
            messages.success(request, _("Saved. New posts go through these rules from now on."))
            return HttpResponseRedirect(request.path)
    return screen(request, place, typed, {one.pk for one in links or ()}, problem=problem, status=400)


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
        "links": linkable(owner),
        "links_words": _("Filter sets") if isinstance(owner, Source) else _("Serves the sources"),
        "chosen": chosen,
        "workspace_rules": [] if isinstance(owner, Workspace) else rules_owned(place.workspace),
        "workspace_url": reverse("admin:sources_filterset_workspace", args=[place.workspace.pk]),
        "may_change": place.may_change(request),
        "posts": POSTS,
        "apply_days": APPLY_DAYS,
        "posts_url": reverse("admin:sources_post_changelist"),
    }
    return render(request, "sources/filters.html", context, status=status)


def trial_piece(request: HttpRequest, owner: Owner) -> HttpResponse:
    """What the typed rules, saved or not, would do to the latest posts; whoever may not write tries the saved ones."""
    if request.method != "POST":
        raise Http404
    may_change = place_of(owner).may_change(request)
    typed = rules_typed(request.POST) if may_change else [TypedRule.of(rule) for rule in rules_owned(owner)]
    rules = [
        Rule(one.draft.kind, one.draft.effect, one.draft.value) if one.is_active and not one.problem else None
        for one in typed
    ]
    show = request.POST.get("show", "")
    show = show if show in SHOWS else "dropped"
    most = request.POST.get("most", "")
    trial = filters_try(
        owner=owner,
        rules=rules,
        links=links_chosen(request, owner),
        show=show,
        most=min(int(most), PAGES_MAX) if most.isascii() and most.isdigit() and len(most) < 5 else PAGE,
    )
    shows = [
        ("dropped", _("Dropped"), trial.dropped),
        ("kept", _("Kept"), trial.kept),
        ("changed", _("Fare otherwise than now"), trial.changed),
    ]
    context = {
        "trial": trial,
        "rows": [row_of(one) for one in trial.shown],
        "show": show,
        "shows": shows,
        "more": min(len(trial.shown) + PAGE, trial.matching),
        "decided": {str(place): count for place, count in trial.decided.items()},
        "slow": sorted(trial.slow),
        "slow_places": ", ".join(str(place + 1) for place in sorted(trial.slow)),
    }
    return render(request, "sources/filters_tried.html", context)


def row_of(tried: Tried) -> dict[str, Any]:
    """One post of a trial for the page."""
    return {
        "tried": tried,
        "when": moment(tried.post.published_at),
        "reason": rule_words(tried.verdict.dropped_by),
        "place": None if tried.number is None else tried.number + 1,
        "url": reverse("admin:sources_post_change", args=[tried.post.pk]),
    }


def linkable(owner: Owner) -> list[FilterSet] | list[Source]:
    """What an owner may be joined with, of its own workspace only: a source with sets, a set with sources.

    Of many sources a set is offered those that it has, and the first of the others.
    """
    if isinstance(owner, Source):
        return list(FilterSet.objects.filter(workspace=owner.workspace_id))
    if not isinstance(owner, FilterSet):
        return []
    has = linked(owner)
    sources = Source.objects.filter(workspace=owner.workspace_id)
    others = sources.exclude(pk__in=has)[: max(0, LINKS_MAX - len(has))]
    return sorted([*sources.filter(pk__in=has), *others], key=lambda source: (source.name, source.pk))


def linked(owner: Owner) -> set[int]:
    """The ids of what an owner is joined with now."""
    if isinstance(owner, Source):
        return set(owner.filter_sets.values_list("pk", flat=True))
    if isinstance(owner, FilterSet):
        return set(Source.objects.filter(filter_sets=owner).values_list("pk", flat=True))
    return set()


def links_chosen(request: HttpRequest, owner: Owner) -> list[FilterSet] | list[Source]:
    """The ticked sets of a source, or sources of a set; whoever may not tick gets those that are saved."""
    if place_of(owner).may_change(request):
        chosen = {int(pk) for pk in request.POST.getlist("links") if pk.isascii() and pk.isdigit() and len(pk) < 19}
    else:
        chosen = linked(owner)
    return [one for one in linkable(owner) if one.pk in chosen]  # type: ignore[return-value]
