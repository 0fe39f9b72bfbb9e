"""How alike two texts are, and what is said of it."""

from __future__ import annotations

from itertools import combinations

import pytest

from apps.stories.grouping.lemmas import Lemmatiser
from apps.stories.grouping.likeness import STRANGERS, Told, likeness, nearness
from apps.stories.grouping.rarity import Rarity
from apps.stories.grouping.reasons import reasons
from apps.stories.grouping.terms import Document
from tests.stories.news import NEWS


def told(text: str, title: str = "") -> Told:
    terms, _words = Lemmatiser().terms(title=title, text=text)
    return Told(0, 0.0, Rarity().fixed().weighed(terms))


def test_likeness_is_the_same_both_ways_and_between_nothing_and_one() -> None:
    texts = [told(one.text) for one in NEWS]
    for first, second in combinations(texts, 2):
        assert likeness(first, second) == likeness(second, first)
        assert 0.0 <= likeness(first, second) < 1.0
    assert all(likeness(text, text) == pytest.approx(1.0) for text in texts)


def test_a_text_without_words_is_like_nothing() -> None:
    assert likeness(told("🔥"), told("🔥")) == likeness(told("🔥"), told(NEWS[0].text)) == 0.0


def test_a_long_text_that_tells_the_short_one_is_like_it() -> None:
    short = told("Паром «Ладога» сел на мель у Студёного мыса.")
    long = told(
        "Паром «Ладога» сел на мель у Студёного мыса.\nНа борту были рабочие завода и туристы, их кормят обедом. "
        "Ветер стихает, к вечеру ждут буксир из порта, погода улучшится, рейсы других судов идут по расписанию."
    )
    other = told("Паром «Онега» встал на ремонт.\nНа борту были рабочие завода и туристы, их кормят обедом.")
    assert likeness(short, long) > 0.6 > likeness(other, long)


def test_two_heads_that_each_name_what_the_other_text_has_not_are_less_alike() -> None:
    brest = told("Ветер слабый, облачно, давление 764 мм.", title="Погода в Бресте на завтра")
    gomel = told("Ветер слабый, облачно, давление 764 мм.", title="Погода в Гомеле на завтра")
    plain = told("Ветер слабый, облачно, давление 764 мм.", title="Погода на завтра")
    assert likeness(brest, gomel) < likeness(brest, plain) - STRANGERS / 2


def test_distance_in_time_takes_from_a_likeness() -> None:
    assert [nearness(hours) for hours in (0, 6, 72, 480)] == [1.0, 1.0, 0.65, 0.65]
    assert nearness(39) == pytest.approx(0.825)


def test_reasons_tell_names_numbers_and_phrases_as_the_post_writes_them() -> None:
    text = "В порту Тихой Гавани сгорел склад канатов площадью 4200 метров, сообщил Пётр Заречный."
    other = "Склад канатов сгорел: 4200 метров выгорело в порту Тихой Гавани, рассказал Заречный."
    lemmatiser, rarity = Lemmatiser(), Rarity().fixed()
    terms, words = lemmatiser.terms(title="", text=text)
    document = Document(1, 0.0, rarity.weighed(terms), words)
    why = reasons(lemmatiser, document, told(other), title="", text=text)
    assert set(why["names"]) == {"Тихой Гавани", "Заречный"}
    assert why["numbers"] == ["4200"]
    assert "порту Тихой Гавани" in why["phrases"]
    assert "склад канатов" in why["phrases"]
    parts = [part for _word, part in why["terms"]]
    assert parts == sorted(parts, reverse=True)
    assert len(parts) == 6
