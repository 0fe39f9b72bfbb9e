"""What editors said of the fact check's findings."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.stories.models.story import Story


class FactAccepted(models.Model):
    """A place of a story's texts that an editor says is right although no source has it; no text of it is asked again.

    Attributes:
        kind: name, number, date, time, quote or link.
        key: a hash of kind and words, case and spaces apart.
    """

    story = models.ForeignKey(
        Story, on_delete=models.CASCADE, related_name="facts_accepted", verbose_name=_("story"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=6)
    text = models.CharField(_("text"), max_length=300)
    key = models.CharField(max_length=32, editable=False)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("editor")
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("fact said to be right")
        verbose_name_plural = _("facts said to be right")
        ordering = ("id",)
        constraints = [models.UniqueConstraint(fields=["story", "key"], name="factaccepted_once")]

    def __str__(self) -> str:
        return self.text
