"""Letters come out right, whatever the prolog, the byte order mark and the HTTP header claim."""

from __future__ import annotations

import codecs

import pytest

from apps.sources.parsers.encoding import decode
from apps.sources.parsers.feed import parse_feed
from tests.sources.payloads import entry, rss

TEXT = 'Паром пришёл вовремя, привёз сорок пассажиров, почту и газету "Вестник".'
FEED = rss(entry("1", "Новости порта", TEXT), title="Порт")
TABLES = ["utf-8", "windows-1251", "koi8-r"]
WESTERN = rss(entry("1", "Cafés in Zürich", "Déjà vu at the café – “encore”"), title="News")


def claiming(name: str, text: str = FEED) -> str:
    return text.replace('encoding="UTF-8"', f'encoding="{name}"' if name else "")


@pytest.mark.parametrize("real", TABLES)
@pytest.mark.parametrize("claimed", ["", "UTF-8", "windows-1251", "KOI8-R", "iso-8859-1", "utf-16", "no-such-table"])
@pytest.mark.parametrize("charset", ["", "utf-8", "windows-1251", "koi8-r", "ISO-8859-1", "utf-16", "none"])
def test_russian_is_read_whatever_is_claimed(real: str, claimed: str, charset: str) -> None:
    content = claiming(claimed).encode(real)

    page = parse_feed(content, charset=charset)

    assert (page.title, page.items[0].title, page.items[0].text) == ("Порт", "Новости порта", TEXT)


@pytest.mark.parametrize("name", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("claimed", ["", "utf-8", "utf-16", "windows-1251"])
@pytest.mark.parametrize("before", ["", "\n  "])
def test_wide_letters_are_read(name: str, marked: bool, claimed: str, before: str) -> None:
    mark = {
        "utf-16-le": codecs.BOM_UTF16_LE,
        "utf-16-be": codecs.BOM_UTF16_BE,
        "utf-32-le": codecs.BOM_UTF32_LE,
        "utf-32-be": codecs.BOM_UTF32_BE,
    }[name]
    content = (mark if marked else b"") + (before + claiming(claimed)).encode(name)

    assert parse_feed(content, charset="utf-8").items[0].text == TEXT


@pytest.mark.parametrize("real", ["windows-1251", "koi8-r"])
@pytest.mark.parametrize("mark", [codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_byte_order_mark_may_lie(real: str, mark: bytes) -> None:
    assert parse_feed(mark + claiming(real).encode(real)).items[0].text == TEXT


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_mark_of_wide_letters_before_utf_8_lies(mark: bytes) -> None:
    assert parse_feed(mark + FEED.encode()).items[0].text == TEXT


@pytest.mark.parametrize("claimed", ["", "iso-8859-1", "windows-1252", "UTF-8"])
@pytest.mark.parametrize("charset", ["", "iso-8859-1", "windows-1252", "utf-8"])
def test_western_text_is_not_taken_for_russian(claimed: str, charset: str) -> None:
    content = claiming(claimed, WESTERN).encode("windows-1252")

    assert parse_feed(content, charset=charset).items[0].text == "Déjà vu at the café – “encore”"


@pytest.mark.parametrize("table", ["windows-1251", "koi8-r", "utf-16-le"])
def test_json_feed_in_another_table_is_read(table: str) -> None:
    text = '{"version": "https://jsonfeed.org/version/1.1", "title": "Порт", "items": [{"id": "1", "title": "Паром"}]}'

    assert parse_feed(text.encode(table), charset=table).title == "Порт"


def test_odd_number_of_wide_bytes_loses_only_its_last_letter() -> None:
    assert decode("<a>порт</a>".encode("utf-16")[:-1]).startswith("<a>порт</a")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xff\xfe\x00\x00", b"\x00", b"<\x00"])
def test_nothing_at_all_is_no_bug(content: bytes) -> None:
    assert decode(content).strip("\x00<\ufffd") in {"", "ÿþ", "яю"}
