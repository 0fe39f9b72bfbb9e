"""Which posts a source's filters drop."""

from __future__ import annotations

import pytest

from apps.sources.filters import Rules, dropped_by, rule_words, rules_of
from apps.sources.models import Source


@pytest.mark.parametrize(
    ("rules", "text", "rule"),
    [
        (Rules(), "что угодно", ""),
        (Rules(exclude=("реклама",)), "Это РЕКЛАМА.", "excluded:реклама"),
        (Rules(exclude=("реклама",)), "Рекламация не реклам", ""),
        (Rules(exclude=("елка",)), "Ёлка стоит", "excluded:елка"),
        (Rules(exclude=("на правах рекламы",)), "На  правах\nрекламы", "excluded:на правах рекламы"),
        (Rules(exclude=("c++",)), "пишу на C++, люблю", "excluded:c++"),
        (Rules(include=("мост", "порт")), "В порт пришли", ""),
        (Rules(include=("мост",)), "Мосты разведены", "not_included"),
        (Rules(min_length=10), "коротко", "too_short:10"),
        (Rules(min_length=7), "коротко", ""),
        (Rules(include=("мост",), exclude=("реклама",)), "мост и реклама", "excluded:реклама"),
    ],
)
def test_rule_that_drops(rules: Rules, text: str, rule: str) -> None:
    assert dropped_by(rules, title="", text=text) == rule


def test_title_counts_too() -> None:
    assert dropped_by(Rules(exclude=("мост",)), title="Мост", text="текст") == "excluded:мост"


def test_rules_are_read_from_lines() -> None:
    source = Source(include_words=" Мост \n\nмост\nНовый  порт", exclude_words="", min_length=5)

    assert rules_of(source) == Rules(include=("мост", "новый порт"), exclude=(), min_length=5)


def test_rules_are_said_in_words() -> None:
    said = {rule: rule_words(rule) for rule in ("excluded:мост", "not_included", "too_short:10")}

    assert all(said.values())
    assert "мост" in said["excluded:мост"]
    assert "10" in said["too_short:10"]
