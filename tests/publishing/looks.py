"""Publications that nobody knows to have arrived, and accounts that look for them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apps.accounts.models import Alert, User, Workspace
from apps.core.clock import now
from apps.core.work import stopping
from apps.delivery.models import ChannelLook, Delivery, Lane, LookUp
from apps.delivery.tasks import deliveries_send, look_ups_ask
from apps.publishing.models import Channel, Publication
from apps.sources.channel_looking import ChannelLooking
from apps.telegram.models import Peer, Session
from apps.telegram.reading import Attachment, ChannelMessage, Formatting
from tests.publishing.factories import scheduled
from tests.servers.bot_api import BotApiServer
from tests.sources.channels import Channel as Seen
from tests.sources.channels import SessionFactory, Telegram

CHAT = 1234567890


def reader_of(workspace: Workspace, reading: Telegram, *, knows: bool = True, connected: bool = True) -> Session:
    """An account of the workspace that is connected now."""
    made = SessionFactory.create(workspace=workspace)
    if connected:
        reading.accounts.add(made.pk)
        Session.objects.filter(pk=made.pk).update(lease_owner="here", lease_until=now() + timedelta(minutes=5))
    if knows:
        Peer.objects.create(session=made, chat_id=CHAT, access_hash=CHAT ^ made.pk, username="port_news")
    return made


def mirrored(server: BotApiServer, reading: Telegram) -> Seen:
    """Let accounts see what the stand-in of the Bot API has accepted."""
    seen = reading.channels[CHAT]
    for one in server.messages:
        links = [entity for entity in one.entities if entity["type"] == "text_link"]
        seen.messages[one.message_id] = ChannelMessage(
            message_id=one.message_id,
            date=datetime.fromtimestamp(one.date, tz=UTC),
            text=one.text,
            formatting=tuple(Formatting("link", part["offset"], part["length"], part["url"]) for part in links),
            album_id=int(one.album) if one.album else None,
            attachment=Attachment(one.file.kind) if one.file else None,
        )
    return seen


def in_doubt(telegram: BotApiServer, channel: Channel, editor: User, fault: str = "cut_after") -> Delivery:
    """A publication that left without an answer."""
    telegram.faults.add(fault, method="send*", times=1)
    return doubt_of(scheduled(channel, editor))


def doubt_of(publication: Publication) -> Delivery:
    stopping.forget()
    deliveries_send()
    delivery = Delivery.objects.get(publication=publication)
    assert delivery.state == "unknown"
    return delivery


def ago(delivery: Delivery, seconds: float = 40) -> None:
    """As if the request had begun so long ago."""
    Delivery.objects.filter(pk=delivery.pk).update(begun_at=now() - timedelta(seconds=seconds))


def due_now() -> None:
    """As if the time of everything that waits had come."""
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.exclude(next_at=None).update(next_at=now())


def look(reading: Telegram) -> None:
    ChannelLook.objects.filter(state="ready").update(not_before=now())
    ChannelLooking(reading).turn()


def ask() -> None:
    LookUp.objects.filter(state="ready").update(not_before=now())
    look_ups_ask()


def open_alerts() -> set[str]:
    return set(Alert.objects.filter(closed_at=None).values_list("key", flat=True))


def standing(delivery: Delivery) -> tuple[str, str, str]:
    delivery.refresh_from_db()
    return delivery.state, delivery.outcome, delivery.vendor_id
