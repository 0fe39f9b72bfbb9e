"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.delivery import senders
from apps.telegram import routers


class PublishingConfig(AppConfig):
    """Channels, publications, the preview page."""

    name = "apps.publishing"
    verbose_name = _("Publishing")

    def ready(self) -> None:
        """Register the ways out, and who is told what bots are told."""
        senders.register("telegram.post", "apps.publishing.senders.TelegramPost")
        senders.register("preview.post", "apps.publishing.senders.PreviewPost")
        senders.register("telegram.answer", "apps.publishing.answers.TelegramAnswer")
        routers.register("apps.publishing.answers.start_answered")
        routers.register_chats("apps.publishing.chats.chat_followed")
