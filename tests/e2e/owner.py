"""What a test of bots needs besides screens, as a process: `python -m tests.e2e.owner people|publish|report`.

It answers with one line of JSON.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from apps.accounts.models import Alert, Membership, User, Workspace  # noqa: E402 - Django must be set up first
from apps.core.clock import now  # noqa: E402
from apps.delivery.models import Delivery  # noqa: E402
from apps.publishing.models import Channel, Publication  # noqa: E402
from apps.publishing.services import publication_schedule  # noqa: E402
from apps.stories.models import Story, StoryVersion  # noqa: E402
from apps.telegram.models import KnownChat, Update  # noqa: E402

EMAIL, PASSWORD = "owner@example.org", "correct-horse-battery"


def people() -> dict[str, Any]:
    """A workspace with its owner and an approved story."""
    workspace = Workspace.objects.create(name="Harbour", slug="harbour")
    owner = User.objects.create_user(EMAIL, PASSWORD)
    Membership.objects.create(user=owner, workspace=workspace, role="owner")
    story = Story.objects.create(workspace=workspace, title="Fire in the port", first_at=now(), last_at=now())
    version = StoryVersion.objects.create(
        story=story, number=1, title="Fire in the port", lead="A warehouse burns.", body="All is well."
    )
    Story.objects.filter(pk=story.pk).update(current_version=version, status="approved")
    return {"workspace": workspace.pk}


def publish() -> dict[str, Any]:
    """Publish the story in the one channel."""
    publication = publication_schedule(
        story=Story.objects.get(), channel=Channel.objects.get(), editor=User.objects.get(email=EMAIL)
    )
    return {"publication": publication.pk}


def report() -> dict[str, Any]:
    """Everything that the test judges by."""
    return {
        "updates": list(Update.objects.order_by("pk").values_list("update_id", "kind", "state")),
        "chats": list(KnownChat.objects.values("pk", "bot", "chat_id", "title", "status", "can_post")),
        "channels": list(Channel.objects.values("chat_id", "chat_kind", "problem")),
        "publications": list(Publication.objects.values_list("status", flat=True)),
        "deliveries": list(Delivery.objects.order_by("pk").values_list("sender", "outcome")),
        "alerts": list(Alert.objects.filter(closed_at=None).values_list("key", flat=True)),
    }


if __name__ == "__main__":
    acts: dict[str, Callable[[], dict[str, Any]]] = {"people": people, "publish": publish, "report": report}
    print(json.dumps(acts[sys.argv[1]](), default=str))
