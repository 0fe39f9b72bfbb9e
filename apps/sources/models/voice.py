"""Voices: who speaks through a source, what each puts around its posts, and which belong to one publisher."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models.source import Source


class Family(models.Model):
    """Sister channels that count as one voice."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="families", verbose_name=_("workspace")
    )
    name = models.CharField(_("name"), max_length=150)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("family")
        verbose_name_plural = _("families")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="source_family_name_once",
                violation_error_message=_("The workspace already has a family with this name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Voice(models.Model):
    """One who speaks: a source, or one of the channels that a source holds (`Post.voice` names the same).

    Attributes:
        family: the publisher it shares with others; at most one.
        lines: how often lines at the ends of its posts were seen, by their key; bounded, see `near.boilerplate`.
        posts: of how many posts they were counted.
    """

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="voices", verbose_name=_("source"))
    channel = models.CharField(_("channel"), max_length=200, blank=True)
    family = models.ForeignKey(
        Family, on_delete=models.SET_NULL, null=True, blank=True, related_name="voices", verbose_name=_("family")
    )
    lines = models.JSONField(default=dict, blank=True, editable=False)
    posts = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("voice")
        verbose_name_plural = _("voices")
        ordering = ("source__name", "channel", "id")
        constraints = [models.UniqueConstraint(fields=["source", "channel"], name="voice_once")]

    def __str__(self) -> str:
        return f"{self.source} · {self.channel}" if self.channel else str(self.source)


class Signature(models.Model):
    """A line that a voice puts around its posts; comparison leaves it out unless an editor refused that."""

    class State(models.TextChoices):
        LEARNT = "learnt", _("Left out")
        REFUSED = "refused", _("Compared")

    voice = models.ForeignKey(Voice, on_delete=models.CASCADE, related_name="signatures", verbose_name=_("voice"))
    key = models.BigIntegerField(editable=False)
    line = models.CharField(_("line"), max_length=300)
    state = models.CharField(_("in comparison"), max_length=7, choices=State.choices, default=State.LEARNT)
    posts = models.PositiveIntegerField(_("seen in posts"), default=0, editable=False)
    learnt_at = models.DateTimeField(_("learnt"), default=now, editable=False)

    class Meta:
        verbose_name = _("signature line")
        verbose_name_plural = _("signature lines")
        ordering = ("voice", "-posts", "id")
        constraints = [
            models.UniqueConstraint(fields=["voice", "key"], name="signature_once"),
            models.CheckConstraint(condition=Q(state__in=["learnt", "refused"]), name="signature_state_known"),
        ]

    def __str__(self) -> str:
        return self.line


class Kinship(models.Model):
    """Two voices that seem to be of one publisher: what speaks for it, and what an editor said.

    Attributes:
        common: how many texts both published nearly alike, within minutes of each other, and nobody else did.
        first_posts, second_posts: how many posts each published in the time looked at.
        first_ahead: in how many of the common ones the first voice was earlier.
        lag_s: the usual time between the two.
        examples: pairs of ids of posts.
        share: the greater share of a voice's posts that is common; at a refusal it is kept for later comparison.
    """

    class State(models.TextChoices):
        SUGGESTED = "suggested", _("Suggested")
        CONFIRMED = "confirmed", _("One publisher")
        REFUSED = "refused", _("Strangers")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="kinships", verbose_name=_("workspace")
    )
    first = models.ForeignKey(Voice, on_delete=models.CASCADE, related_name="+", verbose_name=_("one voice"))
    second = models.ForeignKey(Voice, on_delete=models.CASCADE, related_name="+", verbose_name=_("the other voice"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.SUGGESTED, editable=False)
    common = models.PositiveIntegerField(_("the same texts"), default=0, editable=False)
    first_posts = models.PositiveIntegerField(default=0, editable=False)
    second_posts = models.PositiveIntegerField(default=0, editable=False)
    first_ahead = models.PositiveIntegerField(default=0, editable=False)
    lag_s = models.PositiveIntegerField(default=0, editable=False)
    share = models.FloatField(_("share of posts"), default=0.0, editable=False)
    refused_share = models.FloatField(null=True, blank=True, editable=False)
    examples = models.JSONField(default=list, blank=True, editable=False)
    found_at = models.DateTimeField(_("seen"), default=now, editable=False)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        editable=False,
        verbose_name=_("decided by"),
    )

    class Meta:
        verbose_name = _("likely sister channels")
        verbose_name_plural = _("likely sister channels")
        ordering = ("-share", "-id")
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="kinship_once"),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="kinship_in_order"),
            models.CheckConstraint(
                condition=Q(state__in=["suggested", "confirmed", "refused"]), name="kinship_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} + {self.second}"


class KinshipReview(WorkRow):
    """One look through a workspace's near-copies for sister channels."""

    class Meta(WorkRow.Meta):
        verbose_name = _("search for sister channels")
        verbose_name_plural = _("searches for sister channels")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(state__in=["ready", "leased"]), name="sources_kinship_live_once"
            ),
        ]
