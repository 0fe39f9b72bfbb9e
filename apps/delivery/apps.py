"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core.work import kinds


class DeliveryConfig(AppConfig):
    """Everything that leaves: one outbox."""

    name = "apps.delivery"
    verbose_name = _("Delivery")

    def ready(self) -> None:
        """Register the kinds of work."""
        kinds.register(
            name="delivery",
            model="delivery.Delivery",
            lane_model="delivery.Lane",
            task="apps.delivery.tasks.deliveries_send",
            on_dead="apps.delivery.services.delivery_dead",
            on_unknown="apps.delivery.services.delivery_unknown",
        )
        kinds.register(
            name="look_up",
            model="delivery.LookUp",
            task="apps.delivery.tasks.look_ups_ask",
            on_dead="apps.delivery.services.look_up_dead",
        )
