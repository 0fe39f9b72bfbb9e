"""Texts that a bot sends: what a publication, an answer and an alert have in common."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.drain import Defer, current
from apps.delivery import telegram_doing, telegram_limits
from apps.delivery.models import Delivery
from apps.delivery.ports import CannotTell, LookUpAnswer, Parcel, Receipt
from apps.delivery.services import looking
from apps.telegram.models import Bot
from apps.telegram.ports import BotApi, BotSnapshot
from apps.telegram.services import BOT_CODES, bot_api, token_refused

log = structlog.get_logger(__name__)
# A wait this short is slept through; a longer one gives the place to somebody else.
SHORT_WAIT_S = 1.0
# A request is given no less; and so much of the lease is left for recording what became of it.
REQUEST_LEAST_S, RECORDED_S = 5.0, 1.0
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
    """Sends a text or files of the payload as a message of a bot, or changes such a message; see `telegram_doing`."""

    exactly_once = False
    # The Bot API has no way to read what stands in a chat; other ways are searched, see `services.looking`.
    looks_up = False

    def is_repeatable(self, payload: Mapping[str, Any]) -> bool:
        """Edits, pins and deletions may be done twice."""
        return telegram_doing.is_repeatable(payload)

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
        """Take a place in the bot's and the chat's buckets and wait for its turn; short waits are slept through."""
        to: Destination = parcel.prepared
        wait = await telegram_limits.place(
            to.bot.bot_id,
            to.chat_id,
            is_group=to.is_group,
            max_wait=SHORT_WAIT_S,
            places=telegram_doing.parts(parcel.payload),
        )
        if wait > SHORT_WAIT_S:
            return wait
        await asyncio.sleep(wait)
        await telegram_limits.turn(to.bot.bot_id)
        return 0.0

    async def send(self, parcel: Parcel, session: BotApi) -> Receipt:
        """Do once what the payload says.

        Raises:
            Defer: Telegram refused the token before it looked at the message; the bot is paused, and this one waits.
            RetryableError: besides Telegram's own, its lease was nearly over before anything had left, code late.
        """
        to: Destination = parcel.prepared
        try:
            async with telegram_limits.paced(to.bot.bot_id, telegram_doing.parts(parcel.payload)):
                receipt = await telegram_doing.carry_out(
                    session,
                    to.chat_id,
                    parcel.payload,
                    after_id=parcel.after_id,
                    request_timeout=min(settings.TELEGRAM_TIMEOUT_S, time_left()),
                )
        except RetryableError as exc:
            if exc.retry_after is not None:
                await telegram_limits.obey(to.bot.bot_id, to.chat_id, exc.retry_after)
            raise
        except PermanentError as exc:
            if exc.code not in BOT_CODES:
                raise
            await bot_refused(to.bot, str(exc))
            raise paused(str(exc)) from exc
        telegram_limits.accepted(to.bot.bot_id)
        return receipt

    async def look_up(self, parcel: Parcel, session: BotApi) -> LookUpAnswer:  # noqa: ARG002
        """The Bot API does not say what stands in a channel."""
        return CannotTell()

    def address(self, parcel: Parcel) -> str:
        """The chat that it goes to."""
        to: Destination = parcel.prepared
        return to.chat_id[:64]

    def search_begin(self, delivery: Delivery) -> bool:
        """Have an account read the chat, where one can; bots are told of it by themselves."""
        return looking.search_begin(delivery)

    def search(self, delivery: Delivery) -> LookUpAnswer:
        """What accounts have read of the chat and bots have been told of it.

        Raises:
            Defer: an account is going to read it.
        """
        return looking.search(delivery)

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Nothing follows it."""


class JoinedTexts:
    """For senders whose texts to one chat may be said in one message; put it before `TelegramText`."""

    def joined(self, payloads: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The texts one under another; None where they differ in more than the text, or are too long together."""
        return telegram_doing.joined(payloads)


def time_left() -> float:
    """How long a request may take that leaves now.

    Once the lease is over the request counts as in doubt, may be proven absent and is sent by another: a process that
    was held up since `begin` must not send it as well.

    Raises:
        RetryableError: too little is left, code late.
    """
    left_s = current().remaining_s() - RECORDED_S
    if left_s < min(REQUEST_LEAST_S, settings.TELEGRAM_TIMEOUT_S):
        raise RetryableError(_("Its time ran out before it left."), code="late")
    return left_s


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
