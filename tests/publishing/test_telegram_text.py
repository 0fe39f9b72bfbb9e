"""A version as a Telegram message: composed, escaped, measured."""

from __future__ import annotations

import pytest

from apps.publishing.telegram_text import compose, length, utf16_units


def test_parts_stand_in_order_with_blank_lines() -> None:
    assert compose(title="Title", lead="Lead.", body="One.\n\nTwo.", footer="@channel") == (
        "<b>Title</b>\n\nLead.\n\nOne.\n\nTwo.\n\n@channel"
    )


@pytest.mark.parametrize(
    ("parts", "html"),
    [
        ({"title": "", "lead": "", "body": "Body"}, "Body"),
        ({"title": "Title", "lead": "", "body": ""}, "<b>Title</b>"),
        ({"title": " ", "lead": "\n", "body": "\t"}, ""),
        ({"title": "Two\nlines", "lead": "", "body": ""}, "<b>Two lines</b>"),
        ({"title": "", "lead": "", "body": "a\r\nb\n\n\n\n\nc  \n"}, "a\nb\n\nc"),
        ({"title": "", "lead": "", "body": "a\x00b\x0bc"}, "abc"),
        ({"title": "", "lead": "Same.", "body": "Same. And more."}, "Same. And more."),
    ],
)
def test_text_is_tidied(parts: dict[str, str], html: str) -> None:
    assert compose(**parts) == html


def test_markup_is_escaped_not_taken_over() -> None:
    html = compose(title="A < B & C", lead="<b>bold</b>", body='<a href="javascript:1">x</a> "quoted"')
    assert html == (
        '<b>A &lt; B &amp; C</b>\n\n&lt;b&gt;bold&lt;/b&gt;\n\n&lt;a href="javascript:1"&gt;x&lt;/a&gt; "quoted"'
    )
    assert "<a" not in html


@pytest.mark.parametrize(
    ("html", "units"),
    [
        ("", 0),
        ("abc", 3),
        ("Привет", 6),
        ("<b>abc</b>", 3),
        ("&lt;&amp;&gt;", 3),
        ("🔥", 2),
        ("👨‍👩‍👧", 8),
        ("é", 1),
        ("&amp;lt;", 4),
    ],
)
def test_length_counts_utf16_units_after_entities(html: str, units: int) -> None:
    assert length(html) == units


def test_length_of_composed_is_that_of_its_words() -> None:
    body = "5 < 6 & 7 > 3 🔥 <i>"
    assert length(compose(title="", lead="", body=body)) == utf16_units(body)


def test_lone_surrogates_do_not_break_it() -> None:
    assert compose(title="", lead="", body="a\ud83db") == "ab"
    assert utf16_units("\ud83d") == 1
