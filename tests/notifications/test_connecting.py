"""A chat is connected by a link that is opened in it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import AuditEntry, User, Workspace
from apps.delivery.models import Delivery
from apps.notifications.models import AlertChat
from apps.telegram.models import Bot
from apps.telegram.services.updates import updates_store
from apps.telegram.tasks import updates_work
from tests.delivery.factories import WorkspaceFactory, member
from tests.notifications.factories import AlertChatFactory, ConnectedFactory, bot_for
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import message

pytestmark = pytest.mark.django_db(transaction=True)
PRIVATE = ChatRow(501, "private", "Nadia")
GROUP = ChatRow(-555, "group", "Newsroom")


def told(bot: Bot, chat: ChatRow, text: str, number: int = 1) -> None:
    raws: list[dict[str, Any]] = [{"update_id": number, "message": message(chat, text)}]
    updates_store(rows=[(bot.pk, bot.workspace_id)], raws=raws)
    updates_work()


@pytest.mark.parametrize(("place", "title"), [(PRIVATE, "Nadia"), (GROUP, "Newsroom")])
def test_a_link_connects_the_chat_where_it_is_opened(workspace: Workspace, place: ChatRow, title: str) -> None:
    chat = AlertChatFactory.create(workspace=workspace)
    code = chat.code
    suffix = f"@{chat.bot.username}" if place is GROUP else ""
    told(chat.bot, place, f"/start{suffix} {code}")
    chat.refresh_from_db()
    assert (chat.chat_id, bool(chat.connected_at), chat.is_active) == (place.id, True, True)
    assert chat.code != code, "a link works once"
    assert Delivery.objects.get().payload["chat_id"] == str(place.id)
    assert AuditEntry.objects.filter(verb="alert_chat.connected").count() == 1
    told(chat.bot, ChatRow(999, "private", "Stranger"), f"/start {code}", number=2)
    chat.refresh_from_db()
    assert chat.chat_id == place.id


def test_a_connected_chat_is_not_moved_by_its_code(workspace: Workspace) -> None:
    chat = ConnectedFactory.create(workspace=workspace, chat_id=501)
    told(chat.bot, GROUP, f"/start {chat.code}")
    chat.refresh_from_db()
    assert chat.chat_id == 501


def test_a_chat_that_is_switched_off_stays_so(workspace: Workspace) -> None:
    off = AlertChatFactory.create(workspace=workspace, is_active=False)
    told(off.bot, PRIVATE, f"/start {off.code}")
    lost = AlertChatFactory.create(workspace=workspace, is_active=False, problem="Bot was blocked")
    told(lost.bot, GROUP, f"/start {lost.code}", number=2)
    assert list(AlertChat.objects.order_by("pk").values_list("is_active", "chat_id")) == [(False, 501), (True, -555)]


def test_a_chat_is_disconnected_and_has_another_link(client: Client, workspace: Workspace, manager: User) -> None:
    client.force_login(manager)
    chat = ConnectedFactory.create(workspace=workspace)
    address = reverse("admin:notifications_alertchat_change", args=[chat.pk])
    assert chat.code not in client.get(address).content.decode()
    fields = {"name": chat.name, "bot": chat.bot_id, "level": "all", "is_active": "on"}
    client.post(address, {**fields, "notifications_alertchat_disconnect": "1"})
    fresh = AlertChat.objects.get()
    assert (fresh.chat_id, fresh.code != chat.code) == (None, True)
    assert fresh.code in client.get(address).content.decode()


def test_an_update_delivered_twice_connects_once(workspace: Workspace) -> None:
    chat = AlertChatFactory.create(workspace=workspace)
    code = chat.code
    told(chat.bot, PRIVATE, f"/start {code}")
    told(chat.bot, PRIVATE, f"/start {code}")
    assert Delivery.objects.filter(sender="telegram.alert").count() == 1


def test_another_workspaces_bot_connects_nothing(workspace: Workspace) -> None:
    chat = AlertChatFactory.create(workspace=workspace)
    other = ConnectedFactory.create(workspace=WorkspaceFactory.create())
    told(other.bot, PRIVATE, f"/start {chat.code}")
    chat.refresh_from_db()
    assert chat.chat_id is None


def test_a_group_that_got_a_new_id_is_followed(workspace: Workspace) -> None:
    chat = ConnectedFactory.create(workspace=workspace, chat_id=-555)
    raws = [{"update_id": 5, "message": message(GROUP, "", migrate_to_chat_id=-1009)}]
    updates_store(rows=[(chat.bot.pk, workspace.pk)], raws=raws)
    updates_work()
    chat.refresh_from_db()
    assert chat.chat_id == -1009


def test_a_chat_is_made_and_tried_in_the_back_office(client: Client, workspace: Workspace, manager: User) -> None:
    client.force_login(manager)
    bot = bot_for(AlertChatFactory.build(workspace=workspace))
    added = client.post(
        reverse("admin:notifications_alertchat_add"),
        {"workspace": workspace.pk, "name": "Duty", "bot": bot.pk, "level": "all", "is_active": "on"},
    )
    chat = AlertChat.objects.get()
    assert added.status_code == 302
    address = reverse("admin:notifications_alertchat_change", args=[chat.pk])
    page = client.get(address).content.decode()
    assert chat.private_link in page.replace("&amp;", "&")
    assert chat.group_link in page.replace("&amp;", "&")
    fields = {"name": "Duty", "bot": bot.pk, "level": "all", "is_active": "on"}
    client.post(address, {**fields, "notifications_alertchat_try_it": "1"})
    assert not Delivery.objects.exists(), "it is not connected yet"
    AlertChat.objects.update(chat_id=501, chat_title="Nadia")
    client.post(address, {**fields, "notifications_alertchat_try_it": "1"})
    assert Delivery.objects.get().payload["chat_id"] == "501"


def test_editors_do_not_see_the_links(client: Client, workspace: Workspace) -> None:
    chat = AlertChatFactory.create(workspace=workspace)
    client.force_login(member(workspace, "editor"))
    assert client.get(reverse("admin:notifications_alertchat_change", args=[chat.pk])).status_code in {302, 403, 404}
