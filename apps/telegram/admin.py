"""The screens of bots."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from apps.accounts.admin_base import WorkspaceModelAdmin, each
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.telegram.admin_display import chats_shown, listening_shown
from apps.telegram.admin_hooks import HookMixin
from apps.telegram.admin_sessions import SessionAdmin
from apps.telegram.admin_updates import UpdateAdmin
from apps.telegram.forms import BotForm, TokenAnswer
from apps.telegram.models import Bot
from apps.telegram.services import bot_check, bot_create, bot_delete, bot_update
from apps.telegram.services.receiving import bot_proxy_set, bot_receives_by

__all__ = ["BotAdmin", "SessionAdmin", "UpdateAdmin"]

HOW_TO_MAKE = (
    _("In Telegram, write /newbot to @BotFather and answer its two questions."),
    _("Copy the token that it gives and paste it below."),
    _(
        "In your channel open Administrators, add the bot and leave it the right to post messages. "
        "To a group just add it."
    ),
)


@admin.register(Bot)
class BotAdmin(HookMixin, WorkspaceModelAdmin[Bot]):
    """Bots; every change goes through the services, and Telegram is asked outside any transaction."""

    form = BotForm
    audit_saves = False
    list_display = ("name", "telegram_name", "state", "listening", "problem")
    list_filter = ("is_active",)
    search_fields = ("name", "username")
    list_select_related = ("workspace", "inbox")
    actions = ("check_bots",)
    actions_detail = ("check_bot", "drop_hook")
    empty_text = _("Here will be the bots that post for you. Make one with @BotFather and add its token.")
    readonly_fields = ("telegram_name", "state_in_words", "problem", "checked_at", "listening", "chats")

    fieldsets = (
        (None, {"fields": ("name", "new_token")}),
        (_("State"), {"fields": ("telegram_name", "state_in_words", "problem", "checked_at", "listening", "chats")}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Bot | None = None) -> Any:
        """How to make a bot for a new one, its state for a present one."""
        sets = super().get_fieldsets(request, obj)
        steps = format_html_join("", "<div>{}. {}</div>", enumerate(HOW_TO_MAKE, start=1))
        if obj is not None:
            known = ("hears_by", "new_proxy", *(("drop_proxy",) if obj.proxy else ()))
            return [sets[0], (_("Connection"), {"fields": known}), *sets[1:]]
        return [(None, {**sets[0][1], "description": steps}), (_("Connection"), {"fields": ("new_proxy",)})]

    @admin.display(description=_("in Telegram"), ordering="username")
    def telegram_name(self, row: Bot) -> SafeString | str:
        """The bot's address in Telegram."""
        if not row.username:
            return "—"
        return format_html('<a href="https://t.me/{0}" target="_blank" rel="noopener">@{0}</a>', row.username)

    @display(description=_("state"), label={"active": "success", "paused": "danger"})  # type: ignore[untyped-decorator]
    def state(self, row: Bot) -> tuple[str, str]:
        """Whether it posts."""
        return ("active", _t("Works")) if row.is_active else ("paused", _t("Paused"))

    @admin.display(description=_("state"))
    def state_in_words(self, row: Bot) -> str:
        """Whether it posts, for the bot's own page."""
        return _t("Works") if row.is_active else _t("Paused")

    @admin.display(description=_("hears"), empty_value="—")
    def listening(self, row: Bot) -> SafeString | None:
        """Whether Telegram's updates for it arrive, and what stands in the way."""
        return listening_shown(row)

    @admin.display(description=_("may post in"), empty_value="—")
    def chats(self, row: Bot) -> SafeString | str:
        """The chats that the bot was told of."""
        return chats_shown(row)

    # Saving

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The form; a typed token is asked about before its transaction begins."""
        token = request.POST.get("new_token", "").strip()
        may = self.has_change_permission(request, object_id) if object_id else self.has_add_permission(request)
        if token and may:
            answer = TokenAnswer.ask(token, proxy=self._proxy_asked_through(request, object_id))
            setattr(request, "telegram_answer", answer)  # noqa: B010 - no attribute of Django's
        return super().changeform_view(request, object_id, form_url, extra_context)

    def _proxy_asked_through(self, request: HttpRequest, object_id: str | None) -> str:
        """The proxy that is typed beside the token, else the bot's."""
        bot = self.get_object(request, object_id) if object_id else None
        typed = request.POST.get("new_proxy", "").strip()
        return typed or (bot.proxy if bot is not None and not request.POST.get("drop_proxy") else "")

    def get_form(self, request: HttpRequest, obj: Bot | None = None, change: bool = False, **kwargs: Any) -> Any:
        """The form, with Telegram's answer about the typed token."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.answer = getattr(request, "telegram_answer", None)
        return form

    def save_model(self, request: HttpRequest, obj: Bot, form: Any, change: bool) -> None:
        """Through the services."""
        actor, token = user_of(request), form.cleaned_data.get("new_token", "")
        if change:
            bot_update(bot=obj, name=obj.name, token=token, identity=form.identity, actor=actor)
            if form.proxy is not None and form.proxy != obj.proxy:
                bot_proxy_set(bot=obj, proxy=form.proxy, actor=actor)
            if way := form.cleaned_data.get("hears_by"):
                bot_receives_by(bot=obj, way=way, actor=actor)
            return
        made = bot_create(
            workspace=obj.workspace,
            name=obj.name,
            token=token,
            proxy=form.proxy or "",
            identity=form.identity,
            actor=actor,
        )
        obj.__dict__.update(made.__dict__)

    def delete_model(self, request: HttpRequest, obj: Bot) -> None:
        """Through the service."""
        bot_delete(bot=obj, actor=user_of(request))

    def delete_queryset(self, request: HttpRequest, queryset: models.QuerySet[Bot]) -> None:
        """Through the service, one by one."""
        for bot in queryset:
            self.delete_model(request, bot)

    # Actions

    @admin.action(description=_("Check with Telegram"), permissions=["change"])
    def check_bots(self, request: HttpRequest, queryset: models.QuerySet[Bot]) -> None:
        """Ask Telegram about each; a good answer ends a pause."""
        each(queryset, lambda bot: bot_check(bot=bot, actor=user_of(request))).tell(request)

    @action(  # type: ignore[untyped-decorator]
        description=_("Check"), url_path="check", permissions=["change"]
    )
    def check_bot(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask Telegram about this one and come back to its page."""
        bot = self.get_object(request, object_id)
        if bot is not None and self.has_change_permission(request, bot):
            try:
                known = bot_check(bot=bot, actor=user_of(request))
            except PultError as exc:
                messages.error(request, str(exc))
            else:
                messages.success(request, _t("The bot works: @%(username)s.") % {"username": known.username})
        return HttpResponseRedirect(reverse("admin:telegram_bot_change", args=[object_id]))
