"""The screen of chats in which alerts are told."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.admin_search import AnyCaseSearch
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.notifications import admin_people as admin_people
from apps.notifications import services
from apps.notifications.models import AlertChat


@admin.register(AlertChat)
class AlertChatAdmin(AnyCaseSearch, WorkspaceModelAdmin[AlertChat]):
    """Chats, how each stands, and the links that connect them."""

    audit_saves = False
    list_display = ("name", "standing", "level", "bot")
    list_select_related = ("bot", "workspace")
    search_fields = ("name", "chat_title")
    actions = ("try_chosen",)
    actions_submit_line = ("try_it", "disconnect")
    fields = ("workspace", "name", "bot", "level", "is_active", "standing", "connecting")
    readonly_fields = ("standing", "connecting")
    empty_text = _("Pult can tell of what breaks in a Telegram chat: add one, then open its link in Telegram.")

    @admin.display(description=_("standing"))
    def standing(self, chat: AlertChat) -> SafeString:
        """Whether it is connected, and what is in the way."""
        if chat.problem:
            tone, text = "error", chat.problem
        elif chat.chat_id is None:
            tone, text = "warning", _t("Not connected yet: open its link in Telegram.")
        elif not chat.is_active:
            tone, text = "waiting", _t("Switched off")
        else:
            tone, text = "done", _t("Connected: %(chat)s") % {"chat": chat.chat_title}
        return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, text)

    @admin.display(description=_("connect"), empty_value="–")
    def connecting(self, chat: AlertChat) -> SafeString | None:
        """The two links of a chat that is not connected; a link connects once."""
        if not chat.pk or chat.chat_id is not None:
            return None
        link = '<a class="pult-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a>'
        return format_html(
            f"{link}<br>{link}<br>{{}}",
            chat.private_link,
            _t("Tell me in a private talk with the bot"),
            chat.group_link,
            _t("Tell it in a group"),
            _t("A link works once. Give it only to those who may read the alerts."),
        )

    def get_fields(self, request: HttpRequest, obj: AlertChat | None = None) -> Any:
        """A new one has no links yet."""
        fields = list(super().get_fields(request, obj))
        return fields if obj else [name for name in fields if name not in self.readonly_fields]

    def save_model(self, request: HttpRequest, obj: AlertChat, form: Any, change: bool) -> None:
        """Store through the service; then the pressed button."""
        changed = tuple(form.changed_data) if change else ()
        if changed or not change:
            services.chat_save(chat=obj, actor=user_of(request), changed=changed)
        buttons: list[Any] = self.get_actions_submit_line(request, obj.pk) if change else []  # type: ignore[attr-defined]
        for button in buttons:
            if button.action_name in request.POST:
                button.method(request, obj)

    @admin.action(description=_("Send a word for trying"), permissions=["change"])
    def try_chosen(self, request: HttpRequest, queryset: models.QuerySet[AlertChat]) -> None:
        """Try the chosen chats."""
        actor = user_of(request)
        each(queryset, lambda chat: services.chat_try(chat=chat, actor=actor)).tell(request)

    @action(description=_("Send a word for trying"), permissions=["change"])  # type: ignore[untyped-decorator]
    def try_it(self, request: HttpRequest, obj: AlertChat) -> None:
        """Try this chat."""
        try:
            services.chat_try(chat=obj, actor=user_of(request))
        except PultError as exc:
            messages.warning(request, str(exc))
        else:
            messages.success(request, _t("Sent; the outbox shows whether it arrived."))

    @action(description=_("Disconnect"), permissions=["change"])  # type: ignore[untyped-decorator]
    def disconnect(self, request: HttpRequest, obj: AlertChat) -> None:
        """Let the chat go; another link is shown then."""
        try:
            services.chat_disconnect(chat=obj, actor=user_of(request))
        except PultError as exc:
            messages.warning(request, str(exc))
        else:
            messages.success(request, _t("Disconnected."))
