"""The way out of alerts: a bot's message."""

from __future__ import annotations

from apps.accounts.services import alert_close
from apps.delivery.models import Delivery
from apps.delivery.services.outcomes import dead_key
from apps.delivery.telegram import THEIR_DOING, TelegramText
from apps.notifications.models import AlertChat
from apps.notifications.services import chat_failed

LOST = THEIR_DOING | {"no_rights", "kicked"}


class TelegramAlert(TelegramText):
    """Sends the news of an alert."""

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """A chat that can't be written to is switched off; the alert about that takes the place of the delivery's."""
        if outcome != Delivery.Outcome.FAILED or delivery.error_code not in LOST:
            return
        chat = AlertChat.objects.filter(pk=delivery.payload.get("alert_chat")).select_related("workspace").first()
        if chat is not None:
            chat_failed(chat=chat, problem=delivery.error)
        alert_close(workspace=delivery.workspace, key=dead_key(delivery))
