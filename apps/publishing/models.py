"""Channels, what is published in them and when, and the messages of the preview channel."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.stories.models import Story, StoryVersion
from apps.telegram.models import Bot


class Channel(models.Model):
    """A place where stories come out."""

    class Kind(models.TextChoices):
        TELEGRAM = "telegram", _("Telegram")
        PREVIEW = "preview", _("Preview page")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="channels", verbose_name=_("workspace")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices, default=Kind.TELEGRAM)
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(
        _("address"),
        max_length=60,
        unique=True,
        help_text=_("Latin letters, digits and dashes; the preview page opens at /preview/ADDRESS/."),
    )
    about = models.CharField(_("about"), max_length=255, blank=True, default="")
    footer = models.TextField(
        _("footer"), blank=True, default="", max_length=500, help_text=_("Stands under every publication.")
    )
    bot = models.ForeignKey(
        Bot, on_delete=models.RESTRICT, null=True, blank=True, related_name="channels", verbose_name=_("bot")
    )
    chat_id = models.CharField(
        _("chat"),
        max_length=64,
        blank=True,
        default="",
        help_text=_("@name of a public channel or group, or its number such as -1001234567890."),
    )
    chat_kind = models.CharField(_("kind of chat"), max_length=20, blank=True, default="", editable=False)
    is_public = models.BooleanField(
        _("open to all"), default=True, help_text=_("Anyone with the link may read the preview page.")
    )
    is_active = models.BooleanField(_("active"), default=True, help_text=_("Off: publications wait until it is on."))
    problem = models.TextField(_("problem"), blank=True, default="", editable=False)
    checked_at = models.DateTimeField(_("checked"), null=True, blank=True, editable=False)
    posts_count = models.PositiveIntegerField(_("posts"), default=0, editable=False)
    page_version = models.PositiveBigIntegerField(default=0, editable=False)
    page_changed_at = models.DateTimeField(default=now, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="channel_name_once",
                violation_error_message=_("The workspace already has a channel with this name."),
            ),
            models.UniqueConstraint(
                fields=["bot", "chat_id"],
                condition=Q(kind="telegram"),
                name="channel_chat_once",
                violation_error_message=_("Another channel already posts to this chat through this bot."),
            ),
            models.CheckConstraint(
                condition=(
                    Q(kind="telegram", bot__isnull=False) & ~Q(chat_id="")
                    | Q(kind="preview", bot__isnull=True, chat_id="")
                ),
                name="channel_fits_kind",
                violation_error_message=_("A Telegram channel needs a bot and a chat; a preview page has neither."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        """The preview page, or the public address in Telegram; empty where there is none."""
        if self.kind == self.Kind.PREVIEW:
            return reverse("publishing:preview_channel", args=[self.slug])
        return f"https://t.me/{self.chat_id[1:]}" if self.chat_id.startswith("@") else ""

    @property
    def is_group(self) -> bool:
        """Whether Telegram's limit of messages a minute in a group holds here."""
        return self.chat_kind in {"group", "supergroup"}


class Publication(models.Model):
    """A version of a story that comes out in a channel at a time."""

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        SENT = "sent", _("Published")
        FAILED = "failed", _("Not published")
        UNKNOWN = "unknown", _("Unknown")
        CANCELLED = "cancelled", _("Cancelled")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="publications", verbose_name=_("workspace"), db_index=False
    )
    channel = models.ForeignKey(
        Channel, on_delete=models.RESTRICT, related_name="publications", verbose_name=_("channel"), db_index=False
    )
    story = models.ForeignKey(Story, on_delete=models.RESTRICT, related_name="publications", verbose_name=_("story"))
    version = models.ForeignKey(StoryVersion, on_delete=models.RESTRICT, related_name="+", verbose_name=_("version"))
    title = models.CharField(_("title"), max_length=300, blank=True, default="")
    html = models.TextField(_("text"))
    publish_at = models.DateTimeField(_("when"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.SCHEDULED)
    reason = models.TextField(_("reason"), blank=True, default="")
    delivery = models.OneToOneField(
        Delivery, on_delete=models.RESTRICT, null=True, editable=False, related_name="publication"
    )
    message_id = models.CharField(_("message"), max_length=64, blank=True, default="")
    message_url = models.CharField(_("link"), max_length=500, blank=True, default="")
    sent_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("by")
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("publication")
        verbose_name_plural = _("publications")
        ordering = ("-publish_at", "-id")
        indexes = [
            models.Index(fields=["workspace", "-publish_at"], name="publication_calendar"),
            models.Index(fields=["channel", "status", "publish_at"], name="publication_by_channel"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["scheduled", "sent", "failed", "unknown", "cancelled"]),
                name="publication_status_known",
            ),
            models.CheckConstraint(
                condition=Q(status="sent", sent_at__isnull=False) | ~Q(status="sent"), name="publication_sent_has_time"
            ),
            models.UniqueConstraint(
                fields=["channel", "story"],
                condition=Q(status__in=["scheduled", "sent", "failed", "unknown"]),
                name="publication_story_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.story_id} → {self.channel}"

    @property
    def local_time(self) -> datetime:
        """When, on the workspace's clock."""
        return self.publish_at.astimezone(self.workspace.zone)


class PreviewMessage(models.Model):
    """A message on a preview page; made in the transaction that records its delivery, so exactly once."""

    channel = models.ForeignKey(
        Channel, on_delete=models.RESTRICT, related_name="messages", verbose_name=_("channel"), db_index=False
    )
    publication = models.OneToOneField(
        Publication, on_delete=models.RESTRICT, related_name="preview_message", verbose_name=_("publication")
    )
    title = models.CharField(_("title"), max_length=300, blank=True, default="")
    html = models.TextField(_("text"))
    published_at = models.DateTimeField(_("published"))

    class Meta:
        verbose_name = _("preview message")
        verbose_name_plural = _("preview messages")
        ordering = ("-published_at", "-id")
        indexes = [models.Index(fields=["channel", "-published_at", "-id"], name="preview_by_time")]

    def __str__(self) -> str:
        return self.title or str(self.pk)

    def get_absolute_url(self) -> str:
        """Its place on the page, where it stays."""
        return f"{reverse('publishing:preview_channel', args=[self.channel.slug])}?at={self.pk}#m{self.pk}"
