"""Stories, read only."""

from __future__ import annotations

from rest_framework import serializers

from apps.accounts.api.base import ScopedViewSet
from apps.accounts.models import Workspace
from apps.stories.models import Story, StoryVersion


class VersionSerializer(serializers.ModelSerializer[StoryVersion]):
    """A text of a story."""

    class Meta:
        model = StoryVersion
        fields = ("number", "title", "lead", "body", "tags", "writer", "created_at")


class StorySerializer(serializers.ModelSerializer[Story]):
    """A story with its current text."""

    workspace: serializers.SlugRelatedField[Workspace] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    version = VersionSerializer(source="current_version", allow_null=True)

    class Meta:
        model = Story
        fields = (
            "id",
            "workspace",
            "title",
            "status",
            "language",
            "first_at",
            "last_at",
            "posts_count",
            "sources_count",
            "approved_at",
            "published_at",
            "version",
        )


class StoryViewSet(ScopedViewSet[Story]):
    """Stories of the user's workspaces, the newest first."""

    verb = "stories.view_story"
    queryset = Story.objects.select_related("workspace", "current_version")
    serializer_class = StorySerializer
