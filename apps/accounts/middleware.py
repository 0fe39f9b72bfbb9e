"""The workspaces, the language and the clock of a request."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone, translation

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


def stranger_language(request: HttpRequest) -> str:
    """The language that this browser chose, else Pult's own: Russian first, whatever the browser prefers."""
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    return chosen if chosen in dict(settings.LANGUAGES) else str(settings.LANGUAGE_CODE)


def workspace_middleware(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Set `request.workspaces` and `request.workspace`, and speak the user's language on the workspace's clock."""

    def middleware(request: WorkspaceRequest) -> HttpResponseBase:
        request.workspaces, request.workspace = [], None
        if not request.user.is_authenticated:
            language = stranger_language(request)
            with translation.override(language):
                request.LANGUAGE_CODE = language
                return get_response(request)
        request.workspaces = workspaces_seen(request.user)
        chosen = request.session.get(SESSION_KEY)
        if chosen is not None:
            request.workspace = next((each for each in request.workspaces if each.pk == chosen), None)
        if request.workspace is None and len(request.workspaces) == 1:
            request.workspace = request.workspaces[0]
        language = request.user.language
        zone = request.workspace.zone if request.workspace else timezone.get_default_timezone()
        with translation.override(language), timezone.override(zone):
            request.LANGUAGE_CODE = language
            return get_response(request)

    return middleware  # type: ignore[return-value]
