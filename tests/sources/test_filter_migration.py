"""The words of sources become rules that drop what the words dropped."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.sources.filters import Candidate, Judge, Rule, rule_words
from apps.sources.models import FilterRule, Post
from tests.sources.factories import PostFactory

MIGRATION = import_module("apps.sources.migrations.0010_words_become_rules")


@pytest.fixture
def old(transactional_db: None) -> Any:
    """The models as they were before; the present ones again afterwards."""
    executor = MigrationExecutor(connection)
    heads = executor.loader.graph.leaf_nodes()
    executor.migrate([("sources", "0009_filter_rules")])
    yield executor.loader.project_state([("sources", "0009_filter_rules")]).apps
    MigrationExecutor(connection).migrate(heads)


def migrated() -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate([("sources", "0011_source_without_words")])
    return executor.loader.project_state([("sources", "0011_source_without_words")]).apps


def test_words_and_length_become_rules_in_the_order_they_were_asked(old: Any) -> None:
    workspace = old.get_model("accounts", "Workspace").objects.create(name="Редакция", slug="redaction")
    sources = old.get_model("sources", "Source").objects
    full = sources.create(
        workspace=workspace,
        name="А",
        url="https://a.example/",
        include_words="порт\n\nпорт",
        exclude_words='На "правах"  рекламы\nмост',
        min_length=20,
    )
    sources.create(workspace=workspace, name="Б", url="https://b.example/")

    new = migrated()

    rules = new.get_model("sources", "FilterRule").objects.order_by("place")
    assert list(rules.values_list("workspace", "source", "filter_set", "place", "kind", "effect", "value")) == [
        (workspace.pk, full.pk, None, 0, "length", "drop", "< 20"),
        (workspace.pk, full.pk, None, 1, "words", "drop", '"На правах рекламы"\n"мост"'),
        (workspace.pk, full.pk, None, 2, "words", "require", '"порт"'),
    ]


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
