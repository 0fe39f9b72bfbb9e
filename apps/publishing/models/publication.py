"""What comes out in a channel and when."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.publishing.models.channel import Channel
from apps.stories.models import Story, StoryVersion


class Publication(models.Model):
    """A version of a story that comes out in a channel at a time.

    Attributes:
        corrects: the one that this puts right.
        repeats: the one of the same channel that this comes out beside, with another headline.
    """

    class Status(models.TextChoices):
        SCHEDULED = "scheduled", _("Scheduled")
        SENT = "sent", _("Published")
        FAILED = "failed", _("Not published")
        UNKNOWN = "unknown", _("Unknown")
        CANCELLED = "cancelled", _("Cancelled")
        WITHDRAWN = "withdrawn", _("Withdrawn")
        DELETED = "deleted", _("Deleted there")

    # Readers have seen it, whatever became of it since.
    OUT = (Status.SENT, Status.WITHDRAWN, Status.DELETED)

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
    link_preview = models.BooleanField(_("link preview"), default=True)
    silent = models.BooleanField(_("silent"), default=False)
    protect = models.BooleanField(_("protected"), default=False)
    spoiler = models.BooleanField(_("picture hidden"), default=False)
    pin = models.BooleanField(_("pin"), default=False)
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    corrects = models.ForeignKey(
        "self",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("correction of"),
    )
    repeats = models.ForeignKey(
        "self",
        on_delete=models.RESTRICT,
        null=True,
        blank=True,
        related_name="repetitions",
        verbose_name=_("other headline of"),
    )
    is_pinned = models.BooleanField(_("pinned"), default=False, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("withdrawn or deleted"), null=True, blank=True, editable=False)
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
            # of what bots are told by chat and message
            models.Index(fields=["channel", "message_id"], name="publication_message", condition=~Q(message_id="")),
            models.Index(fields=["workspace", "sent_at"], name="publication_out", condition=Q(sent_at__isnull=False)),
            # what is usual in a channel
            models.Index(
                fields=["channel", "-sent_at"], name="publication_out_of_channel", condition=Q(sent_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["scheduled", "sent", "failed", "unknown", "cancelled", "withdrawn", "deleted"]),
                name="publication_status_known",
            ),
            models.CheckConstraint(
                condition=Q(sent_at__isnull=False) | ~Q(status__in=["sent", "withdrawn", "deleted"]),
                name="publication_sent_has_time",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["withdrawn", "deleted"], ended_at__isnull=False)
                | ~Q(status__in=["withdrawn", "deleted"]) & Q(ended_at__isnull=True),
                name="publication_ended_has_time",
            ),
            models.UniqueConstraint(
                fields=["channel", "story"],
                condition=Q(
                    status__in=["scheduled", "sent", "failed", "unknown", "withdrawn"],
                    corrects__isnull=True,
                    repeats__isnull=True,
                ),
                name="publication_story_once",
            ),
            models.UniqueConstraint(
                fields=["corrects"],
                condition=Q(status__in=["scheduled", "sent", "failed", "unknown", "withdrawn"]),
                name="publication_corrected_once",
            ),
            models.UniqueConstraint(
                fields=["repeats"],
                condition=Q(status__in=["scheduled", "sent", "failed", "unknown", "withdrawn"]),
                name="publication_repeated_once",
            ),
            models.CheckConstraint(
                condition=Q(corrects__isnull=True) | Q(repeats__isnull=True), name="publication_corrects_or_repeats"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title or self.story_id} → {self.channel}"

    @property
    def local_time(self) -> datetime:
        """When, on the workspace's clock."""
        return self.publish_at.astimezone(self.workspace.zone)
