"""Posts in doubt that bots are shown, and albums of which all or some is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User
from apps.core.clock import now
from apps.core.work import claims, kinds, verbs
from apps.delivery.ports import Found, Receipt
from apps.delivery.services import delivery_create
from apps.delivery.services.looking import search, search_begin
from apps.publishing.models import Channel
from apps.telegram.models import Inbox, Session, Update
from tests.publishing.looks import CHAT, ago, ask, in_doubt, look, open_alerts, standing
from tests.servers.bot_api import BotApiServer
from tests.sources.channels import Telegram


def heard(channel: Channel, kind: str, content: dict[str, Any]) -> None:
    """A bot of the workspace is told something."""
    chat = {"id": -1001234567890, "type": "channel", "title": "Port news"}
    number = Update.objects.count() + 1
    Update.objects.create(
        workspace=channel.workspace, bot=channel.bot, update_id=number, kind=kind, payload={"chat": chat, **content}
    )


@pytest.mark.parametrize("way", ["channel_post", "reply", "pin", "button"])
def test_message_that_a_bot_is_shown_is_recorded_as_sent(
    channel: Channel, editor: User, telegram: BotApiServer, way: str
) -> None:
    Inbox.objects.create(bot=channel.bot, heard_at=now())
    delivery = in_doubt(telegram, channel, editor)
    shown = telegram.telegram.show(telegram.messages[0])
    later = {"message_id": 90, "date": shown["date"] + 1}
    told: dict[str, dict[str, Any]] = {
        "channel_post": shown,
        "reply": {**later, "reply_to_message": shown},
        "pin": {**later, "pinned_message": shown},
        "button": {"id": "1", "message": shown},
    }
    heard(channel, "channel_post", told[way])
    ask()
    assert standing(delivery) == ("done", "sent", str(shown["message_id"]))
    assert open_alerts() == set()


@pytest.mark.parametrize("went_to", ["", "port", "-55"])
def test_chat_that_nothing_names_is_looked_for_by_nobody(
    channel: Channel, editor: User, telegram: BotApiServer, went_to: str
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    delivery.went_to = went_to
    assert not search_begin(delivery)


def test_channel_that_was_written_to_by_its_name_is_known_in_updates(
    channel: Channel, editor: User, telegram: BotApiServer
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    delivery.went_to = "@port_news"
    shown = telegram.telegram.show(telegram.messages[0])
    heard(channel, "channel_post", {**shown, "chat": {"id": -1009, "username": "Port_News"}})
    number = str(shown["message_id"])
    assert search(delivery) == Found(Receipt(number, f"https://t.me/port_news/{number}"))


def test_silence_of_bots_proves_nothing(channel: Channel, editor: User, telegram: BotApiServer) -> None:
    Inbox.objects.create(bot=channel.bot, heard_at=now())
    delivery = in_doubt(telegram, channel, editor, "cut_before")
    shown = {"message_id": 5, "date": int(now().timestamp()), "text": "Something else"}
    heard(channel, "channel_post", shown)
    heard(channel, "channel_post", {"chat": {"id": -1009, "type": "channel"}, **shown})
    ago(delivery)
    ask()
    assert standing(delivery)[0] == "unknown"
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert len(telegram.log.of("sendMessage")) == 1


ALBUM = [{"kind": "photo", "storage_name": "", "file_id": f"f{n}", "name": "", "size": 3} for n in range(3)]


@pytest.mark.parametrize(("parts", "state"), [(3, "done"), (2, "unknown"), (0, "ready")])
def test_album_is_there_with_all_of_its_parts_or_a_person_is_asked(
    channel: Channel, telegram: BotApiServer, reading: Telegram, account: Session, parts: int, state: str
) -> None:
    delivery = delivery_create(
        workspace=channel.workspace,
        sender="telegram.answer",
        destination="Port news",
        payload={"bot": channel.bot_id, "chat_id": "-1001234567890", "html": "<b>Pictures</b>", "media": ALBUM},
        dedupe_key="album",
    )
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1)).rows
    verbs.begin(row, went_to="-1001234567890")
    verbs.unknown(row, error="cut", code="cut")
    ago(delivery, 25)
    seen, at = reading.channels[CHAT], now() - timedelta(seconds=24)
    seen.post("Earlier", at=at - timedelta(hours=1))
    seen.album(555, *["Pictures", "", ""][:parts], at=at)
    look(reading)
    assert standing(delivery)[0] == state
    assert delivery.vendor_id == ("2,3,4" if parts == 3 else "")
    assert bool(open_alerts()) == (parts == 2)


def test_too_many_posts_to_see_them_all_are_left_to_a_person(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor, "cut_before")
    ago(delivery)
    for number in range(301):
        reading.channels[CHAT].post(f"Post {number}", at=now() - timedelta(seconds=30))
    look(reading)
    assert standing(delivery)[0] == "unknown"
    assert reading.count("older") == 3
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
