"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeliveryConfig(AppConfig):
    """Everything that leaves: one outbox."""

    name = "apps.delivery"
    verbose_name = _("Delivery")
