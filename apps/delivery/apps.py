"""The app's entry in Django."""

from datetime import timedelta

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.work import kinds
from apps.delivery import senders


class DeliveryConfig(AppConfig):
    """Everything that leaves: one outbox."""

    name = "apps.delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        """Register the kinds of work, and the way out that is delivery's own."""
        senders.register("webhook.post", "apps.delivery.webhook.WebhookPost")
        kinds.register(
            name="delivery",
            model="delivery.Delivery",
            lane_model="delivery.Lane",
            task="apps.delivery.tasks.deliveries_send",
            on_dead="apps.delivery.services.delivery_dead",
            on_unknown="apps.delivery.services.delivery_unknown",
            on_back="apps.delivery.services.delivery_back",
            ahead=timedelta(seconds=2),
        )
        kinds.register(
            name="look_up",
            model="delivery.LookUp",
            task="apps.delivery.tasks.look_ups_ask",
            on_dead="apps.delivery.services.look_up_dead",
        )
        kinds.register(
            name="channel_look",
            model="delivery.ChannelLook",
            process="run_telegram_reader",
            on_dead="apps.delivery.services.looking.look_dead",
        )
