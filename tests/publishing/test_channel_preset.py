"""A channel has a preset of its own: texts for it are written by that, else by the workspace's default."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.publishing.models import Channel
from apps.publishing.selectors import preset_for
from apps.stories.models import Preset
from apps.stories.services import rewrite_preview
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.publishing.factories import preview_channel
from tests.stories.factories import PresetFactory, StoryFactory, StoryPostFactory

pytestmark = pytest.mark.django_db


def test_a_text_for_a_channel_is_written_by_its_preset() -> None:
    workspace = WorkspaceFactory.create()
    channel = preview_channel(workspace)
    assert preset_for(channel) is None
    plain = PresetFactory.create(workspace=workspace, tone="ровный", is_default=True)
    assert preset_for(channel) == plain
    own = PresetFactory.create(workspace=workspace, tone="весёлый")
    channel.preset = own
    channel.save()
    assert preset_for(Channel.objects.get()) == own
    story = StoryFactory.create(workspace=workspace)
    StoryPostFactory.create(story=story)
    assert "Тон: весёлый." in rewrite_preview(story=story, preset=preset_for(channel)).system
    own.delete()
    assert preset_for(Channel.objects.get()) == plain


def test_the_form_offers_the_workspaces_presets_and_keeps_the_choice() -> None:
    workspace = WorkspaceFactory.create()
    channel, own = preview_channel(workspace), PresetFactory.create(workspace=workspace)
    foreign = PresetFactory.create()
    client, url = logged_in(member(workspace, "manager")), reverse("admin:publishing_channel_change", args=[channel.pk])
    form = client.get(url).context["adminform"].form
    assert list(form.fields["preset"].queryset) == [own]
    fields = {"name": channel.name, "slug": channel.slug, "about": "", "footer": "", "is_active": "on"}
    assert client.post(url, {**fields, "preset": foreign.pk}).status_code == 200
    assert Channel.objects.get().preset is None
    assert client.post(url, {**fields, "preset": own.pk}).status_code == 302
    assert Channel.objects.get().preset == own
    assert Preset.objects.count() == 2
