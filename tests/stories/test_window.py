"""The window of the stream: a cache that answers the same however little it holds."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import pytest

from apps.stories.grouping.lemmas import Lemmatiser, lemma_of, parts
from apps.stories.grouping.rarity import Rarity
from apps.stories.grouping.terms import Document, Terms, pack, unpack
from apps.stories.grouping.window import StreamWindow, nearness
from tests.stories.news import NEWS

DAY = 86_400.0


def documents(weeks: int = 4) -> list[Document]:
    """The news again and again, every week, the newest week first."""
    lemmatiser, found = Lemmatiser(), []
    for week in reversed(range(weeks)):
        for one in NEWS:
            terms, words = lemmatiser.terms(title="", text=one.text)
            at = week * 7 * DAY + one.hours * 3600
            found.append(Document(len(found), at, terms, one.voice, words))
    return found


def matched(*, posts_held: int) -> tuple[list[list[tuple[int, float]]], int]:
    """What each document matches in a window that holds so many, and how many it held at most."""
    window, stored, answers, most = StreamWindow(rarity=Rarity(), posts_held=posts_held), [], [], 0

    def load(first: int, last: int) -> Iterator[Document]:
        return (document for document in stored if first <= document.day <= last)

    for document in documents():
        answers.append([(match.key, match.score) for match in window.matches(document, load)])
        window.add(document)
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


def test_terms_survive_storage() -> None:
    terms = Terms(array("I", [1, 2**32 - 1, 7]), bytes([1, 255, 20]))
    assert unpack(pack(terms)) == terms
    assert unpack(memoryview(pack(Terms(array("I"), b"")))) == Terms(array("I"), b"")


def test_counts_survive_storage_and_are_halved_when_the_stream_is_long() -> None:
    one, two = Terms(array("I", [1, 2]), b"\x01\x01"), Terms(array("I", [1]), b"\x01")
    rarity = Rarity(posts_max=3)
    for terms in (one, two, two):
        rarity.count(terms)
    assert (rarity.documents, rarity._counts) == (3, {1: 3, 2: 1})
    rarity.count(two)
    assert (rarity.documents, rarity._counts) == (2, {1: 2})
    read = Rarity.unpacked(rarity.packed(), documents=rarity.documents)
    assert (read.documents, read._counts) == (2, {1: 2})


@pytest.mark.parametrize(
    ("word", "lemma"),
    [
        ("пожаром", ("пожар", 10)),
        ("москве", ("москва", 18)),
        ("загорелся", ("загореться", 7)),
        ("4200", ("4200", 18)),
        ("nasa", ("nasa", 18)),
        ("ёлки", ("елка", 10)),
        ("и", None),
        ("the", None),
        ("подписаться", None),
    ],
)
def test_words_are_brought_to_their_lemma_and_weighed(word: str, lemma: tuple[str, int] | None) -> None:
    assert lemma_of(word) == lemma


def test_forms_of_a_word_are_one_term_and_the_title_counts_twice() -> None:
    terms, words = Lemmatiser().terms(
        title="Пожар в порту", text="Пожар в порту\nПожаром охвачен склад. t.me/port @port"
    )
    weights = dict(zip(words, terms.weights, strict=True))
    assert weights == {"пожар": 30, "порт": 20, "охватить": 7, "склад": 10}


def test_a_lemmatiser_that_met_too_many_words_forgets_and_answers_the_same() -> None:
    small, large = Lemmatiser(words_max=3), Lemmatiser()
    for one in NEWS:
        assert small.terms(title="", text=one.text) == large.terms(title="", text=one.text)


def test_a_post_without_a_title_has_its_first_line_for_a_head() -> None:
    assert parts("", "Первая строка\nдальше") == ("Первая строка", "\nдальше")
    assert parts("Заголовок", "Заголовок дальше") == ("Заголовок", " дальше")


def test_distance_in_time_takes_from_a_similarity() -> None:
    assert [nearness(hours) for hours in (0, 24, 48, 480)] == [1.0, 1.0, 0.8, 0.8]
    assert nearness(36) == pytest.approx(0.9)
