"""What bots were told and how it was worked, for owners and managers: it holds people's messages."""

from __future__ import annotations

import json

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.core.work.admin_page import WorkPageMixin
from apps.telegram.models import Update
from apps.telegram.services.updates import update_give_up, update_retry


@admin.register(Update)
class UpdateAdmin(WorkPageMixin, WorkspaceModelAdmin[Update]):
    """Updates, newest first."""

    audit_saves = False
    work_retry_service = staticmethod(update_retry)
    work_give_up_service = staticmethod(update_give_up)
    list_display = ("update_id", "bot", "kind", "work_state", "work_error", "created_at")
    list_filter = ("state", "bot", "kind")
    list_select_related = ("bot",)
    ordering = ("-id",)
    sortable_by = ()
    actions = ("work_retry", "work_give_up")
    empty_text = _(
        "Whatever Telegram tells your bots leaves a line here: messages, and that a bot was added to a channel or "
        "removed. Write to one of your bots to see the first."
    )
    fields = ("bot", "update_id", "kind", "content", *WorkPageMixin.work_fields)
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Update]:
        """Without the contents, which the list does not show."""
        return super().get_queryset(request).defer("payload")

    @admin.display(description=_("content"))
    def content(self, row: Update) -> SafeString:
        """What Telegram sent."""
        told = json.dumps(row.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="pult-pre">{}</pre>', told)
