"""The app's entry in Django."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _

from apps.core import health_registry
from apps.core.startup import on_demand
from apps.core.work import kinds
from apps.telegram.checks import reading


class TelegramConfig(AppConfig):
    """The one gateway to Telegram: bots, rate buckets, Bot API calls."""

    name = "apps.telegram"
    verbose_name = _("Telegram")

    def ready(self) -> None:
        """Make the app's work known."""
        kinds.register(
            name="update",
            model="telegram.Update",
            task="apps.telegram.tasks.updates_work",
            on_dead="apps.telegram.services.updates.update_dead",
        )
        checks.register(reading)
        on_demand.register("bots", command="run_bots", needed="apps.telegram.selectors.bots_any")
        health_registry.register("bots", look="apps.telegram.health.bots_polled")
