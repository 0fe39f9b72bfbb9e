"""How deliveries stand, in a person's words: colours, hints and the filter."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from apps.delivery.models import Delivery

Outcome = Delivery.Outcome
State = Delivery.State
TONES = {
    Outcome.SENT: "done",
    Outcome.FAILED: "error",
    Outcome.UNKNOWN: "warning",
    Outcome.CANCELLED: "waiting",
    Outcome.WAITING: "waiting",
}
HINTS: dict[str, StrOrPromise] = {
    State.UNKNOWN: _(
        "It left and no answer came, so Pult does not send it again by itself. Look there: if it has arrived, choose "
        "“It is there”; if not, “Send again”, or “It is not there” to leave it unsent."
    ),
    State.DEAD: _("It was refused and will not be tried again by itself. Mend the reason, then choose “Try again”."),
}


class StandingFilter(admin.SimpleListFilter):
    """How deliveries stand, in a person's words."""

    title = _("standing")
    parameter_name = "standing"
    conditions = {
        "attention": models.Q(state__in=[State.DEAD, State.UNKNOWN]),
        "unknown": models.Q(state=State.UNKNOWN),
        "failed": models.Q(state=State.DEAD),
        "waiting": models.Q(state__in=[State.READY, State.LEASED]),
        "sent": models.Q(outcome=Outcome.SENT),
        "late": models.Q(is_late=True),
        "ended": models.Q(state=State.DONE) & ~models.Q(outcome=Outcome.SENT),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:  # noqa: ARG002
        """The choices, what waits for a person first."""
        return [
            ("attention", _("Waits for you")),
            ("unknown", _("Unknown whether it arrived")),
            ("failed", _("Not sent")),
            ("waiting", _("Will be sent")),
            ("sent", _("Sent")),
            ("late", _("Left after later ones")),
            ("ended", _("Cancelled or given up")),
        ]

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Delivery]) -> models.QuerySet[Delivery]:  # noqa: ARG002
        """Only those that stand so."""
        condition = self.conditions.get(self.value() or "")
        return queryset.filter(condition) if condition else queryset
