"""What entries of feeds show beside their words."""

from __future__ import annotations

import json

import pytest

from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import Media
from tests.sources.payloads import rss

MRSS = 'xmlns:media="http://search.yahoo.com/mrss/"'


def shown(inner: str, text: str = "Мост") -> list[tuple[str, str]]:
    page = rss(
        f"<item><guid>1</guid><title>Мост</title><link>https://news.example/a/1</link>"
        f"<description><![CDATA[{text}]]></description>{inner}</item>"
    ).replace("<rss ", f"<rss {MRSS} ")
    return [(media.kind, media.key) for media in parse_feed(page.encode()).items[0].media]


@pytest.mark.parametrize(
    ("inner", "media"),
    [
        ('<enclosure url="https://a.example/e" type="image/jpeg" length="5"/>', ("photo", "https://a.example/e")),
        ('<enclosure url="/e.mp3" length="x"/>', ("audio", "https://news.example/e.mp3")),
        ('<enclosure url="https://a.example/e.pdf" type=""/>', ("document", "https://a.example/e.pdf")),
        ('<media:content url="https://a.example/m" medium="image"/>', ("photo", "https://a.example/m")),
        (
            '<media:group><media:content url="https://a.example/v" type="video/mp4"/></media:group>',
            ("video", "https://a.example/v"),
        ),
    ],
)
def test_enclosures_and_media_are_read(inner: str, media: tuple[str, str]) -> None:
    assert shown(inner) == [media]


def test_one_address_is_shown_once() -> None:
    both = '<enclosure url="https://a.example/e.jpg"/><media:content url="https://a.example/e.jpg" medium="image"/>'

    assert shown(both) == [("photo", "https://a.example/e.jpg")]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ('<p>а</p><img alt="" src="/i.png?a=1&amp;b=2"><img src="/j.png">', ["https://news.example/i.png?a=1&b=2"]),
        (
            '<img src="https://count.example/1.gif" width="1" height="1"><img src="i.png">',
            ["https://news.example/a/i.png"],
        ),
        ('<img src="data:image/png;base64,AAAA">', []),
        ('<img src="javascript:alert(1)">', []),
        ('<img src="http://[bad/">', []),
        ("нет картинок", []),
    ],
)
def test_first_picture_of_the_text_stands_in(text: str, keys: list[str]) -> None:
    assert [key for _kind, key in shown("", text)] == keys


def test_picture_of_the_text_is_left_where_there_is_a_named_one() -> None:
    named = '<media:content url="https://a.example/m" medium="image"/>'

    assert shown(named, '<img src="/i.png">') == [("photo", "https://a.example/m")]


def test_attachments_of_json_feeds_are_read() -> None:
    item = {
        "id": "1",
        "url": "https://news.example/1",
        "content_text": "Мост",
        "image": "/cover.jpg",
        "attachments": [
            {"url": "https://a.example/a.m4a", "mime_type": "audio/mp4", "size_in_bytes": 9, "duration_in_seconds": 7},
            {"url": 5},
            "нет",
        ],
    }
    page = parse_feed(json.dumps({"version": "https://jsonfeed.org/version/1.1", "items": [item]}).encode())

    assert page.items[0].media == (
        Media(
            "audio",
            "https://a.example/a.m4a",
            mime="audio/mp4",
            size=9,
            remote={"url": "https://a.example/a.m4a"},
            about={"duration": 7},
        ),
        Media("photo", "https://news.example/cover.jpg", remote={"url": "https://news.example/cover.jpg"}),
    )
