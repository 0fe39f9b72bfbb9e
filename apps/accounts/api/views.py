"""Who am I, and which workspaces do I see."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps.accounts.api.base import ScopedViewSet
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.requests import user_of


class WorkspaceSerializer(serializers.ModelSerializer[Workspace]):
    """A workspace's public settings; no key, no budget."""

    class Meta:
        model = Workspace
        fields = ("id", "name", "slug", "time_zone", "language")


class RoleSerializer(serializers.ModelSerializer[Membership]):
    """A role in a workspace."""

    workspace: serializers.SlugRelatedField[Workspace] = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Membership
        fields = ("workspace", "role")


class MeSerializer(serializers.ModelSerializer[User]):
    """The user of this session."""

    roles = RoleSerializer(many=True, source="memberships")

    class Meta:
        model = User
        fields = ("id", "email", "name", "language", "is_superuser", "roles")


class MeView(APIView):
    """The user of this session, with their roles."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Who am I."""
        user = User.objects.prefetch_related("memberships__workspace").get(pk=user_of(request._request).pk)
        return Response(MeSerializer(user).data)


class WorkspaceViewSet(ScopedViewSet[Workspace]):
    """The workspaces whose back office the user sees."""

    verb = "accounts.view_workspace"
    queryset = Workspace.objects.defer("ai_api_key")
    serializer_class = WorkspaceSerializer
