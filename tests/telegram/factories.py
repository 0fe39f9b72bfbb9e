"""Rows of the telegram app."""

from __future__ import annotations

import factory

from apps.accounts.models import Workspace
from apps.telegram.models import Bot, KnownChat, Session, Update


class WorkspaceFactory(factory.django.DjangoModelFactory[Workspace]):
    """A workspace."""

    class Meta:
        model = Workspace

    name = factory.Sequence(lambda n: f"Workspace {n}")
    slug = factory.Sequence(lambda n: f"telegram-{n}")
    language = "en"


class BotFactory(factory.django.DjangoModelFactory[Bot]):
    """A bot that works."""

    class Meta:
        model = Bot

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Bot {n}")
    bot_id = factory.Sequence(lambda n: 5_000_000 + n)
    username = factory.LazyAttribute(lambda bot: f"stand_in_{bot.bot_id}_bot")
    token = factory.LazyAttribute(lambda bot: token_of(bot.bot_id))


def token_of(bot_id: int) -> str:
    """A token of the right shape."""
    return f"{bot_id}:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-ab"


class UpdateFactory(factory.django.DjangoModelFactory[Update]):
    """A message that a bot was told."""

    class Meta:
        model = Update

    bot = factory.SubFactory(BotFactory)
    workspace = factory.LazyAttribute(lambda update: update.bot.workspace)
    update_id = factory.Sequence(lambda n: 7_000 + n)
    kind = "message"
    payload = factory.LazyFunction(dict)


class KnownChatFactory(factory.django.DjangoModelFactory[KnownChat]):
    """A channel where the bot may post."""

    class Meta:
        model = KnownChat

    bot = factory.SubFactory(BotFactory)
    chat_id = factory.Sequence(lambda n: -1_001_000_000_000 - n)
    kind = "channel"
    title = factory.Sequence(lambda n: f"Channel {n}")
    status = "administrator"
    can_post = True


class SessionFactory(factory.django.DjangoModelFactory[Session]):
    """A person's account that is logged in."""

    class Meta:
        model = Session

    workspace = factory.SubFactory(WorkspaceFactory)
    name = factory.Sequence(lambda n: f"Reader {n}")
    phone = factory.Sequence(lambda n: f"+7900000{n:04d}")
    api_id = 12345
    api_hash = "0123456789abcdef0123456789abcdef"
    state = Session.State.ACTIVE
    user_id = factory.Sequence(lambda n: 6_000_000 + n)
    string = factory.Sequence(lambda n: f"fake:session-{n}")
