"""The two ways in which a publication comes out: a Telegram message, or a message on a preview page."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import replace

from django.db.models import F
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work.drain import Defer
from apps.delivery.models import Delivery
from apps.delivery.ports import Absent, LookUpAnswer, Parcel, Receipt
from apps.delivery.telegram import OFF_PAUSE, Destination, TelegramText, paused
from apps.publishing.models import Channel, PreviewMessage, PublicationChange, PublicationPart
from apps.publishing.services import channel_failed, channel_worked, check_soon, publication_followed
from apps.publishing.services.changes import change_followed
from apps.publishing.services.channels import RIGHTS_CODES
from apps.publishing.services.trials import EXPIRES, test_followed, test_of
from apps.telegram.services import BOT_CODES, bot_pause


class TelegramPost(TelegramText):
    """Sends a publication as a message of a bot."""

    def prepare(self, delivery: Delivery) -> Destination:
        """Read the bot and the chat as they are now, so that a mended channel works at the next try.

        Raises:
            Defer: the bot is paused; its publications wait until a check finds it well.
        """
        return destination_of(channel_of(delivery, with_bot=True))

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


class TelegramChange(TelegramText):
    """Edits, deletes, pins or unpins a message of a publication that is out."""

    def prepare(self, delivery: Delivery) -> Destination:
        """Read the bot as it is now, and the chat where the message stands.

        Raises:
            Defer: the bot is paused.
        """
        change = PublicationChange.objects.select_related("part__publication__channel__bot")
        found = change.filter(delivery=delivery).first()
        if found is None:
            raise PermanentError(_("The publication is not there any more."), code="publication_gone")
        to = destination_of(found.part.publication.channel)
        return replace(to, chat_id=found.part.chat_id or to.chat_id)

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Follow it in the publication; a refusal for want of a right has the channel looked at."""
        change_followed(delivery)
        if outcome == Delivery.Outcome.FAILED and delivery.error_code in RIGHTS_CODES:
            change = PublicationChange.objects.select_related("part__publication__channel")
            if found := change.filter(delivery=delivery).first():
                check_soon(found.part.publication.channel)


class TelegramTest(TelegramText):
    """Sends a message that tries a channel, and deletes it again."""

    def prepare(self, delivery: Delivery) -> Destination:
        """Read the bot and the chat as they are now; a message is taken away where it was sent to.

        Raises:
            Defer: the bot is paused.
            PermanentError: nobody waits for it any more.
        """
        channel = tried(delivery)
        to = destination_of(channel)
        return replace(to, chat_id=str(delivery.payload.get("chat_id") or to.chat_id))

    def recorded(self, delivery: Delivery, outcome: str) -> None:  # noqa: ARG002
        """Follow it in the test."""
        test_followed(delivery)


def tried(delivery: Delivery) -> Channel:
    """The channel that a test tries.

    Raises:
        PermanentError: the test is gone, or its message comes too late; a deletion never does.
    """
    test = test_of(delivery)
    if test is None:
        raise PermanentError(_("The test message is not there any more."), code="test_gone")
    if delivery.pk == test.delivery_id and now() - test.created_at > EXPIRES:
        raise PermanentError(_("It could not be sent in time. Send another one."), code="test_expired")
    return test.channel


def destination_of(channel: Channel) -> Destination:
    """The bot and the chat of a channel.

    Raises:
        PermanentError: it has no bot.
        Defer: its bot is paused; what it is to do waits until a check finds it well.
    """
    bot = channel.bot
    if bot is None:
        raise PermanentError(_("The channel has no bot. Choose one in the channel."), code="no_bot")
    if not bot.is_active:
        raise paused(bot.problem)
    return Destination(bot=bot.snapshot(), chat_id=channel.chat_id, is_group=channel.is_group)


def preview_message_make(delivery: Delivery) -> None:
    """Put the publication on its page and write the message's id and address into the delivery."""
    part = PublicationPart.objects.select_related("publication__channel").get(delivery=delivery)
    publication = part.publication
    message = PreviewMessage.objects.create(
        channel=publication.channel,
        publication=publication,
        title=publication.title,
        html=part.html,
        media=part.media,
        buttons=part.buttons,
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
    related = ["publication__channel__bot"] if with_bot else ["publication__channel"]
    part = PublicationPart.objects.select_related(*related).filter(delivery=delivery).first()
    if part is None:
        raise PermanentError(_("The publication is not there any more."), code="publication_gone")
    if not part.publication.channel.is_active:
        raise Defer(until=now() + OFF_PAUSE, reason=_("the channel is switched off"))
    return part.publication.channel
