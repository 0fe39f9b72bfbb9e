"""Approval asked for outside the desk."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.stories.models.story import Story
from apps.stories.models.text import StoryVersion


class ApprovalAsk(models.Model):
    """A version sent to a person for approval, with a link that expires; of its token only the hash is kept."""

    class Answer(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        APPROVED = "approved", pgettext_lazy("answer", "Approved")
        RETURNED = "returned", pgettext_lazy("answer", "Returned")
        LAPSED = "lapsed", pgettext_lazy("answer", "Lapsed")

    workspace = models.ForeignKey(
        Workspace, on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"), db_index=False
    )
    story = models.ForeignKey(Story, on_delete=models.CASCADE, related_name="approval_asks", verbose_name=_("story"))
    version = models.ForeignKey(StoryVersion, on_delete=models.CASCADE, related_name="+", verbose_name=_("version"))
    asked = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", verbose_name=_("asked")
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("asked by"),
    )
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    answer = models.CharField(_("answer"), max_length=8, choices=Answer.choices, default=Answer.WAITING)
    comment = models.TextField(_("comment"), blank=True, default="")
    expires_at = models.DateTimeField(_("expires"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("request for approval")
        verbose_name_plural = _("requests for approval")
        ordering = ("-created_at", "-id")
        indexes = [models.Index(fields=["workspace", "-created_at"], name="approvalask_recent")]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "asked"], condition=Q(answer="waiting"), name="approvalask_waiting_once"
            ),
            models.CheckConstraint(
                condition=Q(answer__in=["waiting", "approved", "returned", "lapsed"]), name="approvalask_answer_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.story_id} → {self.asked}"
