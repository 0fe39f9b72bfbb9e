"""The workspaces and the language of a request."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from django.utils import translation

from apps.accounts.access import BACK_OFFICE, roles_of
from apps.accounts.models import User, Workspace
from apps.accounts.requests import WorkspaceRequest

SESSION_KEY = "workspace"


def workspaces_seen(user: object) -> list[Workspace]:
    """The workspaces in whose back office a user works, by name. Their AI keys stay unread."""
    if not isinstance(user, User) or not user.is_active:
        return []
    rows = Workspace.objects.defer("ai_api_key").order_by("name", "pk")
    if user.is_superuser:
        return list(rows)
    ids = [pk for pk, role in roles_of(user).items() if role in BACK_OFFICE]
    return list(rows.filter(pk__in=ids)) if ids else []


def workspace_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Set `request.workspaces` and `request.workspace`, and speak the user's language."""

    def middleware(request: WorkspaceRequest) -> HttpResponseBase:
        request.workspaces, request.workspace = [], None
        if not request.user.is_authenticated:
            return get_response(request)
        request.workspaces = workspaces_seen(request.user)
        chosen = request.session.get(SESSION_KEY)
        if chosen is not None:
            request.workspace = next((each for each in request.workspaces if each.pk == chosen), None)
        if request.workspace is None and len(request.workspaces) == 1:
            request.workspace = request.workspaces[0]
        language = request.user.language
        with translation.override(language):
            request.LANGUAGE_CODE = language
            return get_response(request)

    return middleware  # type: ignore[return-value]
