"""Feeds of every kind become items, whatever their bytes claim."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from apps.sources.parsers import markup
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import UnreadableError
from tests.sources.payloads import FOLDER, entry, rss

RUSSIAN = rss(entry("1", "Новости порта", "Паром пришёл вовремя, привёз сорок пассажиров и почту."), title="Порт")


def test_rss_gives_items() -> None:
    page = parse_feed(rss(entry("a1"), entry("a2", "Второй")).encode())

    assert page.title == "Вестник"
    assert [item.external_id for item in page.items] == ["a1", "a2"]
    first = page.items[0]
    assert (first.title, first.url, first.markup) == ("Мост открыт", "https://news.example/a1", "html")
    assert first.published_at == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def test_atom_prefers_full_content_and_alternate_link() -> None:
    page = parse_feed((FOLDER / "atom.xml").read_bytes(), base_url="https://dolina.example/feed")

    (item,) = page.items
    assert item.external_id == "urn:dolina:1"
    assert item.url == "https://dolina.example/news/1"
    assert item.author == "Вера Плёсова"
    assert markup.line_of_html(item.title) == "Паром пошёл & вернулся"
    assert markup.text_of_html(item.text) == "Паром пошёл в 9 утра.\n\n12 машин\n\n40 пассажиров"


def test_rdf_is_read() -> None:
    page = parse_feed((FOLDER / "rdf.xml").read_bytes())

    (item,) = page.items
    assert (item.title, item.url) == ("Маяк зажгли", "https://old.example/1")
    assert item.published_at == datetime(2026, 11, 19, 15, 30, tzinfo=UTC)


def test_json_feed_is_read_without_empty_items() -> None:
    page = parse_feed((FOLDER / "feed.json").read_bytes())

    assert page.title == "Мэрия"
    assert [(item.external_id, item.url, item.markup) for item in page.items] == [
        ("7", "https://meria.example/7", "html"),
        ("8", "https://other.example/8", "plain"),
    ]
    assert page.items[0].author == "Пресс-служба"
    assert page.items[1].published_at is None


@pytest.mark.parametrize(
    ("claimed", "real"),
    [
        ("windows-1251", "windows-1251"),
        ("koi8-r", "koi8-r"),
        ("windows-1251", "utf-8"),  # the prolog lies
        ("windows-1251", "koi8-r"),
        ("koi8-r", "windows-1251"),
        ("utf-8", "windows-1251"),
        ("no-such-table", "koi8-r"),
        ("utf-16", "utf-8"),
    ],
)
def test_letters_survive_any_table(claimed: str, real: str) -> None:
    content = RUSSIAN.replace("UTF-8", claimed).encode(real)

    page = parse_feed(content)

    assert page.title == "Порт"
    assert page.items[0].text == "Паром пришёл вовремя, привёз сорок пассажиров и почту."


@pytest.mark.parametrize("table", ["utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_mark_decides(table: str) -> None:
    assert parse_feed(RUSSIAN.encode(table)).title == "Порт"


def test_http_charset_helps_where_the_prolog_is_silent() -> None:
    content = RUSSIAN.replace(' encoding="UTF-8"', "").encode("koi8-r")

    assert parse_feed(content, charset="KOI8-R").items[0].title == "Новости порта"


def test_latin_text_is_not_taken_for_cyrillic() -> None:
    text = rss(entry("1", "Cafés in Zürich", "Déjà vu at the café"), title="News").replace("UTF-8", "nonsense")

    assert parse_feed(text.encode("windows-1252")).items[0].title == "Cafés in Zürich"


def test_one_broken_byte_does_not_change_the_table() -> None:
    content = RUSSIAN.encode().replace("почту".encode(), b"\xff" + "почту".encode())

    assert parse_feed(content).items[0].title == "Новости порта"


def test_html_entities_in_xml_are_written_out() -> None:
    item = parse_feed(
        rss(entry("1", "&laquo;Выдры&raquo; &mdash; чемпионы", "Счёт 4&nbsp;: 3 &amp; овертайм")).encode()
    ).items[0]

    assert item.title == "«Выдры» — чемпионы"
    assert markup.text_of_html(item.text) == "Счёт 4 : 3 & овертайм"


def test_entities_of_a_document_type_are_neither_expanded_nor_fetched() -> None:
    bomb = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<!DOCTYPE rss [<!ENTITY e0 "boom"><!ENTITY file SYSTEM "file:///etc/passwd">{bomb}]>'
    content = rss(entry("1", "Заголовок &file;", "Текст &e9; конец")).replace("<rss", f"{doctype}<rss", 1).encode()

    began = time.process_time()
    item = parse_feed(content).items[0]

    assert time.process_time() - began < 5
    assert "root:" not in item.title + item.text
    assert "boom" not in item.title + item.text


@pytest.mark.parametrize("number", ["#xD800", "#57343", "#0", "#x0", "#x110000", "#" + "9" * 5000])
def test_numbers_of_no_character_are_left_out(number: str) -> None:
    for content in (rss(entry("1", f"Мост &{number};открыт", "Текст")), rss(entry("1", f"Мост &{number};открыт"))[:-6]):
        (item,) = parse_feed(content.encode()).items
        assert item.title == "Мост открыт"
    (item,) = parse_feed(rss(entry("1", "Мост &#x1F600; &#8212; &#x0041;")).encode()).items
    assert item.title == "Мост \U0001f600 \u2014 A"


def test_document_type_without_end_is_refused() -> None:
    with pytest.raises(UnreadableError) as refusal:
        parse_feed(b'<!DOCTYPE rss [<!ENTITY a "b">' + b" " * 50)

    assert refusal.value.code == "feed_doctype"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "feed_empty"),
        (b" \n ", "feed_empty"),
        (b"<!doctype html><html><body>Hello</body></html>", "feed_is_page"),
        (b"<!-- x --><html lang='ru'><p>", "feed_is_page"),
        (b"just words", "feed_unknown"),
        (b"<p>a fragment</p>", "feed_unknown"),
        (b'{"items": "no"}', "feed_json"),
        (b"[1, 2]", "feed_json"),
        (b'{"items": [', "feed_json"),
        (b"[" * 100_000, "feed_json"),
    ],
)
def test_what_is_no_feed_is_said_in_words(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableError) as refusal:
        parse_feed(content)

    assert refusal.value.code == code
    assert len(str(refusal.value)) > 20


def test_feed_without_entries_is_fine() -> None:
    assert parse_feed(rss().encode()).items == ()


def test_broken_xml_still_gives_what_can_be_read() -> None:
    content = rss(entry("1", "Рыба & чипсы"), entry("2")).replace("</channel></rss>", "").encode()

    assert [item.external_id for item in parse_feed(content).items] == ["1", "2"]
