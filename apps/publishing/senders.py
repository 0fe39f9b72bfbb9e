"""The two ways in which a publication comes out: a Telegram message, or a message on a preview page."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import AbstractAsyncContextManager, nullcontext

from django.db.models import F
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work.drain import Defer
from apps.delivery.models import Delivery
from apps.delivery.ports import Absent, LookUpAnswer, Parcel, Receipt
from apps.delivery.telegram import OFF_PAUSE, Destination, TelegramText, paused
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.services import channel_failed, channel_worked, publication_followed
from apps.telegram.services import BOT_CODES, bot_pause


class TelegramPost(TelegramText):
    """Sends a publication as a message of a bot."""

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
