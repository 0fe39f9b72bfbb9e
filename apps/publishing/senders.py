"""The two ways in which a publication comes out: a Telegram message, or a message on a preview page."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import structlog
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import DatabaseError
from django.db.models import F
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.drain import Defer, current
from apps.delivery.models import Delivery
from apps.delivery.ports import Absent, CannotTell, LookUpAnswer, Parcel, Receipt
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.services import channel_failed, channel_worked, publication_followed
from apps.telegram import buckets
from apps.telegram.ports import BotApi, BotSnapshot, SentMessage
from apps.telegram.services import BOT_CODES, bot_api, bot_pause, token_refused

log = structlog.get_logger(__name__)
# A wait this short is slept through; a longer one gives the place to somebody else.
SHORT_WAIT_S = 1.0
# How long publications wait until they look again whether their channel or bot is back.
OFF_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True)
class Destination:
    """Where a publication goes in Telegram."""

    bot: BotSnapshot
    chat_id: str
    is_group: bool


class TelegramPost:
    """Sends a publication as a message of a bot."""

    exactly_once = False
    # The Bot API has no way to read what stands in a channel, so nobody but a person can tell.
    looks_up = False

    def prepare(self, delivery: Delivery) -> Destination:
        """Read the bot and the chat as they are now, so that a mended channel works at the next try.

        Raises:
            Defer: the bot is paused; its publications wait until a check finds it well.
        """
        channel = channel_of(delivery, with_bot=True)
        bot = channel.bot
        if bot is None:
            raise PermanentError(_("The channel has no bot. Choose one in the channel."), code="no_bot")
        if not bot.is_active:
            raise paused(bot.problem)
        return Destination(bot=bot.snapshot(), chat_id=channel.chat_id, is_group=channel.is_group)

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
        """Follow the delivery in the publication, the channel and the bot."""
        publication = publication_followed(delivery)
        if publication is None:
            return
        channel = publication.channel
        if outcome == Delivery.Outcome.SENT:
            channel_worked(channel=channel)
        elif outcome == Delivery.Outcome.FAILED:
            channel_failed(channel=channel, problem=delivery.error, code=delivery.error_code)
            if delivery.error_code in BOT_CODES and channel.bot is not None:
                bot_pause(bot=channel.bot, reason=delivery.error)


class PreviewPost:
    """Shows a publication on the channel's preview page: the message is made where the outcome is recorded."""

    exactly_once = True
    looks_up = False

    def prepare(self, delivery: Delivery) -> str:
        """Read the channel's address."""
        return channel_of(delivery).slug

    def session_key(self, parcel: Parcel) -> Hashable:  # noqa: ARG002
        """Nothing to share."""
        return ""

    def open(self, parcel: Parcel) -> AbstractAsyncContextManager[None]:  # noqa: ARG002
        """Nothing to open."""
        return nullcontext()

    async def admit(self, parcel: Parcel) -> float:  # noqa: ARG002
        """Our own pages have no limits."""
        return 0.0

    async def send(self, parcel: Parcel, session: None) -> Receipt:  # noqa: ARG002
        """Nothing leaves."""
        return Receipt()

    async def look_up(self, parcel: Parcel, session: None) -> LookUpAnswer:  # noqa: ARG002
        """What is not recorded is not there."""
        return Absent()

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Make the message in the transaction that records the outcome, so exactly once."""
        if outcome == Delivery.Outcome.SENT and not delivery.vendor_id:
            preview_message_make(delivery)
        publication_followed(delivery)


def preview_message_make(delivery: Delivery) -> None:
    """Put the publication on its page and write the message's id and address into the delivery."""
    publication = Publication.objects.select_related("channel").get(delivery=delivery)
    message = PreviewMessage.objects.create(
        channel=publication.channel,
        publication=publication,
        title=publication.title,
        html=publication.html,
        published_at=delivery.sent_at or now(),
    )
    Channel.objects.filter(pk=publication.channel_id).update(
        posts_count=F("posts_count") + 1, page_version=F("page_version") + 1, page_changed_at=message.published_at
    )
    delivery.vendor_id, delivery.url = str(message.pk), message.get_absolute_url()
    delivery.save(update_fields=["vendor_id", "url"])


def channel_of(delivery: Delivery, *, with_bot: bool = False) -> Channel:
    """The channel that a delivery goes to.

    Raises:
        PermanentError: the publication is gone.
        Defer: its channel is switched off.
    """
    related = ["channel__bot"] if with_bot else ["channel"]
    publication = Publication.objects.select_related(*related).filter(delivery=delivery).first()
    if publication is None:
        raise PermanentError(_("The publication is not there any more."), code="publication_gone")
    if not publication.channel.is_active:
        raise Defer(until=now() + OFF_PAUSE, reason=_("the channel is switched off"))
    return publication.channel


def paused(problem: str) -> Defer:
    """What puts a publication off while its bot is paused; not an attempt."""
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
        log.warning("publishing.bot_not_paused", bot=snapshot.pk, exc_info=True)


def message_url(sent: SentMessage) -> str:
    """Where a person sees the message; empty in chats without addresses."""
    if sent.chat_username:
        return f"https://t.me/{sent.chat_username}/{sent.message_id}"
    number = str(sent.chat_id)
    return f"https://t.me/c/{number[4:]}/{sent.message_id}" if number.startswith("-100") else ""
