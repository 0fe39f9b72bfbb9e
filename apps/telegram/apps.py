"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TelegramConfig(AppConfig):
    """The one gateway to Telegram: bots, rate buckets, Bot API calls."""

    name = "apps.telegram"
    verbose_name = _("Telegram")
