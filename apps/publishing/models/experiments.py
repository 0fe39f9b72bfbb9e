"""Two headlines of one story, compared."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.publishing.models.publication import Publication
from apps.stories.models import Story


class Experiment(models.Model):
    """Two publications of one story with different words, compared once, at an age that is chosen at the start.

    Attributes:
        age_h: the age at which both are compared; nothing is judged before.
        least_pct: the difference that would matter, in percent of the lesser one.
    """

    class Measure(models.TextChoices):
        CLICKS = "clicks", _("Clicks per view")
        VIEWS = "views", _("Views, against what is usual in each channel")

    class Age(models.IntegerChoices):
        DAY = 24, _("after a day")
        TWO_DAYS = 48, _("after two days")
        WEEK = 168, _("after a week")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="experiments", verbose_name=_("workspace")
    )
    story = models.ForeignKey(
        Story, on_delete=models.RESTRICT, related_name="experiments", verbose_name=_("story"), editable=False
    )
    first = models.ForeignKey(
        Publication, on_delete=models.RESTRICT, related_name="+", verbose_name=_("first publication")
    )
    second = models.ForeignKey(
        Publication, on_delete=models.RESTRICT, related_name="+", verbose_name=_("second publication")
    )
    measure = models.CharField(_("measured by"), max_length=6, choices=Measure.choices, default=Measure.CLICKS)
    age_h = models.PositiveSmallIntegerField(
        _("judged"), choices=Age.choices, default=Age.DAY, help_text=_("Chosen now and kept: nothing is judged before.")
    )
    least_pct = models.PositiveSmallIntegerField(
        _("difference that would matter, %"), default=10, help_text=_("5 to 100, in percent of the lesser one.")
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        editable=False,
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("comparison of headlines")
        verbose_name_plural = _("comparisons of headlines")
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="experiment_pair_once"),
            models.CheckConstraint(condition=~Q(first=F("second")), name="experiment_is_of_two"),
            models.CheckConstraint(
                condition=Q(least_pct__gte=5, least_pct__lte=100), name="experiment_difference_bounded"
            ),
            models.CheckConstraint(condition=Q(measure__in=["clicks", "views"]), name="experiment_measure_known"),
        ]

    def __str__(self) -> str:
        return f"{self.first} / {self.second}"
