"""What every view of the API shares: scope and paging."""

from __future__ import annotations

from typing import Generic, TypeVar

from django.db import models
from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from rest_framework import mixins, viewsets
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from apps.accounts import access
from apps.accounts.requests import user_of, workspaces_of

M = TypeVar("M", bound=models.Model)


class NewestFirst(CursorPagination):
    """Pages by key, the newest first: no counting, no skipped or doubled rows while others are added."""

    page_size = 20
    page_size_query_param = "page_size"
    max_page_size = 100
    ordering = "-id"


class RolePermission(BasePermission):
    """Asks the roles table: a view names its verb in `verb`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Whether any role of the user has the view's verb."""
        return access.can(user_of(request._request), getattr(view, "verb", ""))


class ScopedViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet, Generic[M]):
    """Rows of the workspaces where the user's role has `verb`, read only; another workspace's row is a 404.

    Attributes:
        verb: the permission that a role needs, such as `stories.view_story`.
    """

    verb = ""
    permission_classes = (RolePermission,)
    pagination_class = NewestFirst

    def get_queryset(self) -> models.QuerySet[M]:
        """What this user may read."""
        inner = self.request._request
        rows: models.QuerySet[M] = super().get_queryset()
        allowed = access.permitted(user_of(inner), self.verb, workspaces_of(inner))
        return access.scoped(rows, allowed)


def not_found(_request: HttpRequest, **_parts: str) -> JsonResponse:
    """An address of the API that does not exist."""
    return JsonResponse({"detail": _("There is no such address.")}, status=404)
