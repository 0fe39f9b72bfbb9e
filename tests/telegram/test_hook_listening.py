"""Switching between asking and being called: what is wanted comes about, whatever stands at Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import OperationalError
from django.test import Client
from django.urls import reverse
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import Alert, AuditEntry
from apps.core.errors import PermanentError, RetryableError, TransitionError
from apps.telegram import polling as module
from apps.telegram import views
from apps.telegram.hooks import hook_in_the_way, hook_refusal, hook_url
from apps.telegram.inbound import KINDS
from apps.telegram.models import Bot, Inbox, Update
from apps.telegram.selectors import bots_listening
from apps.telegram.services import bot_updates
from apps.telegram.services.receiving import bot_hook_drop, bot_receives_by
from tests.delivery.factories import member
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_state import Webhook
from tests.servers.telegram_updates import message
from tests.telegram.factories import BotFactory
from tests.telegram.listening import listened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
GROUP = ChatRow(-1007, "supergroup", "Newsroom")
WEBHOOK, POLLING = Bot.Receives.WEBHOOK, Bot.Receives.POLLING


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[BotApiServer]:
    monkeypatch.setattr(module, "TICK_S", 0.1)
    monkeypatch.setattr(module, "HOOK_LOOK_S", 0.1)
    monkeypatch.setattr(module, "BACKOFF_FIRST_S", 0.1)
    settings.TELEGRAM_POLL_S = 1.0
    with bot_api.running(local=True) as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def set_at(server: BotApiServer, bot: Bot) -> Webhook | None:
    """What stands at Telegram."""
    return server.webhooks.get(bot.bot_id)


def told(server: BotApiServer, bot: Bot, text: str) -> bool:
    """Somebody writes."""
    return server.updates.add(bot.bot_id, "message", message(GROUP, text)) is not None


def stored(bot: Bot) -> list[str]:
    """The texts that are stored, each as often as it is."""
    return list(Update.objects.filter(bot=bot).order_by("update_id").values_list("payload__text", flat=True))


def test_telegram_calls_and_what_it_brings_is_stored(
    server: BotApiServer, live_server: LiveServer, settings: Any
) -> None:
    settings.OWN_URL = live_server.url
    bot: Bot = BotFactory()
    told(server, bot, "waited")
    bot_receives_by(bot=bot, way=WEBHOOK)
    listened(
        lambda: stored(bot) == ["waited"],
        lambda: told(server, bot, "brought"),
        lambda: stored(bot) == ["waited", "brought"],
    )
    hook = set_at(server, bot)
    assert hook is not None
    assert (hook.url, hook.allowed) == (f"{live_server.url}/hooks/telegram/{bot.bot_id}/", list(KINDS))
    assert hook.secret == Bot.objects.get().hook_secret != ""
    assert server.log.of("getUpdates") == []
    inbox = Inbox.objects.get()
    assert (inbox.problem, inbox.heard_at is not None, inbox.hook_url) == ("", True, hook.url)


def test_pressed_button_stops_turning_by_the_answer(
    server: BotApiServer, live_server: LiveServer, settings: Any
) -> None:
    settings.OWN_URL = live_server.url
    bot: Bot = BotFactory()
    bot_receives_by(bot=bot, way=WEBHOOK)
    listened(
        lambda: set_at(server, bot),
        lambda: server.updates.add(bot.bot_id, "callback_query", {"id": "77", "data": "yes"}),
        lambda: server.log.of("answerCallbackQuery"),
    )
    assert [(one.verb, one.params) for one in server.log.of("answerCallbackQuery")] == [
        ("WEBHOOK", {"callback_query_id": "77"})
    ]


def test_switching_there_and_back_loses_and_doubles_nothing(
    server: BotApiServer, live_server: LiveServer, settings: Any
) -> None:
    settings.OWN_URL = live_server.url
    bot: Bot = BotFactory()
    listened(
        lambda: told(server, bot, "asked"),
        lambda: stored(bot) == ["asked"],
        lambda: bot_receives_by(bot=Bot.objects.get(), way=WEBHOOK) or True,
        lambda: set_at(server, bot),
        lambda: told(server, bot, "called"),
        lambda: stored(bot) == ["asked", "called"],
        lambda: bot_receives_by(bot=Bot.objects.get(), way=POLLING) or True,
        lambda: set_at(server, bot) is None,
        lambda: told(server, bot, "asked again"),
        lambda: stored(bot) == ["asked", "called", "asked again"],
    )
    assert (Inbox.objects.get().hook_url, Bot.objects.get().hook_secret) == ("", "")
    assert not Alert.objects.exists()


def test_webhook_of_a_killed_process_is_taken_back(server: BotApiServer, settings: Any) -> None:
    settings.OWN_URL = "http://127.0.0.1:9"
    bot: Bot = BotFactory()
    Inbox.objects.create(bot=bot, hook_url="http://old.example/hooks/telegram/1/")
    server.webhooks[bot.bot_id] = Webhook("http://old.example/hooks/telegram/1/")
    listened(lambda: set_at(server, bot) is None, lambda: server.log.of("getUpdates"))
    assert Inbox.objects.get().hook_url == ""


def test_webhook_of_somebody_else_stays_where_the_bot_is_asked(server: BotApiServer, settings: Any) -> None:
    settings.OWN_URL = "http://127.0.0.1:9"
    bot: Bot = BotFactory()
    server.webhooks[bot.bot_id] = Webhook("https://elsewhere.invalid/hook")
    listened(lambda: Inbox.objects.filter(problem_code="webhook_active").exists())
    hook = set_at(server, bot)
    assert hook is not None
    assert hook.url == "https://elsewhere.invalid/hook"


@pytest.mark.parametrize("how", ["deleted", "paused", "moved"])
def test_webhook_left_by_another_row_of_the_bot_is_taken_away(server: BotApiServer, settings: Any, how: str) -> None:
    settings.OWN_URL = "http://127.0.0.1:9"
    first: Bot = BotFactory(receives="webhook", hook_secret="s")
    second: Bot = BotFactory(token=first.token, bot_id=first.bot_id)
    listened(lambda: set_at(server, first))
    if how == "deleted":
        first.delete()
    else:
        Bot.objects.filter(pk=first.pk).update(is_active=False)
    if how == "moved":
        settings.OWN_URL = "http://127.0.0.1:10"  # the old address is known from the first row alone
    told(server, second, "waited")
    listened(lambda: set_at(server, second) is None, lambda: stored(second) == ["waited"])
    inbox = Inbox.objects.get(bot=second)
    assert (inbox.problem, inbox.hook_url) == ("", "")
    assert not Alert.objects.exists()


def test_webhook_of_somebody_else_is_taken_away_by_a_person(
    server: BotApiServer, settings: Any, client: Client
) -> None:
    settings.OWN_URL = "http://127.0.0.1:9"
    bot: Bot = BotFactory()
    client.force_login(member(bot.workspace, "manager"))
    page = reverse("admin:telegram_bot_drop_hook", args=[bot.pk])
    assert client.get(page).status_code == 302  # nothing stands in the way
    server.webhooks[bot.bot_id] = Webhook("https://elsewhere.invalid/hook/secret-part")
    told(server, bot, "waited")
    listened(lambda: Inbox.objects.filter(problem_code="webhook_active").exists())
    asked = client.get(page).content.decode()
    assert "elsewhere.invalid" in asked
    assert "secret-part" not in asked
    assert set_at(server, bot) is not None
    client.post(page)
    assert set_at(server, bot) is None
    listened(lambda: stored(bot) == ["waited"], quiet)
    [entry] = AuditEntry.objects.filter(verb="bot.hook_dropped")
    assert entry.details == {"host": "elsewhere.invalid"}
    assert not Alert.objects.filter(closed_at=None).exists()


def test_the_webhook_that_pult_wants_is_not_taken_away(server: BotApiServer, settings: Any) -> None:
    settings.OWN_URL = "http://127.0.0.1:9"
    bot: Bot = BotFactory(receives="webhook", hook_secret="s")
    with pytest.raises(TransitionError):
        bot_hook_drop(bot=bot)
    server.webhooks[bot.bot_id] = Webhook(hook_url(bot.bot_id))
    stale = replace(bots_listening(bot.bot_id)[0], hook=False)  # another process's, from before the switch

    async def in_thread(question: Any) -> Any:
        return await sync_to_async(question)()

    async def asked() -> None:
        async with bot_updates(stale.snapshot()) as api:
            await hook_in_the_way(stale, api, ask=in_thread)

    with pytest.raises(RetryableError):
        asyncio.run(asked())
    assert set_at(server, bot) is not None


def test_webhook_that_somebody_takes_is_taken_back(server: BotApiServer, settings: Any) -> None:
    settings.OWN_URL = "http://127.0.0.1:9"
    bot: Bot = BotFactory(receives="webhook", hook_secret="s")
    listened(
        lambda: set_at(server, bot),
        lambda: server.webhooks.update({bot.bot_id: Webhook("https://elsewhere.invalid/hook")}) or True,
        lambda: server.webhooks[bot.bot_id].url == hook_url(bot.bot_id),
    )
    assert server.webhooks[bot.bot_id].secret == "s"


def test_calls_that_fail_are_told_once_and_closed_when_they_arrive(
    server: BotApiServer, live_server: LiveServer, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(**_options: Any) -> int:
        raise OperationalError("gone")

    settings.OWN_URL = live_server.url
    bot: Bot = BotFactory()
    bot_receives_by(bot=bot, way=WEBHOOK)
    store = views.updates_store
    monkeypatch.setattr(views, "updates_store", away)

    def restored() -> bool:
        monkeypatch.setattr(views, "updates_store", store)
        return True

    listened(
        lambda: set_at(server, bot),
        lambda: told(server, bot, "knock"),
        lambda: Alert.objects.filter(closed_at=None).exists(),
        restored,
        lambda: stored(bot) == ["knock"],
        quiet,
    )
    alert = Alert.objects.get()
    assert "503 Service Unavailable" in alert.message
    assert live_server.url in alert.message
    assert alert.closed_at is not None


def quiet() -> bool:
    """Nothing stands in the way any more."""
    return Inbox.objects.filter(problem="").exists()


def test_choice_is_recorded_once_and_needs_an_address_that_telegram_calls(settings: Any) -> None:
    settings.TELEGRAM_API_URL = "https://api.telegram.org"
    bot: Bot = BotFactory()
    for url, words in (("http://pult.example", "https"), ("https://pult.example:9000", "443, 80, 88 and 8443")):
        settings.OWN_URL = url
        with pytest.raises(PermanentError, match=words):
            bot_receives_by(bot=bot, way=WEBHOOK)
    assert Bot.objects.get().receives == POLLING
    settings.OWN_URL = "https://pult.example:8443"
    assert hook_refusal() == ""
    bot_receives_by(bot=bot, way=WEBHOOK)
    with pytest.raises(TransitionError):
        bot_receives_by(bot=bot, way=WEBHOOK)
    assert [entry.details for entry in AuditEntry.objects.filter(verb="bot.receives")] == [{"by": "webhook"}]
    secret = Bot.objects.get().hook_secret
    assert len(secret) >= 40
    assert secret not in str(AuditEntry.objects.values_list("details", flat=True))


def test_first_workspace_with_the_bot_decides(settings: Any) -> None:
    settings.TELEGRAM_API_URL, settings.OWN_URL = "https://api.telegram.org", "https://pult.example"
    first: Bot = BotFactory()
    second: Bot = BotFactory(bot_id=first.bot_id)
    with pytest.raises(TransitionError, match="added this bot first"):
        bot_receives_by(bot=second, way=WEBHOOK)
    assert Bot.objects.get(pk=second.pk).receives == POLLING
