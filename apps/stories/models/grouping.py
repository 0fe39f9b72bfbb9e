"""What groups posts: the queue, the stream's terms, the lock; and how editors correct it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import Post


class Grouping(WorkRow):
    """A post that has to find its story."""

    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="grouping", verbose_name=_("post"))

    class Meta(WorkRow.Meta):
        verbose_name = _("grouping")
        verbose_name_plural = _("groupings")

    def __str__(self) -> str:
        return str(_("grouping of post %(post)s") % {"post": self.post_id})


class Recount(WorkRow):
    """Stories to be counted anew, because voices joined or left a family; `voices` are [source, channel] pairs."""

    voices = models.JSONField(_("voices"), default=list, blank=True, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("recount of stories")
        verbose_name_plural = _("recounts of stories")


class PostTerms(models.Model):
    """What a grouped post is about: hashes of its lemmas, weighed and marked. `id` grows in the order of grouping."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="terms", verbose_name=_("post"))
    published_at = models.DateTimeField(_("published"))
    terms = models.BinaryField(_("terms"))

    class Meta:
        verbose_name = _("terms of a post")
        verbose_name_plural = _("terms of posts")
        indexes = [
            models.Index(fields=["workspace", "published_at"], name="postterms_window"),
            models.Index(fields=["workspace", "id"], name="postterms_order"),
        ]

    def __str__(self) -> str:
        return str(_("terms of post %(post)s") % {"post": self.post_id})


class Window(models.Model):
    """A workspace's grouping: the lock that one batch at a time holds, and how far the stream has come."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    stamp = models.UUIDField(_("stamp of the last batch"), default=uuid.uuid4)
    posts = models.PositiveBigIntegerField(_("posts grouped"), default=0)

    class Meta:
        verbose_name = _("grouping window")
        verbose_name_plural = _("grouping windows")

    def __str__(self) -> str:
        return str(_("grouping window of workspace %(workspace)s") % {"workspace": self.workspace_id})


class TermCounts(models.Model):
    """In how many posts each term was, up to a point of the stream; what came later is counted from PostTerms."""

    workspace = models.OneToOneField(Workspace, on_delete=models.CASCADE, related_name="+")
    upto_id = models.PositiveBigIntegerField(_("terms counted up to"), default=0)
    documents = models.PositiveIntegerField(_("posts counted"), default=0)
    counts = models.BinaryField(_("counts"), default=b"")

    class Meta:
        verbose_name = _("counts of terms")
        verbose_name_plural = _("counts of terms")

    def __str__(self) -> str:
        return str(_("counts of terms of workspace %(workspace)s") % {"workspace": self.workspace_id})


class DayCounts(models.Model):
    """The counts of terms as they stood when the first post published on a day was grouped: all of that day's posts
    are weighed by them, late ones too."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    day = models.IntegerField(_("day, counted since 1970"))
    documents = models.PositiveIntegerField(_("posts counted"), default=0)
    counts = models.BinaryField(_("counts"), default=b"")

    class Meta:
        verbose_name = _("counts of terms of a day")
        verbose_name_plural = _("counts of terms of days")
        constraints = [models.UniqueConstraint(fields=["workspace", "day"], name="daycounts_once")]

    def __str__(self) -> str:
        return str(_("counts of terms of day %(day)s") % {"day": self.day})


class Judgement(models.Model):
    """What an editor said of two posts: one story, or two. Held to by grouping, and a pair to test it with.

    The first post is the one with the lesser id. `score` is how alike grouping found the two when it was last tested.
    """

    class Cause(models.TextChoices):
        MOVED = "moved", _("A post was moved")
        MERGED = "merged", _("Stories were merged")
        SPLIT = "split", _("A story was split")
        PINNED = "pinned", _("A post was pinned")
        NEVER = "never", _("Marked “never together”")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"), db_index=False
    )
    first = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("first post"))
    second = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("second post"))
    is_same = models.BooleanField(_("one story"))
    cause = models.CharField(_("cause"), max_length=6, choices=Cause.choices)
    score = models.FloatField(_("similarity"), null=True, blank=True, editable=False)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("editor"),
    )
    created_at = models.DateTimeField(_("when"), default=now, editable=False)

    class Meta:
        verbose_name = _("correction of grouping")
        verbose_name_plural = _("corrections of grouping")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["workspace", "-created_at"], name="judgement_recent")]
        constraints = [
            models.UniqueConstraint(fields=["first", "second"], name="judgement_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=models.F("second")), name="judgement_in_order"),
            models.CheckConstraint(
                condition=Q(cause__in=["moved", "merged", "split", "pinned", "never"]), name="judgement_cause_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_id} {'=' if self.is_same else '≠'} {self.second_id}"


class QualityCheck(WorkRow):
    """One test of a workspace's grouping against its editors' corrections; each makes the next, a day later."""

    class Meta(WorkRow.Meta):
        verbose_name = _("test of grouping")
        verbose_name_plural = _("tests of grouping")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["workspace"], condition=Q(state__in=["ready", "leased"]), name="quality_check_live_once"
            ),
        ]


class QualityReading(models.Model):
    """How well grouping agreed with a workspace's editors on one day; the shares are between 0 and 1."""

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"), db_index=False
    )
    day = models.DateField(_("day"))
    pairs = models.PositiveIntegerField(_("pairs"))
    precision = models.FloatField(_("precision"))
    recall = models.FloatField(_("recall"))
    f1 = models.FloatField("F1")
    auc = models.FloatField("AUC", null=True, blank=True)
    threshold = models.FloatField(_("threshold"))

    class Meta:
        verbose_name = _("reading of grouping’s quality")
        verbose_name_plural = _("readings of grouping’s quality")
        ordering = ("-day",)
        constraints = [models.UniqueConstraint(fields=["workspace", "day"], name="quality_day_once")]

    def __str__(self) -> str:
        return f"{self.day}: {self.f1:.3f}"
