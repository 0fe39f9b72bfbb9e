"""Digests: publications that are made by a rule at a time of the week, and each of their occurrences."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.publishing.models.channel import Channel
from apps.publishing.models.publication import Publication
from apps.sources.models import Topic
from apps.stories.models import Story

COUNT_MAX, VOICES_MAX, EVERY_DAY = 20, 100, 127


class Digest(models.Model):
    """The rule of a recurring digest: when it comes out, which stories it tells of, and in which words.

    Attributes:
        days: a bit for each weekday, Monday the lowest.
        least: with fewer stories than that the occurrence is skipped.
        line: of each story; `{title}`, `{link}`, `{lead}`, `{number}` and `{voices}` stand for what they say.
    """

    class Which(models.TextChoices):
        PUBLISHED = "published", _("Published ones")
        APPROVED = "approved", _("Approved and published ones")
        ANY = "any", _("All but those put aside")

    class Place(models.TextChoices):
        AT_ONCE = "at_once", _("At its time; where quiet hours or the distance forbid it, right after")
        SLOT = "slot", _("In the channel’s next free slot")

    class Missed(models.TextChoices):
        SEND = "send", _("It comes out late")
        SKIP = "skip", _("It is skipped, and an alert tells of it")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="digests", verbose_name=_("workspace")
    )
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="digests", verbose_name=_("channel"))
    name = models.CharField(_("name"), max_length=100)
    days = models.PositiveSmallIntegerField(_("days"), default=EVERY_DAY)
    at = models.TimeField(_("time"))
    topics = models.ManyToManyField(Topic, blank=True, related_name="+", verbose_name=_("topics"))
    which = models.CharField(_("stories"), max_length=10, choices=Which.choices, default=Which.PUBLISHED)
    voices_min = models.PositiveSmallIntegerField(
        _("voices at least"), default=1, validators=[MaxValueValidator(VOICES_MAX)]
    )
    count = models.PositiveSmallIntegerField(
        _("stories at most"), default=5, validators=[MinValueValidator(1), MaxValueValidator(COUNT_MAX)]
    )
    least = models.PositiveSmallIntegerField(
        _("skip with fewer than"), default=2, validators=[MinValueValidator(1), MaxValueValidator(COUNT_MAX)]
    )
    title = models.CharField(_("title"), max_length=200, blank=True, default="")
    header = models.TextField(_("before the stories"), blank=True, default="")
    line = models.CharField(_("each story"), max_length=300, default="• {title} {link}")
    footer = models.TextField(_("after the stories"), blank=True, default="")
    needs_approval = models.BooleanField(_("a person approves it first"), default=True)
    place = models.CharField(_("when it comes out"), max_length=10, choices=Place.choices, default=Place.AT_ONCE)
    missed = models.CharField(_("when its time was missed"), max_length=10, choices=Missed.choices, default=Missed.SEND)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("digest")
        verbose_name_plural = _("digests")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="digest_name_once"),
            models.CheckConstraint(condition=Q(days__range=(1, EVERY_DAY)), name="digest_has_days"),
            models.CheckConstraint(condition=Q(count__range=(1, COUNT_MAX)), name="digest_count_in_bounds"),
            models.CheckConstraint(condition=Q(least__range=(1, COUNT_MAX)), name="digest_least_in_bounds"),
            models.CheckConstraint(condition=Q(voices_min__lte=VOICES_MAX), name="digest_voices_in_bounds"),
            models.CheckConstraint(condition=Q(which__in=["published", "approved", "any"]), name="digest_which_known"),
            models.CheckConstraint(condition=Q(place__in=["at_once", "slot"]), name="digest_place_known"),
            models.CheckConstraint(condition=Q(missed__in=["send", "skip"]), name="digest_missed_known"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def weekdays(self) -> frozenset[int]:
        """The days of the week, Monday is 0."""
        return frozenset(day for day in range(7) if self.days >> day & 1)


class DigestRun(WorkRow):
    """One occurrence of a digest; there is one of a local date, whatever clocks do.

    Attributes:
        due_at: its moment; `not_before` moves with claims.
        told: ids of the stories that it tells of.
    """

    class Outcome(models.TextChoices):
        WAITING = "", _("Waiting")
        MADE = "made", _("Made")
        SKIPPED = "skipped", _("Skipped")

    digest = models.ForeignKey(Digest, on_delete=models.CASCADE, related_name="runs", verbose_name=_("digest"))
    local_date = models.DateField(_("day"))
    due_at = models.DateTimeField(_("due"))
    outcome = models.CharField(_("outcome"), max_length=7, choices=Outcome.choices, blank=True, default="")
    reason = models.TextField(_("reason"), blank=True, default="")
    told = models.JSONField(_("stories"), default=list, blank=True)
    story = models.ForeignKey(
        Story, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("story")
    )
    publication = models.ForeignKey(
        Publication, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("publication")
    )

    class Meta(WorkRow.Meta):
        verbose_name = _("occurrence of a digest")
        verbose_name_plural = _("occurrences of digests")
        ordering = ("-local_date", "-id")
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(fields=["digest", "local_date"], name="digest_run_once_a_day"),
            models.CheckConstraint(condition=Q(outcome__in=["", "made", "skipped"]), name="digest_run_outcome_known"),
        ]

    def __str__(self) -> str:
        return f"{self.digest} · {self.local_date}"
