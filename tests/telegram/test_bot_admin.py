"""The screens of bots: a token goes in and never comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, Membership, User, Workspace
from apps.telegram.models import Bot
from apps.telegram.ports import BotIdentity
from apps.telegram.services import bot_pause
from apps.telegram.services import bots as services
from tests.servers import bot_api, proxies
from tests.servers.bot_api import BotApiServer
from tests.telegram.factories import BotFactory, WorkspaceFactory, token_of

pytestmark = pytest.mark.django_db
ADD = "/admin/telegram/bot/add/"
LIST = "/admin/telegram/bot/"


@pytest.fixture
def server(settings: Any) -> Iterator[BotApiServer]:
    with bot_api.running() as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory()
    return made


@pytest.fixture
def manager(client: Client, workspace: Workspace) -> Client:
    return enter(client, workspace, Membership.Role.MANAGER)


def enter(client: Client, workspace: Workspace, role: str) -> Client:
    """Log somebody in with a role."""
    user = User.objects.create_user(f"{role}@example.org", "not-used-anywhere")
    User.objects.filter(pk=user.pk).update(language="en")
    Membership.objects.create(user=user, workspace=workspace, role=role)
    client.force_login(User.objects.get(pk=user.pk))
    return client


def change(bot: Bot) -> str:
    """The address of a bot's page."""
    return reverse("admin:telegram_bot_change", args=[bot.pk])


def test_added_bot_is_named_as_telegram_names_it(manager: Client, server: BotApiServer, workspace: Workspace) -> None:
    page = manager.get(ADD)
    assert "BotFather" in page.content.decode()
    reply = manager.post(ADD, {"name": "", "new_token": f" {token_of(77)} "}, follow=True)
    assert reply.status_code == 200
    bot = Bot.objects.get()
    assert (bot.workspace, bot.name, bot.username, bot.token) == (workspace, "Bot 77", "stand_in_77_bot", token_of(77))
    assert [entry.method for entry in server.log] == ["getMe"]
    entry = AuditEntry.objects.get(verb="bot.created")
    assert entry.actor is not None
    assert token_of(77) not in reply.content.decode()


