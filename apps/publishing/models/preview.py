"""The messages of preview pages."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.publishing.models.channel import Channel
from apps.publishing.models.publication import Publication


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
    media = models.JSONField(_("files"), default=list, blank=True)
    buttons = models.JSONField(_("buttons"), default=list, blank=True)
    published_at = models.DateTimeField(_("published"))
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    views = models.PositiveBigIntegerField(_("views"), default=0, editable=False)

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
