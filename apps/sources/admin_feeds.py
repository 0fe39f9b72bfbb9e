"""The screens that add feeds: found by the address of their site, or taken from a list (OPML)."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_ratelimit.core import is_ratelimited
from unfold.decorators import action

from apps.accounts.access import permitted
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.models import User, Workspace
from apps.accounts.reports import reason_of
from apps.accounts.requests import shown_of, user_of
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.models import Source, Subscription
from apps.sources.parsers.same_address import address_key
from apps.sources.services import lists
from apps.sources.services.lists import BROKEN, KNOWN, NEW, ListedFeed

ADD, VIEW = "sources.add_source", "sources.view_source"
SEARCH_RATE = "20/m"
SEARCHES = threading.BoundedSemaphore(2)  # a search takes seconds, and the site has few threads
CHOSEN_MAX = 30
SHOWN = 200  # rows of a list that are shown of each sort
LIST_MAX = 8 * 1024 * 1024
KEPT_S = 30 * 60  # how long a list waits for its button


class FeedScreens(WorkspaceModelAdmin[Source]):
    """The ways to add feeds, and the list of all of them."""

    actions_list: Any = ("find_feeds", "feeds_opml")

    @action(description=gettext_lazy("Find feeds of a site"), permissions=["add"])  # type: ignore[untyped-decorator]
    def find_feeds(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way there from the list."""
        return HttpResponseRedirect(reverse("admin:sources_source_feeds_find"))

    @action(description=gettext_lazy("List of feeds (OPML)"), permissions=["add"])  # type: ignore[untyped-decorator]
    def feeds_opml(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way there from the list."""
        return HttpResponseRedirect(reverse("admin:sources_source_opml"))

    def get_urls(self) -> list[URLPattern]:
        """The screens, before the addresses of single sources."""
        view = self.admin_site.admin_view
        return [
            path("find-feeds/", view(self.find_view), name="sources_source_feeds_find"),
            path("opml/", view(self.opml_view), name="sources_source_opml"),
            path("opml/download/", view(self.opml_download), name="sources_source_opml_download"),
            *super().get_urls(),
        ]

    # What is known of one

    @admin.display(description=gettext_lazy("hub"), empty_value="–")
    def told_by(self, source: Source) -> str | None:
        """Whether a hub tells of new entries, and what hinders it."""
        subscription = Subscription.objects.filter(source=source).first()
        if subscription is None:
            return None
        host = urlsplit(subscription.hub).hostname or subscription.hub
        if subscription.state == Subscription.State.LIVE and subscription.ends_at:
            words = _("%(hub)s tells of new posts; the feed itself is asked once a day. Renewed by %(when)s.")
            return words % {"hub": host, "when": date_format(localtime(subscription.ends_at), "SHORT_DATETIME_FORMAT")}
        return f"{host}: {subscription.get_state_display()}. {subscription.problem}".strip()

    @admin.display(description=gettext_lazy("new address"), empty_value="–")
    def moving(self, source: Source) -> str | None:
        """Where the feed says it has moved to, while that is being confirmed."""
        if not source.moved_to:
            return None
        words = _("The site sends to %(address)s for good. Pult follows once it has said so for a day.")
        return words % {"address": source.moved_to}

    # Finding

    def find_view(self, request: HttpRequest) -> HttpResponse:
        """An address, then the feeds that were found there, then the chosen ones are sources."""
        workspaces = places(request)
        typed = (request.POST or request.GET).get("address", "").strip()[:1000]
        found: Any = None
        problem = ""
        if request.method == "POST" and request.POST.get("step") == "save":
            added, problem = self.find_save(request, workspaces)
            if added and not problem:
                return HttpResponseRedirect(reverse("admin:sources_source_changelist"))
        elif typed and request.method == "POST":
            found, problem = search(request, typed)
        chosen = place(request, workspaces)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Find feeds of a site"),
            "typed": typed,
            "found": found.feeds if found else (),
            "known": known_names(chosen, [feed.url for feed in found.feeds] if found else []),
            "problem": problem,
            "workspaces": workspaces if len(workspaces) > 1 else [],
            "chosen": chosen,
            "back": reverse("admin:sources_source_changelist"),
            "page_url": reverse("admin:sources_source_add_page"),
        }
        return render(request, "sources/feeds_find.html", context)

    def find_save(self, request: HttpRequest, workspaces: Sequence[Workspace]) -> tuple[int, str]:
        """Make sources of the chosen feeds; how many, and what was refused."""
        chosen = request.POST.getlist("feed")[:CHOSEN_MAX]
        if not chosen:
            return 0, _("Choose at least one feed.")
        added, problems = 0, []
        for number in chosen:
            name = request.POST.get(f"name-{number}", "").strip()[:150]
            try:
                services.source_create(
                    workspace=place(request, workspaces),
                    kind=Source.Kind.FEED,
                    name=name,
                    url=request.POST.get(f"url-{number}", "").strip()[:1000],
                    actor=user_of(request),
                )
                added += 1
            except (PultError, ValidationError) as exc:
                problems.append(f"{name}: {reason_of(exc)}")
        if added:
            messages.success(request, added_words(added))
        return added, " ".join(problems)

    # Lists

    def opml_view(self, request: HttpRequest) -> HttpResponse:
        """A file, then what it would add, then it is added."""
        workspaces = places(request)
        user, chosen = user_of(request), place(request, workspaces)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("List of feeds (OPML)"),
            "workspaces": workspaces if len(workspaces) > 1 else [],
            "chosen": chosen,
            "back": reverse("admin:sources_source_changelist"),
        }
        if request.method == "POST" and (token := request.POST.get("token", "")):
            outlines = kept(user, token)
            if outlines is not None:
                added = lists.feeds_add(workspace=chosen, outlines=outlines, actor=user)
                cache.delete(list_key(user, token))
                messages.success(request, added_words(added))
                return HttpResponseRedirect(context["back"])
            context["problem"] = _("The list waited for too long. Choose the file again.")
        elif request.method == "POST":
            context |= self.opml_preview(request, chosen)
        return render(request, "sources/feeds_list.html", context)

    def opml_preview(self, request: HttpRequest, workspace: Workspace) -> dict[str, Any]:
        """What the uploaded file would add; it is kept until the button is pressed."""
        upload = request.FILES.get("file")
        if upload is None or not upload.size:
            return {"problem": _("Choose an OPML file.")}
        if upload.size > LIST_MAX:
            return {"problem": _("The list is larger than 8 MB; split it.")}
        opml = import_module("apps.sources.parsers.opml")
        try:
            found = opml.read_opml(upload.read())
        except PultError as exc:
            return {"problem": str(exc)}
        if not found.outlines:
            return {"problem": _("The list names no feeds.")}
        feeds = lists.feeds_compare(workspace=workspace, outlines=found.outlines)
        token = token_urlsafe(16)
        cache.set(list_key(user_of(request), token), [asdict(one) for one in found.outlines], KEPT_S)
        return {
            "token": token,
            "is_cut": found.is_cut,
            "new_count": sum(feed.state == NEW for feed in feeds),
            "groups": [group for state in (NEW, KNOWN, BROKEN) if (group := sort_of(feeds, state))],
        }

    def opml_download(self, request: HttpRequest) -> HttpResponse:
        """All feeds of the shown workspaces as OPML."""
        workspaces = permitted(user_of(request), VIEW, shown_of(request))
        if not workspaces:
            raise PermissionDenied
        body = lists.feeds_list(workspaces=workspaces, title=" · ".join(one.name for one in workspaces))
        name = workspaces[0].slug if len(workspaces) == 1 else "pult"
        headers = {"Content-Disposition": f'attachment; filename="{name}.opml"'}
        return HttpResponse(body, content_type="text/x-opml; charset=utf-8", headers=headers)


def places(request: HttpRequest) -> list[Workspace]:
    """The shown workspaces that the user may add sources to.

    Raises:
        PermissionDenied: there are none.
    """
    workspaces = permitted(user_of(request), ADD, shown_of(request))
    if not workspaces:
        raise PermissionDenied
    return list(workspaces)


def place(request: HttpRequest, workspaces: Sequence[Workspace]) -> Workspace:
    """The workspace that was chosen, or the first."""
    asked = request.POST.get("workspace", "")
    return next((one for one in workspaces if str(one.pk) == asked), workspaces[0])


def search(request: HttpRequest, address: str) -> tuple[Any, str]:
    """What looking around at an address finds, and why it finds nothing."""
    group, user = "feeds-find", str(user_of(request).pk)
    if is_ratelimited(request, group=group, key=lambda *_ignored: user, rate=SEARCH_RATE, increment=True):
        return None, _("So many searches in a minute are enough. Wait a little.")
    if not SEARCHES.acquire(blocking=False):
        return None, _("Others are searching now. Try again in some seconds.")
    try:  # what it loads is of use to those who search only
        found = import_module("apps.sources.services.finding").feeds_find(address)
    finally:
        SEARCHES.release()
    return found, found.problem


def known_names(workspace: Workspace, urls: Sequence[str]) -> dict[str, str]:
    """The names of the workspace's sources that have these addresses already, by address."""
    rows = Source.objects.filter(workspace=workspace, kind=Source.Kind.FEED).values_list("url", "name") if urls else ()
    names = {address_key(url) or url: name for url, name in rows}
    return {url: names[key] for url in urls if (key := address_key(url) or url) in names}


def sort_of(feeds: Sequence[ListedFeed], state: str) -> dict[str, Any] | None:
    """The feeds of one sort, the first of them to show."""
    those = [feed for feed in feeds if feed.state == state]
    if not those:
        return None
    titles = {NEW: _("Will be added"), KNOWN: _("There already"), BROKEN: _("Can't be added")}
    rest = len(those) - SHOWN
    return {"state": state, "title": titles[state], "count": len(those), "feeds": those[:SHOWN], "rest": max(rest, 0)}


def list_key(user: User, token: str) -> str:
    """Where a user's list waits."""
    return f"opml:{user.pk}:{token[:64]}"


def kept(user: User, token: str) -> list[Any] | None:
    """The list that waits for its button."""
    waiting = cache.get(list_key(user, token))
    if waiting is None:
        return None
    opml = import_module("apps.sources.parsers.opml")
    return [opml.Outline(one["title"], one["url"], tuple(one["folders"])) for one in waiting]


def added_words(count: int) -> str:
    """What was done."""
    if not count:
        return _("Nothing was added: all of them are there already.")
    return ngettext(
        "%(count)d feed was added; it is being collected.",
        "%(count)d feeds were added; they are being collected.",
        count,
    ) % {"count": count}