def test_telegram_is_asked_outside_any_transaction(manager: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    depths: list[int] = []

    def ask(token: str, *, proxy: str = "") -> BotIdentity:
        depths.append(len(connection.savepoint_ids))
        return BotIdentity(bot_id=77, username="x_bot", name="X")

    monkeypatch.setattr("apps.telegram.forms.token_check", ask)
    monkeypatch.setattr(services, "token_check", ask)
    outside = len(connection.savepoint_ids)
    manager.post(ADD, {"name": "", "new_token": token_of(77)})
    bot = Bot.objects.get()
    manager.get(f"{LIST}{bot.pk}/check/")
    assert depths == [outside, outside]


@pytest.mark.parametrize("token", ["not a token", "1:short"])
def test_misshapen_token_is_refused_without_showing_it(manager: Client, server: BotApiServer, token: str) -> None:
    page = manager.post(ADD, {"name": "x", "new_token": token}).content.decode()
    assert "A token looks like" in page
    assert token not in page
    assert Bot.objects.count() == 0


def test_unknown_token_is_refused_in_words(manager: Client, settings: Any) -> None:
    with bot_api.running(tokens=[]) as server:
        settings.TELEGRAM_API_URL = server.url
        page = manager.post(ADD, {"name": "x", "new_token": token_of(77)}).content.decode()
    assert "Telegram does not know this token" in page
    assert token_of(77) not in page
    assert Bot.objects.count() == 0


def test_telegram_away_is_said_and_nothing_is_saved(manager: Client, settings: Any) -> None:
    settings.TELEGRAM_API_URL = "http://127.0.0.1:1"
    page = manager.post(ADD, {"name": "x", "new_token": token_of(77)}).content.decode()
    assert "Nothing is saved; try again in a minute." in page
    assert Bot.objects.count() == 0


def test_same_bot_is_refused_in_words(manager: Client, server: BotApiServer, workspace: Workspace) -> None:
    BotFactory(workspace=workspace, bot_id=77, name="First")
    page = manager.post(ADD, {"name": "x", "new_token": token_of(77)}).content.decode()
    assert "The workspace has this bot already" in page
    assert Bot.objects.count() == 1


def test_no_page_shows_the_token(manager: Client, workspace: Workspace) -> None:
    bot = BotFactory(workspace=workspace)
    secret = bot.token.partition(":")[2]
    for address in (LIST, change(bot), f"{LIST}{bot.pk}/history/", f"{LIST}{bot.pk}/delete/"):
        reply = manager.get(address)
        assert reply.status_code == 200
        assert secret not in reply.content.decode()
    assert "Works" in manager.get(change(bot)).content.decode()


def test_rename_keeps_the_token(manager: Client, workspace: Workspace, server: BotApiServer) -> None:
    bot = BotFactory(workspace=workspace)
    assert manager.post(change(bot), {"name": "Renamed", "new_token": ""}).status_code == 302
    kept = Bot.objects.get()
    assert (kept.name, kept.token) == ("Renamed", bot.token)
    assert server.log == []


def test_emptied_name_stays(manager: Client, workspace: Workspace) -> None:
    bot = BotFactory(workspace=workspace, name="Kept")
    assert manager.post(change(bot), {"name": "", "new_token": ""}).status_code == 302
    assert Bot.objects.get().name == "Kept"


def test_new_token_must_be_of_this_bot(manager: Client, workspace: Workspace, server: BotApiServer) -> None:
    bot = BotFactory(workspace=workspace, bot_id=77)
    page = manager.post(change(bot), {"name": "x", "new_token": token_of(78)}).content.decode()
    assert "This is the token of another bot, @stand_in_78_bot" in page
    assert Bot.objects.get().token == token_of(77)
    newer = "77:BBEhBOweik6ad9r_QXMENQjcrGbqCr4K-cd"
    assert manager.post(change(bot), {"name": "x", "new_token": newer}).status_code == 302
    assert Bot.objects.get().token == newer


def test_check_ends_a_pause_or_says_why_not(manager: Client, workspace: Workspace, settings: Any) -> None:
    bot = BotFactory(workspace=workspace)
    bot_pause(bot=bot, reason="revoked")
    with bot_api.running() as server:
        settings.TELEGRAM_API_URL = server.url
        reply = manager.post(LIST, {"action": "check_bots", "_selected_action": [bot.pk]}, follow=True)
        assert "Done: 1" in " ".join(str(message) for message in get_messages(reply.wsgi_request))
        assert Bot.objects.get().is_active is True
        assert Alert.objects.get().closed_at is not None
        server.tokens = []
        page = manager.get(f"{LIST}{bot.pk}/check/", follow=True).content.decode()
    assert "Telegram does not know this token" in page
    assert Bot.objects.get().is_active is False


def test_delete_goes_through_the_service(manager: Client, workspace: Workspace) -> None:
    bot = BotFactory(workspace=workspace)
    assert manager.post(f"{LIST}{bot.pk}/delete/", {"post": "yes"}).status_code == 302
    assert Bot.objects.count() == 0
    assert AuditEntry.objects.filter(verb="bot.deleted").count() == 1


def test_editor_may_look_and_no_more(client: Client, workspace: Workspace, server: BotApiServer) -> None:
    editor = enter(client, workspace, Membership.Role.EDITOR)
    bot = BotFactory(workspace=workspace)
    assert editor.get(LIST).status_code == 200
    assert editor.post(ADD, {"name": "x", "new_token": token_of(5)}).status_code == 403
    assert editor.post(change(bot), {"name": "x", "new_token": token_of(bot.bot_id)}).status_code == 403
    editor.get(f"{LIST}{bot.pk}/check/")
    assert server.log == []
    assert Bot.objects.get().name == bot.name


def test_other_workspaces_bot_is_not_there(manager: Client, server: BotApiServer) -> None:
    other = BotFactory()
    assert manager.get(change(other)).status_code == 404
    assert manager.get(f"{LIST}{other.pk}/check/").status_code == 404
    assert other.name not in manager.get(LIST).content.decode()
    assert server.log == []


def test_list_asks_the_database_a_fixed_number_of_times(
    manager: Client, workspace: Workspace, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        BotFactory(workspace=workspace)
    with django_assert_max_num_queries(20):
        manager.get(LIST)


def test_bot_is_switched_to_calls_and_its_proxy_kept_hidden(
    manager: Client, server: BotApiServer, workspace: Workspace, settings: Any
) -> None:
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.1:1080"]
    bot: Bot = BotFactory(workspace=workspace)
    page = manager.get(change(bot)).content.decode()
    assert "Telegram calls Pult" in page
    assert 'name="drop_proxy"' not in page
    proxy = "socks5://me:hidden-word@127.0.0.1:1080"
    reply = manager.post(change(bot), {"name": bot.name, "hears_by": "webhook", "new_proxy": proxy}, follow=True)
    assert reply.status_code == 200
    kept = Bot.objects.get()
    assert (kept.receives, kept.proxy, len(kept.hook_secret)) == ("webhook", proxy, 43)
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert {"bot.receives", "bot.proxy"} <= verbs
    shown = manager.get(change(bot)).content.decode()
    assert "hidden-word" not in shown
    assert kept.hook_secret not in shown
    manager.post(change(bot), {"name": bot.name, "hears_by": "polling", "drop_proxy": "on"})
    kept = Bot.objects.get()
    assert (kept.receives, kept.proxy, kept.hook_secret) == ("polling", "", "")
    assert server.log == []


def test_calls_without_https_and_private_proxies_are_refused_in_words(
    manager: Client, workspace: Workspace, settings: Any
) -> None:
    settings.TELEGRAM_API_URL, settings.OWN_URL = "https://api.telegram.org", "http://127.0.0.1:8000"
    settings.HTTP_ALLOW_PRIVATE = []
    bot: Bot = BotFactory(workspace=workspace)
    asked = {"name": bot.name, "hears_by": "webhook", "new_proxy": "socks5://127.0.0.1:1080"}
    page = manager.post(change(bot), asked).content.decode()
    assert "Telegram calls only addresses that begin with https://" in page
    assert "The proxy&#x27;s address is not public" in page
    kept = Bot.objects.get()
    assert (kept.receives, kept.proxy) == ("polling", "")
    assert not AuditEntry.objects.exists()


def test_typed_token_is_asked_about_through_the_typed_proxy(
    manager: Client, server: BotApiServer, settings: Any
) -> None:
    with proxies.running(proxies.socks5) as running:
        settings.HTTP_ALLOW_PRIVATE = [f"127.0.0.1:{running.port}"]
        proxy = f"socks5://tunnel:word@127.0.0.1:{running.port}"
        manager.post(ADD, {"name": "Behind", "new_token": token_of(78), "new_proxy": proxy})
        assert running.carried == ["tunnel"]
    assert (Bot.objects.get().proxy, len(server.log)) == (proxy, 1)
