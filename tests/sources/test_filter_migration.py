"""The words of sources become rules that drop what the words dropped."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from apps.sources.filters import Candidate, Judge, Rule, rule_words
from apps.sources.models import FilterRule, Post
from tests.sources.factories import FeedFactory, FilterRuleFactory, FilterSetFactory, PostFactory

MIGRATION = import_module("apps.sources.migrations.0010_words_become_rules")
COLUMNS = (
    "include_words text NOT NULL DEFAULT ''",
    "exclude_words text NOT NULL DEFAULT ''",
    "min_length integer NOT NULL DEFAULT 0",
)


@pytest.fixture
def old(db: None) -> Any:
    """The models as they were before, over today's tables with yesterday's columns; undone with the test."""
    with connection.cursor() as cursor:
        for column in COLUMNS:
            cursor.execute(f"ALTER TABLE sources_source ADD COLUMN {column}")
    return MigrationLoader(connection, replace_migrations=False).project_state(("sources", "0009_filter_rules")).apps


def test_words_and_length_become_rules_in_the_order_they_were_asked(old: Any) -> None:
    source = FeedFactory.create()
    FeedFactory.create(workspace=source.workspace)
    words = {"include_words": "порт\n\nпорт", "exclude_words": 'На "правах"  рекламы\nмост', "min_length": 20}
    old.get_model("sources", "Source").objects.filter(pk=source.pk).update(**words)

    MIGRATION.words_become_rules(old, None)

    rules = FilterRule.objects.order_by("place")
    assert list(rules.values_list("workspace", "source", "filter_set", "place", "kind", "effect", "value")) == [
        (source.workspace_id, source.pk, None, 0, "length", "drop", "< 20"),
        (source.workspace_id, source.pk, None, 1, "words", "drop", '"На правах рекламы"\n"мост"'),
        (source.workspace_id, source.pk, None, 2, "words", "require", '"порт"'),
    ]


def test_rules_that_words_can_say_become_words_again(old: Any) -> None:
    source = FeedFactory.create()
    FilterRuleFactory.create(source=source, kind="length", value="< 20")
    FilterRuleFactory.create(source=source, value='"мост"', place=1)
    FilterRuleFactory.create(source=source, value="порт", effect="require", place=2)
    kept = [
        FilterRuleFactory.create(source=source, kind="advert", value="", place=3),
        FilterRuleFactory.create(filter_set=FilterSetFactory.create(workspace=source.workspace)),
    ]

    MIGRATION.rules_become_words(old, None)

    words = old.get_model("sources", "Source").objects.values_list("include_words", "exclude_words", "min_length")
    assert words.get(pk=source.pk) == ("порт", "мост", 20)
    assert set(FilterRule.objects.all()) == set(kept)


def test_migrated_words_go_on_catching_exactly_what_they_caught() -> None:
    rules = (Rule("words", "drop", MIGRATION.quoted("мост\nна  правах рекламы")),)

    def is_dropped(text: str) -> bool:
        return bool(Judge(rules).verdict(Candidate(text=text)).dropped_by)

    assert is_dropped("Мост открыт")
    assert is_dropped("На правах\nрекламы")
    assert not is_dropped("На мосту")


@pytest.mark.django_db
def test_reasons_are_renamed() -> None:
    reasons = ("excluded:мост", "too_short:20", "not_included", "", "excluded:" + "м" * 111)
    posts = [PostFactory.create(dropped_by=reason) for reason in reasons]

    MIGRATION.reasons_are_renamed(apps, None)

    now = [Post.objects.get(pk=post.pk).dropped_by for post in posts]
    assert now[:4] == ["words:drop:мост", "length:drop:< 20", "words:require:", ""]
    assert now[4].startswith("words:drop:ммм")
    assert len(now[4]) <= 120
    assert all(rule_words(reason) != reason for reason in now if reason)
    assert not FilterRule.objects.exists()
