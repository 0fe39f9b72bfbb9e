"""Rewriting on the workbench: kinds, variants, the exact prompt of each, progress, what failed and another try."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.stories.models import Preset, Rewrite, Story
from tests.stories.factories import (
    MembershipFactory,
    PresetFactory,
    StoryPostFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


@pytest.fixture
def preset(workspace: Workspace) -> Preset:
    made: Preset = PresetFactory.create(workspace=workspace)
    return made


@pytest.fixture
def story(workspace: Workspace, preset: Preset) -> Story:
    made = story_with_text(workspace=workspace)
    StoryPostFactory.create(story=made)
    return made


@pytest.fixture
def client(workspace: Workspace) -> Client:
    return client_of(workspace)


def client_of(workspace: Workspace, role: str = Membership.Role.EDITOR) -> Client:
    user: User = UserFactory.create(language="en")
    MembershipFactory.create(workspace=workspace, user=user, role=role)
    made = Client()
    made.force_login(user)
    return made


def ask(client: Client, story: Story, **fields: Any) -> Any:
    preset = Preset.objects.get(workspace=story.workspace)
    return client.post(reverse("desk:story_rewrite", args=[story.pk]), {"preset": preset.pk, "comment": "", **fields})


def page(client: Client, story: Story) -> str:
    return client.get(reverse("desk:story", args=[story.pk])).content.decode()


def state(client: Client, story: Story) -> Any:
    return client.get(reverse("desk:story_state", args=[story.pk])).json()


@pytest.mark.parametrize("kind", ["shorter", "calmer", "numbers", "translate"])
def test_one_press_asks_for_a_kind_of_the_present_text(client: Client, story: Story, kind: str) -> None:
    assert f'value="{kind}"' in page(client, story)
    ask(client, story, kind=kind)
    row = Rewrite.objects.get()
    assert (row.kind, row.based_on) == (kind, 1)


def test_an_unknown_kind_is_writing_from_the_sources(client: Client, story: Story) -> None:
    ask(client, story, kind="louder")
    assert Rewrite.objects.get().kind == "write"


def test_the_prompt_of_a_kind_is_shown_and_sent(client: Client, story: Story) -> None:
    preset = Preset.objects.get()
    asked = {"preset": preset.pk, "comment": "", "kind": "shorter"}
    shown = client.get(reverse("desk:story_prompt", args=[story.pk]), asked).json()
    edited = shown["user"] + "\nИ без восклицаний."
    ask(client, story, kind="shorter", prompt_kind="shorter", system_prompt=shown["system"], user_prompt=edited)
    row = Rewrite.objects.get()
    assert (row.system_prompt, row.user_prompt, row.prompt_edited) == (shown["system"], edited, True)


def test_a_prompt_of_another_kind_is_not_sent(client: Client, story: Story) -> None:
    ask(client, story, kind="calmer", prompt_kind="shorter", system_prompt="s", user_prompt="u")
    row = Rewrite.objects.get()
    assert (row.kind, row.prompt_edited, row.user_prompt == "u") == ("calmer", False, False)


def test_variants_are_asked_for_together_and_each_is_told_of(client: Client, story: Story) -> None:
    ask(client, story, kind="write", variants="3")
    assert Rewrite.objects.count() == 3
    told = state(client, story)
    assert told["writing"] is True
    assert [f"Variant {number}" in told["html"] for number in (1, 2, 3, 4)] == [True, True, True, False]
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "cancel_rewrite"})
    assert not Rewrite.objects.live().exists()
    assert state(client, story)["writing"] is False


@pytest.mark.parametrize("number", ["5", "99"])
def test_more_than_four_variants_are_refused(client: Client, story: Story, number: str) -> None:
    ask(client, story, kind="write", variants=number)
    assert not Rewrite.objects.exists()


def failed(story: Story, **fields: Any) -> Rewrite:
    made: Rewrite = Rewrite.objects.create(
        **{
            "workspace": story.workspace, "story": story, "state": "dead", "finished_at": now(), "attempts": 1,
            "error": "The budget of today is spent.", "error_code": "over_budget", "user_prompt": "задание", **fields,
        }
    )  # fmt: skip
    return made


def test_what_failed_says_why_and_offers_another_try(client: Client, story: Story) -> None:
    row = failed(story, unusable="Извините, я не могу")
    shown = page(client, story)
    assert "The budget of today is spent." in shown
    assert "What the model answered" in shown
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "retry_rewrite", "rewrite": row.pk})
    row.refresh_from_db()
    assert row.state == Rewrite.State.READY


def test_a_rewrite_of_another_workspace_is_not_tried_again(client: Client, story: Story) -> None:
    foreign = failed(story_with_text())
    reply = client.post(reverse("desk:story_step", args=[story.pk]), {"step": "retry_rewrite", "rewrite": foreign.pk})
    assert reply.status_code == 404
    foreign.refresh_from_db()
    assert foreign.state == Rewrite.State.DEAD


def test_what_a_rewrite_changed_is_shown_when_it_has_landed(client: Client, story: Story) -> None:
    row = Rewrite.objects.create(workspace=story.workspace, story=story, state="done", finished_at=now())
    version = VersionFactory.create(
        story=story, number=2, based_on=1, rewrite=row, body="Пожар потушили к вечеру.", model="m-1", input_tokens=1200,
        output_tokens=80, cost_usd="0.0123", seconds=3.5, why="Shorter",
    )  # fmt: skip
    Story.objects.filter(pk=story.pk).update(current_version=version)
    shown = page(client, story)
    assert "Before and after" in shown
    assert "<del> утру</del><ins> вечеру</ins>" in shown
    for words in ("m-1", "1200 + 80 tokens", "0.0123", "3.5 s", "Shorter"):
        assert words in shown


def test_the_page_reads_no_prompts_of_earlier_rewrites(client: Client, story: Story) -> None:
    row = Rewrite.objects.create(workspace=story.workspace, story=story, state="done", finished_at=now())
    VersionFactory.create(story=story, number=2, based_on=1, rewrite=row, why="Shorter")
    with CaptureQueriesContext(connection) as captured:
        page(client, story)
        state(client, story)
    long = ('"stories_rewrite"."user_prompt"', '"stories_rewrite"."answer"')
    assert [one["sql"] for one in captured if any(name in one["sql"] for name in long)] == []


def test_what_was_asked_for_is_told_in_the_reader_s_language(client: Client, story: Story) -> None:
    row = Rewrite.objects.create(workspace=story.workspace, story=story, state="done", finished_at=now())
    VersionFactory.create(story=story, number=2, based_on=1, rewrite=row, why="Shorter")
    User.objects.update(language="ru")
    assert "· Короче" in page(client, story)


def test_a_comment_of_two_lines_is_sent_as_it_is_previewed(client: Client, story: Story) -> None:
    preset = Preset.objects.get(workspace=story.workspace)
    query = {"preset": preset.pk, "comment": "короче\nи суше"}
    shown = client.get(reverse("desk:story_prompt", args=[story.pk]), query).json()
    ask(client, story, kind="write", comment="короче\r\nи суше")
    row = Rewrite.objects.get()
    assert (row.comment, row.user_prompt) == ("короче\nи суше", shown["user"])


def test_a_viewer_asks_for_nothing(story: Story, workspace: Workspace) -> None:
    row = failed(story)
    viewer = client_of(workspace, Membership.Role.VIEWER)
    assert ask(viewer, story, kind="shorter").status_code == 403
    step = {"step": "retry_rewrite", "rewrite": row.pk}
    assert viewer.post(reverse("desk:story_step", args=[story.pk]), step).status_code == 403
    assert Rewrite.objects.live().count() == 0
