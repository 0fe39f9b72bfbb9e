"""Editors find Russian words in any case, on every database and in every list."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.models import User, Workspace
from apps.delivery.models import Delivery
from apps.publishing.models import Channel, Publication
from apps.sources.models import Source
from apps.stories.models import Preset, Rewrite, Story
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import approved_story, preview_channel, scheduled

pytestmark = pytest.mark.django_db
TITLES = ("Пожар в порту", "Открыт новый мост")


def stories(workspace: Workspace, _editor: User) -> None:
    for title in TITLES:
        approved_story(workspace, title)


def presets(workspace: Workspace, _editor: User) -> None:
    for title in TITLES:
        Preset.objects.create(workspace=workspace, name=title)


def rewrites(workspace: Workspace, _editor: User) -> None:
    for title in TITLES:
        Rewrite.objects.create(workspace=workspace, story=approved_story(workspace, title))


def channels(workspace: Workspace, _editor: User) -> None:
    for title in TITLES:
        preview_channel(workspace, title)


def publications(workspace: Workspace, editor: User) -> None:
    for title in TITLES:
        scheduled(preview_channel(workspace, f"Showcase {title}"), editor, title)


MAKERS: dict[type[Model], Callable[[Workspace, User], None]] = {
    Story: stories,
    Preset: presets,
    Rewrite: rewrites,
    Channel: channels,
    Publication: publications,
    Delivery: publications,
}


@pytest.mark.parametrize("model", MAKERS, ids=lambda model: model.__name__)
def test_words_are_found_in_any_case(client: Client, model: type[Model]) -> None:
    workspace = WorkspaceFactory.create()
    editor = member(workspace, "owner")
    MAKERS[model](workspace, editor)
    client.force_login(editor)
    options = admin.site._registry[model].opts
    address = reverse(f"admin:{options.app_label}_{options.model_name}_changelist")

    def count(words: str) -> int:
        return len(client.get(address, {"q": words}).context["cl"].result_list)

    assert [count(words) for words in ("пожар", "ПОЖАР", "Порту пОЖАР".title(), "пожар мост")] == [1, 1, 1, 0]


def test_every_list_of_editors_searches_so() -> None:
    models: tuple[type[Model], ...] = (*MAKERS, Source)  # posts have an index of words, see test_search
    screens = {model: admin.site._registry[model] for model in models}
    assert [model for model, screen in screens.items() if AnyCaseSearch not in type(screen).mro()] == []
