"""What single messages of an export say and show."""

from __future__ import annotations

import io
import json
import random
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from apps.sources.parsers.export import read_export
from apps.sources.parsers.json_repair import Repaired
from apps.sources.ports import Entity, Item
from tests.sources.payloads import desktop, plain_list

MOSCOW = ZoneInfo("Europe/Moscow")
ABSENT = "(File not included. Change data exporting settings to download.)"


def read(*messages: dict[str, Any], **options: Any) -> list[Item]:
    return list(read_export(io.BytesIO(desktop(*messages)), zone=MOSCOW, **options))


def message(number: int, text: Any = "", **more: Any) -> dict[str, Any]:
    return {"id": number, "type": "message", "date": "2026-11-20T15:00:00", "text": text, **more}


def photo(number: int, text: str = "", **more: Any) -> dict[str, Any]:
    return message(number, text, photo=f"photos/photo_{number}.jpg", photo_file_size=9, width=4, height=3, **more)


def stretch(kind: str, text: str, **more: str) -> dict[str, str]:
    return {"type": kind, "text": text, **more}


@pytest.mark.parametrize(
    ("part", "entity"),
    [
        (stretch("bold", "мост"), Entity("bold", 2, 4)),
        (stretch("italic", "мост"), Entity("italic", 2, 4)),
        (stretch("underline", "мост"), Entity("underline", 2, 4)),
        (stretch("strikethrough", "мост"), Entity("strike", 2, 4)),
        (stretch("spoiler", "мост"), Entity("spoiler", 2, 4)),
        (stretch("blockquote", "мост", collapsed=""), Entity("quote", 2, 4)),
        (stretch("code", "мост"), Entity("code", 2, 4)),
        (stretch("pre", "мост", language="py"), Entity("pre", 2, 4, "py")),
        (stretch("link", "a.example"), Entity("link", 2, 9, "https://a.example")),
        (stretch("link", "http://a.example"), Entity("link", 2, 16, "http://a.example")),
        (stretch("text_link", "мост", href="https://a.example/x"), Entity("link", 2, 4, "https://a.example/x")),
        (stretch("mention", "@gavan"), Entity("mention", 2, 6)),
        (stretch("mention_name", "Ольга", user_id="5"), Entity("mention", 2, 5)),
        (stretch("hashtag", "#мост"), Entity("hashtag", 2, 5)),
        (stretch("cashtag", "$RUB"), Entity("cashtag", 2, 4)),
        (stretch("bot_command", "/start"), Entity("command", 2, 6)),
        (stretch("email", "a@b.example"), Entity("email", 2, 11)),
        (stretch("phone", "+7 000"), Entity("phone", 2, 6)),
        (stretch("bank_card", "4000 0000"), Entity("card", 2, 9)),
        (stretch("custom_emoji", "🔥", document_id="5301"), Entity("emoji", 2, 1, "5301")),
        (stretch("custom_emoji", "🔥", document_id="stickers/fire.webp"), Entity("emoji", 2, 1, "fire.webp")),
        (stretch("custom_emoji", "🔥", document_id=ABSENT), Entity("emoji", 2, 1)),
    ],
)
def test_every_kind_of_formatting_is_read(part: dict[str, str], entity: Entity) -> None:
    item = read(message(1, ["👮 ", part, {"type": "plain", "text": " и"}, " точка"]))[0]

    assert item.entities == (entity,)
    assert item.text == f"👮 {part['text']} и точка"


def test_formatting_beside_a_plain_text_is_read_where_it_fits() -> None:
    fits = message(1, "Мост", text_entities=[stretch("bold", "Мо"), stretch("plain", "ст")])
    strange = message(2, "Мост", text_entities=[stretch("bold", "Паром")])

    items = read(fits, strange)

    assert [item.entities for item in items] == [(Entity("bold", 0, 2),), ()]


def test_unknown_formatting_is_plain() -> None:
    assert read(message(1, [stretch("aurora", "мост")]))[0] == read(message(1, "мост"))[0]


