"""The articles that a list page links to, and how each fares."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.sources.models.source import Source


class PageLink(models.Model):
    """An article that a list page named: read once it is found, and again while it is young.

    Attributes:
        address: canonical as far as the link tells it, without a fragment and marks of advertising.
        next_at: when it is read next; null once it needs no more reading.
        seen_at: when the list page last named it; those it no longer names are forgotten in time.
    """

    class State(models.TextChoices):
        NEW = "new", _("Waits to be read")
        READ = "read", _("Read")
        FAILED = "failed", _("Could not be read")
        REFUSED = "refused", _("No article")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="links", verbose_name=_("source"))
    address = models.CharField(_("address"), max_length=1000)
    title = models.CharField(_("title"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.NEW, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)
    reads = models.PositiveSmallIntegerField(_("times read"), default=0, editable=False)
    found_at = models.DateTimeField(_("found"), default=now, editable=False)
    seen_at = models.DateTimeField(_("last listed"), default=now, editable=False)
    next_at = models.DateTimeField(_("read next"), null=True, blank=True, default=now, editable=False)

    class Meta:
        verbose_name = _("article of a page")
        verbose_name_plural = _("articles of pages")
        ordering = ("-found_at", "-id")
        constraints = [
            models.UniqueConstraint(fields=["source", "address"], name="page_link_once"),
            models.CheckConstraint(
                condition=Q(state__in=["new", "read", "failed", "refused"]), name="page_link_state_known"
            ),
        ]
        indexes = [
            models.Index(fields=["source", "next_at", "id"], name="page_link_due", condition=Q(next_at__isnull=False)),
            models.Index(fields=["source", "seen_at"], name="page_link_forgotten"),
        ]

    def __str__(self) -> str:
        return self.title or self.address
