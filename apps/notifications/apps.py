"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.accounts import alerts
from apps.delivery import senders
from apps.telegram import routers


class NotificationsConfig(AppConfig):
    """Alerts told to people."""

    name = "apps.notifications"
    verbose_name = _("Notifications")

    def ready(self) -> None:
        """Follow alerts, send them, and take the chats in which a bot is asked to tell them."""
        alerts.register("apps.notifications.services.alert_told")
        senders.register("telegram.alert", "apps.notifications.senders.TelegramAlert")
        senders.register("telegram.person", "apps.notifications.senders.TelegramPerson")
        routers.register("apps.notifications.services.chat_connected")
        routers.register("apps.notifications.people.person_connected")
        routers.register_chats("apps.notifications.services.chat_followed")
