"""The window of the stream: a cache that answers the same however little it holds."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import pytest

from apps.stories.grouping.lemmas import Lemmatiser, parts, word_of
from apps.stories.grouping.rarity import DayRarity, Rarity, background
from apps.stories.grouping.terms import HEAD, NAME, NUMBER, Document, Terms, pack, unpack
from apps.stories.grouping.window import StreamWindow
from tests.stories.news import NEWS

DAY = 86_400.0


def documents(weeks: int = 4) -> list[Document]:
    """The news again and again, every week, the newest week first."""
    lemmatiser, found, rarity = Lemmatiser(), list[Document](), Rarity().fixed()
    for week in reversed(range(weeks)):
        for one in NEWS:
            terms, words = lemmatiser.terms(title="", text=one.text)
            found.append(
                Document(len(found), week * 7 * DAY + one.hours * 3600 + 9 * DAY, rarity.weighed(terms), words)
            )
    return found


def matched(*, posts_held: int) -> tuple[list[list[tuple[int, float]]], int]:
    """What each document matches in a window that holds so many, and how many it held at most."""
    window, stored, answers, most = StreamWindow(posts_held=posts_held), list[Document](), [], 0

    def load(first: int, last: int) -> Iterator[Document]:
        return (document for document in stored if first <= document.day <= last)

    for document in documents():
        answers.append([(match.key, match.score) for match in window.matches(document, load)])
        window.add(document, load)
        stored.append(document)
        most = max(most, len(window))
        window.shrink()
    return answers, most


def test_a_window_that_holds_little_answers_the_same() -> None:
    much, most = matched(posts_held=1000)
    little, few = matched(posts_held=10)
    assert little == much
    assert any(much)
    assert most == 40
    assert few <= 20


def test_a_document_that_comes_again_is_found_by_its_new_words_only() -> None:
    window, (fire, rate, again, *_rest) = StreamWindow(), documents(weeks=1)
    nothing = lambda _first, _last: ()  # noqa: E731
    window.add(fire, nothing)
    window.add(Document(fire.key, fire.at, rate.terms), nothing)
    assert len(window) == 1
    assert window.matches(again, nothing) == []
    other = Document(99, rate.at, rate.terms, rate.words)
    assert [match.key for match in window.matches(other, nothing)] == [fire.key]


def test_a_document_of_another_process_is_heard_only_where_its_day_is_held() -> None:
    window, (fire, _rate, again, *_rest) = StreamWindow(), documents(weeks=1)
    window.heard(fire)
    assert len(window) == 0
    window.add(again, lambda _first, _last: ())
    window.heard(fire)
    assert len(window) == 2


def test_a_post_published_after_the_new_one_is_told_as_later() -> None:
    window, (fire, _rate, again, *_rest) = StreamWindow(), documents(weeks=1)
    nothing = lambda _first, _last: ()  # noqa: E731
    window.add(again, nothing)
    assert [(match.key, match.is_later) for match in window.matches(fire, nothing)] == [(again.key, True)]
    window.add(fire, nothing)
    assert [(match.key, match.is_later) for match in window.matches(again, nothing)] == [(fire.key, False)]


def test_terms_survive_storage() -> None:
    terms = Terms(array("I", [1, 2**32 - 1, 7]), bytes([1, 255, 20]), bytes([HEAD, NAME | HEAD, NUMBER]))
    assert unpack(pack(terms)) == terms
    assert unpack(memoryview(pack(Terms(array("I"), b"", b"")))) == Terms(array("I"), b"", b"")


def test_counts_survive_storage_and_are_halved_when_the_stream_is_long() -> None:
    one, two = Terms(array("I", [1, 2]), b"\x01\x01", b"\0\0"), Terms(array("I", [1]), b"\x01", b"\0")
    rarity = Rarity(posts_max=3)
    for terms in (one, two, two):
        rarity.count(terms)
    assert (rarity.documents, rarity._counts) == (3, {1: 3, 2: 1})
    rarity.count(two)
    assert (rarity.documents, rarity._counts) == (2, {1: 2})
    read = Rarity.unpacked(rarity.packed(), documents=rarity.documents)
    assert (read.documents, read._counts) == (2, {1: 2})


def test_what_a_stream_says_often_weighs_less_the_next_day() -> None:
    terms, _words = Lemmatiser().terms(title="", text="Тигрята в зоопарке")
    rarity = Rarity()
    before = rarity.fixed()
    for _ in range(500):
        rarity.count(terms)
    after = rarity.fixed()
    assert all(
        late < early for early, late in zip(before.weighed(terms).weights, after.weighed(terms).weights, strict=True)
    )
    read = DayRarity.unpacked(after.packed(), documents=after.documents)
    assert read.weighed(terms) == after.weighed(terms)


def test_a_new_stream_knows_which_words_are_common() -> None:
    posts, known = background()
    assert posts > 10_000 < len(known) * 2
    terms, words = Lemmatiser().terms(title="", text="Россия, тигрята")
    weights = dict(zip(words, Rarity().fixed().weighed(terms).weights, strict=True))
    assert weights["тигренок"] > weights["россия"]  # though a name counts nearly twice


@pytest.mark.parametrize(
    ("word", "known"),
    [
        ("пожаром", ("пожар", 10, 0)),
        ("москве", ("москва", 18, NAME)),
        ("загорелся", ("загореться", 7, 0)),
        ("4200", ("4200", 18, NUMBER)),
        ("5", ("5", 7, 0)),
        ("NASA", ("nasa", 18, NAME)),
        ("Шугалей", ("шугалей", 18, NAME)),
        ("ёлки", ("елка", 10, 0)),
        ("и", None),
        ("the", None),
        ("подписаться", None),
    ],
)
def test_words_are_brought_to_their_lemma_and_weighed(word: str, known: tuple[str, int, int] | None) -> None:
    found = word_of(word)
    assert (found and (found.lemma, found.tenths, found.marks)) == known


def test_forms_of_a_word_are_one_term_and_the_title_counts_twice() -> None:
    terms, words = Lemmatiser().terms(
        title="Пожар в порту", text="Пожар в порту\nПожаром охвачен склад. t.me/port @port"
    )
    weights = dict(zip(words, terms.weights, strict=True))
    assert weights == {"пожар": 30, "порт": 20, "охватить": 7, "склад": 10}
    assert list(terms.marks) == [HEAD, HEAD, 0, 0]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Склад сгорел в посёлке Тихая Гавань. Причина неясна", {"тихий", "гавань"}),
        ("СРОЧНО: НА СКЛАДЕ ПОЖАР", set()),
        ("Fire At The Harbour Warehouse\nPolice in Riverton said that a warehouse burned.", {"riverton"}),
    ],
)
def test_a_capital_inside_a_sentence_makes_a_name(text: str, names: set[str]) -> None:
    terms, words = Lemmatiser().terms(title="", text=text)
    assert {word for word, mark in zip(words, terms.marks, strict=True) if mark & NAME} == names


def test_a_lemmatiser_that_met_too_many_words_forgets_and_answers_the_same() -> None:
    small, large = Lemmatiser(words_max=3), Lemmatiser()
    for one in NEWS:
        assert small.terms(title="", text=one.text) == large.terms(title="", text=one.text)


def test_a_post_without_a_title_has_its_first_line_or_sentence_for_a_head() -> None:
    assert parts("", "Первая строка\nдальше") == ("Первая строка", "дальше")
    assert parts("Заголовок", "Заголовок дальше") == ("Заголовок", " дальше")
    sentence = "Первое предложение кончается здесь."
    assert parts("", f"{sentence} {'слово ' * 30}")[0] == sentence
    assert parts("", "слово " * 60)[0] == ("слово " * 33).rstrip()
    assert parts("", "а" * 300) == ("а" * 200, "а" * 100 + "\n")
