"""The screen of the ledger: read only, with sums by day."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import ReadOnly, WorkspaceModelAdmin
from apps.accounts.requests import shown_of
from apps.ai.models import Spend
from apps.ai.selectors import budgets, spend_by_day

PURPOSES = {"rewrite": _("Rewrite"), "vectors": _("Comparing posts by meaning")}


@admin.register(Spend)
class SpendAdmin(ReadOnly, WorkspaceModelAdmin[Spend]):
    """What models took and what it cost. Nobody edits it."""

    list_display = ("at", "purpose_words", "model", "tokens", "cost", "target", "workspace")
    list_filter = (("at", admin.DateFieldListFilter), "purpose", "model")
    list_select_related = ("workspace",)
    list_before_template = "ai/spend_days.html"
    search_fields = ("target", "model")
    ordering = ("-at", "-id")
    empty_text = _("Here will be every answer of a model with its tokens and cost. The offline writer costs nothing.")
    fields = (
        "at",
        "purpose_words",
        "writer",
        "model",
        "input_tokens",
        "output_tokens",
        "cost",
        "target",
        "reserved_until",
        "workspace",
    )
    readonly_fields = ("cost", "purpose_words")

    class Media:
        css = {"all": ["ai/spend.css"]}

    @admin.display(description=_("tokens"))
    def tokens(self, row: Spend) -> str:
        """Tokens in and out; a request on its way has none yet."""
        if row.reserved_until is not None:
            return format_html('<span class="pult-tag pult-tag--warning">{}</span>', _t("on its way"))
        return f"{row.input_tokens} → {row.output_tokens}"

    @admin.display(description=_("cost, $"), ordering="cost_usd")
    def cost(self, row: Spend) -> str:
        """The cost without the zeros that say nothing."""
        return number_format(row.cost_usd, 4)

    @admin.display(description=_("purpose"), ordering="purpose")
    def purpose_words(self, row: Spend) -> str:
        """What it was for."""
        return str(PURPOSES.get(row.purpose, row.purpose))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list under the sums of the last days."""
        shown = shown_of(request)
        sums = {"spend_days": spend_by_day(shown), "budgets": budgets(shown)}
        return super().changelist_view(request, {**sums, **(extra_context or {})})
