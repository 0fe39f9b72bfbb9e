"""Rows that people do not edit, with buttons of their own inside the page's form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.core.errors import PultError


class Verbs(WorkspaceModelAdmin[Any]):
    """Rows that only Pult writes, with buttons, each a POST to `<row>/<verb>/`.

    Attributes:
        verbs: what each button does: called `(row, user)`.
    """

    verbs: dict[str, Callable[[Any, Any], object]] = {}

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Nobody adds them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nobody deletes them by hand."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Shown, never edited: the buttons do what can be done."""
        hidden = {"show_save": False, "show_save_and_continue": False, "show_save_and_add_another": False}
        return super().change_view(request, object_id, form_url, {**hidden, **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        """The buttons' addresses, 404 for a row that the user does not see."""
        view = self.guarded(self.admin_site.admin_view(self.verb_view))
        name = f"sources_{self.opts.model_name}"
        buttons = [
            path(f"<path:object_id>/{verb}/", view, {"verb": verb}, name=f"{name}_{verb}") for verb in self.verbs
        ]
        return [*buttons, *super().get_urls()]

    def verb_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """Do what the button says, and go back to where it stands."""
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not self.has_change_permission(request, row):
            raise PermissionDenied
        try:
            self.verbs[verb](row, user_of(request))
        except PultError as exc:
            messages.warning(request, str(exc))
        else:
            messages.success(request, self.done(row, verb))
        return HttpResponseRedirect(self.after(row))

    def done(self, row: Any, verb: str) -> str:  # noqa: ARG002
        """What is said when it worked."""
        return _t("Done.")

    def after(self, row: Any) -> str:
        """Where a button leads back to."""
        return reverse(f"admin:sources_{self.opts.model_name}_change", args=[row.pk])


def button(model: str, pk: int, verb: str, words: str, *, is_main: bool = False) -> SafeString:
    """A button of a row inside the page's own form."""
    return format_html(
        '<button type="submit" class="pult-button{}" formaction="{}" formnovalidate>{}</button>',
        " pult-button--main" if is_main else "",
        reverse(f"admin:sources_{model}_{verb}", args=[pk]),
        words,
    )
