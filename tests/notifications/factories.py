"""Chats in which alerts are told."""

from __future__ import annotations

import factory

from apps.core.clock import now
from apps.notifications.models import AlertChat, PersonChat
from apps.telegram.models import Bot


def bot_for(chat: factory.builder.Resolver) -> Bot:
    """The workspace's bot, made where there is none."""
    known = Bot.objects.filter(workspace=chat.workspace).first()
    number = 7_000_000 + chat.workspace.pk
    return known or Bot.objects.create(
        workspace=chat.workspace,
        name=f"Bot {number}",
        bot_id=number,
        username=f"duty{number}_bot",
        token=f"{number}:{'a' * 35}",
    )


class AlertChatFactory(factory.django.DjangoModelFactory[AlertChat]):
    """A chat that waits to be connected."""

    class Meta:
        model = AlertChat

    workspace = factory.SubFactory("tests.delivery.factories.WorkspaceFactory")
    name = factory.Sequence(lambda n: f"Duty {n}")
    bot = factory.LazyAttribute(bot_for)


class ConnectedFactory(AlertChatFactory):
    """A talk that is connected."""

    chat_id = factory.Sequence(lambda n: 501 + n)
    chat_title = "Nadia"
    connected_at = factory.LazyFunction(now)


class PersonChatFactory(factory.django.DjangoModelFactory[PersonChat]):
    """A person who has not opened their link yet."""

    class Meta:
        model = PersonChat

    workspace = factory.SubFactory("tests.delivery.factories.WorkspaceFactory")
    user = factory.SubFactory("tests.delivery.factories.UserFactory")
    bot = factory.LazyAttribute(bot_for)
