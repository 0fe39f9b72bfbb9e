"""The way out of alerts: a bot's message."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.services import alert_close
from apps.core.errors import PermanentError
from apps.delivery.models import Delivery
from apps.delivery.services.outcomes import dead_key
from apps.delivery.telegram import THEIR_DOING, Destination, JoinedTexts, TelegramText
from apps.notifications.models import AlertChat, PersonChat
from apps.notifications.services import chat_failed

LOST = THEIR_DOING | {"no_rights", "kicked"}


class TelegramAlert(JoinedTexts, TelegramText):
    """Sends the news of an alert; those that wait for one chat go in one message."""

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """A chat that can't be written to is switched off; the alert about that takes the place of the delivery's."""
        if outcome != Delivery.Outcome.FAILED or delivery.error_code not in LOST:
            return
        chat = AlertChat.objects.filter(pk=delivery.payload.get("alert_chat")).select_related("workspace").first()
        if chat is not None:
            chat_failed(chat=chat, problem=delivery.error)
        alert_close(workspace=delivery.workspace, key=dead_key(delivery))


class TelegramPerson(TelegramText):
    """Sends what a person is told or asked in their own talk."""

    def prepare(self, delivery: Delivery) -> Destination:
        """Read the bot, and whether the talk is still the person's.

        Raises:
            PermanentError: it was disconnected, code not_started; or the bot is gone.
            Defer: the bot is paused.
        """
        if not chat_meant(delivery).exists():
            raise PermanentError(_("It is not connected."), code="not_started")
        return super().prepare(delivery)

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Who has blocked the bot is not written to any more, and sees why on the page of people."""
        if outcome != Delivery.Outcome.FAILED or delivery.error_code not in LOST:
            return
        chat_meant(delivery).update(problem=delivery.error)
        alert_close(workspace=delivery.workspace, key=dead_key(delivery))


def chat_meant(delivery: Delivery) -> QuerySet[PersonChat]:
    """The talk that a message was written for, where it is still connected as it was then."""
    told = delivery.payload
    return PersonChat.objects.filter(pk=told["person_chat"], bot=told["bot"], chat_id=int(told["chat_id"]))
