"""The life of a bot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import Alert, AuditEntry
from apps.core.errors import PermanentError, RetryableError, TransitionError
from apps.telegram.models import Bot
from apps.telegram.ports import BotIdentity
from apps.telegram.services import bot_check, bot_create, bot_delete, bot_pause, bot_update
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer
from tests.telegram.factories import BotFactory, WorkspaceFactory, token_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def server(settings: Any) -> Iterator[BotApiServer]:
    with bot_api.running() as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def test_created_bot_knows_its_name_and_keeps_its_token_encrypted(server: BotApiServer) -> None:
    bot = bot_create(workspace=WorkspaceFactory(), name="", token=token_of(77))
    kept = Bot.objects.get()
    assert (kept.pk, kept.bot_id, kept.username, kept.name, kept.is_active) == (
        bot.pk,
        77,
        "stand_in_77_bot",
        "Bot 77",
        True,
    )
    assert kept.token == token_of(77)
    with connection.cursor() as cursor:
        cursor.execute("SELECT token FROM telegram_bot")
        stored = cursor.fetchone()[0]
    assert stored.startswith("f1:")
    assert "AAEh" not in stored
    assert AuditEntry.objects.get().verb == "bot.created"
    assert "AAEh" not in repr(kept) + repr(kept.snapshot()) + str(AuditEntry.objects.values().get())


def test_unknown_token_makes_no_bot(settings: Any) -> None:
    with bot_api.running(tokens=[token_of(1)]) as server:
        settings.TELEGRAM_API_URL = server.url
        with pytest.raises(PermanentError) as caught:
            bot_create(workspace=WorkspaceFactory(), name="x", token=token_of(2))
    assert caught.value.code == "token_revoked"
    assert Bot.objects.count() == 0
    assert AuditEntry.objects.count() == 0


def test_words_that_are_no_token_are_refused_without_asking(server: BotApiServer) -> None:
    for words in ("hello", ":abc", "0:abc", "9" * 30 + ":abc", "¹²:abc"):
        with pytest.raises(PermanentError) as caught:
            bot_create(workspace=WorkspaceFactory(), name="x", token=words)
        assert caught.value.code == "token_malformed"
    assert server.log == []


def test_workspace_has_a_bot_once_and_another_may_have_it_too(server: BotApiServer) -> None:
    bot = BotFactory(bot_id=77)
    with pytest.raises(TransitionError):
        bot_create(workspace=bot.workspace, name="again", token=token_of(77))
    bot_create(workspace=WorkspaceFactory(), name="again", token=token_of(77))
    assert Bot.objects.filter(bot_id=77).count() == 2


@pytest.mark.parametrize("change", [{"bot_id": 0}, {"is_active": True, "problem": "x"}])
def test_database_refuses_impossible_bots(change: dict[str, Any]) -> None:
    bot = BotFactory()
    with pytest.raises(IntegrityError), transaction.atomic():
        Bot.objects.filter(pk=bot.pk).update(**change)


def test_refused_check_pauses_the_bot_and_alerts_once(settings: Any) -> None:
    bot = BotFactory()
    with bot_api.running(tokens=[]) as server:
        settings.TELEGRAM_API_URL = server.url
        for _ in range(2):
            with pytest.raises(PermanentError):
                bot_check(bot=bot)
    bot.refresh_from_db()
    assert bot.is_active is False
    assert "BotFather" in bot.problem
    alert = Alert.objects.get()
    assert (alert.key, alert.level, alert.times) == (f"telegram.bot:{bot.pk}", "error", 1)
    assert alert.url == f"/admin/telegram/bot/{bot.pk}/change/"
    assert [entry.verb for entry in AuditEntry.objects.all()] == ["bot.paused"]


def test_good_check_ends_the_pause(server: BotApiServer) -> None:
    bot = BotFactory(username="old_name")
    assert bot_pause(bot=bot, reason="revoked") is True
    assert bot_pause(bot=bot, reason="still revoked") is False
    assert Bot.objects.get().problem == "still revoked"
    bot_check(bot=bot)
    kept = Bot.objects.get()
    assert (kept.is_active, kept.problem, kept.username) == (True, "", f"stand_in_{bot.bot_id}_bot")
    assert kept.checked_at is not None
    assert Alert.objects.get().closed_at is not None


def test_check_without_telegram_changes_nothing(settings: Any) -> None:
    bot = BotFactory()
    settings.TELEGRAM_API_URL = "http://127.0.0.1:1"
    with pytest.raises(RetryableError):
        bot_check(bot=bot)
    assert Bot.objects.get().is_active is True
    assert Alert.objects.count() == 0


def test_new_token_of_the_same_bot_is_taken_and_ends_the_pause(server: BotApiServer) -> None:
    bot = BotFactory(bot_id=77)
    bot_pause(bot=bot, reason="revoked")
    newer = "77:BBEhBOweik6ad9r_QXMENQjcrGbqCr4K-cd"
    bot_update(bot=bot, name="Renamed", token=newer)
    kept = Bot.objects.get()
    assert (kept.name, kept.token, kept.is_active) == ("Renamed", newer, True)
    assert "BBEh" not in str(list(AuditEntry.objects.values()))


def test_token_of_another_bot_is_refused(server: BotApiServer) -> None:
    bot = BotFactory(bot_id=77)
    with pytest.raises(TransitionError, match="stand_in_78_bot"):
        bot_update(bot=bot, name="x", token=token_of(78))
    assert Bot.objects.get().token == token_of(77)


def test_rename_alone_asks_nobody(server: BotApiServer) -> None:
    bot = BotFactory()
    bot_update(bot=bot, name="Renamed")
    assert (Bot.objects.get().name, Bot.objects.get().token) == ("Renamed", bot.token)
    assert server.log == []


def test_taken_name_is_refused() -> None:
    bot = BotFactory()
    BotFactory(workspace=bot.workspace, name="Taken")
    with pytest.raises(TransitionError):
        bot_update(bot=bot, name="Taken")


def test_deleted_bot_is_gone_with_its_alert() -> None:
    bot = BotFactory()
    bot_pause(bot=bot, reason="revoked")
    bot_delete(bot=bot)
    assert Bot.objects.count() == 0
    assert Alert.objects.get().closed_at is not None
    assert AuditEntry.objects.filter(verb="bot.deleted").count() == 1


def test_known_identity_spares_the_question(server: BotApiServer) -> None:
    known = BotIdentity(bot_id=77, username="mine_bot", name="Mine")
    bot = bot_create(workspace=WorkspaceFactory(), name="", token=token_of(77), identity=known)
    assert (bot.name, bot.username) == ("Mine", "mine_bot")
    assert server.log == []
