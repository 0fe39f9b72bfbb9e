"""What a workspace's bot answers to whoever opens a talk with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from apps.accounts.services import alert_close
from apps.core.work.lanes import Priority
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_create
from apps.delivery.services.outcomes import dead_key
from apps.delivery.telegram import THEIR_DOING, TelegramText
from apps.telegram.inbound import Inbound
from apps.telegram.models import Bot


def start_answered(update: Inbound, bot: Bot) -> bool:
    """Answer /start in a private talk, in the sender's language; at most once a minute for each of them.

    The answer is a delivery, made in the transaction that finishes the update.
    """
    chat_id = update.chat.get("id")
    if update.kind != "message" or update.chat.get("type") != "private" or not isinstance(chat_id, int):
        return False
    if not is_start(update.text, bot.username):
        return False
    if Bot.objects.filter(bot_id=bot.bot_id, is_active=True, pk__lt=bot.pk).exists():
        return True  # several workspaces have this bot, and all are told: the first of them answers
    minute = int(update.at.timestamp()) // 60 if update.at else update.update_id
    delivery_create(
        workspace=bot.workspace,
        sender="telegram.answer",
        destination=_("A person who wrote to %(bot)s") % {"bot": bot},
        payload={"bot": bot.pk, "chat_id": str(chat_id), "html": greeting(bot, language_of(update.sender))},
        dedupe_key=f"start:{bot.pk}:{chat_id}:{minute}",
        order_key=f"answer:{bot.pk}:{chat_id}",
        kind="answer",
        priority=Priority.URGENT,
    )
    return True


def is_start(text: str, username: str) -> bool:
    """Whether a message is the command /start for this bot, with or without a payload."""
    command, at, name = text.split(maxsplit=1)[0].partition("@") if text.strip() else ("", "", "")
    return command == "/start" and (not at or name.lower() == username.lower())


def language_of(sender: Mapping[str, Any]) -> str:
    """Russian for whoever has Telegram in Russian, else English."""
    return "ru" if str(sender.get("language_code", "")).lower().startswith("ru") else "en"


def greeting(bot: Bot, language: str) -> str:
    """What the bot says of itself."""
    with translation.override(language):
        words = _(
            "Hello! I am the bot of “%(workspace)s”: I publish its posts in channels and groups.\n\n"
            "Nobody reads what is written to me here."
        )
        return escape(words % {"workspace": bot.workspace.name})


class TelegramAnswer(TelegramText):
    """Sends what a bot answers to a person."""

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Nothing follows it; a person who has blocked the bot is no trouble of the team's."""
        if outcome == Delivery.Outcome.FAILED and delivery.error_code in THEIR_DOING:
            alert_close(workspace=delivery.workspace, key=dead_key(delivery))
