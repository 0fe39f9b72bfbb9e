"""The page that leads step by step to a new Telegram channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from apps.accounts.access import permitted
from apps.accounts.admin_base import WorkspaceModelAdmin
from apps.accounts.models import Workspace
from apps.accounts.requests import shown_of, user_of
from apps.core.errors import PultError
from apps.publishing.chat_names import chat_named
from apps.publishing.models import Channel
from apps.publishing.services.guide import Found, channel_found_add, chat_found
from apps.telegram.models import Bot, KnownChat
from apps.telegram.selectors import chats_offered

if TYPE_CHECKING:
    Base = WorkspaceModelAdmin[Channel]
else:
    Base = object

ADD = "publishing.add_channel"
# Telegram's own page for adding a bot opens with these rights ticked (core.telegram.org/api/links#bot-links).
WANTED = "post_messages+edit_messages+delete_messages"
WANTED_IN_GROUP = "pin_messages+delete_messages"
RIGHTS: tuple[tuple[str | Promise, str | Promise], ...] = (
    (_("Post messages"), _("without it nothing comes out")),
    (_("Edit messages of others"), _("for pinning; Pult changes only what it has posted")),
    (_("Delete messages of others"), _("for deleting posts that are older than 48 hours")),
)
TYPED_MAX = 300
OFFERED_MAX = 50


class GuideMixin(Base):
    """“Add a Telegram channel”: which bot, which rights, which chat, and a look before anything is made."""

    actions_list: Any = ("guide",)

    @property
    def empty_text(self) -> Any:
        """What will be in the list, with the way to the first one."""
        words = _t(
            "Here will be the places where stories come out: Telegram channels and preview pages. Add the first one; a "
            "preview page needs nothing but a name."
        )
        link = format_html(
            '<a class="pult-link" href="{}">{}</a>',
            reverse("admin:publishing_channel_guide"),
            _t("How to add a Telegram channel, step by step"),
        )
        return format_html("{} {}", words, link)

    @action(description=_("Add a Telegram channel"), permissions=["add"])  # type: ignore[untyped-decorator]
    def guide(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002
        """The way there from the list."""
        return HttpResponseRedirect(reverse("admin:publishing_channel_guide"))

    def get_urls(self) -> list[URLPattern]:
        """The page, before the addresses of single channels."""
        view = self.admin_site.admin_view(self.guide_view)
        return [path("guide/", view, name="publishing_channel_guide"), *super().get_urls()]

    def guide_view(self, request: HttpRequest) -> HttpResponse:
        """The steps; what is pressed asks Telegram first."""
        workspaces = permitted(user_of(request), ADD, shown_of(request))
        if not workspaces:
            raise PermissionDenied
        bots = bots_of(workspaces)
        bot = chosen_of(bots, (request.POST or request.GET).get("bot", ""))
        offered = chats_of(bot)
        form = {name: written(request, name) for name in ("known", "typed", "name")}
        found, problem = None, ""
        if request.method == "POST" and bot is not None:
            try:
                found = chat_found(bot=bot, chat_id=asked_chat(offered, form["known"], form["typed"]))
                problem = found.problem
                if request.POST.get("step") == "add" and not problem:
                    return self.guide_added(request, bot, found, form["name"])
            except PultError as exc:
                problem = str(exc)
        context = {
            **self.admin_site.each_context(request),
            "title": _t("Add a Telegram channel"),
            "opts": self.opts,
            "bots": bots,
            "bot": bot,
            "offered": offered,
            "rights": RIGHTS,
            "wanted": WANTED,
            "wanted_in_group": WANTED_IN_GROUP,
            "found": found if found is not None and not found.problem else None,
            "form": form,
            "problem": problem,
        }
        return TemplateResponse(request, "publishing/channel_guide.html", context, status=400 if problem else 200)

    def guide_added(self, request: HttpRequest, bot: Bot, found: Found, name: str) -> HttpResponse:
        """Make the channel and go to its page.

        Raises:
            PultError: it is refused; the words say why.
        """
        channel = channel_found_add(bot=bot, found=found, name=name, editor=user_of(request))
        words = _t("“%(channel)s” is added. Send a test message to see it work, or schedule a story.")
        messages.success(request, words % {"channel": channel.name})
        return HttpResponseRedirect(reverse("admin:publishing_channel_change", args=[channel.pk]))


def written(request: HttpRequest, name: str) -> str:
    """What was typed into a field; no database takes a NUL."""
    return request.POST.get(name, "").replace("\x00", "").strip()[:TYPED_MAX]


def bots_of(workspaces: list[Workspace]) -> list[Bot]:
    """The bots that may post."""
    return list(Bot.objects.filter(workspace__in=workspaces).select_related("workspace").order_by("name", "pk"))


def chosen_of(bots: list[Bot], given: str) -> Bot | None:
    """The bot that was chosen; the only one where there is no choice, else the first that works."""
    named = next((bot for bot in bots if str(bot.pk) == given), None)
    return named or next((bot for bot in bots if bot.is_active), bots[0] if bots else None)


def chats_of(bot: Bot | None) -> list[KnownChat]:
    """The chats that the bot knows, those first where it may post."""
    if bot is None:
        return []
    rows = list(chats_offered([bot.workspace]).filter(bot=bot)[:OFFERED_MAX])
    return sorted(rows, key=lambda chat: not chat.is_open)


def asked_chat(offered: list[KnownChat], known: str, typed: str) -> str:
    """The chat that was typed, else the one that was chosen.

    Raises:
        PultError: neither, or what was typed names no chat.
    """
    if typed:
        return chat_named(typed)
    chat = next((one for one in offered if str(one.pk) == known), None)
    if chat is None:
        raise PultError(_t("Choose the channel, or write its name or a link to one of its messages."))
    return str(chat.chat_id)