def test_forward_reply_edit_and_reactions_are_told() -> None:
    item = read(
        message(
            7,
            "Мост",
            forwarded_from="Гавань",
            reply_to_message_id=3,
            edited="2026-11-20T16:00:00",
            edited_unixtime="1763643600",
            author="Ольга",
            reactions=[
                {"type": "emoji", "count": 4, "emoji": "👍"},
                {"type": "custom_emoji", "count": 2, "document_id": "1"},
                {"type": "custom_emoji", "count": 1, "document_id": "2"},
                {"type": "paid", "count": 5},
            ],
        )
    )[0]

    assert (item.forwarded_from, item.reply_to, item.author, item.message_id) == ("Гавань", 3, "Ольга", 7)
    assert item.edited_at == datetime(2025, 11, 20, 13, 0, tzinfo=UTC)
    assert item.counts is not None
    assert (item.counts.views, item.counts.reactions) == (None, {"👍": 4, "✨": 3, "⭐": 5})


def test_message_without_reactions_counts_nothing() -> None:
    assert read(message(7, "Мост"))[0].counts is None


@pytest.mark.parametrize(
    ("fields", "kind", "about"),
    [
        ({"photo": "photos/1.jpg", "width": 4, "height": 3}, "photo", {"width": 4, "height": 3}),
        ({"photo": "photos/1.jpg", "media_spoiler": True}, "photo", {"spoiler": True}),
        ({"file": "a.pdf", "file_name": "Смета.pdf"}, "document", {}),
        ({"file": "v.mp4", "media_type": "video_file", "duration_seconds": 7}, "video", {"duration": 7}),
        ({"file": "v.mp4", "media_type": "animation"}, "video", {"form": "animation"}),
        ({"file": "v.mp4", "media_type": "video_message"}, "video", {"form": "round"}),
        ({"file": "v.ogg", "media_type": "voice_message", "duration_seconds": 3}, "voice", {"duration": 3}),
        ({"file": "a.mp3", "media_type": "audio_file", "performer": "Хор"}, "audio", {"performer": "Хор"}),
        ({"file": "s.webp", "media_type": "sticker", "sticker_emoji": "🦭"}, "sticker", {"emoji": "🦭"}),
        (
            {"contact_information": {"first_name": "Ольга", "last_name": "", "phone_number": "+7 000"}},
            "other",
            {"what": "contact", "name": "Ольга", "phone": "+7 000"},
        ),
        (
            {"location_information": {"latitude": 1.5, "longitude": 2.5}, "place_name": "Порт", "address": "Причал"},
            "other",
            {"what": "place", "latitude": 1.5, "longitude": 2.5, "place_name": "Порт", "address": "Причал"},
        ),
        ({"game_title": "Лото"}, "other", {"what": "game", "title": "Лото"}),
        (
            {"invoice_information": {"title": "Мёд", "amount": 5}},
            "other",
            {"what": "invoice", "title": "Мёд", "amount": 5},
        ),
        (
            {"todo_list": {"title": {"text": "Дела"}, "answers": [{"text": ["а", "б"]}]}},
            "other",
            {"what": "list", "title": "Дела", "points": ["аб"]},
        ),
        ({"giveaway_information": {}}, "other", {"what": "giveaway"}),
    ],
)
def test_every_kind_of_media_is_told(fields: dict[str, Any], kind: str, about: dict[str, Any]) -> None:
    item = read(message(5, **fields))[0]

    assert (item.kind, item.text) == (kind, "")
    media = item.media[0]
    assert (media.kind, media.key, dict(media.about)) == (kind, "5", about)


def test_poll_keeps_question_options_and_votes() -> None:
    answers = [{"text": "Да", "voters": 3, "chosen": False}, {"text": "Нет", "voters": 0}]
    item = read(message(5, poll={"question": "Мост?", "closed": True, "total_voters": 3, "answers": answers}))[0]

    assert item.kind == "poll"
    assert item.media[0].about == {
        "question": "Мост?",
        "options": [{"text": "Да", "votes": 3}, {"text": "Нет", "votes": 0}],
        "voters": 3,
        "closed": True,
    }


@pytest.mark.parametrize(
    ("path", "remote"),
    [
        ("photos/1.jpg", {"export": "photos/1.jpg"}),
        (ABSENT, {"absent": "not_included"}),
        ("(File exceeds maximum size. Change data exporting settings to download.)", {"absent": "too_large"}),
        ("(File unavailable, please try again later)", {"absent": "unavailable"}),
        (None, {"absent": "not_included"}),
    ],
)
def test_where_a_file_lies_or_why_it_does_not(path: str | None, remote: dict[str, str]) -> None:
    assert read(message(5, photo=path))[0].media[0].remote == remote


