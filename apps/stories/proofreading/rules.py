"""The rules of proofreading in their order, and what each says of itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.stories.proofreading import marks, signs, spelling, words
from apps.stories.proofreading.changes import Change, Draft, Edit, Piece
from apps.stories.proofreading.guarded import Spans, fixed_spans
from apps.stories.proofreading.house import House, HouseWords
from apps.stories.proofreading.quotes import Pair, pairs_of, quotes_wanted

ROUNDS = 5  # a rule may make room for another; texts come to rest after two or three
Rule = Callable[[str], Iterable[Edit]]

WHY: dict[str, str | Promise] = {
    "quotes": _("Quotation marks of the language of the text"),
    "spaces": _("One space between words, none before a mark, one after it"),
    "ellipsis": _("An ellipsis is one sign"),
    "dash": _("A long dash between words"),
    "range": _("A short dash in a range"),
    "minus": _("A minus, not a hyphen"),
    "nbsp": _("A space that does not break at the end of a line"),
    "sign": _("A sign as it is set in print"),
    "apostrophe": _("A curly apostrophe"),
    "thousands": _("Groups of digits that do not break"),
    "alphabet": _("Letters of another alphabet inside a word"),
    "twice": _("A word said twice"),
    "yo": _("“ё” by the house style"),
    "house": _("By the house dictionary"),
    "spelling": _("The dictionary does not know this word"),
}
LETTERS = re.compile(r"[^\W\d_]{2,}+")


class Reading:
    """A text as the rules see it: its quotes, what is fixed, and its language."""

    def __init__(self, text: str, house_words: HouseWords) -> None:
        fixed = fixed_spans(text)
        self.pairs: list[Pair]
        self.pairs, unclear = pairs_of(text, Spans(fixed))
        right = house_words.right_spans(text)
        inside = [(pair.start + 1, pair.end) for pair in self.pairs if pair.depth == 0]
        self.marks_kept = Spans([*fixed, *right])
        self.kept = Spans([*fixed, *right, *inside, *unclear])


def is_russian(text: str) -> bool:
    """Whether the text is set by Russian rules: at least a fifth of its letters are Cyrillic, or it has no letters."""
    letters = "".join(LETTERS.findall(text))
    own = sum(1 for letter in letters if words.is_cyrillic(letter))
    return not letters or own * 5 >= len(letters)


def rules_of(house: House, *, russian: bool) -> list[Rule]:
    """The rules for a text, in their order."""
    always: list[Rule] = [
        words.composed_wanted,
        words.mixed_wanted,
        marks.ellipses_wanted,
        marks.spaces_wanted,
        words.twice_wanted,
    ]
    if not russian:
        return [*always, marks.english_dashes_wanted, marks.ranges_wanted, signs.signs_wanted]
    rules: list[Rule] = [
        *always,
        marks.sentences_wanted,
        marks.dashes_wanted,
        marks.ranges_wanted,
        signs.signs_wanted,
        lambda text: signs.thousands_wanted(text, house.thousands),
        signs.ties_wanted,
    ]
    return [*rules, words.yo_wanted] if house.yo == "certain" else rules


def proofread(text: str, house: House) -> list[Change]:
    """What to change in a text, in the order of the text.

    Nothing is changed in links, addresses, @names, #tags and code, nor between quotation marks but for the marks
    themselves. Once all that is certain is changed, nothing certain is left to change.
    """
    house_words = HouseWords(house.words)
    draft = Draft(text)
    one_round(draft, house_words, [words.composed_wanted, words.mixed_wanted])
    russian = is_russian(draft.text)
    rules = rules_of(house, russian=russian)
    first: list[Rule] = [house_words.wanted]
    for _round in range(ROUNDS):
        marked = marks_round(draft, house_words, russian=russian)
        if not one_round(draft, house_words, [*first, *rules]) and not marked:
            break
        first = []
    certain = [told(piece, text) for piece in draft.shortened()]
    doubted = doubts(text, house, house_words, certain) if house.spelling and russian else []
    return sorted([*certain, *doubted], key=lambda change: (change.start, change.end))


def marks_round(draft: Draft, house_words: HouseWords, *, russian: bool) -> bool:
    """Give quotation marks their looks; whether any changed."""
    reading = Reading(draft.text, house_words)
    wanted = quotes_wanted(draft.text, reading.pairs, is_russian=russian)
    return draft.edit(one for one in wanted if not reading.marks_kept.touch(one.start, one.end))


def one_round(draft: Draft, house_words: HouseWords, rules: Iterable[Rule]) -> bool:
    """Let every rule edit what the one before it left; whether any did."""
    reading = Reading(draft.text, house_words)
    edited = stale = False
    for rule in rules:
        if stale:
            reading = Reading(draft.text, house_words)
        stale = draft.edit(one for one in rule(draft.text) if not reading.kept.touch(one.start, one.end))
        edited = edited or stale
    return edited


def told(piece: Piece, typed: str) -> Change:
    """A piece as a change that says why."""
    was = typed[piece.start : piece.end]
    why = "; ".join(str(WHY[rule]) for rule in piece.rules)
    return Change(piece.start, piece.end, was, piece.becomes, piece.rules[0], why)


def doubts(text: str, house: House, house_words: HouseWords, certain: Iterable[Change]) -> Iterator[Change]:
    """Unknown words outside of what is fixed, quoted or changed anyway."""
    kept, changed = Reading(text, house_words).kept, Spans((one.start, one.end) for one in certain)
    for start, end, word, suggested in spelling.unknown_words(text, house.known | house_words.forms.keys()):
        if not kept.touch(start, end) and not changed.touch(start, end):
            why = str(WHY["spelling"])
            yield Change(start, end, word, suggested[0], "spelling", why, certain=False, suggestions=suggested)
