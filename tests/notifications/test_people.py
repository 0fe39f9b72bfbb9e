"""A person connects their own talk with a workspace's bot."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, User, Workspace
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.notifications.models import PersonChat
from apps.notifications.people import chat_of, person_chat_begin, person_chat_disconnect
from apps.telegram.models import Bot
from apps.telegram.services.updates import updates_store
from apps.telegram.tasks import updates_work
from tests.delivery.factories import WorkspaceFactory, member
from tests.notifications.factories import AlertChatFactory, bot_for
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import message

pytestmark = pytest.mark.django_db(transaction=True)
TALK = ChatRow(701, "private", "Anna")
LIST = "admin:notifications_personchat_changelist"
PAGE = "admin:notifications_personchat_change"


@pytest.fixture
def bot(workspace: Workspace) -> Bot:
    made: Bot = bot_for(AlertChatFactory.build(workspace=workspace))
    return made


def told(bot: Bot, chat: ChatRow, text: str, number: int = 1) -> None:
    raws: list[dict[str, Any]] = [{"update_id": number, "message": message(chat, text)}]
    updates_store(rows=[(bot.pk, bot.workspace_id)], raws=raws)
    updates_work()


def test_a_link_connects_the_talk_once(workspace: Workspace, editor: User, bot: Bot) -> None:
    chat = person_chat_begin(user=editor, workspace=workspace)
    told(bot, TALK, f"/start {chat.code}")
    told(bot, ChatRow(702, "private", "Stranger"), f"/start {chat.code}", number=2)

    found = chat_of(editor, workspace)
    assert found is not None
    assert (found.chat_id, found.name, found.code != chat.code) == (701, "Anna", True)
    assert Delivery.objects.get(sender="telegram.person").payload["chat_id"] == "701"


def test_a_group_speaks_for_nobody(workspace: Workspace, editor: User, bot: Bot) -> None:
    chat = person_chat_begin(user=editor, workspace=workspace)
    told(bot, ChatRow(-5, "group", "Newsroom"), f"/start {chat.code}")
    assert chat_of(editor, workspace) is None


def test_one_talk_is_one_persons(workspace: Workspace, editor: User, manager: User, bot: Bot) -> None:
    for number, user in enumerate((editor, manager)):
        chat = person_chat_begin(user=user, workspace=workspace)
        told(bot, TALK, f"/start {chat.code}", number=number)
    assert [chat_of(user, workspace) is not None for user in (editor, manager)] == [True, False]


def test_it_is_disconnected(workspace: Workspace, editor: User, bot: Bot) -> None:
    chat = person_chat_begin(user=editor, workspace=workspace)
    told(bot, TALK, f"/start {chat.code}")
    person_chat_disconnect(chat=chat, actor=editor)
    assert chat_of(editor, workspace) is None
    with pytest.raises(TransitionError, match="not connected"):
        person_chat_disconnect(chat=chat, actor=editor)


def test_without_a_bot_there_is_no_link(workspace: Workspace, editor: User) -> None:
    with pytest.raises(TransitionError, match="no bot yet"):
        person_chat_begin(user=editor, workspace=workspace)


def test_who_has_blocked_the_bot_is_asked_no_more(
    workspace: Workspace, editor: User, bot: Bot, telegram: BotApiServer
) -> None:
    telegram.chats.add(701, kind="private", refuse="blocked")
    chat = person_chat_begin(user=editor, workspace=workspace)
    told(bot, TALK, f"/start {chat.code}")
    deliveries_send()
    chat.refresh_from_db()
    assert chat.problem
    assert chat_of(editor, workspace) is None

    telegram.chats.add(702, kind="private")
    anew = person_chat_begin(user=editor, workspace=workspace)
    told(bot, ChatRow(702, "private", "Anna"), f"/start {anew.code}", number=2)
    deliveries_send()
    found = chat_of(editor, workspace)
    assert found is not None
    assert (found.chat_id, found.problem) == (702, "")


def test_what_was_meant_for_an_earlier_talk_is_not_sent(
    workspace: Workspace, editor: User, bot: Bot, telegram: BotApiServer
) -> None:
    chat = person_chat_begin(user=editor, workspace=workspace)
    told(bot, TALK, f"/start {chat.code}")
    chat.refresh_from_db()
    person_chat_disconnect(chat=chat, actor=editor)
    told(bot, ChatRow(702, "private", "Anna"), f"/start {PersonChat.objects.get().code}", number=2)
    deliveries_send()
    assert [one.chat.id for one in telegram.messages] == [702]
    assert PersonChat.objects.get().problem == ""
    assert not Alert.objects.filter(closed_at=None).exists()


def test_one_sees_ones_own_and_who_manages_members_sees_all(
    client: Client, workspace: Workspace, editor: User, manager: User, bot: Bot
) -> None:
    User.objects.update(language="en")
    own, others = (person_chat_begin(user=user, workspace=workspace) for user in (editor, manager))
    client.force_login(User.objects.get(pk=editor.pk))
    assert own.link in client.get(reverse(PAGE, args=[own.pk])).content.decode()
    assert client.get(reverse(PAGE, args=[others.pk])).status_code == 404
    client.force_login(User.objects.get(pk=manager.pk))
    page = client.get(reverse(PAGE, args=[own.pk])).content.decode()
    assert own.code not in page, "nobody else may speak in one's name"
    assert client.get(reverse(LIST)).content.decode().count("Not connected yet") == 2


def test_connect_me_makes_ones_own(client: Client, workspace: Workspace, editor: User, bot: Bot) -> None:
    client.force_login(editor)
    answer = client.get(reverse("admin:notifications_personchat_connect_me"))
    chat = PersonChat.objects.get()
    assert (chat.user, answer["Location"]) == (editor, reverse(PAGE, args=[chat.pk]))


def test_another_workspaces_people_are_not_seen(client: Client, workspace: Workspace, editor: User, bot: Bot) -> None:
    chat = person_chat_begin(user=editor, workspace=workspace)
    client.force_login(member(WorkspaceFactory.create(), "owner"))
    assert client.get(reverse(PAGE, args=[chat.pk])).status_code == 404