def test_pictures_of_one_second_are_an_album() -> None:
    items = read(photo(4), photo(5, "Мост открыт"), photo(6, date="2026-11-20T15:00:01"), message(7, "Паром"))

    assert [(item.external_id, item.kind, item.also_known) for item in items] == [
        ("77:4", "album", ("77:5",)),
        ("77:6", "photo", ()),
        ("77:7", "text", ()),
    ]
    assert items[0].text == "Мост открыт"
    assert [(media.key, media.caption) for media in items[0].media] == [("4", ""), ("5", "Мост открыт")]


@pytest.mark.parametrize(
    "other",
    [
        photo(5, "Паром", **{"from": "Чайка"}),
        photo(6),
        photo(5, reply_to_message_id=1),
        photo(5, forwarded_from="Гавань"),
        photo(5, author="Ольга"),
        message(5, file="a.pdf"),
        message(5, file="v.ogg", media_type="voice_message"),
        message(5, "Паром"),
        {"id": 5, "type": "service", "action": "pin_message"},
    ],
)
def test_what_is_no_album_stays_apart(other: dict[str, Any]) -> None:
    assert next(iter(read(photo(4, "Мост"), other))).kind == "photo"


def test_albums_end_with_ten_and_with_their_chat() -> None:
    assert [len(item.media) for item in read(*(photo(number) for number in range(1, 13)))] == [10, 2]
    chats = [{"name": "а", "type": "x", "id": n, "messages": [photo(n)]} for n in (1, 2)]
    content = json.dumps({"chats": {"list": chats}}).encode()
    assert [item.kind for item in read_export(io.BytesIO(content), zone=MOSCOW)] == ["photo", "photo"]


def test_albums_that_are_told_are_believed() -> None:
    items = read(photo(4, "а", grouped_id=9), photo(5, "б", grouped_id=9), photo(6, grouped_id=8))

    assert [(item.album_id, len(item.media)) for item in items] == [(9, 2), (8, 1)]


@pytest.mark.parametrize(
    ("scratch", "text"),
    [
        (rb"\ud800", "Мост"),
        (rb"\udc00", "Мост"),
        (rb"\ud83d\ud83d\ude00", "Мост😀"),
        (rb"\\ud800", r"Мост\ud800"),
        (b"\xed\xa0\x80", "Мост���"),
        (b"\xff", "Мост�"),
    ],
)
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_scratch_spoils_nothing_but_itself(
    monkeypatch: pytest.MonkeyPatch, scratch: bytes, text: str, piece: int
) -> None:
    monkeypatch.setattr("apps.sources.parsers.export.PIECE_BYTES", piece)
    content = plain_list("Раньше", "МостX", "Потом").replace(b"X", scratch)

    items = list(read_export(io.BytesIO(content), zone=MOSCOW))

    assert [item.text for item in items] == ["Раньше", text, "Потом"]


def test_half_a_character_at_the_end_of_a_broken_file_is_still_broken() -> None:
    reader = Repaired(io.BytesIO(rb'"a\ud83d'))

    assert b"".join(iter(lambda: reader.read(2), b"")) == b'"a'
    assert reader.consumed == 8


def test_strange_values_break_nothing() -> None:
    chance = random.Random(20261120)
    junk = [
        None,
        True,
        0,
        -1,
        1.5,
        2**62,
        "",
        "слово",
        [],
        [None],
        [[]],
        {},
        {"text": 5},
        {"a": [1]},
        [{"text": None}],
    ]
    names = [
        *("text", "text_entities", "photo", "file", "poll", "contact_information", "location_information", "edited"),
        *("reactions", "forwarded_from", "reply_to_message_id", "date", "date_unixtime", "author", "from", "todo_list"),
        *("media_type", "sticker_emoji", "duration_seconds", "game_title", "invoice_information", "grouped_id", "id"),
    ]
    messages = [
        {**message(number, "Мост"), **{name: chance.choice(junk) for name in chance.sample(names, 6)}}
        for number in range(800)
    ]

    skipped: list[None] = []
    items = read(*messages, skipped=lambda: skipped.append(None))

    assert len(items) + len(skipped) + sum(len(item.also_known) for item in items) == 800
