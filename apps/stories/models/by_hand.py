"""Pages that stories by hand are made from."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.work.models import WorkRow
from apps.stories.models.story import Story


class PageFetch(WorkRow):
    """A page that has to be fetched for a story that an editor made from a link."""

    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="page_fetches", verbose_name=_("story"))
    url = models.CharField(_("address"), max_length=1000)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("fetching of a page")
        verbose_name_plural = _("fetchings of pages")
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["story"], condition=Q(state__in=["ready", "leased"]), name="pagefetch_live_once"
            ),
        ]

    def __str__(self) -> str:
        return self.url
