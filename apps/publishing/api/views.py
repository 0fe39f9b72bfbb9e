"""Publications, read only."""

from __future__ import annotations

from rest_framework import serializers

from apps.accounts.api.base import ScopedViewSet
from apps.accounts.models import Workspace
from apps.publishing.models import Channel, Publication


class PublicationSerializer(serializers.ModelSerializer[Publication]):
    """What comes out where and when, and what became of it."""

    workspace: serializers.SlugRelatedField[Workspace] = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    channel: serializers.SlugRelatedField[Channel] = serializers.SlugRelatedField(slug_field="name", read_only=True)

    class Meta:
        model = Publication
        fields = (
            "id",
            "workspace",
            "channel",
            "story",
            "title",
            "html",
            "publish_at",
            "status",
            "reason",
            "message_url",
            "sent_at",
        )


class PublicationViewSet(ScopedViewSet[Publication]):
    """Publications of the user's workspaces, the newest first."""

    verb = "publishing.view_publication"
    queryset = Publication.objects.select_related("workspace", "channel")
    serializer_class = PublicationSerializer
