"""Texts that a bot sends: what a publication, an answer and an alert have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.drain import Defer, current
from apps.delivery.models import Delivery
from apps.delivery.ports import CannotTell, LookUpAnswer, Parcel, Receipt
from apps.telegram import buckets
from apps.telegram.models import Bot
from apps.telegram.ports import BotApi, BotSnapshot, SentMessage
from apps.telegram.services import BOT_CODES, bot_api, token_refused

log = structlog.get_logger(__name__)
# A wait this short is slept through; a longer one gives the place to somebody else.
SHORT_WAIT_S = 1.0
# How long texts wait until they look again whether their channel or bot is back.
OFF_PAUSE = timedelta(minutes=1)
# The person's own doing: nobody of the team has to care.
THEIR_DOING = frozenset({"blocked", "deactivated", "not_started", "chat_not_found"})


@dataclass(frozen=True)
class Destination:
    """Where a text goes in Telegram."""

    bot: BotSnapshot
    chat_id: str
    is_group: bool


class TelegramText:
    """Sends a text of the payload (`bot`, `chat_id`, `html`) as a message of a bot."""

    exactly_once = False
    # The Bot API has no way to read what stands in a chat, so nobody but a person can tell.
    looks_up = False

    def prepare(self, delivery: Delivery) -> Destination:
        """Read the bot as it is now.

        Raises:
            PermanentError: the bot is gone.
            Defer: the bot is paused.
        """
        bot = Bot.objects.filter(pk=delivery.payload["bot"], workspace=delivery.workspace_id).first()
        if bot is None:
            raise PermanentError(_("The bot is not there any more."), code="bot_gone")
        if not bot.is_active:
            raise paused(bot.problem)
        chat_id = str(delivery.payload["chat_id"])
        return Destination(bot=bot.snapshot(), chat_id=chat_id, is_group=chat_id.startswith("-"))

    def session_key(self, parcel: Parcel) -> Hashable:
        """One client for each token."""
        bot: BotSnapshot = parcel.prepared.bot
        return bot.pk, bot.token

    def open(self, parcel: Parcel) -> AbstractAsyncContextManager[BotApi]:
        """The Bot API of the parcel's bot."""
        return bot_api(parcel.prepared.bot)

    async def admit(self, parcel: Parcel) -> float:
        """Take a place in the bot's and the chat's buckets; short waits are slept through here."""
        to: Destination = parcel.prepared
        reserve = sync_to_async(buckets.reserve, thread_sensitive=False)
        wait = await reserve(to.bot.bot_id, to.chat_id, is_group=to.is_group, max_wait=SHORT_WAIT_S)
        if wait > SHORT_WAIT_S:
            return wait
        await asyncio.sleep(wait)
        return 0.0

    async def send(self, parcel: Parcel, session: BotApi) -> Receipt:
        """Post the text once.

        Raises:
            Defer: Telegram refused the token before it looked at the message; the bot is paused, and this one waits.
        """
        to: Destination = parcel.prepared
        try:
            sent = await session.send_message(
                to.chat_id, parcel.payload["html"], request_timeout=settings.TELEGRAM_TIMEOUT_S
            )
        except RetryableError as exc:
            if exc.retry_after is not None:
                close = sync_to_async(buckets.penalise, thread_sensitive=False)
                await close(to.bot.bot_id, to.chat_id, exc.retry_after)
            raise
        except PermanentError as exc:
            if exc.code not in BOT_CODES:
                raise
            await bot_refused(to.bot, str(exc))
            raise paused(str(exc)) from exc
        return Receipt(vendor_id=str(sent.message_id), url=message_url(sent))

    async def look_up(self, parcel: Parcel, session: BotApi) -> LookUpAnswer:  # noqa: ARG002
        """The Bot API does not say what stands in a channel."""
        return CannotTell()

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Nothing follows it."""


def paused(problem: str) -> Defer:
    """What puts a text off while its bot is paused; not an attempt."""
    return Defer(until=now() + OFF_PAUSE, reason=_("The bot is paused: %(problem)s") % {"problem": problem})


async def bot_refused(snapshot: BotSnapshot, problem: str) -> None:
    """Pause the bot whose token was refused, unless it has another token by now.

    Nothing has left, so trouble with the database here must not look like a doubt: the next try pauses the bot.
    """
    loop = current().loop
    assert loop is not None  # noqa: S101 - asynchronous work
    try:
        await loop.ask_sync(partial(token_refused, snapshot, problem))
    except DatabaseError:
        log.warning("delivery.bot_not_paused", bot=snapshot.pk, exc_info=True)


def message_url(sent: SentMessage) -> str:
    """Where a person sees the message; empty in chats without addresses."""
    if sent.chat_username:
        return f"https://t.me/{sent.chat_username}/{sent.message_id}"
    number = str(sent.chat_id)
    return f"https://t.me/c/{number[4:]}/{sent.message_id}" if number.startswith("-100") else ""
