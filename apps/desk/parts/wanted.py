"""The workbench's part `wanted`: by which preset each channel wants its texts, offered beside the presets."""

from __future__ import annotations

from typing import Any

from django.urls import URLPattern

from apps.accounts.models import User
from apps.desk.story_page import StoryPage
from apps.stories.models import Preset

SHOWN = 20


def context(page: StoryPage, user: User) -> dict[str, Any]:  # noqa: ARG001 - every part is asked so
    """Channels where the story can still go out, with the preset of each, and the one to begin with.

    A channel without a preset of its own wants the workspace's default, as `publishing.selectors.preset_for` has it.
    Where all channels want the same, a story that nobody has written for yet begins with that.
    """
    known = {preset.pk: preset for preset in page.presets}
    default = min(page.presets, key=lambda preset: (not preset.is_default, preset.pk), default=None)
    wanted: list[tuple[str, Preset]] = []
    for channel in page.channels:
        preset = known.get(channel.preset_id or 0, default)
        if preset is not None:
            wanted.append((channel.name, preset))
    presets = {preset.pk for _name, preset in wanted}
    begins = presets.pop() if len(presets) == 1 and not page.progress else None
    return {"channels": wanted[:SHOWN], "chosen": begins or page.preset_id}


urlpatterns: list[URLPattern] = []
