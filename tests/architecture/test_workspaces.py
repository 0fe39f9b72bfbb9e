"""Every row reaches a workspace."""

from __future__ import annotations

from django.apps import apps
from django.db import models

WORKSPACE = "accounts.Workspace"
# model -> why it belongs to nobody
OF_NOBODY = {
    "accounts.User": "a person may be in several workspaces",
}
DEPTH = 6


def reaches(model: type[models.Model], depth: int = DEPTH) -> bool:
    """Whether a chain of foreign keys leads from a model to Workspace."""
    if model._meta.label == WORKSPACE:
        return True
    if depth == 0:
        return False
    parents = [
        field.related_model
        for field in model._meta.concrete_fields
        if isinstance(field, models.ForeignKey) and field.related_model is not model
    ]
    return any(isinstance(parent, type) and reaches(parent, depth - 1) for parent in parents)


def test_every_model_reaches_a_workspace() -> None:
    ours = [
        model for config in apps.get_app_configs() if config.name.startswith("apps.") for model in config.get_models()
    ]
    assert len(ours) > 10
    astray = {model._meta.label for model in ours if not reaches(model)}
    assert astray - set(OF_NOBODY) == set()


def test_exceptions_still_exist() -> None:
    assert {apps.get_model(label)._meta.label for label in OF_NOBODY} == set(OF_NOBODY)
