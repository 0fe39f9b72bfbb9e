"""Prompts: what models are told, as a workspace's own versions over the files."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts import access
from apps.accounts.admin_base import ReadOnly, WorkspaceModelAdmin
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of, workspaces_of
from apps.ai.models import PromptVersion
from apps.ai.prompt_versions import (
    PromptConflictError,
    prompt_history,
    prompt_return,
    prompt_save,
    prompt_states,
)
from apps.ai.prompts import PromptError, prompt_file, prompt_in_use, tidy
from apps.core.errors import PultError
from apps.stories.admin_presets import number_of
from apps.stories.differences import text_difference

VIEW, CHANGE = "ai.view_promptversion", "prompt.edit"
FILE = "file"
TITLES: dict[str, str | Promise] = {
    "stories/rewrite": _("Rewrite: the rules"),
    "stories/rewrite_request": _("Rewrite: the task"),
    "stories/shorter": _("Shorter: the task"),
    "stories/calmer": _("Calmer: the task"),
    "stories/numbers": _("With numbers: the task"),
    "stories/translate": _("Translate: the task"),
    "stories/illustration": _("Illustration: what is drawn"),
}


def title_of(name: str) -> str:
    """A prompt's name for a person; the file's where it has none."""
    return str(TITLES.get(name, name))


@admin.register(PromptVersion)
class PromptAdmin(ReadOnly, WorkspaceModelAdmin[PromptVersion]):
    """The prompts of a workspace, and all their versions."""

    list_display = ("prompt", "number", "in_use", "note", "editor", "created_at", "workspace")
    list_filter = ("is_current",)
    list_select_related = ("editor", "workspace")
    list_before_template = "stories/prompts_list.html"
    search_fields = ("name", "note")
    ordering = ("-created_at", "-pk")
    audit_saves = False
    empty_text = _("Versions of your own appear here. Until there are any, Pult uses the prompts that it came with.")

    class Media:
        css = {"all": ("stories/versions.css",)}

    @admin.display(description=_("prompt"), ordering="name")
    def prompt(self, row: PromptVersion) -> str:
        """What it is a version of."""
        return title_of(row.name)

    @admin.display(description=_("in use"), ordering="is_current")
    def in_use(self, row: PromptVersion) -> SafeString | str:
        """Whether it is what models are told now."""
        return format_html('<span class="pult-tag pult-tag--done">{}</span>', _t("in use")) if row.is_current else "—"

    def get_urls(self) -> list[URLPattern]:
        """The page of one prompt, beside the list."""
        view = self.admin_site.admin_view(self.prompt_view)
        return [path("of/<int:workspace>/<path:name>/", view, name="ai_prompt"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The versions under the prompts of the chosen workspace."""
        shown = access.permitted(user_of(request), VIEW, shown_of(request))
        groups = []
        if len(shown) == 1:
            order = {name: place for place, name in enumerate(TITLES)}
            states = sorted(prompt_states(shown[0]), key=lambda state: (order.get(state.name, len(order)), state.name))
            groups = [(shown[0], [(title_of(state.name), state) for state in states])]
        extra = {"title": _t("Prompts"), "prompt_groups": groups, "prompt_workspaces": shown if len(shown) > 1 else []}
        return super().changelist_view(request, {**extra, **(extra_context or {})})

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """A version is shown on its prompt's page."""
        row = self.get_object(request, object_id)
        if row is not None and request.method == "GET" and self.has_view_permission(request, row):
            address = reverse("admin:ai_prompt", args=[row.workspace_id, row.name])
            return HttpResponseRedirect(f"{address}?after={row.number}")
        answer: HttpResponse = super().change_view(request, object_id, *args, **kwargs)
        return answer

    def prompt_view(self, request: HttpRequest, workspace: int, name: str) -> HttpResponse:
        """One prompt of one workspace: its text, its versions, what differs; a POST saves or returns."""
        owner = next((one for one in workspaces_of(request) if one.pk == workspace), None)
        if owner is None:
            raise Http404
        if not access.can(user_of(request), VIEW, owner):
            raise PermissionDenied
        try:
            prompt_file(name)
        except PromptError as exc:
            raise Http404 from exc
        if request.method != "POST":
            return self.page(request, owner, name)
        if not access.can(user_of(request), CHANGE, owner):
            raise PermissionDenied
        return self.returned(request, owner, name) if "return" in request.POST else self.saved(request, owner, name)

    def saved(self, request: HttpRequest, owner: Workspace, name: str) -> HttpResponse:
        """Keep the typed text as a version; what is wrong with it is shown over it."""
        text = request.POST.get("text", "").replace("\x00", "")
        note = request.POST.get("note", "").replace("\x00", "")
        began = number_of(request.POST.get("based_on"))
        try:
            version = prompt_save(
                workspace=owner, name=name, text=text, note=note, editor=user_of(request), based_on=began
            )
        except PromptConflictError as exc:
            return self.page(request, owner, name, typed=(text, note), problem=str(exc))
        except PultError as exc:
            return self.page(request, owner, name, typed=(text, note), problem=str(exc), based_on=str(began or ""))
        messages.success(
            request, _t("Saved as version %(number)d. It is used from now on.") % {"number": version.number}
        )
        return HttpResponseRedirect(request.path)

    def returned(self, request: HttpRequest, owner: Workspace, name: str) -> HttpResponse:
        """Use an earlier version again, or the file."""
        number = number_of(request.POST.get("return"))
        try:
            prompt_return(workspace=owner, name=name, number=number, editor=user_of(request))
        except PultError as exc:
            messages.error(request, str(exc))
        else:
            words = (
                _t("Pult’s own text is in use again.") if number is None else _t("Version %(number)d is in use again.")
            )
            messages.success(request, words % {"number": number or 0})
        return HttpResponseRedirect(request.path)

    def page(
        self,
        request: HttpRequest,
        owner: Workspace,
        name: str,
        *,
        typed: tuple[str, str] | None = None,
        problem: str = "",
        based_on: str | None = None,
    ) -> HttpResponse:
        """The page; after a refusal with what was typed still in it."""
        history = prompt_history(owner, name)
        current = next((one for one in history if one.is_current), None)
        texts = {FILE: prompt_file(name).text, **{str(one.number): tidy(one.text) for one in history}}
        in_use = str(current.number) if current else FILE
        after = request.GET.get("after", in_use) if request.GET.get("after", in_use) in texts else in_use
        before = request.GET.get("before", FILE) if request.GET.get("before", FILE) in texts else FILE
        context = {
            **self.admin_site.each_context(request),
            "title": title_of(name),
            "back": reverse("admin:ai_promptversion_changelist"),
            "workspace": owner,
            "name": name,
            "variables": sorted(prompt_file(name).variables),
            "history": history,
            "current": current,
            "text": typed[0] if typed else prompt_in_use(name, owner).text,
            "note": typed[1] if typed else "",
            "based_on": (current.number if current else "") if based_on is None else based_on,
            "problem": problem,
            "before": before,
            "after": after,
            "choices": [(FILE, _t("Pult’s own text")), *((str(one.number), one.number) for one in history)],
            "pieces": text_difference(texts[before], texts[after]) if before != after else (),
            "may_change": access.can(user_of(request), CHANGE, owner),
            "zone": owner.zone,
        }
        return render(request, "stories/prompt.html", context, status=409 if problem else 200)
