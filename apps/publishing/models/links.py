"""Short links of publications and how often they were followed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.publishing.models.publication import Publication


class ShortLink(models.Model):
    """A link in a publication that leads through ours.

    Attributes:
        target: as the editor wrote it.
        address: where it leads: the target with what the channel adds.
        target_hash: SHA-256 of the target, by which it is made once a publication.
    """

    publication = models.ForeignKey(
        Publication, on_delete=models.CASCADE, related_name="links", verbose_name=_("publication"), db_index=False
    )
    code = models.CharField(_("code"), max_length=16, unique=True)
    target = models.TextField(_("link"))
    address = models.TextField(_("leads to"))
    target_hash = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("short link")
        verbose_name_plural = _("short links")
        ordering = ("publication", "id")
        constraints = [
            models.UniqueConstraint(fields=["publication", "target_hash"], name="short_link_once"),
            models.CheckConstraint(
                condition=Q(address__istartswith="http://") | Q(address__istartswith="https://"),
                name="short_link_leads_to_the_web",
            ),
        ]

    def __str__(self) -> str:
        return self.target


class LinkClicks(models.Model):
    """How often a link was followed within an hour; several rows an hour, so that nobody waits for one.

    Nothing of whoever followed it is kept.
    """

    link = models.ForeignKey(
        ShortLink, on_delete=models.CASCADE, related_name="clicks", verbose_name=_("short link"), db_index=False
    )
    hour = models.DateTimeField(_("hour"))
    shard = models.PositiveSmallIntegerField(default=0, editable=False)
    people = models.PositiveIntegerField(_("clicks"), default=0)
    machines = models.PositiveIntegerField(_("by programs"), default=0)

    class Meta:
        verbose_name = _("clicks of an hour")
        verbose_name_plural = _("clicks by hour")
        ordering = ("link", "hour")
        constraints = [models.UniqueConstraint(fields=["link", "hour", "shard"], name="link_clicks_once")]

    def __str__(self) -> str:
        return f"{self.link_id} · {self.hour:%Y-%m-%d %H}"
