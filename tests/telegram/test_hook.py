"""Telegram calls: only with the bot's secret, stored once, answered at once."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client

from apps.telegram import views
from apps.telegram.models import Bot, Inbox, Update
from tests.telegram.factories import BotFactory

pytestmark = pytest.mark.django_db
SECRET = "a-secret-that-only-telegram-knows"
TOLD = {"update_id": 7001, "message": {"message_id": 1, "date": 1_790_000_000, "chat": {"id": 5}, "text": "hello"}}


@pytest.fixture(autouse=True)
def _no_counts() -> None:
    cache.clear()


@pytest.fixture
def bot() -> Bot:
    made: Bot = BotFactory(receives="webhook", hook_secret=SECRET)
    Inbox.objects.create(bot=made)
    return made


def call(bot_id: int, told: Any = TOLD, secret: str | None = SECRET) -> HttpResponse:
    """Call as Telegram does."""
    body = told if isinstance(told, (str, bytes)) else json.dumps(told)
    headers = {} if secret is None else {"X-Telegram-Bot-Api-Secret-Token": secret}
    answer: Any = Client(enforce_csrf_checks=True).post(
        f"/hooks/telegram/{bot_id}/", body, content_type="application/json", headers=headers
    )
    return answer


def test_update_is_stored_for_later_and_answered(bot: Bot) -> None:
    answer = call(bot.bot_id)
    assert (answer.status_code, answer.content) == (200, b"{}")
    row = Update.objects.get()
    assert (row.bot_id, row.workspace_id, row.update_id, row.kind, row.state) == (
        bot.pk,
        bot.workspace_id,
        7001,
        "message",
        "ready",
    )
    assert row.payload["text"] == "hello"
    assert Inbox.objects.get().heard_at is not None


def test_same_update_again_is_one_and_taken(bot: Bot) -> None:
    assert [call(bot.bot_id).status_code for _ in range(3)] == [200, 200, 200]
    assert Update.objects.count() == 1


def test_every_workspace_with_the_bot_gets_its_own_row(bot: Bot) -> None:
    other: Bot = BotFactory(bot_id=bot.bot_id)
    assert call(bot.bot_id).status_code == 200
    assert set(Update.objects.values_list("bot", flat=True)) == {bot.pk, other.pk}


@pytest.mark.parametrize("secret", [None, "", "wrong", SECRET + "x", SECRET[:-1], "\u00e9"])
def test_wrong_secret_is_refused(bot: Bot, secret: str | None) -> None:
    assert call(bot.bot_id, secret=secret).status_code == 403
    assert not Update.objects.exists()


def test_another_bots_secret_is_refused(bot: Bot) -> None:
    BotFactory(bot_id=900, receives="webhook", hook_secret="other-secret")
    assert call(bot.bot_id, secret="other-secret").status_code == 403
    assert call(900).status_code == 403
    assert not Update.objects.exists()


def test_bot_that_is_asked_or_paused_or_unknown_takes_no_calls() -> None:
    BotFactory(bot_id=901)
    BotFactory(bot_id=902, receives="webhook", hook_secret=SECRET, is_active=False, problem="refused")
    answers = {call(bot_id, secret=secret).status_code for bot_id in (901, 902, 903, 2**70) for secret in ("", SECRET)}
    assert answers == {403}
    assert not Update.objects.exists()


def test_guessing_is_slowed_but_telegram_is_not(bot: Bot) -> None:
    answers = [call(bot.bot_id, secret=f"guess-{number}").status_code for number in range(62)]
    assert (answers[0], answers[-1]) == (403, 429)
    assert call(bot.bot_id).status_code == 200


def test_huge_body_is_refused_unread(bot: Bot) -> None:
    assert call(bot.bot_id, b"x" * (views.BODY_MAX + 1)).status_code == 413
    assert not Update.objects.exists()


@pytest.mark.parametrize("body", ["", "no json", "[1]", '{"message": {}}', '{"update_id": "7"}', "[" * 100_000])
def test_what_is_no_update_is_refused(bot: Bot, body: str) -> None:
    assert call(bot.bot_id, body).status_code == 400
    assert not Update.objects.exists()


def test_pressed_button_is_heard_by_the_answer_itself(bot: Bot) -> None:
    answer = call(bot.bot_id, {"update_id": 7002, "callback_query": {"id": "991", "data": "yes"}})
    assert json.loads(answer.content) == {"method": "answerCallbackQuery", "callback_query_id": "991"}
    assert Update.objects.get().kind == "callback_query"


def test_database_that_is_away_has_telegram_call_again(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_options: Any) -> int:
        raise OperationalError("gone")

    monkeypatch.setattr(views, "updates_store", away)
    assert call(bot.bot_id).status_code == 503


def test_only_post_is_answered(bot: Bot) -> None:
    assert Client().get(f"/hooks/telegram/{bot.bot_id}/").status_code == 405


def test_secret_is_in_no_log(bot: Bot, caplog: pytest.LogCaptureFixture) -> None:
    call(bot.bot_id)
    call(bot.bot_id, secret="wrong-secret")
    assert SECRET not in caplog.text
    assert "wrong-secret" not in caplog.text
    assert "hello" not in caplog.text
