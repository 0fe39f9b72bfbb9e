"""The button that takes away a webhook that keeps a bot from being asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.requests import user_of
from apps.core.errors import PultError
from apps.telegram.models import Bot, Inbox
from apps.telegram.selectors import stands_for
from apps.telegram.services.receiving import bot_hook_drop

if TYPE_CHECKING:
    Base = WorkspaceModelAdmin[Bot]
else:
    Base = object


class HookMixin(Base):
    """“Take the webhook away”, shown while one stands in the way."""

    def has_unhook_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether a webhook keeps this bot from being asked, and the user may end that."""
        row = obj if obj is None or isinstance(obj, Bot) else self.get_object(request, str(obj))
        return (row is None or is_hooked(row)) and self.allows(request, "bot.manage", row)

    @action(  # type: ignore[untyped-decorator]
        description=_("Take the webhook away"), url_path="unhook", permissions=["unhook"]
    )
    def drop_hook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask once, then have Telegram forget it."""
        bot = self.get_object(request, object_id)
        if bot is None:
            raise Http404
        if request.method != "POST":
            context = {
                **self.admin_site.each_context(request),
                "title": _t("Take the webhook away"),
                "opts": self.opts,
                "row": bot,
                "problem": Inbox.objects.get(bot=stands_for(bot)).problem,
            }
            return TemplateResponse(request, "telegram/hook_drop.html", context)
        try:
            host = bot_hook_drop(bot=bot, actor=user_of(request))
        except PultError as exc:
            messages.error(request, str(exc))
        else:
            words = _t("Telegram does not call %(host)s any more; Pult asks within a minute.")
            messages.success(request, words % {"host": host or "—"})
        return HttpResponseRedirect(reverse("admin:telegram_bot_change", args=[bot.pk]))


def is_hooked(bot: Bot) -> bool:
    """Whether the bot was found to have a webhook that is not Pult's."""
    return Inbox.objects.filter(bot=stands_for(bot), problem_code="webhook_active").exists()
