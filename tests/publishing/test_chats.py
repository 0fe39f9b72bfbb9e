"""What bots are told of chats reaches channels, and whoever opens a talk is answered once."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation

from apps.accounts.models import Alert, AuditEntry, Workspace
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.publishing.answers import greeting
from apps.publishing.models import Channel
from apps.telegram.models import Bot, KnownChat, Update
from apps.telegram.services.updates import updates_store
from apps.telegram.tasks import updates_work
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.factories import TOKEN, bot_of, telegram_channel
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import membership, message, person

pytestmark = pytest.mark.django_db(transaction=True)
CHANNEL = ChatRow(-1001234567890, "channel", "Port news", "port_news")
GROUP = ChatRow(-555, "group", "Newsroom")
PRIVATE = ChatRow(501, "private", "Nadia")


def told(bot: Bot, *happened: tuple[str, dict[str, Any]], start: int = 1) -> None:
    """Let the bot be told, and work it off."""
    raws = [{"update_id": number, kind: content} for number, (kind, content) in enumerate(happened, start=start)]
    updates_store(rows=[(bot.pk, bot.workspace_id)], raws=raws)
    updates_work()
    assert set(Update.objects.values_list("state", flat=True)) == {"done"}


def joined(
    bot: Bot, chat: ChatRow = CHANNEL, *, refuse: str = "", date: int = 1_780_000_000
) -> tuple[str, dict[str, Any]]:
    return "my_chat_member", membership(bot.bot_id, chat, refuse=refuse, date=date)


def known(bot: Bot) -> list[tuple[Any, ...]]:
    return list(bot.known_chats.values_list("chat_id", "kind", "title", "username", "status", "can_post"))


# What is known


def test_a_bot_that_was_added_knows_the_channel(workspace: Workspace) -> None:
    bot = bot_of(workspace)
    told(bot, joined(bot))
    assert known(bot) == [(CHANNEL.id, "channel", "Port news", "port_news", "administrator", True)]
    told(bot, joined(bot, refuse="no_rights", date=1_780_000_100), start=2)
    assert known(bot) == [(CHANNEL.id, "channel", "Port news", "port_news", "administrator", False)]
    told(bot, joined(bot, refuse="kicked", date=1_780_000_200), start=3)
    assert known(bot) == [(CHANNEL.id, "channel", "Port news", "port_news", "kicked", False)]


def test_an_older_event_worked_later_changes_nothing(workspace: Workspace) -> None:
    bot = bot_of(workspace)
    told(bot, joined(bot, refuse="kicked", date=1_780_000_200), joined(bot, date=1_780_000_100))
    assert known(bot)[0][4] == "kicked"


def test_posts_and_messages_show_chats_and_their_new_names(workspace: Workspace) -> None:
    bot = bot_of(workspace)
    renamed = ChatRow(CHANNEL.id, "channel", "Port news today", "port_news")
    told(
        bot,
        ("channel_post", message(CHANNEL, "post", date=1_780_000_000)),
        ("message", message(GROUP, "hello", date=1_780_000_000)),
        ("channel_post", message(renamed, "post", date=1_780_000_100)),
        ("message", message(PRIVATE, "hello")),
    )
    assert sorted(known(bot)) == [
        (CHANNEL.id, "channel", "Port news today", "port_news", "administrator", None),
        (GROUP.id, "group", "Newsroom", "", "member", None),
    ]


@pytest.mark.parametrize("chat", [{}, {"id": "x", "type": "channel"}, {"id": 1, "type": "planet"}, [], None])
def test_nonsense_about_a_chat_is_left_alone(workspace: Workspace, chat: Any) -> None:
    bot = bot_of(workspace)
    told(bot, ("channel_post", {"chat": chat, "date": "never"}), ("my_chat_member", {"chat": chat}))
    assert known(bot) == []


def test_group_that_became_a_supergroup_keeps_its_channel(workspace: Workspace) -> None:
    channel = telegram_channel(workspace, chat_id=str(GROUP.id))
    bot = bot_of_channel(channel)
    after = ChatRow(-1009, "supergroup", "Newsroom")
    told(
        bot,
        joined(bot, GROUP),
        ("message", message(GROUP, migrate_to_chat_id=-1009)),
        ("message", message(after, migrate_from_chat_id=GROUP.id)),
    )
    channel.refresh_from_db()
    assert (channel.chat_id, channel.chat_kind) == ("-1009", "supergroup")
    assert known(bot) == [(-1009, "supergroup", "Newsroom", "", "administrator", True)]
    moves = AuditEntry.objects.filter(verb="channel.chat_moved")
    assert [entry.details for entry in moves] == [{"from": str(GROUP.id), "to": "-1009"}]


def test_group_whose_supergroup_has_a_channel_already_is_told(workspace: Workspace) -> None:
    channel = telegram_channel(workspace, "Old", chat_id=str(GROUP.id))
    telegram_channel(workspace, "New", chat_id="-1009")
    told(bot_of_channel(channel), ("message", message(GROUP, migrate_to_chat_id=-1009)))
    channel.refresh_from_db()
    assert channel.chat_id == str(GROUP.id)
    assert "“New”" in channel.problem


def bot_of_channel(channel: Channel) -> Bot:
    assert channel.bot is not None
    return channel.bot


# Channels


@pytest.mark.parametrize("chat_id", [str(CHANNEL.id), "@Port_News"])
@pytest.mark.parametrize(("refuse", "words"), [("kicked", "was removed"), ("no_rights", "may not post")])
def test_lost_right_is_said_on_the_channel_and_ends_when_it_is_back(
    workspace: Workspace, chat_id: str, refuse: str, words: str
) -> None:
    Workspace.objects.update(language="en")
    channel = telegram_channel(workspace, chat_id=chat_id)
    bot = bot_of_channel(channel)
    told(bot, joined(bot), joined(bot, refuse=refuse, date=1_780_000_100))
    channel.refresh_from_db()
    assert words in channel.problem
    alert = Alert.objects.get()
    assert (alert.key, alert.closed_at) == (f"publishing.channel:{channel.pk}", None)
    told(bot, joined(bot, date=1_780_000_200), start=5)
    channel.refresh_from_db()
    alert.refresh_from_db()
    assert channel.problem == ""
    assert alert.closed_at is not None
    verbs = AuditEntry.objects.filter(verb__startswith="channel.right").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["channel.right_lost", "channel.right_back"]


def test_other_channels_and_other_bots_are_left_alone(workspace: Workspace) -> None:
    other = telegram_channel(workspace, "Other", chat_id="-100777")
    elsewhere = telegram_channel(WorkspaceFactory.create(), "Elsewhere", chat_id=str(CHANNEL.id))
    bot = bot_of_channel(other)
    told(bot, joined(bot, refuse="kicked"))
    assert set(Channel.objects.values_list("problem", flat=True)) == {""}
    assert elsewhere.bot != bot
    assert Alert.objects.count() == 0


# Answers


def say(text: str, *, chat: ChatRow = PRIVATE, language: str = "ru", date: int = 1_780_000_000) -> tuple[str, Any]:
    return "message", message(chat, text, date=date) | {"from": person(language=language)}


@pytest.mark.parametrize(("code", "language"), [("ru", "ru"), ("en", "en"), ("de", "en"), ("ru-RU", "ru")])
def test_start_is_answered_in_the_senders_language(
    workspace: Workspace, telegram: BotApiServer, code: str, language: str
) -> None:
    bot = bot_of(workspace)
    told(bot, say("/start payload", language=code))
    delivery = Delivery.objects.get()
    assert (delivery.sender, delivery.state) == ("telegram.answer", "ready")
    assert telegram.log.of("sendMessage") == [], "nothing leaves while the update is worked"
    deliveries_send()
    sent = [(sent.chat.id, sent.source) for sent in telegram.messages]
    assert sent == [(501, greeting(bot, language))]
    with translation.override("en"):
        assert workspace.name in greeting(bot, language)


def test_delivered_twice_and_pressed_twice_start_is_answered_once(workspace: Workspace, telegram: BotApiServer) -> None:
    bot = bot_of(workspace)
    told(bot, say("/start"))
    told(bot, say("/start"))
    told(bot, say("/start", date=1_780_000_010), start=2)
    deliveries_send()
    deliveries_send()
    assert len(telegram.messages) == 1
    told(bot, say("/start", date=1_780_000_200), start=3)
    deliveries_send()
    assert len(telegram.messages) == 2


@pytest.mark.parametrize(
    "said",
    [say("/start", chat=GROUP), say("/start", chat=CHANNEL), say("hello"), say("/started"), say("/start@other_bot")],
)
def test_nothing_else_is_answered(workspace: Workspace, said: tuple[str, Any]) -> None:
    told(bot_of(workspace), said)
    assert Delivery.objects.count() == 0


def test_of_two_workspaces_with_one_bot_one_answers(workspace: Workspace) -> None:
    bot, twin = bot_of(workspace), bot_of(WorkspaceFactory.create(), TOKEN)
    told(bot, say("/start"))
    told(twin, say("/start"))
    assert [delivery.workspace for delivery in Delivery.objects.all()] == [workspace]


def test_person_who_blocked_the_bot_is_no_alert(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(501, kind="private", refuse="blocked")
    told(bot_of(workspace), say("/start"))
    deliveries_send()
    assert Delivery.objects.get().outcome == "failed"
    assert Alert.objects.filter(closed_at=None).count() == 0


def test_known_chat_of_a_deleted_bot_goes_with_it(workspace: Workspace) -> None:
    bot = bot_of(workspace)
    told(bot, joined(bot))
    bot.delete()
    assert (KnownChat.objects.count(), Update.objects.count()) == (0, 0)
