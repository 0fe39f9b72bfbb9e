"""Topics that editors define, and which posts are about them."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.work.models import WorkRow
from apps.sources.models.post import Post

NAME_MAX = 60
WEIGHT_MAX = 3


class PresentTopics(models.Manager["Topic"]):
    """Topics that nobody has removed; those whose marks are still being deleted are seen by nobody."""

    def get_queryset(self) -> models.QuerySet[Topic]:
        """Without those that are being removed."""
        return super().get_queryset().filter(removed_at=None)


class Topic(models.Model):
    """Something that a workspace's editors follow, told by its words.

    Attributes:
        words: words and phrases, as `filters` reads them; a post that has one of them is about the topic.
        but_not: the same; a post that has one of them is not.
        weight: how much the topic matters for the order of stories, from 0 (it is counted only) to `WEIGHT_MAX`.
        removed_at: since when it is being removed; the row goes when the last of its marks has gone.
    """

    class Weight(models.IntegerChoices):
        COUNTED = 0, _("only counted")
        SOME = 1, _("matters")
        MUCH = 2, _("matters much")
        MOST = 3, _("matters most")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="topics", verbose_name=_("workspace"), db_index=False
    )
    name = models.CharField(_("name"), max_length=NAME_MAX)
    words = models.TextField(_("words"))
    but_not = models.TextField(_("but not"), blank=True)
    weight = models.PositiveSmallIntegerField(
        _("weight"), choices=Weight.choices, default=Weight.SOME, validators=[MaxValueValidator(WEIGHT_MAX)]
    )
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PresentTopics()

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ("name", "id")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name"], name="topic_name_once"),
            models.CheckConstraint(condition=Q(weight__lte=WEIGHT_MAX), name="topic_weight_known"),
        ]

    def __str__(self) -> str:
        return self.name


class PostTopic(models.Model):
    """A post is about a topic; what numbers are counted by stands here too, so that one index answers them."""

    topic = models.ForeignKey(
        Topic, on_delete=models.CASCADE, related_name="told", verbose_name=_("topic"), db_index=False
    )
    post = models.ForeignKey(
        Post, on_delete=models.CASCADE, related_name="topics", verbose_name=_("post"), db_index=False
    )
    published_at = models.DateTimeField(_("published"))
    is_kept = models.BooleanField(_("kept"), default=True)
    is_used = models.BooleanField(_("used in a story"), default=False)

    class Meta:
        verbose_name = _("topic of a post")
        verbose_name_plural = _("topics of posts")
        ordering = ("topic", "-published_at", "-post")
        constraints = [models.UniqueConstraint(fields=["post", "topic"], name="post_topic_once")]
        indexes = [
            models.Index(fields=["topic", "-published_at", "-post", "is_kept", "is_used"], name="post_topic_newest")
        ]

    def __str__(self) -> str:
        return f"{self.post_id}: {self.topic_id}"


class TopicRead(WorkRow):
    """One reading of the past posts for a topic that was made or changed, newest first; it goes on where it was.

    Attributes:
        upto_at, upto_id: the last post that was looked at; None before the first.
        total: how many posts there were when it began.
    """

    topic = models.ForeignKey(Topic, on_delete=models.CASCADE, related_name="reads", verbose_name=_("topic"))
    total = models.PositiveIntegerField(_("posts"), default=0, editable=False)
    looked = models.PositiveIntegerField(_("looked at"), default=0, editable=False)
    found = models.PositiveIntegerField(_("found"), default=0, editable=False)
    upto_at = models.DateTimeField(null=True, blank=True, editable=False)
    upto_id = models.PositiveBigIntegerField(null=True, blank=True, editable=False)
    is_through = models.BooleanField(default=False, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("reading of past posts for a topic")
        verbose_name_plural = _("readings of past posts for topics")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(
                fields=["topic"], condition=Q(state__in=["ready", "leased"]), name="sources_topic_read_live_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} · {self.get_state_display()}"


class TopicRemoval(WorkRow):
    """The marks of a removed topic on their way out; the row outlives its topic.

    Attributes:
        total: how many rows pointed at the topic when it was removed.
    """

    topic_id = models.PositiveBigIntegerField(editable=False)
    name = models.CharField(_("name"), max_length=NAME_MAX, editable=False)
    total = models.PositiveIntegerField(_("marks"), default=0, editable=False)
    removed = models.PositiveIntegerField(_("removed"), default=0, editable=False)

    class Meta(WorkRow.Meta):
        verbose_name = _("removal of a topic")
        verbose_name_plural = _("removals of topics")
        ordering = ("-id",)
        constraints = [
            *WorkRow.Meta.constraints,
            models.UniqueConstraint(fields=["topic_id"], name="sources_topic_removal_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} · {self.get_state_display()}"
