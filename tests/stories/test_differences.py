"""What changed between two texts: whole words, nothing lost, bounded time."""

from __future__ import annotations

import random
import time

import pytest

from apps.stories.differences import Piece, text_difference, versions_difference


def told(before: str, after: str) -> str:
    marks = {"same": "{}", "gone": "[-{}-]", "new": "[+{}+]"}
    return "".join(marks[piece.kind].format(piece.text) for piece in text_difference(before, after))


def test_changed_words_are_told_word_by_word() -> None:
    assert told("Пожар потушили к вечеру.", "Пожар потушили к утру.") == "Пожар потушили к[- вечеру-][+ утру+]."


def test_the_same_text_is_one_piece_and_nothing_is_none() -> None:
    assert text_difference("Текст.", "Текст.") == (Piece("same", "Текст."),)
    assert text_difference("", "") == ()


def test_text_from_nothing_is_all_new_and_back_all_gone() -> None:
    assert text_difference("", "Текст.") == (Piece("new", "Текст."),)
    assert text_difference("Текст.", "") == (Piece("gone", "Текст."),)


def test_an_unchanged_paragraph_stays_whole_between_changed_ones() -> None:
    before = "Один.\n\nСередина та же самая.\n\nТри."
    after = "Первый.\n\nСередина та же самая.\n\nТретий."
    assert Piece("same", ".\n\nСередина та же самая.\n\n") in text_difference(before, after)


def test_neighbouring_words_are_replaced_in_one_go() -> None:
    assert told("в старом порту", "у нового моста") == "[-в старом порту-][+у нового моста+]"


@pytest.mark.parametrize("seed", range(20))
def test_pieces_make_both_texts(seed: int) -> None:
    chance = random.Random(seed)
    before, after = ("".join(chance.choices("аб в,.\n ", k=chance.randrange(60))) for _ in range(2))
    pieces = text_difference(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after


@pytest.mark.parametrize("separator", [" ", "\n"])
def test_long_texts_without_likeness_take_no_time(separator: str) -> None:
    chance = random.Random(1)
    before, after = (separator.join(chance.choices("абвгд", k=40_000)) for _ in range(2))
    began = time.process_time()
    pieces = text_difference(before, after)
    assert time.process_time() - began < 8
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after


def test_fields_are_compared_and_tags_as_one_line() -> None:
    before = {"title": "Пожар", "lead": "", "body": "Текст.\r\nЕщё.", "tags": ["порт"]}
    after = {"title": "Пожар", "lead": "Лид.", "body": "Текст.\nЕщё.", "tags": ["порт", "склад"]}
    found = {one.name: one for one in versions_difference(before, after)}
    assert [name for name, one in found.items() if one.is_changed] == ["lead", "tags"]
    assert found["tags"].pieces == (Piece("same", "порт"), Piece("new", ", склад"))
