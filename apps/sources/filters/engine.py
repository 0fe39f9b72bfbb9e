"""Rules at work: the first that decides wins."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import lru_cache

from apps.core.morphology import folded
from apps.sources.filters.budget import WORDS, Budget, clock
from apps.sources.filters.candidate import Candidate, Effect, Hit, Kind, Rules, Verdict
from apps.sources.filters.kinds import SlowError, Test, test_of
from apps.sources.filters.stored import reason_of
from apps.sources.filters.words import ReadText, Term, WordIndex, hit_of, term_of, typed_terms


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

    A rule that takes too long is given up for the whole batch and not for each post; judges of one batch may share
    the budget, which knows what each has taken.
    """

    def __init__(self, rules: Rules, budget: Budget | None = None) -> None:
        self.rules = rules
        self.budget = budget or Budget()
        self._compiled = _compiled(rules) if rules else None

    @property
    def slow(self) -> Counter[str]:
        """The posts on which each expression ran out of its time."""
        return self.budget.slow

    def verdict(self, candidate: Candidate) -> Verdict:
        """What becomes of a post."""
        if self._compiled is None:
            return Verdict()
        self.budget.posts += 1
        late: set[int] = set()
        read, words = self._read(candidate, late)
        order = sorted({*self._compiled.always, *words, *late}) if words or late else self._compiled.always
        slow: list[int | None] = []
        for number in order:
            rule, test = self.rules[number], self._compiled.tests[number]
            hit: Hit | None
            if test is None and number in late and number not in words:
                slow.append(rule.key)
                continue
            if test is None:
                hit = hit_of(words[number], read) if read and number in words else None
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
        read, words = self._read(candidate, set())
        found = hit_of(words[number], read) if read and number in words else None
        # Folding may shorten a text (stress marks), and then its places are not those of the original.
        return Hit(found.detail) if found and read and len(read.text) != len(candidate.words) else found

    def _read(self, candidate: Candidate, late: set[int]) -> tuple[ReadText | None, dict[int, Term]]:
        """The words of a post, and by rule of words the first term in it."""
        if self._compiled is None or not self._compiled.has_words:
            return None, {}
        read, since = ReadText(folded(candidate.words)), clock()
        words = self._compiled.index.found(read, since + self.budget.left(WORDS), late)
        self.budget.spend(WORDS, since)
        return read, words

    def _tested(self, number: int, test: Test, candidate: Candidate) -> Hit | None:
        expression = self.rules[number].value
        if self.rules[number].kind != Kind.PATTERN:
            return test(candidate)
        if not self.budget.left(expression):
            raise SlowError
        since = clock()
        try:
            return test(candidate)
        except SlowError:
            self.slow[expression] += 1
            raise
        finally:
            self.budget.spend(expression, since)


def _wanted(kind: str, value: str) -> str:
    return ", ".join(typed for typed, _exact in typed_terms(value)) if kind == Kind.WORDS else value
