"""The squashed migrations, which new installations go through, come to what the single ones do, which others have."""

from __future__ import annotations

import re

from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import RunPython
from django.db.migrations.state import ProjectState

UNORDERED = ("constraints", "indexes")


def said(state: ProjectState) -> dict[tuple[str, str], str]:
    """Every model's fields, constraints, indexes and other options, whatever order they came in."""
    found = {}
    for key, model in state.models.items():
        fields = {name: field.deconstruct()[1:] for name, field in model.fields.items()}
        options = {name: value for name, value in model.options.items() if name not in UNORDERED}
        parts = {name: sorted(repr(one) for one in model.options.get(name, [])) for name in UNORDERED}
        told = repr((sorted(fields.items()), sorted(options.items()), parts, model.bases))
        found[key] = re.sub(r" object at 0x[0-9a-f]+", "", told)
    return found


def test_squashed_and_single_migrations_come_to_the_same() -> None:
    single, squashed = MigrationLoader(None, replace_migrations=False), MigrationLoader(None)
    old, new = said(single.project_state()), said(squashed.project_state())
    assert old.keys() == new.keys()
    assert [key for key in old if old[key] != new[key]] == []


def test_new_installations_go_through_squashed_ones_and_get_the_index_of_words() -> None:
    graph = MigrationLoader(None).graph
    ours = {app for app, name in graph.nodes if name.startswith("0001_squashed_")}
    assert {"accounts", "ai", "delivery", "notifications", "publishing", "sources", "stories", "telegram"} <= ours
    sources = [migration for (app, _name), migration in graph.nodes.items() if app == "sources"]
    steps = [step for migration in sources for step in migration.operations if isinstance(step, RunPython)]
    assert "words_index" in {step.code.__name__ for step in steps}
