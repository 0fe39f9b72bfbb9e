"""What rules may cost: expressions that would hang are refused, and what is dear on every post is given up."""

from __future__ import annotations

import itertools

import pytest

from apps.sources.filters import Budget, Candidate, Effect, Judge, Kind, Rule, Verdict, value_checked
from apps.sources.filters.words import ReadText


def rule(kind: str, value: str, effect: str = Effect.DROP, *, key: int | None = None) -> Rule:
    return Rule(kind, effect, value_checked(kind, effect, value), key)


# Expressions that would hang before they look at a post


@pytest.mark.parametrize(
    "value",
    [
        "(?:" * 24 + "a" + "){1,9}" * 24,
        "(?:" * 24 + "a" + "){2}" * 24,
        "(?:" * 24 + "a" + ")+" * 24,
        "(?:" * 24 + "a" + ")(?#note){1,}" * 24,
        "(?:" * 24 + "a" + "){0,9}" * 24,
        "(?:(?:a{100}){100}){100}",
        "a{1000000000}",
        "[[:ю:](]" * 3 + "(?:" * 24 + "[]a)]" + ")+" * 24,
        "[[:alpha:](]" * 3 + "(?:" * 24 + r"[\]a)]" + ")+" * 24,
        "(?V1)a",
        "(?ix-s:a # b\n)",
    ],
)
def test_expression_that_compiles_forever_is_refused_before_it_is_compiled(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sources.filters.kinds.pattern_of", lambda _value: pytest.fail("compiled"))

    with pytest.raises(ValueError, match="repeats"):
        value_checked(Kind.PATTERN, Effect.DROP, value)
    assert Judge((Rule(Kind.PATTERN, Effect.DROP, value, 7),)).verdict(Candidate(text="a")) == Verdict(slow=(7,))


@pytest.mark.parametrize(
    "value",
    [
        r"(?:\d{1,3}\.){3}\d{1,3}",
        r"(?:(?:[а-я]{2,9}\s){3},){2}",
        r"(?:\w+\s){0,500}купи",
        r"a{3}(?:b{3}){3}" * 20,
        r"[а-яё]{1000}",
        r"[(]{2}[]({2}]{2}\({3}" * 9,
        r"{скидка}{,}[[:alpha:](]",
        r"(?i)(?P<word>экс)(?:\w+)+",
    ],
)
def test_expressions_of_daily_use_are_taken(value: str) -> None:
    assert value_checked(Kind.PATTERN, Effect.DROP, value) == value


# What is dear on every post


def test_text_is_cut_into_words_once_for_all_phrases(monkeypatch: pytest.MonkeyPatch) -> None:
    cut: list[str] = []

    def read(text: str) -> ReadText:
        cut.append(text)
        return ReadText(text)

    monkeypatch.setattr("apps.sources.filters.engine.ReadText", read)
    phrases = ",".join(f'"раз два три слово{number}"' for number in range(300))
    text = "раз два три " * 100 + " ".join(f"слово{number}." for number in range(300))

    verdict = Judge((rule(Kind.WORDS, phrases),)).verdict(Candidate(text=text))

    assert verdict.dropped_by == "words:drop:раз два три слово0"
    assert cut == [text]


def test_phrases_that_take_too_long_decide_nothing_and_single_words_still_do(monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr("apps.sources.filters.words.clock", lambda: next(ticks) * 3.0)
    rules = (rule(Kind.WORDS, "новый порт", Effect.REQUIRE, key=7), rule(Kind.WORDS, "порт", key=8))
    monkeypatch.setattr("apps.sources.filters.engine.clock", lambda: 0.0)
    judge = Judge(rules, Budget(total_s=0.0))

    verdict = judge.verdict(Candidate(text="Новый порт"))

    assert (verdict.rule, verdict.slow) == (8, (7,))


def test_expression_dear_on_every_post_is_given_up_for_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.filters.engine.clock", lambda: 0.0)
    monkeypatch.setattr("apps.sources.filters.budget.clock", lambda: 0.045)
    judge = Judge((rule(Kind.PATTERN, "порт", key=7),))

    verdicts = [judge.verdict(Candidate(text="порт")) for _each in range(60)]

    assert [verdict.rule for verdict in verdicts] == [7] * 45 + [None] * 15
    assert {verdict.slow for verdict in verdicts[45:]} == {(7,)}
    assert judge.slow == {"порт": 3}


def test_many_expressions_share_the_time_of_a_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.filters.engine.clock", lambda: 0.0)
    monkeypatch.setattr("apps.sources.filters.budget.clock", lambda: 0.5)
    rules = tuple(rule(Kind.PATTERN, f"порт{number}", key=number) for number in range(20))

    verdict = Judge(rules, Budget(total_s=5.0)).verdict(Candidate(text="сад"))

    assert verdict.slow == tuple(range(10, 20))
