"""The work rows that look after a workspace's sources; each makes the next one in the transaction that records it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.work.models import WorkRow


class HealthCheck(WorkRow):
    """One look at how all sources of a workspace fare."""

    class Meta(WorkRow.Meta):
        verbose_name = _("look at sources")
        verbose_name_plural = _("looks at sources")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(state__in=["ready", "leased"]), name="sources_health_check_live_once"
            ),
        ]


class Retention(WorkRow):
    """One round through a workspace that removes what it keeps no longer.

    Attributes:
        files: names of stored files whose rows are gone; each is deleted from the storage and then from here.
    """

    posts = models.PositiveIntegerField(_("posts"), default=0, editable=False)
    media = models.PositiveIntegerField(_("pictures and files"), default=0, editable=False)
    payloads = models.PositiveIntegerField(_("raw answers and uploads"), default=0, editable=False)
    files = models.JSONField(default=list, blank=True, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("clearing of old posts")
        verbose_name_plural = _("clearings of old posts")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(state__in=["ready", "leased"]), name="sources_retention_live_once"
            ),
        ]
