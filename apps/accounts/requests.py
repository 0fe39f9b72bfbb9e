"""What the middleware puts on a request, typed."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest

from apps.accounts.models import User, Workspace


class WorkspaceRequest(HttpRequest):
    """A request that passed the workspace middleware.

    Attributes:
        workspaces: those in which the user works in the back office, by name; all of them for a superuser.
        workspace: the one chosen in the switcher; None stands for all of `workspaces`.
    """

    workspaces: list[Workspace]
    workspace: Workspace | None


def workspaces_of(request: HttpRequest) -> list[Workspace]:
    """The workspaces that the user of this request sees."""
    return cast(WorkspaceRequest, request).workspaces


def chosen_of(request: HttpRequest) -> Workspace | None:
    """The workspace chosen in the switcher; None stands for all."""
    return cast(WorkspaceRequest, request).workspace


def shown_of(request: HttpRequest) -> list[Workspace]:
    """The workspaces whose rows a list shows: the chosen one, else all that the user sees."""
    chosen = chosen_of(request)
    return workspaces_of(request) if chosen is None else [chosen]


def user_of(request: HttpRequest) -> User:
    """The user of a request behind a log-in."""
    return cast(User, request.user)
