"""Long texts cut into messages: nothing lost, nothing torn, the footer on the last one."""

from __future__ import annotations

import random
import re

import pytest

from apps.publishing import markup
from apps.publishing.splitting import split
from apps.publishing.telegram_text import length
from tests.servers.telegram_markup import parse_html

WORDS = ["порт", "склад", "fire", "🔥", "a", "A&B", "5<6", "Петров.", "Конец!", "«Да?»", "👨‍👩‍👧", "ставка…"]
WORDS += ["é", "слово,", "4200", "—", "т.", "е.", "end."]
TAGS = ["b", "i", "u", "s", "code", "tg-spoiler", 'a href="https://port.example/?a=1&amp;b=2"']


def words_of(html: str) -> str:
    return "".join(markup.read(html).text.split())


def made_up(chance: random.Random, size: int) -> str:
    """A well-formed text of random words, tags and line ends."""
    runs = []
    for _number in range(size):
        names = chance.sample(TAGS, k=chance.choice([0, 0, 0, 1, 2]))
        tags = tuple(markup.Tag(one.split()[0], one[len(one.split()[0]) :]) for one in names)
        words = " ".join(chance.choices(WORDS, k=chance.randint(1, 9)))
        runs.append(markup.Run(words + chance.choice([" ", " ", "\n", "\n\n", ". "]), tags))
    return markup.write(runs)


@pytest.mark.parametrize("seed", range(150))
def test_parts_fit_lose_nothing_and_are_well_formed(seed: int) -> None:
    chance = random.Random(seed)
    html, limit = made_up(chance, chance.randint(0, 40)), chance.choice([20, 64, 200, 1024])
    tail = chance.choice(["", '<a href="https://t.me/port">Port</a>', "@port " * 30])
    parts = split(html, limit=limit, tail=tail)
    assert "".join(map(words_of, parts)) == words_of(html) + words_of(tail)
    for part in parts:
        assert 0 < length(part) <= limit
        parse_html(part)
        assert markup.read(part).faults == ()
        assert markup.read(part).text == markup.read(part).text.strip()
    if tail and len(tail) < limit:
        assert parts[-1].endswith(tail.strip())


@pytest.mark.parametrize("seed", range(60))
def test_words_stay_whole_where_they_fit(seed: int) -> None:
    chance = random.Random(seed)
    html = made_up(chance, 30)
    assert " ".join(markup.read(part).text for part in split(html, limit=100)).split() == markup.read(html).text.split()


def test_short_text_stays_one() -> None:
    assert split("<b>T</b>\n\nBody.", limit=4096, tail="@port") == ["<b>T</b>\n\nBody.\n\n@port"]
    assert split("", limit=10) == []
    assert split("", limit=10, tail="@port") == ["@port"]


def test_cut_at_the_end_of_a_sentence_not_at_an_initial_or_a_number() -> None:
    text = "It burns. A. Smith came on 3. May with all of his men."
    assert split(text, limit=30) == ["It burns.", "A. Smith came on 3. May with", "all of his men."]
    assert split("«Да!» Нет. Конец", limit=12) == ["«Да!» Нет.", "Конец"]


def test_paragraphs_are_preferred_where_the_part_is_full_enough() -> None:
    assert split("One two. Three.\n\nFour five. Six.", limit=28) == ["One two. Three.", "Four five. Six."]
    assert split("One.\n\nTwo three four. Five six seven.", limit=26) == ["One.\n\nTwo three four.", "Five six seven."]


def test_tags_are_closed_and_opened_anew() -> None:
    html = '<b>One two. <a href="https://port.example/">Three four.</a></b> Five.'
    assert split(html, limit=14) == [
        "<b>One two.</b>",
        '<b><a href="https://port.example/">Three four.</a></b>',
        "Five.",
    ]


def test_word_longer_than_a_message_is_cut_and_its_signs_are_not() -> None:
    parts = split("👩‍🚀" * 4, limit=12)
    assert "".join(parts) == "👩‍🚀" * 4
    assert all(re.fullmatch("(👩‍🚀)+", part) for part in parts)


def test_tail_goes_to_a_part_of_its_own_rather_than_be_torn() -> None:
    assert split("Words words.", limit=14, tail="@port_news") == ["Words words.", "@port_news"]


@pytest.mark.parametrize(
    ("html", "mended", "faults"),
    [
        ("<b>a", "<b>a</b>", 1),
        ("a</b>", "a", 1),
        ("<b><i>a</b></i>", "<b><i>a</i></b>", 2),
        ('<a href="javascript:x">a</a>', "a", 1),
        ("<a href='https://a.test/?x=1&y=2'>a</a>", '<a href="https://a.test/?x=1&amp;y=2">a</a>', 0),
        ("<script>x</script>", "&lt;script&gt;x&lt;/script&gt;", 2),
        ('<span class="tg-spoiler">a</span>', "<tg-spoiler>a</tg-spoiler>", 0),
        ("<span>a</span>", "a", 1),
        ("5 < 6 & 7 &lt; 8", "5 &lt; 6 &amp; 7 &lt; 8", 0),
        ("a<br>b", "a\nb", 0),
        ('<b onclick="x()">a</b>', "<b>a</b>", 0),
    ],
)
def test_markup_is_mended_and_said(html: str, mended: str, faults: int) -> None:
    found = markup.read(html)
    assert markup.write(found.runs) == mended
    assert len(found.faults) == faults
    parse_html(mended)
