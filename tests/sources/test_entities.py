"""Formatting keeps its place while the text around it changes."""

from __future__ import annotations

import pytest

from apps.sources.parsers.entities import ENTITIES_MAX, Rich, code_points, read, written
from apps.sources.parsers.markup import rich_of_html, rich_of_markdown, rich_of_plain
from apps.sources.ports import Entity


def said(rich: Rich) -> list[tuple[str, str, str]]:
    """Each stretch with its kind and value."""
    return [(one.kind, rich.text[one.offset : one.offset + one.length], one.value) for one in rich.entities()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("  \n мост ОТКРЫТ снова", "ОТКРЫТ"),
        ("мост\r\n\r\n\r\n\r\nОТКРЫТ", "ОТКРЫТ"),
        ("мост \u200b\u00ad\u200eОТКРЫТ", "ОТКРЫТ"),
        ("и\u0306од ОТКРЫТ", "ОТКРЫТ"),
        ("👮‍♂️👮‍♂️  \t ОТКРЫТ", "ОТКРЫТ"),
        ("мост\u2029ОТКРЫТ\u2028", "ОТКРЫТ"),
        ("а\ud800б ОТКРЫТ", "ОТКРЫТ"),
    ],
)
def test_formatting_survives_tidying(text: str, words: str) -> None:
    entity = Entity("bold", text.index(words), len(words))

    rich = rich_of_plain(text, [entity])

    assert said(rich) == [("bold", words, "")]


def test_formatting_over_what_goes_shrinks_with_it() -> None:
    text = "раз\n\n\n\n\nдва   \u200b  три"

    rich = rich_of_plain(text, [Entity("italic", 0, len(text))])

    assert rich.text == "раз\n\nдва три"
    assert said(rich) == [("italic", "раз\n\nдва три", "")]


def test_formatting_of_nothing_but_space_goes() -> None:
    assert said(rich_of_plain("а   б", [Entity("bold", 1, 3)])) == []


@pytest.mark.parametrize("place", [(-5, 3), (90, 4), (2, 0), (3, -2)])
def test_formatting_outside_the_text_goes(place: tuple[int, int]) -> None:
    assert said(rich_of_plain("мост", [Entity("bold", *place)])) == []


def test_formatting_past_the_end_is_cut() -> None:
    rich = rich_of_plain("мост открыт", [Entity("bold", 5, 100)])

    assert said(rich) == [("bold", "открыт", "")]


def test_a_cut_text_cuts_its_formatting() -> None:
    rich = Rich("мост открыт навсегда", [Entity("bold", 5, 15), Entity("code", 12, 8)])
    rich.shorten(9)

    rich.tidy()

    assert (rich.text, said(rich)) == ("мост откр", [("bold", "откр", "")])


def test_html_keeps_its_formatting() -> None:
    rich = rich_of_html(
        '<h2>Мост</h2><p>Он <b>от<i>кры</i>т</b> &amp; <a href="/news/1">свободен</a>,'
        ' <a href="javascript:alert(1)">жми</a> <span class="tg-spoiler">тайна</span></p>'
        "<blockquote>цитата</blockquote><pre>код</pre>",
        base_url="https://news.example/a/b",
    )

    assert rich.text == "Мост\n\nОн открыт & свободен, жми тайна\n\nцитата\n\nкод"
    assert said(rich) == [
        ("bold", "Мост", ""),
        ("bold", "открыт", ""),
        ("italic", "кры", ""),
        ("link", "свободен", "https://news.example/news/1"),
        ("spoiler", "тайна", ""),
        ("quote", "цитата", ""),
        ("pre", "код", ""),
    ]


def test_relative_links_of_nowhere_go() -> None:
    assert said(rich_of_html('<a href="/x">там</a>')) == []


def test_markdown_keeps_its_formatting() -> None:
    rich = rich_of_markdown("**Мост __открыт__**, [тут](https://a.example) ~~нет~~ ||да|| `x` ```py\nу```")

    assert rich.text == "Мост открыт, тут нет да x у"
    assert said(rich) == [
        ("bold", "Мост открыт", ""),
        ("italic", "открыт", ""),
        ("link", "тут", "https://a.example"),
        ("strike", "нет", ""),
        ("spoiler", "да", ""),
        ("code", "x", ""),
        ("pre", "у", "py"),
    ]


def test_a_sign_without_its_pair_formats_nothing() -> None:
    assert said(rich_of_markdown("**мост** и **дальше")) == [("bold", "мост", "")]


def test_there_is_an_end_to_formatting() -> None:
    rich = rich_of_html("<b>а</b> " * (ENTITIES_MAX + 50))

    assert len(rich.entities()) == ENTITIES_MAX


@pytest.mark.parametrize(
    ("text", "units", "expected"),
    [
        ("мост", (1, 2), (1, 2)),
        ("мост", (2, 90), (2, 2)),
        ("👮мост", (2, 4), (1, 4)),
        ("а👮б👮в", (1, 2), (1, 1)),
        ("а👮б👮в", (3, 1), (2, 1)),
        ("а👮б👮в", (4, 3), (3, 2)),
        ("а👮б👮в", (0, 7), (0, 5)),
        ("👮", (9, 1), (1, 0)),
    ],
)
def test_utf16_units_become_code_points(text: str, units: tuple[int, int], expected: tuple[int, int]) -> None:
    assert code_points(text, offset=units[0], length=units[1]) == expected


def test_what_is_written_is_read() -> None:
    entities = (Entity("bold", 0, 4), Entity("link", 5, 2, "https://a.example"))

    assert written(entities) == [["bold", 0, 4], ["link", 5, 2, "https://a.example"]]
    assert read(written(entities)) == entities
    assert read(None) == ()
