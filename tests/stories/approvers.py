"""Who approves in the tests, their talk with the bot, and what they press there."""

from __future__ import annotations

import re
from typing import Any

from apps.accounts.models import User, Workspace
from apps.delivery.tasks import deliveries_send
from apps.notifications.models import PersonChat
from apps.stories.models import Story
from apps.stories.services.versions import version_save
from apps.telegram.models import Bot
from apps.telegram.services.updates import updates_store
from apps.telegram.tasks import updates_work
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import message
from tests.stories.factories import MembershipFactory, StoryFactory

TALK = ChatRow(777, "private", "Anna")


def colleague(workspace: Workspace, role: str = "editor") -> User:
    """A member who may approve, reading English."""
    user: User = MembershipFactory.create(workspace=workspace, role=role, user__language="en").user
    return user


def story_of(workspace: Workspace, editor: User) -> Story:
    """A story with a text."""
    story = StoryFactory.create(workspace=workspace)
    version_save(
        story=story,
        title="The bridge is open",
        lead="",
        body="Trams cross it <today>.",
        tags=[],
        editor=editor,
        based_on=0,
    )
    story.refresh_from_db()
    return story


def connected(workspace: Workspace, user: User, chat_id: int = TALK.id) -> PersonChat:
    """A person's talk with the bot of the workspace."""
    number = 8_000_000 + workspace.pk
    bot, _made = Bot.objects.get_or_create(
        workspace=workspace,
        bot_id=number,
        defaults={"name": "Bot", "username": f"b{number}_bot", "token": f"{number}:{'a' * 35}"},
    )
    return PersonChat.objects.create(workspace=workspace, user=user, bot=bot, chat_id=chat_id, name="Anna")


def tell(bot: Bot, number: int, **update: Any) -> None:
    """An update of Telegram, worked, and what it sends."""
    updates_store(rows=[(bot.pk, bot.workspace_id)], raws=[{"update_id": number, **update}])
    updates_work()
    deliveries_send()


def pressed(bot: Bot, word: str, *, number: int = 1, chat: ChatRow = TALK, by: int | None = None) -> None:
    """Somebody presses a button."""
    who = {"id": by or chat.id, "is_bot": False, "first_name": "Anna"}
    tell(bot, number, callback_query={"id": str(number), "from": who, "data": word, "message": message(chat, "…")})


def link_in(words: str) -> str:
    """The address of an approval in some words."""
    found = re.search(r"/approve/[\w-]+/", words)
    assert found
    return found[0]
