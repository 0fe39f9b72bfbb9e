"""The ledger of what models cost."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now


class Spend(models.Model):
    """What one answer of a model took; while `reserved_until` is set, what a request on its way may take."""

    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="spends", verbose_name=_("workspace")
    )
    at = models.DateTimeField(_("when"), default=now)
    purpose = models.CharField(_("purpose"), max_length=40)
    writer = models.CharField(_("writer"), max_length=100, blank=True)
    model = models.CharField(_("model"), max_length=100, blank=True)
    input_tokens = models.PositiveIntegerField(_("tokens in"), default=0)
    output_tokens = models.PositiveIntegerField(_("tokens out"), default=0)
    cost_usd = models.DecimalField(
        _("cost, $"), max_digits=12, decimal_places=6, default=Decimal(0), validators=[MinValueValidator(Decimal(0))]
    )
    seconds = models.FloatField(_("seconds"), null=True, blank=True)
    target = models.CharField(_("for what"), max_length=200, blank=True)
    reserved_until = models.DateTimeField(_("reserved until"), null=True, blank=True)

    class Meta:
        verbose_name = _("spending on AI")
        verbose_name_plural = _("spending on AI")
        ordering = ("-at", "-id")
        indexes = [models.Index(fields=["workspace", "at"], name="spend_by_workspace_day")]
        constraints = [
            models.CheckConstraint(condition=Q(cost_usd__gte=0), name="spend_not_negative"),
            models.UniqueConstraint(
                fields=["workspace", "target"],
                condition=Q(reserved_until__isnull=False),
                name="spend_reserved_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} ${self.cost_usd}"


class PromptVersion(models.Model):
    """A workspace's own text of a prompt, in place of the file's; the earlier ones stay.

    Attributes:
        name: the file's, under `prompts/` and without `.md`.
        is_current: it is the one in use; with none, the file is.
    """

    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace"), db_index=False
    )
    name = models.CharField(_("prompt"), max_length=100)
    number = models.PositiveIntegerField(_("number"))
    text = models.TextField(_("text"))
    note = models.CharField(_("what changed"), max_length=200, blank=True, default="")
    is_current = models.BooleanField(_("in use"), default=False)
    editor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("editor"),
    )
    created_at = models.DateTimeField(_("created"), default=now, editable=False)

    class Meta:
        verbose_name = _("version of a prompt")
        verbose_name_plural = _("versions of prompts")
        ordering = ("name", "-number")
        constraints = [
            models.UniqueConstraint(fields=["workspace", "name", "number"], name="promptversion_number_once"),
            models.UniqueConstraint(
                fields=["workspace", "name"], condition=Q(is_current=True), name="promptversion_current_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.number}"
