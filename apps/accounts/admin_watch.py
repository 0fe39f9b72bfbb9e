"""The screens of audit and alerts."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import ReadOnly, WorkspaceModelAdmin, each
from apps.accounts.filters import AlertStateFilter, VerbFilter
from apps.accounts.models import Alert, AuditEntry
from apps.accounts.requests import shown_of, user_of
from apps.accounts.services import alert_dismiss
from apps.accounts.verbs import verb_words


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, WorkspaceModelAdmin[AuditEntry]):
    """What was done, by whom, when. Nobody edits it."""

    list_display = ("at", "actor_name", "what", "target_label", "workspace")
    list_filter = (VerbFilter, ("at", admin.DateFieldListFilter))
    list_select_related = ("actor", "workspace")
    search_fields = ("target_label", "verb")
    ordering = ("-id",)
    empty_text = _("Here will be every change: who made it, when, and to what.")
    fields = (
        ("at", "actor_name"),
        "what",
        "target_label",
        ("target_type", "target_id"),
        "details",
        "request_id",
        "workspace",
    )
    readonly_fields = ("actor_name", "what")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[AuditEntry]:
        """A superuser also sees what belongs to no workspace."""
        if user_of(request).is_superuser and len(shown_of(request)) != 1:
            return AuditEntry.objects.order_by("-id")
        return super().get_queryset(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Managers and owners."""
        return self.allows(request, "audit.read", obj)

    @admin.display(description=_("what"))
    def what(self, row: AuditEntry) -> str:
        """The verb in words."""
        return verb_words(row.verb)

    @admin.display(description=_("who"))
    def actor_name(self, row: AuditEntry) -> str:
        """The person; Pult itself where there was none."""
        return str(row.actor) if row.actor else "Pult"


@admin.register(Alert)
class AlertAdmin(WorkspaceModelAdmin[Alert]):
    """What a person must know; open ones first."""

    list_display = ("level_label", "message", "act", "times", "last_at", "workspace")
    list_display_links = ("message",)
    list_filter = (AlertStateFilter, "level")
    list_select_related = ("workspace",)
    search_fields = ("message", "key")
    ordering = (models.F("closed_at").desc(nulls_first=True), "-last_at")
    fields = ("level", "message", "act", "times", "opened_at", "last_at", "closed_at", "workspace")
    readonly_fields = ("level", "message", "act", "times", "opened_at", "last_at", "closed_at")
    actions = ("close",)
    empty_text = _("Nothing is broken and nothing waits. What needs a person will stand here.")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Alerts are raised by Pult."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Alerts are closed, not deleted."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002
        """Nothing in an alert is edited; closing it is an action."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Everybody in the back office."""
        return self.allows(request, "accounts.view_alert", obj)

    @admin.display(description=_("level"))
    def level_label(self, row: Alert) -> str:
        """Amber waits for a person, red is broken."""
        tone = "done" if row.closed_at else row.level
        text = _t("Closed") if row.closed_at else row.get_level_display()
        return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, text)

    @admin.display(description=_("where to act"))
    def act(self, row: Alert) -> str:
        """A link to the screen where it is put right."""
        if not row.url.startswith("/"):
            return "—"
        return format_html('<a class="pult-link" href="{}">{}</a>', row.url, _t("Go there"))

    @admin.action(description=_("Close"), permissions=["alert.close"])
    def close(self, request: HttpRequest, queryset: models.QuerySet[Alert]) -> None:
        """Close the chosen alerts."""
        each(queryset, lambda alert: alert_dismiss(alert=alert, editor=user_of(request))).tell(request)
