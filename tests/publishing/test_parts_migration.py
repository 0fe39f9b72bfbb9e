"""Publications from before they had parts get one each, and those that are out a revision; twice changes nothing."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from apps.accounts.models import User, Workspace
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import PublicationPart, PublicationRevision
from tests.publishing.factories import preview_channel, scheduled, telegram_channel

MIGRATION = import_module("apps.publishing.migrations.0005_parts_of_publications")


@pytest.mark.django_db
def test_each_publication_becomes_one_message_of_its_own(workspace: Workspace, editor: User) -> None:
    out = scheduled(preview_channel(workspace), editor, "Out")
    deliveries_send()
    waiting = scheduled(telegram_channel(workspace), editor, "Waiting")
    PublicationPart.objects.all().delete()
    PublicationRevision.objects.all().delete()
    out.refresh_from_db()

    for _again in range(2):
        MIGRATION.parts_make(apps, None)

    fields = ("publication", "position", "kind", "html", "delivery", "message_ids", "url", "chat_id")
    assert list(PublicationPart.objects.order_by("publication").values_list(*fields)) == [
        (out.pk, 0, "text", out.html, out.delivery_id, out.message_id, out.message_url, out.channel.chat_id),
        (waiting.pk, 0, "text", waiting.html, waiting.delivery_id, "", "", ""),
    ]
    assert list(PublicationRevision.objects.values_list("publication", "number", "kind", "html", "live_from")) == [
        (out.pk, 1, "published", out.html, out.sent_at)
    ]
