"""Plain text out of HTML and light Markdown."""

from __future__ import annotations

import pytest

from apps.sources.parsers.markup import line_of_html, text_of_html, text_of_markdown, tidy


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>Раз</p><p>два</p>", "Раз\n\nдва"),
        ("Раз<br>два<br/>три", "Раз\nдва\nтри"),
        ("<b>Вместе</b>без пробела", "Вместебез пробела"),
        ("слово <!-- тайна --> слово", "слово слово"),
        ("<style>p{}</style><script>alert('x')</script>текст", "текст"),
        ("<ul><li>один</li><li>два</li></ul>конец", "один\n\nдва\n\nконец"),
        ("a &lt; b &amp;&amp; c", "a < b && c"),
        ("5 < 7 и 9 > 3", "5 < 7 и 9 > 3"),
        ("строка\n\nдругая", "строка\n\nдругая"),
        ("<p>много\n   пробелов</p>", "много пробелов"),
        ("<pre>так\n  и было</pre>", "так\nи было"),
        ("", ""),
        ("<p></p>", ""),
        ("<img src=x onerror=alert(1)>", ""),
    ],
)
def test_html_becomes_text(source: str, text: str) -> None:
    assert text_of_html(source) == text


def test_deep_html_does_not_break() -> None:
    assert text_of_html("верх" + "<div>" * 5000 + "дно").startswith("верх")


def test_title_is_one_line() -> None:
    assert line_of_html("Рост <b>цен</b>\n на &laquo;хлеб&raquo;") == "Рост цен на «хлеб»"


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("**Жирно** и __косо__", "Жирно и косо"),
        ("**Жирно \n\nчерез строку**", "Жирно\n\nчерез строку"),
        ("[слова](https://a.example/x_(y))", "слова"),
        ("[](https://a.example)", "https://a.example"),
        ("[обрыв](https://a.exam", "обрыв"),
        ("~~долой~~ ||тайна|| `код`", "долой тайна код"),
        ("```python\nprint()\n```", "print()"),
        ("имя@my__name и my__name", "имя@my__name и my__name"),
        ("незакрытое __курсивом", "незакрытое курсивом"),
        ("2 * 2 = 4", "2 * 2 = 4"),
    ],
)
def test_markdown_signs_go(source: str, text: str) -> None:
    assert text_of_markdown(source) == text


def test_tidy_removes_what_databases_and_eyes_do_not_want() -> None:
    assert tidy("а\x00б\u200bв\ud800\u00adг\r\nд\xa0\xa0е\n\n\n\nж ") == "абвг\nд е\n\nж"


def test_tidy_keeps_joined_pictures() -> None:
    assert tidy("👮\u200d♂️ стоит") == "👮\u200d♂️ стоит"
