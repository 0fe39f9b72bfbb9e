"""What payloads ask of the Bot API, and whom a retry_after binds."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from types import SimpleNamespace
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


@pytest.mark.parametrize("step", ["turn", "pace"])
def test_messages_of_a_bot_leave_apart_also_after_a_busy_moment(
    bot: int, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 3))

    monkeypatch.setattr(telegram_limits, "time", SimpleNamespace(monotonic=lambda: 100.0))
    monkeypatch.setattr(telegram_limits, "asyncio", SimpleNamespace(sleep=sleep))
    for other in (bot, bot, next(BOTS), bot):
        asyncio.run(getattr(telegram_limits, step)(other))
    assert waits == [0.0, 0.02, 0.0, 0.04]


def test_one_that_waited_for_its_turn_does_not_wait_again(bot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(round(seconds, 3))
        clock[0] += seconds

    monkeypatch.setattr(telegram_limits, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(telegram_limits, "asyncio", SimpleNamespace(sleep=sleep))
    for _message in range(3):
        asyncio.run(telegram_limits.turn(bot))
        asyncio.run(telegram_limits.pace(bot))
    assert waits == [0.0, 0.0, 0.02, 0.0, 0.02, 0.0]


def left(bot: int, monkeypatch: pytest.MonkeyPatch, messages: Sequence[int], *, took_s: float) -> list[float]:
    """When messages of so many parts left that all came at once, each answered after so long."""
    clock = [0.0]
    moments: list[float] = []

    async def sleep(seconds: float) -> None:
        moments.append(round(clock[0] + seconds, 3))

    monkeypatch.setattr(telegram_limits, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(telegram_limits, "asyncio", SimpleNamespace(sleep=sleep))
    for places in messages:
        departure = asyncio.run(telegram_limits.pace(bot, places))
        clock[0] = departure.left_at + took_s
        with telegram_limits.answered(departure):
            pass
        clock[0] = departure.left_at
    return moments


@pytest.mark.parametrize(("took_s", "first_after"), [(0.01, 1.01), (0.2, 1.1)])
def test_no_window_of_a_second_holds_more_than_telegram_takes(
    bot: int, monkeypatch: pytest.MonkeyPatch, took_s: float, first_after: float
) -> None:
    moments = left(bot, monkeypatch, [1] * 91, took_s=took_s)
    assert moments[29] == pytest.approx(0.58)
    assert moments[30] == pytest.approx(first_after)
    for earlier, later in zip(moments, moments[30:], strict=False):
        assert later - earlier >= first_after - 1e-6


@pytest.mark.parametrize(("took_s", "first_after"), [(0.01, 1.01), (0.2, 1.1)])
def test_no_more_begin_than_leave(bot: int, monkeypatch: pytest.MonkeyPatch, took_s: float, first_after: float) -> None:
    left(bot, monkeypatch, [1] * 3, took_s=took_s)
    begun: list[float] = []

    async def sleep(seconds: float) -> None:
        begun.append(round(seconds, 3))

    monkeypatch.setattr(telegram_limits, "time", SimpleNamespace(monotonic=lambda: 100.0))
    monkeypatch.setattr(telegram_limits, "asyncio", SimpleNamespace(sleep=sleep))
    for _message in range(31):
        asyncio.run(telegram_limits.turn(bot))
    assert begun[29] == pytest.approx(0.58)
    assert begun[30] == pytest.approx(first_after)


def test_parts_of_an_album_count_each(bot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    moments = left(bot, monkeypatch, [10, 10, 10, 1, 10], took_s=0.01)
    assert moments == [0.0, 0.02, 0.04, 1.01, 1.03]


def test_what_was_not_answered_counts_as_late_as_it_may(bot: int) -> None:
    departure = telegram_limits.Departure(5.0)
    assert departure.counted_at == pytest.approx(5.1)
    departure.answered_at = 5.01
    assert departure.counted_at == pytest.approx(5.01)
