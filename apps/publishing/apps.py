"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.delivery import senders


class PublishingConfig(AppConfig):
    """Channels, publications, the preview page."""

    name = "apps.publishing"
    verbose_name = _("Publishing")

    def ready(self) -> None:
        """Register the ways out."""
        senders.register("telegram.post", "apps.publishing.senders.TelegramPost")
        senders.register("preview.post", "apps.publishing.senders.PreviewPost")
