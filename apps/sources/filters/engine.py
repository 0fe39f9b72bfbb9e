"""Rules at work: the first that decides wins."""

from __future__ import annotations

from collections import Counter
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
    """Rules made ready: a test for each but those of words, which share one index by their place."""

    tests: tuple[Test | None, ...]
    index: WordIndex


@lru_cache(maxsize=512)
def _compiled(rules: Rules) -> _Compiled:
    terms: list[tuple[Term, ...]] = []
    tests: list[Test | None] = []
    for rule in rules:
        of_words = rule.kind == Kind.WORDS
        terms.append(tuple(term_of(*typed) for typed in typed_terms(rule.value)) if of_words else ())
        tests.append(None if of_words else test_of(rule.kind, rule.value))
    return _Compiled(tuple(tests), WordIndex(terms))


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
        words: dict[int, Term] | None = None
        text = ""
        slow: list[int | None] = []
        for number, (rule, test) in enumerate(zip(self.rules, self._compiled.tests, strict=True)):
            hit: Hit | None
            if test is None:
                if words is None:
                    text = folded(candidate.words)
                    words = self._compiled.index.found(text)
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
