"""Rules at work: the first that decides wins."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from apps.core.morphology import folded
from apps.sources.filters.candidate import Candidate, Effect, Hit, Kind, Rules, Verdict
from apps.sources.filters.kinds import SlowError, Test, test_of
from apps.sources.filters.stored import reason_of
from apps.sources.filters.words import Term, WordIndex, hit_of, term_of, typed_terms

SLOW_MAX = 3  # so many posts in a batch may cost a slow expression its whole time; then the batch goes on without it


@dataclass(frozen=True, slots=True)
class _Compiled:
    """Rules made ready.

    Attributes:
        tests: by place, the test of each rule but those of words, which share one index.
        always: the places that every post comes to; a rule of words that drops or keeps is passed by without a hit.
    """

    tests: tuple[Test | None, ...]
    index: WordIndex
    always: tuple[int, ...]
    has_words: bool


@lru_cache(maxsize=512)
def _compiled(rules: Rules) -> _Compiled:
    terms: list[tuple[Term, ...]] = []
    tests: list[Test | None] = []
    for rule in rules:
        of_words = rule.kind == Kind.WORDS
        terms.append(tuple(term_of(*typed) for typed in typed_terms(rule.value)) if of_words else ())
        tests.append(None if of_words else test_of(rule.kind, rule.value))
    always = tuple(
        number for number, rule in enumerate(rules) if tests[number] is not None or rule.effect == Effect.REQUIRE
    )
    return _Compiled(tuple(tests), WordIndex(terms), always, None in tests)


class Judge:
    """The rules of one source for one batch of posts.

    An expression that takes too long is given up for the whole batch and not for each post. `slow` counts the posts
    on which an expression ran out of its time; judges of one batch may share it.
    """

    def __init__(self, rules: Rules, slow: Counter[str] | None = None) -> None:
        self.rules = rules
        self.slow: Counter[str] = Counter() if slow is None else slow
        self._compiled = _compiled(rules) if rules else None

    def verdict(self, candidate: Candidate) -> Verdict:
        """What becomes of a post."""
        if self._compiled is None:
            return Verdict()
        words: dict[int, Term] = {}
        text = ""
        order: Iterable[int] = self._compiled.always
        if self._compiled.has_words:
            text = folded(candidate.words)
            words = self._compiled.index.found(text)
            order = sorted({*order, *words}) if words else order
        slow: list[int | None] = []
        for number in order:
            rule, test = self.rules[number], self._compiled.tests[number]
            hit: Hit | None
            if test is None:
                hit = hit_of(words[number], text) if number in words else None
            else:
                try:
                    hit = self._tested(number, test, candidate)
                except SlowError:
                    slow.append(rule.key)
                    continue
            if rule.effect == Effect.KEEP and hit:
                return Verdict("", number, rule.key, tuple(slow))
            if rule.effect == Effect.DROP and hit:
                return Verdict(reason_of(rule.kind, rule.effect, hit.detail), number, rule.key, tuple(slow))
            if rule.effect == Effect.REQUIRE and not hit:
                reason = reason_of(rule.kind, rule.effect, _wanted(rule.kind, rule.value))
                return Verdict(reason, number, rule.key, tuple(slow))
        return Verdict(slow=tuple(slow))

    def hit(self, number: int, candidate: Candidate) -> Hit | None:
        """What the rule at this place finds in a post, with where it stands."""
        if self._compiled is None:
            return None
        test = self._compiled.tests[number]
        if test is not None:
            try:
                return self._tested(number, test, candidate)
            except SlowError:
                return None
        text = folded(candidate.words)
        term = self._compiled.index.found(text).get(number)
        found = None if term is None else hit_of(term, text)
        # Folding may shorten a text (stress marks), and then its places are not those of the original.
        return Hit(found.detail) if found and len(text) != len(candidate.words) else found

    def _tested(self, number: int, test: Test, candidate: Candidate) -> Hit | None:
        expression = self.rules[number].value
        if self.slow[expression] >= SLOW_MAX:
            raise SlowError
        try:
            return test(candidate)
        except SlowError:
            self.slow[expression] += 1
            raise


def _wanted(kind: str, value: str) -> str:
    return ", ".join(typed for typed, _exact in typed_terms(value)) if kind == Kind.WORDS else value
