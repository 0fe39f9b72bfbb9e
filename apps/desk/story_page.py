"""All that the workbench reads of one story."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.ai.services import writer_for
from apps.core.errors import PultError
from apps.publishing.models import Channel, Publication
from apps.stories.models import Preset, Rewrite, Story, StoryPost, StoryVersion


@dataclass(frozen=True)
class StoryPage:
    """One story with everything around it.

    Attributes:
        posts: memberships with post and source, the earliest post first.
        version: the current text, None where there is none yet.
        versions: all texts, the newest first.
        writing: a rewrite is waiting or being written.
        failure: why the last rewrite failed, in words; empty where it did not.
        preset_id: the preset to offer first.
        channels: the active ones in which the story does not stand yet.
        publications: all of them, the latest first.
        writer: who would write a draft now, or why nobody can.
    """

    story: Story
    posts: list[StoryPost]
    version: StoryVersion | None
    versions: list[StoryVersion]
    writing: bool
    failure: str
    presets: list[Preset]
    preset_id: int | None
    channels: list[Channel]
    publications: list[Publication]
    writer: str


def story_page(story: Story) -> StoryPage:
    """Read the page of one story; eight queries however many posts and versions it has."""
    posts = list(
        StoryPost.objects.filter(story=story).select_related("post__source").order_by("post__published_at", "post_id")
    )
    versions = list(StoryVersion.objects.filter(story=story).select_related("author").order_by("-number"))
    last = Rewrite.objects.filter(story=story).order_by("-pk").first()
    presets = list(Preset.objects.filter(workspace=story.workspace_id))
    publications = list(
        Publication.objects.filter(story=story).select_related("channel").order_by("-publish_at", "-pk")
    )
    taken = {one.channel_id for one in publications if one.status != Publication.Status.CANCELLED}
    channels = Channel.objects.filter(workspace=story.workspace_id, is_active=True).order_by("kind", "name")
    preset_id = last.preset_id if last and last.preset_id else (presets[0].pk if presets else None)
    return StoryPage(
        story=story,
        posts=posts,
        version=next((version for version in versions if version.pk == story.current_version_id), None),
        versions=versions,
        writing=last is not None and last.state in {Rewrite.State.READY, Rewrite.State.LEASED},
        failure=failure_of(last),
        presets=presets,
        preset_id=preset_id,
        channels=[channel for channel in channels if channel.pk not in taken],
        publications=publications,
        writer=writer_name(story),
    )


def failure_of(last: Rewrite | None) -> str:
    """Why the story's last rewrite ended without a text; empty where it did not."""
    if last is None or last.state != Rewrite.State.DEAD:
        return ""
    return last.error or str(_("The draft could not be written."))


def writer_name(story: Story) -> str:
    """Who writes for the story's workspace, or why nobody can."""
    try:
        return writer_for(story.workspace).label
    except PultError as exc:
        return str(exc)
