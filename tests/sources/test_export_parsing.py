"""Exports of Telegram become items, one at a time."""

from __future__ import annotations

import io
import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.sources.parsers.export import read_export
from apps.sources.ports import Item, UnreadableError
from tests.sources.payloads import desktop, plain_list

MOSCOW = ZoneInfo("Europe/Moscow")


def read(content: bytes) -> tuple[list[Item], int]:
    skipped: list[None] = []
    items = list(read_export(io.BytesIO(content), zone=MOSCOW, skipped=lambda: skipped.append(None)))
    return items, len(skipped)


def message(number: int, text: Any, **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "message", "date": "2026-11-20T15:00:00", "text": text, **more}


@pytest.mark.parametrize("number", [str(10**30), "9" * 5000, "9" * 20_000, str(2**63), f"-{10**30}", f'"{10**30}"'])
def test_message_of_an_impossible_number_spoils_only_itself(number: str) -> None:
    for content in (desktop(message(1, "а"), message(987654, "б"), message(3, "в")), plain_list("а", "б", "в")):
        old = b"987654" if b"987654" in content else b'"message_id": 2'
        new = number if old == b"987654" else f'"message_id": {number}'
        assert old in content
        items, skipped = read(content.replace(old, new.encode()))

        assert [item.text for item in items] == ["а", "в"]
        assert skipped == 1


def test_other_impossible_numbers_are_as_if_unsaid() -> None:
    content = desktop(message(1, "а", reply_to_message_id=10**30, grouped_id=10**30, file_size=10**30, width=1.5))

    items, skipped = read(content.replace(b"1.5", b"1e999"))

    assert (skipped, [item.text for item in items]) == (0, ["а"])
    assert (items[0].reply_to, items[0].album_id) == (None, None)


def test_plain_list_keeps_channel_and_markdown() -> None:
    items, skipped = read(plain_list("**Важно**", ""))

    assert skipped == 1
    assert items == [
        Item(
            external_id="1:1",
            also_known=("-1001:1",),
            message_id=1,
            text="**Важно**",
            url="https://t.me/c/1/1",
            published_at=datetime(2026, 11, 20, 1, 0, tzinfo=UTC),
            channel="Чайка",
            markup="markdown",
        )
    ]


@pytest.mark.parametrize(("sender", "url"), [(-1001234567890, "https://t.me/c/1234567890/1"), (4321, "")])
def test_only_channels_of_a_plain_list_get_a_link(sender: int, url: str) -> None:
    items, _skipped = read(plain_list("Текст", sender=sender))

    assert items[0].url == url


def test_desktop_text_of_entities_is_joined() -> None:
    text = ["Мост ", {"type": "bold", "text": "открыт"}, " с ", {"type": "link", "text": "https://a.example"}, 5, None]

    items, _skipped = read(desktop(message(2, text)))

    assert items[0].text == "Мост открыт с https://a.example"
    assert items[0].url == "https://t.me/c/77/2"
    assert items[0].markup == "plain"


def test_desktop_time_is_unix_else_in_the_zone() -> None:
    items, _skipped = read(
        desktop(message(1, "а", date_unixtime="1763636400"), message(2, "б"), message(3, "в", date="?"))
    )

    assert [item.published_at for item in items] == [
        datetime(2025, 11, 20, 11, 0, tzinfo=UTC),
        datetime(2026, 11, 20, 15, 0, tzinfo=MOSCOW),
        None,
    ]


def test_service_and_wordless_messages_are_skipped() -> None:
    service = {"id": 1, "type": "service", "action": "create_channel", "text": ""}

    items, skipped = read(desktop(service, message(2, ""), message(3, "слово")))

    assert [item.external_id for item in items] == ["77:3"]
    assert skipped == 2


def test_several_chats_keep_their_own_ids_and_names() -> None:
    chats = [
        {"name": "Первый", "type": "public_channel", "id": 1, "messages": [message(5, "а")]},
        {"name": None, "type": "saved_messages", "id": 2, "messages": [message(5, "б", **{"from": "Ольга"})]},
    ]
    left = [{"name": "Бывший", "type": "private_group", "id": 3, "messages": [message(5, "в")]}]
    content = json.dumps({"about": "", "chats": {"about": "", "list": chats}, "left_chats": {"list": left}}).encode()

    items, _skipped = read(content)

    assert [(item.external_id, item.channel) for item in items] == [
        ("1:5", "Первый"),
        ("2:5", "Ольга"),
        ("3:5", "Бывший"),
    ]


def test_export_without_messages_is_empty_and_fine() -> None:
    assert read(desktop()) == ([], 0)


@pytest.mark.parametrize("content", [b"", b"{", b'{"messages":[{"id":1,"text":"a"}', b"\xff\xfe\x00", b"<html>"])
def test_broken_file_is_said_in_words(content: bytes) -> None:
    with pytest.raises(UnreadableError) as refusal:
        read(content)

    assert refusal.value.code == "export_broken"


@pytest.mark.parametrize("content", [b"{}", b"[1, 2]", b'[{"a": 1}]', b'"text"', b'{"items": []}'])
def test_other_json_is_said_in_words(content: bytes) -> None:
    with pytest.raises(UnreadableError) as refusal:
        read(content)

    assert refusal.value.code == "export_unknown"


@pytest.mark.parametrize(
    "content", [b"[" * 300_000, b'{"a":' * 50_000, b'{"messages":[{"id":1,"type":"message","text":' + b"[" * 300_000]
)
def test_deep_nesting_is_refused_before_it_fills_the_memory(content: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(UnreadableError) as refusal:
        read(content)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert refusal.value.code == "export_unknown"
    assert most < 100_000_000


def test_byte_order_mark_is_no_part_of_the_file() -> None:
    content = plain_list("Лёд встал на реке.")

    assert read(b"\xef\xbb\xbf" + content) == read(content)


def test_memory_does_not_grow_with_the_file() -> None:
    def peak(messages: int) -> int:
        content = io.BytesIO(plain_list(*["слово " * 100] * messages))
        tracemalloc.start()
        for _item in read_export(content, zone=MOSCOW):
            pass
        _now, highest = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return highest

    assert peak(4000) < 3 * peak(400)
