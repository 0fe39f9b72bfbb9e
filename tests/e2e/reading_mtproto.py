"""What the test of reading over MTProto does beside the processes: `Stack.served("reading_mtproto", act)`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import close_old_connections  # noqa: E402 - Django must be set up first

from apps.accounts.models import Alert, User, Workspace  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.delivery.models import Delivery  # noqa: E402
from apps.publishing.models import Channel, Publication  # noqa: E402
from apps.sources.models import AccountAsk, ChannelRead, Invitation, Post, Source  # noqa: E402
from apps.sources.services import source_create  # noqa: E402
from apps.sources.services.invitations import (  # noqa: E402
    channels_list,
    invitation_check,
    invitation_join,
)
from apps.telegram.models import Peer, Session  # noqa: E402
from apps.telegram.services import session_login  # noqa: E402
from apps.telegram.services.sessions import session_create  # noqa: E402
from tests.publishing.factories import scheduled, telegram_channel  # noqa: E402

LINK = "AbCdEf123456"


def log_in() -> dict[str, object]:
    """Log an account in, as its page does."""
    workspace = Workspace.objects.create(name="Harbour", slug="harbour")
    session = session_create(workspace=workspace, name="Reader", phone="+79001112233")
    session_login.session_code_send(session=session)
    session_login.session_code_enter(session=session, code="24680")
    return {"state": session.state}


def seed() -> dict[str, object]:
    """An account that is logged in, and a channel by its name."""
    told = log_in()
    workspace = Workspace.objects.get()
    source_create(
        workspace=workspace, kind="telegram", name="Port", username="port_news", interval_s=60, backfill_posts=30
    )
    return told


def check() -> dict[str, object]:
    """Look at the invitation, as the page does."""
    return {"pk": invitation_check(session=Session.objects.get(), link=LINK).pk}


def join() -> dict[str, object]:
    """Agree to join."""
    invitation_join(invitation=Invitation.objects.get())
    return invited()


def invited() -> dict[str, object]:
    """How the invitation stands."""
    told: dict[str, object] = Invitation.objects.values("state", "code", "title", "members", "chat_id", "kind").get()
    return told


def own() -> dict[str, object]:
    """Ask for the account's own channels."""
    channels_list(session=Session.objects.get())
    return owned()


def owned() -> dict[str, object]:
    """What is known of them."""
    return {
        "asking": AccountAsk.objects.live().count(),
        "titles": list(Peer.objects.filter(is_member=True).order_by("chat_id").values_list("title", flat=True)),
    }


def texts() -> dict[str, object]:
    """What the private group has brought, every reading brought forward."""
    ChannelRead.objects.filter(state="ready", not_before__gt=now()).update(not_before=now())
    source = Source.objects.first()
    return {
        "texts": list(Post.objects.order_by("pk").values_list("text", flat=True)),
        "chat_id": source.chat_id if source else None,
        "problem": source.last_error if source else "",
    }


def report() -> dict[str, object]:
    """What has been read, and how the account stands."""
    source, session = Source.objects.get(), Session.objects.get()
    return {
        "posts": Post.objects.count(),
        "read_to": source.read_to_id,
        "problem": source.last_error,
        "state": session.state,
        "owner": session.lease_owner,
    }


def publish(title: str) -> dict[str, object]:
    """Let a story come out now in the channel that the account reads."""
    workspace = Workspace.objects.get()
    editor, _made = User.objects.get_or_create(email="editor@example.org")
    chat = f"-100{Source.objects.get().chat_id}"
    place = Channel.objects.first() or telegram_channel(workspace, chat_id=chat)
    return {"pk": scheduled(place, editor, title).pk}


def published(title: str) -> dict[str, object]:
    """How that went, and what a person was told."""
    delivery = Delivery.objects.get(publication__title=title)
    return {
        "status": Publication.objects.get(title=title).status,
        "message": delivery.vendor_id,
        "log": list(delivery.attempt_log.order_by("pk").values_list("kind", "outcome")),
        "alerts": list(Alert.objects.filter(closed_at=None).values_list("key", flat=True)),
    }


def leave() -> dict[str, object]:
    """Log the account out, as its page does."""
    return {"told": session_login.session_log_out(session=Session.objects.get())}


ACTS: dict[str, Callable[..., dict[str, object]]] = {
    "seed": seed,
    "log_in": log_in,
    "check": check,
    "join": join,
    "invited": invited,
    "own": own,
    "owned": owned,
    "texts": texts,
    "report": report,
    "leave": leave,
    "publish": publish,
    "published": published,
}


def serve() -> None:
    """Read one JSON list of arguments a line and answer each with one line."""
    for line in sys.stdin:
        act, *more = json.loads(line)
        print("ANSWER " + json.dumps(ACTS[act](*more)), flush=True)
        close_old_connections()


if __name__ == "__main__":
    serve()
