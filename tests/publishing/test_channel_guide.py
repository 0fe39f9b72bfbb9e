"""The guide to a new Telegram channel: names as people paste them, a live look, and what it adds."""

from __future__ import annotations

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User, Workspace
from apps.core.errors import PermanentError
from apps.publishing.chat_names import chat_named
from apps.publishing.models import Channel, ChannelCheck
from apps.telegram.models import Bot, KnownChat
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.factories import bot_of, telegram_channel
from tests.servers.bot_api import BotApiServer

CHAT = -1001234567890
GUIDE = "/admin/publishing/channel/guide/"


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(language="en")


@pytest.fixture
def desk(client: Client, manager: User) -> Client:
    client.force_login(manager)
    return client


def known_chat(bot: Bot, chat_id: int = CHAT, **more: object) -> KnownChat:
    return KnownChat.objects.create(bot=bot, chat_id=chat_id, kind="channel", title="Port news", **more)


def pressed(desk: Client, bot: Bot, step: str = "check", **form: object) -> HttpResponse:
    return desk.post(GUIDE, {"bot": bot.pk, "step": step, **form})  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ("", ""),
        (" @port_news ", "@port_news"),
        ("https://t.me/port_news", "@port_news"),
        ("t.me/s/port_news/", "@port_news"),
        ("https://t.me/port_news/15?single", "@port_news"),
        ("https://telegram.me/port_news/15/16", "@port_news"),
        ("https://t.me/c/1234567890/15", "-1001234567890"),
        ("-1001234567890", "-1001234567890"),
    ],
)
def test_what_people_paste_names_a_chat(typed: str, named: str) -> None:
    assert chat_named(typed) == named


@pytest.mark.parametrize(
    "typed", ["port news", "https://t.me/+AbCdEf", "https://example.org/port", "@x", "t.me/joinchat/A"]
)
def test_what_names_none_is_refused(typed: str) -> None:
    with pytest.raises(PermanentError):
        chat_named(typed)


def test_without_a_bot_it_leads_to_one(desk: Client, workspace: Workspace) -> None:
    page = desk.get(GUIDE).content.decode()
    assert reverse("admin:telegram_bot_add") in page
    assert "<form" not in page.split('class="guide"')[1].split("</section>")[0]


def test_it_names_the_bot_the_rights_and_the_chats_it_knows(desk: Client, workspace: Workspace) -> None:
    bot = bot_of(workspace)
    known_chat(bot, can_post=False, status="administrator")
    known_chat(bot, chat_id=-1007, status="left")
    page = desk.get(GUIDE).content.decode()
    assert "https://t.me/pult_bot?startchannel&amp;admin=post_messages+edit_messages+delete_messages" in page
    assert page.count("<option") == 2  # by its name, and the one that it is in
    assert "no right to post" in page


@pytest.mark.parametrize("how", ["known", "typed"])
def test_a_look_says_which_right_is_missing_and_makes_nothing(
    desk: Client, workspace: Workspace, telegram: BotApiServer, how: str
) -> None:
    bot = bot_of(workspace)
    telegram.chats.add(CHAT, kind="channel", title="Port", lacks=["delete_messages"])
    form = {"known": known_chat(bot).pk} if how == "known" else {"typed": "https://t.me/c/1234567890/15"}
    page = pressed(desk, bot, **form).content.decode()
    assert "switch on “Delete messages of others”" in page
    assert "may not pin" not in page
    assert "Add the channel" in page
    assert not Channel.objects.exists()


def test_without_the_right_to_post_it_can_not_be_added(
    desk: Client, workspace: Workspace, telegram: BotApiServer
) -> None:
    bot = bot_of(workspace)
    telegram.chats.add(CHAT, kind="channel", refuse="no_rights")
    page = pressed(desk, bot, typed=str(CHAT)).content.decode()
    assert "switch on “Post messages”" in page
    assert "Add the channel" not in page
    answer = pressed(desk, bot, "add", typed=str(CHAT), name="Port")
    assert (answer.status_code, Channel.objects.count()) == (400, 0)


def test_what_is_added_is_known_by_its_number_and_is_checked(
    desk: Client, workspace: Workspace, telegram: BotApiServer
) -> None:
    bot = bot_of(workspace)
    telegram.chats.add(CHAT, kind="channel", title="Port", username="port_news")
    answer = pressed(desk, bot, "add", typed="t.me/port_news", name="")
    channel = Channel.objects.get()
    assert answer["Location"] == reverse("admin:publishing_channel_change", args=[channel.pk])
    assert (channel.chat_id, channel.name, channel.chat_username) == (str(CHAT), "Port", "port_news")
    assert (channel.problem, channel.rights["post"], channel.checked_at is not None) == ("", True, True)
    assert ChannelCheck.objects.filter(channel=channel, state="ready").count() == 1
    assert channel.get_absolute_url() == "https://t.me/port_news"


def test_no_name_holds_what_databases_refuse(desk: Client, workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", title="Port")
    answer = pressed(desk, bot_of(workspace), "add", typed=f"\x00{CHAT}\x00", known="\x00", name="Po\x00rt")
    assert answer.status_code == 302
    assert Channel.objects.get().name == "Port"


def test_one_that_is_here_already_is_shown(desk: Client, workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", title="Port", username="port_news")
    channel = telegram_channel(workspace, chat_id="@Port_news")
    assert channel.bot is not None
    page = pressed(desk, channel.bot, typed=str(CHAT)).content.decode()
    assert "It is here already" in page
    assert pressed(desk, channel.bot, "add", typed=str(CHAT)).status_code == 400
    assert Channel.objects.count() == 1


@pytest.mark.parametrize("typed", ["", "port news", "501"])
def test_what_is_no_channel_is_refused_in_words(
    desk: Client, workspace: Workspace, telegram: BotApiServer, typed: str
) -> None:
    answer = pressed(desk, bot_of(workspace), typed=typed)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


def test_a_refused_token_pauses_the_bot(desk: Client, workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.faults.add("error", method="getChat", times=1, status=401, description="Unauthorized")
    bot = bot_of(workspace)
    assert pressed(desk, bot, typed=str(CHAT)).status_code == 400
    bot.refresh_from_db()
    assert bot.is_active is False


def test_strangers_bots_and_editors_have_no_part_in_it(
    desk: Client, client: Client, workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    strange = bot_of(WorkspaceFactory.create())
    assert pressed(desk, strange, typed=str(CHAT)).status_code == 200  # as if no bot had been chosen
    assert telegram.log.of("getChat") == []
    client.force_login(editor)
    assert client.get(GUIDE).status_code == 403


def test_the_list_and_the_form_lead_to_it(desk: Client, workspace: Workspace) -> None:
    assert GUIDE in desk.get(reverse("admin:publishing_channel_changelist")).content.decode()
    assert GUIDE in desk.get(reverse("admin:publishing_channel_add")).content.decode()
