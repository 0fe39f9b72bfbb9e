"""The screen that makes a source of a web page: its address, which of its links, and what would be collected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django_ratelimit.core import is_ratelimited
from unfold.decorators import action

from apps.accounts.access import permitted
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.models import Workspace
from apps.accounts.reports import reason_of
from apps.accounts.requests import shown_of, user_of
from apps.core.errors import PultError
from apps.sources import services
from apps.sources.admin_feeds import SEARCHES
from apps.sources.models import PageLink, Source
from apps.sources.services.lists import address_problem
from apps.sources.services.looking import PageLook, PagePreview, page_look
from apps.sources.services.pages import links_counted, links_walled

ADD = "sources.add_source"
LOOK_RATE = "20/m"
URL_MAX, SELECTOR_MAX, NAME_MAX = 1000, 300, 150


@dataclass(slots=True)
class Typed:
    """What the person has typed so far."""

    url: str = ""
    selector: str = ""
    name: str = ""
    workspace: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Typed:
        """Read it from a form; a bare host gets its https."""
        given = request.POST
        url = given.get("url", "").strip()[:URL_MAX]
        if url and "://" not in url:
            url = f"https://{url}"
        own = given.get("own_selector", "").strip()[:SELECTOR_MAX]
        chosen = given.get("selector", "").strip()[:SELECTOR_MAX]
        return cls(url, own or chosen, given.get("name", "").strip()[:NAME_MAX], given.get("workspace", ""))


class PageScreens(WorkspaceModelAdmin[Source]):
    """The way to add a web page, and to choose its links anew."""

    actions_list: Any = ("web_page",)

    @action(description=_("Add a web page"), permissions=["add"])  # type: ignore[untyped-decorator]
    def web_page(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way there from the list."""
        return HttpResponseRedirect(reverse("admin:sources_source_add_page"))

    @admin.display(description=_("articles"), empty_value="–")
    def articles(self, source: Source) -> SafeString | None:
        """How the articles of a page fare, and what stands in the way of the latest that could not be read."""
        counts = links_counted(source)
        if not counts:
            return None
        states = {state: str(label) for state, label in PageLink.State.choices}
        said = " · ".join(f"{states[state]}: {number_format(count)}" for state, count in counts.items())
        walls = format_html_join(
            "",
            '<li><a class="pult-link" href="{}" rel="noopener noreferrer" target="_blank">{}</a><br>{}</li>',
            ((one.address, one.title or one.address, one.problem) for one in links_walled(source)),
        )
        return format_html("{}<ul>{}</ul>", said, walls) if walls else format_html("{}", said)

    def get_urls(self) -> list[URLPattern]:
        """The screen for a new source and for one that is there."""
        view = self.admin_site.admin_view
        return [
            path("add-page/", view(self.page_add_view), name="sources_source_add_page"),
            path("<path:object_id>/links/", self.guarded(view(self.page_links_view)), name="sources_source_links"),
            *super().get_urls(),
        ]

    def page_add_view(self, request: HttpRequest) -> HttpResponse:
        """A new source."""
        workspaces = permitted(user_of(request), ADD, shown_of(request))
        if not workspaces:
            raise PermissionDenied
        return self.page_view(request, None, workspaces)

    def page_links_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The links of a source that is there."""
        source = self.get_object(request, object_id)
        if source is None or source.kind != Source.Kind.PAGE:
            raise Http404
        if not self.has_change_permission(request, source):
            raise PermissionDenied
        return self.page_view(request, source, [source.workspace])

    def page_view(self, request: HttpRequest, source: Source | None, workspaces: list[Workspace]) -> HttpResponse:
        """One page that grows: the address, then the lists, then what one of them would give."""
        typed = Typed.of(request)
        look, preview, problem, step = PageLook(), PagePreview(), "", ""
        if request.method == "POST":
            step = request.POST.get("step", "")
            if step == "save":
                try:
                    saved = self.page_save(request, typed, source, workspaces)
                except (PultError, ValidationError) as exc:
                    problem, step = reason_of(exc), "preview"
                else:
                    messages.success(request, _("Saved. Its articles are being collected."))
                    return HttpResponseRedirect(reverse("admin:sources_source_change", args=[saved.pk]))
            look = self.page_seen(request, typed, previews=step == "preview")
            typed.name, preview = typed.name or look.title, look.preview
        elif source is not None:
            typed = Typed(source.url, source.link_selector, source.name)
        context = {
            **self.admin_site.each_context(request),
            "title": source.name if source else _("New source: a web page"),
            "source": source,
            "typed": typed,
            "look": look,
            "known": {group.selector for group in look.groups},
            "preview": preview,
            "problem": problem,
            "workspaces": workspaces if len(workspaces) > 1 else [],
            "back": reverse("admin:sources_source_changelist"),
        }
        return render(request, "sources/page.html", context, status=400 if problem else 200)

    def page_seen(self, request: HttpRequest, typed: Typed, *, previews: bool) -> PageLook:
        """Look at the page, unless too many are looking: it takes seconds of a thread."""
        if not typed.url:
            return PageLook(problem=str(_("Give the address of the page.")))
        user = str(user_of(request).pk)
        if is_ratelimited(request, group="page-look", key=lambda *_ignored: user, rate=LOOK_RATE, increment=True):
            return PageLook(problem=str(_("So many searches in a minute are enough. Wait a little.")))
        if not SEARCHES.acquire(blocking=False):
            return PageLook(problem=str(_("Others are searching now. Try again in some seconds.")))
        try:
            return page_look(typed.url, selector=typed.selector, previews=previews)
        finally:
            SEARCHES.release()

    def page_save(
        self, request: HttpRequest, typed: Typed, source: Source | None, workspaces: list[Workspace]
    ) -> Source:
        """Store the choice.

        Raises:
            PultError, ValidationError: it is refused; the words say why.
        """
        if not typed.selector:
            raise PultError(str(_("Choose a list or write a selector.")))
        if problem := address_problem(typed.url):
            raise PultError(problem)
        actor = user_of(request)
        if source is None:
            chosen = next((one for one in workspaces if str(one.pk) == typed.workspace), workspaces[0])
            return services.source_create(
                workspace=chosen,
                kind=Source.Kind.PAGE,
                name=typed.name,
                url=typed.url,
                actor=actor,
                link_selector=typed.selector,
            )
        source.url, source.link_selector = typed.url, typed.selector
        source.full_clean()
        services.source_save(source=source, changed=["url", "link_selector"], actor=actor)
        return source
