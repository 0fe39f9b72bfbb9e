"""The workbench offers presets as channels want them."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.publishing.models import Channel
from apps.publishing.selectors import preset_for
from apps.stories.models import Preset, Rewrite, Story
from tests.publishing.factories import preview_channel
from tests.stories.factories import (
    MembershipFactory,
    PresetFactory,
    StoryPostFactory,
    WorkspaceFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    made = story_with_text(workspace=WorkspaceFactory.create())
    StoryPostFactory.create(story=made)
    return made


@pytest.fixture
def client(story: Story) -> Client:
    made = Client()
    made.force_login(MembershipFactory.create(workspace=story.workspace, user__language="en").user)
    return made


def channel(story: Story, name: str, preset: Preset | None = None) -> Channel:
    """A channel of the story's workspace."""
    made = preview_channel(story.workspace, name)
    Channel.objects.filter(pk=made.pk).update(preset=preset)
    made.refresh_from_db()
    return made


def offered(client: Client, story: Story) -> tuple[list[str], str]:
    """The presets that the page offers, and the one that it begins with."""
    page = client.get(reverse("desk:story", args=[story.pk])).content.decode()
    (box,) = re.findall(r'<select[^>]*id="wb-preset".*?</select>', page, re.DOTALL)
    options = re.findall(r'<option value="(\d+)"([^>]*)>([^<]*)</option>', box)
    (chosen,) = [name for _value, more, name in options if "selected" in more]
    return [name for _value, _more, name in options], chosen


def test_each_channel_is_offered_with_its_preset(client: Client, story: Story) -> None:
    calm = PresetFactory.create(workspace=story.workspace, name="Calm", is_default=True)
    brisk = PresetFactory.create(workspace=story.workspace, name="Brisk")
    city, region = channel(story, "City", brisk), channel(story, "Region")
    assert [preset_for(city), preset_for(region)] == [brisk, calm]
    names, chosen = offered(client, story)
    assert set(names) == {"Calm", "Brisk", "City: Brisk", "Region: Calm"}
    assert chosen == "Calm", "channels that differ do not decide"


def test_where_all_channels_want_the_same_it_comes_first(client: Client, story: Story) -> None:
    PresetFactory.create(workspace=story.workspace, name="Calm", is_default=True)
    brisk = PresetFactory.create(workspace=story.workspace, name="Brisk")
    channel(story, "City", brisk)
    assert offered(client, story)[1] == "Brisk"


def test_what_was_asked_for_last_stays_chosen(client: Client, story: Story) -> None:
    calm = PresetFactory.create(workspace=story.workspace, name="Calm", is_default=True)
    brisk = PresetFactory.create(workspace=story.workspace, name="Brisk")
    channel(story, "City", brisk)
    Rewrite.objects.create(workspace=story.workspace, story=story, preset=calm)
    assert offered(client, story)[1] == "Calm"


def test_only_active_channels_of_the_workspace_count(client: Client, story: Story) -> None:
    PresetFactory.create(workspace=story.workspace, name="Calm", is_default=True)
    other = story_with_text(workspace=WorkspaceFactory.create())
    channel(other, "Theirs", PresetFactory.create(workspace=other.workspace, name="Secret"))
    Channel.objects.filter(pk=channel(story, "Closed").pk).update(is_active=False)
    assert offered(client, story) == (["Calm"], "Calm")


def test_many_channels_cost_no_more_queries(client: Client, story: Story) -> None:
    brisk = PresetFactory.create(workspace=story.workspace, name="Brisk")
    counts = []
    for count in (1, 10):
        for number in range(count):
            channel(story, f"{count}.{number}", brisk)
        client.get(reverse("desk:story", args=[story.pk]))
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("desk:story", args=[story.pk]))
        counts.append(len(queries))
    assert counts[0] == counts[1]
