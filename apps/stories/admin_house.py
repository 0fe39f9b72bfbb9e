"""House rules of a workspace: its dictionary and its style."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action

from apps.accounts.access import permitted
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of
from apps.stories.models import HouseStyle, HouseWord
from apps.stories.services import house_words_import

PASTED_MAX = 600_000
LIST = "admin:stories_houseword_changelist"


def places(request: HttpRequest, verb: str) -> list[Workspace]:
    """The shown workspaces where the user may do the verb.

    Raises:
        PermissionDenied: there are none.
    """
    workspaces = permitted(user_of(request), verb, shown_of(request))
    if not workspaces:
        raise PermissionDenied
    return list(workspaces)


def place(request: HttpRequest, workspaces: Sequence[Workspace]) -> Workspace:
    """The workspace that was chosen, or the first."""
    asked = request.POST.get("workspace", "")
    return next((one for one in workspaces if str(one.pk) == asked), workspaces[0])


@admin.register(HouseWord)
class HouseWordAdmin(AnyCaseSearch, WorkspaceModelAdmin[HouseWord]):
    """The house dictionary."""

    list_display = ("written", "becomes", "note")
    search_fields = ("written", "wanted", "note")
    fields = ("workspace", "written", "wanted", "note")
    ordering = ("written", "pk")
    actions_list: Any = ("paste_words", "house_style")
    empty_text = gettext_lazy(
        "Words that you write your own way, and words that are right though no dictionary knows them. "
        "Add one, paste a list, or take one over while proofreading a text."
    )

    @admin.display(description=gettext_lazy("as it should be"), ordering="wanted")
    def becomes(self, word: HouseWord) -> str:
        """How it is wanted, or that it is right as it stands."""
        return _("right as it stands") if word.written == word.wanted else word.wanted

    @action(description=gettext_lazy("Paste a list"), permissions=["add"])  # type: ignore[untyped-decorator]
    def paste_words(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way there from the list."""
        return HttpResponseRedirect(reverse("admin:stories_houseword_paste"))

    @action(description=gettext_lazy("House style"))  # type: ignore[untyped-decorator]
    def house_style(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way to the style from the list."""
        return HttpResponseRedirect(reverse("admin:stories_housestyle_changelist"))

    def get_urls(self) -> list[URLPattern]:
        """The screen for pasted lists, before the addresses of single words."""
        view = self.admin_site.admin_view(self.paste_view)
        return [path("paste/", view, name="stories_houseword_paste"), *super().get_urls()]

    def paste_view(self, request: HttpRequest) -> HttpResponse:
        """A pasted list, taken over at once; lines that cannot be read come back to be mended."""
        workspaces = places(request, "stories.add_houseword")
        chosen = place(request, workspaces)
        context: dict[str, Any] = {
            **self.admin_site.each_context(request),
            "title": _("Paste a list of words"),
            "workspaces": workspaces if len(workspaces) > 1 else [],
            "chosen": chosen,
            "back": reverse(LIST),
        }
        if request.method == "POST":
            text = request.POST.get("words", "")
            if len(text) > PASTED_MAX:
                context |= {"problems": [_("The list is too long: paste it in parts.")], "typed": text[:1000]}
                return render(request, "stories/words_paste.html", context, status=400)
            done = house_words_import(workspace=chosen, text=text, editor=user_of(request))
            messages.success(request, words_told(done.added, done.changed))
            if not done.problems:
                return HttpResponseRedirect(context["back"])
            context |= {"problems": done.problems[:50], "typed": text}
        return render(request, "stories/words_paste.html", context)


def words_told(added: int, changed: int) -> str:
    """What was done with a pasted list."""
    if not (added or changed):
        return _("Nothing new: the dictionary has all of it.")
    new = ngettext("%(count)d word added", "%(count)d words added", added) % {"count": added}
    other = ngettext("%(count)d changed", "%(count)d changed", changed) % {"count": changed}
    return f"{new}, {other}."


@admin.register(HouseStyle)
class HouseStyleAdmin(WorkspaceModelAdmin[HouseStyle]):
    """What proofreading does beyond what is always right; one row a workspace."""

    list_display = ("workspace", "yo", "thousands", "spelling")
    list_display_links = ("workspace",)
    list_select_related = ("workspace",)
    fields = ("workspace", "yo", "thousands", "spelling")
    ordering = ("workspace__name", "pk")
    empty_text = gettext_lazy("Add the house style of a workspace: whether “ё” is put, and how large numbers are set.")
