"""The work rows of WebSub: what is asked of hubs, and what they told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.work.models import WorkRow
from apps.sources.models.source import Source, Subscription


class HubAsk(WorkRow):
    """One asking of a hub to tell of a feed's entries; a renewal is another one, due before the lease ends."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.CASCADE, related_name="asks", verbose_name=_("subscription")
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("request to a hub")
        verbose_name_plural = _("requests to hubs")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["subscription"], condition=Q(state__in=["ready", "leased"]), name="sources_hub_ask_live_once"
            ),
        ]


class HubPush(WorkRow):
    """What a hub told, kept as it came until it is read; its signature was right."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="pushes", verbose_name=_("source"))
    body = models.BinaryField(editable=False)
    content_type = models.CharField(max_length=200, blank=True, editable=False)
    added = models.PositiveIntegerField(_("new"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    dropped = models.PositiveIntegerField(_("dropped"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("told by a hub")
        verbose_name_plural = _("told by hubs")
        ordering = ("-id",)
