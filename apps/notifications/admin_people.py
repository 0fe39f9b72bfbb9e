"""The screen of people in Telegram: everyone sees their own talk; who manages members sees all."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.access import permitted
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import shown_of, user_of
from apps.core.errors import PultError
from apps.notifications import people
from apps.notifications.models import PersonChat


@admin.register(PersonChat)
class PersonChatAdmin(WorkspaceModelAdmin[PersonChat]):
    """Who can be asked in Telegram, and the link by which one connects oneself."""

    audit_saves = False
    list_display = ("person", "standing", "bot")
    list_select_related = ("user", "bot", "workspace")
    actions_list = ("connect_me",)
    actions_submit_line = ("disconnect",)
    fields = ("workspace", "person", "bot", "standing", "connecting")
    readonly_fields = ("workspace", "person", "bot", "standing", "connecting")
    empty_text = _("Pult can ask you for approval in Telegram: press “Connect me”, then open the link.")

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[PersonChat]:
        """One's own, and those of workspaces whose members one manages."""
        user, rows = user_of(request), super().get_queryset(request)
        managed = permitted(user, "member.manage", self.visible(request))
        return rows.filter(models.Q(user=user) | models.Q(workspace__in=managed))

    @admin.display(description=_("person"), ordering="user")
    def person(self, chat: PersonChat) -> str:
        """Who it is."""
        return str(chat.user)

    @admin.display(description=_("standing"))
    def standing(self, chat: PersonChat) -> SafeString:
        """Whether it is connected, and what is in the way."""
        if chat.problem:
            tone, text = "error", chat.problem
        elif chat.chat_id is None:
            tone, text = "warning", _t("Not connected yet: open the link in Telegram.")
        else:
            tone, text = "done", _t("Connected: %(chat)s") % {"chat": chat.name}
        return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, text)

    @admin.display(description=_("connect"), empty_value="–")
    def connecting(self, chat: PersonChat) -> SafeString | None:
        """One's own link; nobody else is shown it, for whoever opens it answers in one's name."""
        if chat.chat_id is not None or not getattr(chat, "is_own", False):
            return None
        return format_html(
            '<a class="pult-link" href="{}" target="_blank" rel="noopener noreferrer">{}</a><br>{}',
            chat.link,
            _t("Open the talk with the bot and press “Start”"),
            _t("The link works once and speaks for you: give it to nobody."),
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> PersonChat | None:
        """The row, which knows whose it is."""
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.is_own = found.user_id == user_of(request).pk  # type: ignore[attr-defined]
        return found

    @action(description=_("Connect me"), permissions=["view"])  # type: ignore[untyped-decorator]
    def connect_me(self, request: HttpRequest) -> HttpResponse:
        """Make one's own row and show its link."""
        back = redirect(reverse("admin:notifications_personchat_changelist"))
        workspaces = shown_of(request)
        if len(workspaces) != 1:
            messages.warning(request, _t("Choose one workspace first."))
            return back
        try:
            chat = people.person_chat_begin(user=user_of(request), workspace=workspaces[0])
        except PultError as exc:
            messages.warning(request, str(exc))
            return back
        return redirect(reverse("admin:notifications_personchat_change", args=[chat.pk]))

    @action(description=_("Disconnect"), permissions=["change"])  # type: ignore[untyped-decorator]
    def disconnect(self, request: HttpRequest, obj: PersonChat) -> None:
        """Let the talk go."""
        try:
            people.person_chat_disconnect(chat=obj, actor=user_of(request))
        except PultError as exc:
            messages.warning(request, str(exc))
        else:
            messages.success(request, _t("Disconnected."))

    def save_model(self, request: HttpRequest, obj: PersonChat, form: Any, change: bool) -> None:  # noqa: ARG002
        """Nothing is typed here; only the pressed button counts."""
        for button in self.get_actions_submit_line(request, obj.pk):  # type: ignore[attr-defined]
            if button.action_name in request.POST:
                button.method(request, obj)
