"""The list of posts: search among a million, removing one for good, and the way to the numbers."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.access import can
from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of
from apps.sources import admin_numbers, services
from apps.sources.models import Post
from apps.sources.search import posts_found

REMOVED_MAX = 200
BEGUN_MAX = 50


def begin_story(model_admin: Any, request: HttpRequest, queryset: QuerySet[Post]) -> HttpResponse:  # noqa: ARG001
    """Go where a story is begun, with these posts chosen."""
    chosen = queryset.order_by("-published_at", "-pk").values_list("pk", flat=True)[:BEGUN_MAX]
    return redirect(f"{reverse('desk:story_new')}?{urlencode([('post', key) for key in chosen])}")


class PostScreens(WorkspaceModelAdmin[Post]):
    """What the list of posts offers beside the list."""

    list_before_template = "sources/posts_before.html"

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Also the beginning of a story, which the desk above does: known by its address alone."""
        actions: dict[str, Any] = super().get_actions(request)
        if can(user_of(request), "stories.add_story"):
            actions["begin_story"] = (begin_story, "begin_story", _("Begin a story with these"))
        return actions

    def get_urls(self) -> list[URLPattern]:
        """Also the numbers."""
        view = self.admin_site.admin_view
        return [
            path("numbers/", view(self.numbers_view), name="sources_post_numbers"),
            path("numbers.csv", view(self.numbers_csv_view), name="sources_post_numbers_csv"),
            *super().get_urls(),
        ]

    def numbers_view(self, request: HttpRequest) -> HttpResponse:
        """Posts by source, topic and hour over a period."""
        return admin_numbers.numbers_page(self, request)

    def numbers_csv_view(self, request: HttpRequest) -> HttpResponse:
        """One table of the numbers as a file."""
        return admin_numbers.numbers_file(self, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Post], search_term: str
    ) -> tuple[QuerySet[Post], bool]:
        """The posts with every word; of very many the newest, and that is said."""
        if not search_term.strip():
            return queryset, False
        found, is_cut = posts_found(queryset, search_term)
        if is_cut:
            words = _t("Many posts have these words; the newest are shown. Add a word or a filter for older ones.")
            messages.info(request, words)
        return found, False

    @admin.action(description=_("Remove for good"), permissions=["post.remove"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Post]) -> HttpResponse | None:
        """Ask for the reason, then remove the chosen posts; they do not come back."""
        reason = request.POST.get("remove_reason", "").strip()
        if reason:
            actor = user_of(request)
            chosen = queryset.select_related("source")[:REMOVED_MAX]
            each(chosen, lambda post: services.post_remove(post=post, reason=reason, actor=actor)).tell(request)
            return None
        return self.ask_why(request, queryset, missing="remove_reason" in request.POST)

    def ask_why(self, request: HttpRequest, rows: QuerySet[Post], *, missing: bool) -> HttpResponse:
        """The page between choosing posts and removing them."""
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _t("Remove for good"),
            "opts": self.opts,
            "rows": rows[:20],
            "count": min(rows.count(), REMOVED_MAX),
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "checkbox": ACTION_CHECKBOX_NAME,
            "select_across": request.POST.get("select_across", "0"),
            "missing": missing,
        }
        return TemplateResponse(request, "sources/post_remove.html", context)
