"""Approved stories, bots and channels for tests."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.publishing.models import Channel, Publication, PublicationPart
from apps.publishing.services import channel_create, publication_schedule
from apps.stories.models import Story, StoryVersion
from apps.telegram.models import Bot

TOKEN = "4242:" + "a" * 35


def approved_story(
    workspace: Workspace,
    title: str = "Fire in the port",
    *,
    lead: str = "A warehouse burns.",
    body: str = "All is well.",
) -> Story:
    """A story with a text that may come out."""
    story = Story.objects.create(workspace=workspace, title=title, first_at=now(), last_at=now())
    return approve(story, title, lead=lead, body=body)


def approve(story: Story, title: str, *, lead: str = "A lead.", body: str = "A body.") -> Story:
    """Give a story one more version and approve it."""
    number = story.versions.count() + 1
    version = StoryVersion.objects.create(story=story, number=number, title=title, lead=lead, body=body)
    story.current_version, story.status = version, Story.Status.APPROVED
    story.save()
    return story


def bot_of(workspace: Workspace, token: str = TOKEN) -> Bot:
    """A bot that works."""
    bot_id = int(token.partition(":")[0])
    return Bot.objects.create(
        workspace=workspace, name=f"Bot {bot_id}", token=token, bot_id=bot_id, username="pult_bot"
    )


def preview_channel(workspace: Workspace, name: str = "Showcase", **options: object) -> Channel:
    """A preview channel."""
    return channel_create(workspace=workspace, kind="preview", name=name, **options)  # type: ignore[arg-type]


def telegram_channel(workspace: Workspace, name: str = "Port news", chat_id: str = "-1001234567890") -> Channel:
    """A Telegram channel with a bot of its own."""
    bot = Bot.objects.filter(workspace=workspace).first() or bot_of(workspace)
    return channel_create(workspace=workspace, kind="telegram", name=name, bot=bot, chat_id=chat_id)


def scheduled(channel: Channel, editor: User, title: str = "Fire in the port", **options: object) -> Publication:
    """A publication of a story of its own."""
    story = approved_story(channel.workspace, title)
    return publication_schedule(story=story, channel=channel, editor=editor, **options)  # type: ignore[arg-type]


def published(channel: Channel, editor: User | None = None, *, age_h: float = 0, **fields: Any) -> Publication:
    """A publication that came out so many hours ago, as its delivery leaves it; nothing of it is due."""
    title = str(fields.pop("title", "Fire in the port"))
    story = fields.pop("story", None) or approved_story(channel.workspace, title)
    number = str(fields.pop("message_id", story.pk))
    sent_at = fields.pop("sent_at", None) or now() - timedelta(hours=age_h)
    made = Publication.objects.create(
        workspace=channel.workspace,
        channel=channel,
        story=story,
        version=fields.pop("version", story.current_version),
        title=title,
        html=title,
        publish_at=sent_at,
        sent_at=sent_at,
        status=fields.pop("status", Publication.Status.SENT),
        message_id=number,
        created_by=editor,
        **fields,
    )
    PublicationPart.objects.create(
        publication=made, position=0, html=title, message_ids=number, chat_id=channel.chat_id
    )
    return made
