"""The work rows that collect and import posts."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.work.models import WorkRow
from apps.sources.models.source import Source


class Poll(WorkRow):
    """One collection of a feed or web page; the next one is made in the transaction that records this one."""

    class Outcome(models.TextChoices):
        FETCHED = "fetched", _("Collected")
        UNCHANGED = "unchanged", _("Nothing new")
        FAILED = "failed", _("Failed")
        GONE = "gone", _("Gone for good")

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="polls", verbose_name=_("source"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True, editable=False)
    status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True, editable=False)
    added = models.PositiveIntegerField(_("new"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    dropped = models.PositiveIntegerField(_("dropped"), default=0, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("collection")
        verbose_name_plural = _("collections")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=["ready", "leased"]), name="sources_poll_live_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.get_state_display()}"


class ImportFile(WorkRow):
    """An uploaded export, stored by the thousand; repeating it adds nothing."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="imports", verbose_name=_("source"))
    file = models.FileField(_("file"), upload_to="imports/%Y/%m/")
    original_name = models.CharField(_("file name"), max_length=255, editable=False)
    size = models.PositiveBigIntegerField(_("size, bytes"), default=0, editable=False)
    bytes_read = models.PositiveBigIntegerField(_("read, bytes"), default=0, editable=False)
    media = models.PositiveIntegerField(_("pictures and files"), default=0, editable=False)
    read = models.PositiveIntegerField(_("read"), default=0, editable=False)
    skipped = models.PositiveIntegerField(_("skipped"), default=0, editable=False)
    added = models.PositiveIntegerField(_("new"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    dropped = models.PositiveIntegerField(_("dropped"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        ordering = ("-id",)

    def __str__(self) -> str:
        return self.original_name


class ChannelRead(WorkRow):
    """One reading of a Telegram channel; worked only by the process that owns the account's session."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="reads", verbose_name=_("source"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=Poll.Outcome.choices, blank=True, editable=False)
    added = models.PositiveIntegerField(_("new"), default=0, editable=False)
    changed = models.PositiveIntegerField(_("changed"), default=0, editable=False)
    deleted = models.PositiveIntegerField(_("deleted"), default=0, editable=False)
    dropped = models.PositiveIntegerField(_("dropped"), default=0, editable=False)
    problem = models.TextField(_("problem"), blank=True, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("reading of a channel")
        verbose_name_plural = _("readings of channels")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["source"], condition=Q(state__in=["ready", "leased"]), name="sources_read_live_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.get_state_display()}"
