"""What payloads ask of the Bot API, and whom a retry_after binds."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any
from uuid import uuid4

import pytest

from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.delivery import telegram_limits
from apps.delivery.ports import Receipt
from apps.delivery.telegram_doing import carry_out, is_repeatable, message_url, parts
from apps.telegram import buckets
from apps.telegram.ports import Media, SentMessage

PHOTO = {"kind": "photo", "storage_name": "a.jpg", "name": "a.jpg", "size": 10, "mime": "image/jpeg", "spoiler": True}
# Test processes share the buckets in Redis: each has bots of its own.
BOTS = itertools.count(uuid4().int >> 80)


class Api:
    """Takes down what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        async def method(*args: Any, **options: Any) -> Any:
            self.asked.append((name, args, options))
            sent = [SentMessage(message_id=7 + part, chat_id=-1005, date=now()) for part in range(2)]
            return sent[0] if name in {"send_message", "send_media"} else tuple(sent)

        return method


def did(payload: dict[str, Any], *, after_id: str = "") -> tuple[Receipt, str, tuple[Any, ...], dict[str, Any]]:
    api: Any = Api()
    receipt = asyncio.run(carry_out(api, "-1005", payload, after_id=after_id, request_timeout=3))
    [(name, args, options)] = api.asked
    assert options.pop("request_timeout") == 3
    return receipt, name, args, options


@pytest.fixture
def bot() -> int:
    """A bot that has not written yet: the buckets outlive a test."""
    return next(BOTS)


def test_a_text_with_all_that_it_may_have() -> None:
    payload = {"html": "hello", "silent": True, "protect": True, "topic": 4, "link_preview": False}
    receipt, name, args, options = did(payload)
    assert receipt == Receipt("7", "https://t.me/c/5/7")
    assert (name, args) == ("send_message", ("-1005", "hello"))
    assert options == {
        "silent": True,
        "protect": True,
        "topic": 4,
        "link_preview": False,
        "buttons": [],
        "asks_reply": False,
    }


def test_one_file_and_an_album() -> None:
    receipt, name, args, options = did({"html": "look", "media": [PHOTO], "caption_above": True})
    assert (receipt.vendor_id, name) == ("7", "send_media")
    assert args == ("-1005", Media(**PHOTO))  # type: ignore[arg-type]
    assert options == {"caption": "look", "caption_above": True, "buttons": []}
    receipt, name, args, options = did({"html": "look", "media": [PHOTO, PHOTO]})
    assert (receipt.vendor_id, name, len(args[1])) == ("7,8", "send_album", 2)
    assert options == {"caption": "look", "caption_above": False}


@pytest.mark.parametrize("media", [[{**PHOTO, "size": 0}], [PHOTO] * 11, [PHOTO, {**PHOTO, "kind": "audio"}]])
def test_files_that_telegram_would_refuse_do_not_leave(media: list[dict[str, Any]]) -> None:
    with pytest.raises(PermanentError) as refused:
        did({"html": "look", "media": media})
    assert refused.value.code == "media_refused"


@pytest.mark.parametrize(
    ("do", "message", "expected"),
    [
        ("edit", "9", ("edit_message_text", ("-1005", 9, "new"))),
        ("caption", "9,10", ("edit_caption", ("-1005", 9, "new"))),
        ("delete", "9", ("delete_message", ("-1005", 9))),
        ("delete", "9,10", ("delete_messages", ("-1005", [9, 10]))),
        ("pin", "9,10", ("pin_message", ("-1005", 9))),
        ("unpin", "9", ("unpin_message", ("-1005", 9))),
    ],
)
@pytest.mark.parametrize("is_named", [False, True])
def test_changes_go_to_the_message_that_is_named(
    do: str, message: str, expected: tuple[str, tuple[Any, ...]], is_named: bool
) -> None:
    payload = {"do": do, "html": "new"}
    receipt, name, args, _options = (
        did({**payload, "message": message}, after_id="1") if is_named else did(payload, after_id=message)
    )
    assert (name, args) == expected
    assert receipt == Receipt(message)
    assert is_repeatable(payload)


def test_a_change_of_nobody_knows_which_message_is_refused() -> None:
    with pytest.raises(PermanentError) as refused:
        did({"do": "delete"}, after_id="https://t.me/somewhere")
    assert refused.value.code == "no_message"
    with pytest.raises(PermanentError, match="juggle"):
        did({"do": "juggle", "message": 1})


def test_an_album_counts_as_its_parts() -> None:
    assert parts({"media": [PHOTO, PHOTO, PHOTO]}) == 3
    assert parts({"html": "x"}) == parts({"do": "delete", "media": [PHOTO, PHOTO]}) == 1


def test_messages_of_public_chats_have_an_address_by_name() -> None:
    assert message_url(SentMessage(5, -1, now(), chat_username="port")) == "https://t.me/port/5"
    assert message_url(SentMessage(5, -1, now())) == ""


def test_retry_after_binds_the_chat_and_no_other(bot: int) -> None:
    asyncio.run(telegram_limits.obey(bot, "-1", 30))
    asyncio.run(telegram_limits.obey(bot, "-1", 30))
    assert buckets.reserve(bot, "-1", is_group=False) > 25
    assert buckets.reserve(bot, "-2", is_group=False) == 0


def test_three_chats_in_a_row_bind_the_bot(bot: int) -> None:
    for chat in ("-11", "-12", "-13"):
        asyncio.run(telegram_limits.obey(bot, chat, 30))
    assert buckets.reserve(bot, "-14", is_group=False) > 25
    assert buckets.reserve(next(BOTS), "-14", is_group=False) == 0


def test_an_accepted_message_between_says_that_it_was_not_the_bot(bot: int) -> None:
    for chat in ("-21", "-22", "-23"):
        asyncio.run(telegram_limits.obey(bot, chat, 30))
        telegram_limits.accepted(bot)
    assert buckets.reserve(bot, "-24", is_group=False) == 0
