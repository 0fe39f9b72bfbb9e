"""How channels are: the looks at them, each of which makes the next, and the messages that try them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.delivery.models import Delivery
from apps.publishing.models.channel import Channel


class ChannelCheck(WorkRow):
    """One look at what a channel is called and what its bot may do there."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="checks", verbose_name=_("channel"))

    class Meta(WorkRow.Meta):
        verbose_name = _("check of a channel")
        verbose_name_plural = _("checks of channels")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["channel"], condition=Q(state__in=["ready", "leased"]), name="channel_check_live_once"
            ),
        ]

    def __str__(self) -> str:
        return str(_("check of “%(channel)s”") % {"channel": self.channel})


class ChannelTest(models.Model):
    """A message that tries a channel and takes itself away.

    Attributes:
        seconds: how long it stands there.
        problem: what refused, in words.
        ended_at: None as long as something of it is on its way or in doubt.
    """

    class Result(models.TextChoices):
        WAITING = "", _("On its way")
        SENT = "sent", _("Arrived, is being deleted")
        DELETED = "deleted", _("Arrived and deleted")
        ARRIVED = "arrived", _("Arrived")
        LEFT = "left", _("Arrived, could not be deleted")
        FAILED = "failed", _("Did not arrive")
        UNKNOWN = "unknown", _("Nobody knows whether it arrived")

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="tests", verbose_name=_("channel"))
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("asked by")
    )
    seconds = models.PositiveSmallIntegerField(_("deleted after, s"), default=0)
    delivery = models.OneToOneField(Delivery, on_delete=models.SET_NULL, null=True, related_name="channel_test")
    removal = models.OneToOneField(Delivery, on_delete=models.SET_NULL, null=True, related_name="channel_test_removed")
    result = models.CharField(_("result"), max_length=8, choices=Result.choices, default="", blank=True)
    problem = models.TextField(_("problem"), blank=True, default="")
    created_at = models.DateTimeField(_("created"), default=now)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("test message")
        verbose_name_plural = _("test messages")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["channel"], condition=Q(ended_at=None), name="channel_test_live_once"),
            models.CheckConstraint(
                condition=Q(result__in=["", "sent", "deleted", "arrived", "left", "failed", "unknown"]),
                name="channel_test_result_known",
            ),
        ]

    def __str__(self) -> str:
        return str(_("test message to “%(channel)s”") % {"channel": self.channel})
