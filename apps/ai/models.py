"""The ledger of what models cost."""

from __future__ import annotations

from decimal import Decimal

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
