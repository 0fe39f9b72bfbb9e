"""The form of a channel offers the chats that the chosen bot knows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.publishing.models import Channel
from apps.telegram.models import KnownChat
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.factories import bot_of
from tests.telegram.factories import KnownChatFactory

pytestmark = pytest.mark.django_db
ADD = "/admin/publishing/channel/add/"


@pytest.fixture
def screen(client: Client, manager: User) -> Client:
    User.objects.filter(pk=manager.pk).update(language="en")
    client.force_login(manager)
    return client


def add(screen: Client, **values: Any) -> Any:
    typed = {"kind": "telegram", "name": "Port news", "slug": "", "about": "", "footer": "", "is_active": "on"}
    return screen.post(ADD, {**typed, **values}, follow=True)


def test_known_chats_of_own_bots_are_offered_and_nobody_types_a_number(screen: Client, workspace: Workspace) -> None:
    bot = bot_of(workspace)
    chat: KnownChat = KnownChatFactory(bot=bot, title="Port news", username="port_news")
    foreign: KnownChat = KnownChatFactory(title="Foreign channel")
    KnownChatFactory(bot=bot, title="Lost channel", status="kicked", can_post=False)
    KnownChatFactory(bot=bot, title="Silent channel", can_post=False)
    page = screen.get(ADD).content.decode()
    assert f'data-bot="{bot.pk}"' in page
    assert "Port news (@port_news) · Channel · Bot 4242" in page
    assert "Silent channel · Channel · Bot 4242 · no right to post" in page
    assert "Foreign channel" not in page
    assert "Lost channel" not in page
    add(screen, bot=bot.pk, known_chat=chat.pk, chat_id="")
    channel = Channel.objects.get()
    assert (channel.bot, channel.chat_id, channel.chat_kind) == (bot, str(chat.chat_id), "channel")
    listed = screen.get(reverse("admin:publishing_channel_changelist")).content.decode()
    assert 'href="https://t.me/port_news"' in listed
    answer = add(screen, name="Other", bot=bot.pk, known_chat=foreign.pk, chat_id="")
    assert Channel.objects.count() == 1
    assert "Select a valid choice" in answer.content.decode()


def test_typed_name_is_still_taken(screen: Client, workspace: Workspace) -> None:
    bot = bot_of(workspace)
    KnownChatFactory(bot=bot)
    add(screen, bot=bot.pk, known_chat="", chat_id="https://t.me/port_news")
    assert Channel.objects.get().chat_id == "@port_news"


def test_chat_of_another_bot_is_refused(screen: Client, workspace: Workspace) -> None:
    bot, other = bot_of(workspace), bot_of(workspace, "777:" + "a" * 35)
    chat: KnownChat = KnownChatFactory(bot=other)
    answer = add(screen, bot=bot.pk, known_chat=chat.pk, chat_id="")
    assert "has not been added to that chat" in answer.content.decode()
    assert Channel.objects.count() == 0


def test_neither_chosen_nor_typed_is_asked_for(screen: Client, workspace: Workspace) -> None:
    answer = add(screen, bot=bot_of(workspace).pk, known_chat="", chat_id="")
    assert "Choose the chat, or enter its name." in answer.content.decode()


def test_page_of_a_channel_shows_its_chat_chosen_and_saving_keeps_it(screen: Client, workspace: Workspace) -> None:
    bot = bot_of(workspace)
    chat: KnownChat = KnownChatFactory(bot=bot)
    other: KnownChat = KnownChatFactory(bot=bot, kind="supergroup")
    add(screen, bot=bot.pk, known_chat=chat.pk, chat_id="")
    channel = Channel.objects.get()
    Channel.objects.update(checked_at=channel.created_at)
    address = reverse("admin:publishing_channel_change", args=[channel.pk])
    form = screen.get(address).context["adminform"].form
    assert (form.initial["known_chat"], form.initial["chat_id"]) == (chat.pk, "")
    common = {"name": "Renamed", "slug": channel.slug, "about": "", "footer": "", "is_active": "on", "bot": bot.pk}
    screen.post(address, {**common, "known_chat": chat.pk, "chat_id": ""})
    channel.refresh_from_db()
    assert (channel.name, channel.chat_id, channel.checked_at) == ("Renamed", str(chat.chat_id), channel.created_at)
    screen.post(address, {**common, "known_chat": other.pk, "chat_id": ""})
    channel.refresh_from_db()
    assert (channel.chat_id, channel.chat_kind, channel.checked_at) == (str(other.chat_id), "supergroup", None)


def test_preview_page_has_no_chat(screen: Client, workspace: Workspace) -> None:
    chat: KnownChat = KnownChatFactory(bot=bot_of(workspace))
    add(screen, kind="preview", bot="", known_chat=chat.pk, chat_id="")
    assert (Channel.objects.get().kind, Channel.objects.get().chat_id) == ("preview", "")


def test_chats_of_another_workspace_are_never_offered(screen: Client) -> None:
    KnownChatFactory(bot=bot_of(WorkspaceFactory.create()), title="Foreign channel")
    assert "Foreign channel" not in screen.get(ADD).content.decode()
