"""The app's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from apps.core import stray_files
from apps.core.work import kinds
from apps.delivery import senders
from apps.sources import beside
from apps.telegram import routers


class PublishingConfig(AppConfig):
    """Channels, publications, the preview page."""

    name = "apps.publishing"
    verbose_name = _("Publishing")

    def ready(self) -> None:
        """Register the ways out, the work, and who is told what bots are told."""
        kinds.register(
            name="channel_check",
            model="publishing.ChannelCheck",
            task="apps.publishing.tasks.channels_look",
            on_dead="apps.publishing.services.health.check_dead",
        )
        senders.register("telegram.post", "apps.publishing.senders.TelegramPost")
        senders.register("telegram.change", "apps.publishing.senders.TelegramChange")
        senders.register("telegram.test", "apps.publishing.senders.TelegramTest")
        senders.register("webhook.publication", "apps.publishing.webhooks.WebhookPublication")
        senders.register("webhook.change", "apps.publishing.webhooks.WebhookChange")
        senders.register("webhook.test", "apps.publishing.webhooks.WebhookTest")
        senders.register("preview.post", "apps.publishing.senders.PreviewPost")
        senders.register("telegram.answer", "apps.publishing.answers.TelegramAnswer")
        kinds.register(
            name="digest",
            model="publishing.DigestRun",
            task="apps.publishing.tasks.digests_make",
            on_dead="apps.publishing.services.digests.digest_dead",
        )
        stray_files.register("publications", also_used="apps.publishing.kept_files.copies_used")
        routers.register("apps.publishing.answers.start_answered")
        routers.register("apps.publishing.reactions.reactions_counted")
        beside.register("apps.publishing.account_looker.PublicationLooking")
        kinds.register(
            name="message_look",
            model="publishing.MessageLook",
            task="apps.publishing.tasks.messages_look",
            on_dead="apps.publishing.services.readings.look_dead",
        )
        kinds.register(
            name="account_look",
            model="publishing.AccountLook",
            process="run_telegram_reader",
            on_dead="apps.publishing.services.account_looks.account_dead",
        )
        routers.register_chats("apps.publishing.chats.chat_followed")
