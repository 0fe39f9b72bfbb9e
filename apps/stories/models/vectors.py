"""What a second look at close calls leaves: the calls, the requests for vectors, the vectors."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.sources.models import Post
from apps.stories.models.story import Story


class SecondLook(WorkRow):
    """One request for the vectors of a workspace's close calls; it takes those that wait when it begins."""

    class Meta(WorkRow.Meta):
        verbose_name = _("second look")
        verbose_name_plural = _("second looks")
        ordering = ("-id",)


class CloseCall(models.Model):
    """A post that grouping hardly put beside another, or hardly left apart from it.

    Attributes:
        post, other: the new post, and the one that it is most like.
        story, other_story: where they stood when it was decided; the same where they were put together.
        score, needed: how alike they are by their words, and what the story asked for.
        look: the request that takes it.
        cosine, background: what the vectors said, and how alike any two posts are by them.
        verdict: what came of it; empty while it waits.
    """

    class Verdict(models.TextChoices):
        KEPT = "kept", _("left as it was")
        JOINED = "joined", _("put together")
        PARTED = "parted", _("taken apart")
        HELD = "held", _("not touched")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"), db_index=False
    )
    post = models.OneToOneField(Post, on_delete=models.CASCADE, related_name="close_call", verbose_name=_("post"))
    other = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", verbose_name=_("other post"))
    story = models.ForeignKey(
        Story, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("story of the post")
    )
    other_story = models.ForeignKey(
        Story, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("story of the other")
    )
    is_together = models.BooleanField(_("put together by the words"))
    score = models.FloatField(_("similarity"))
    needed = models.FloatField(_("needed"))
    look = models.ForeignKey(
        SecondLook,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="calls",
        verbose_name=_("second look"),
    )
    cosine = models.FloatField(_("likeness of the vectors"), null=True, blank=True)
    background = models.FloatField(_("likeness of any two"), null=True, blank=True)
    verdict = models.CharField(_("outcome"), max_length=6, choices=Verdict.choices, blank=True, default="")
    why = models.CharField(_("why not touched"), max_length=12, blank=True, default="")
    created_at = models.DateTimeField(_("when"), default=now, editable=False)

    class Meta:
        verbose_name = _("close call")
        verbose_name_plural = _("close calls")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["workspace", "id"], condition=Q(verdict=""), name="closecall_waiting"),
            models.Index(fields=["workspace", "created_at"], name="closecall_by_age"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(verdict__in=["", "kept", "joined", "parted", "held"]), name="closecall_verdict_known"
            ),
            models.CheckConstraint(condition=~Q(post=models.F("other")), name="closecall_of_two"),
            models.CheckConstraint(
                condition=~Q(verdict__in=["kept", "joined", "parted"])
                | Q(cosine__isnull=False, background__isnull=False),
                name="closecall_verdict_by_vectors",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id} {'=' if self.is_together else '≠'} {self.other_id}"


class PostVector(models.Model):
    """What a post means, as one model tells it. `text_hash` is of what was sent: of a changed text it is another."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="+", db_index=False)
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="vectors", verbose_name=_("post"))
    model = models.CharField(_("model"), max_length=100)
    text_hash = models.BinaryField(_("hash of the text"), max_length=16)
    vector = models.BinaryField(_("vector"))
    created_at = models.DateTimeField(_("when"), default=now, editable=False)

    class Meta:
        verbose_name = _("vector of a post")
        verbose_name_plural = _("vectors of posts")
        indexes = [models.Index(fields=["workspace", "model", "created_at"], name="postvector_by_age")]
        constraints = [models.UniqueConstraint(fields=["post", "model"], name="postvector_once")]

    def __str__(self) -> str:
        return str(_("vector of post %(post)s") % {"post": self.post_id})
