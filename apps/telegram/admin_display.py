"""How the state of listening and the known chats look on a bot's screens."""

from __future__ import annotations

from datetime import timedelta

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.telegram.models import Bot, Inbox, KnownChat
from apps.telegram.selectors import stands_for

# Two questions at their longest, with a pause.
SILENT_AFTER = timedelta(minutes=2)
MOST_CHATS = 50


def listening_shown(bot: Bot) -> SafeString | None:
    """Whether somebody hears what the bot is told; nothing for a paused bot."""
    if not bot.is_active:
        return None
    inbox: Inbox | None = getattr(bot, "inbox", None)
    if inbox is not None and inbox.problem:
        return format_html("{} {}", tag("error", _("No")), inbox.problem)
    if inbox is None or inbox.heard_at is None:
        return tag("waiting", _("Not yet"))
    heard = date_format(inbox.heard_at.astimezone(bot.workspace.zone), "SHORT_DATETIME_FORMAT")
    if now() - inbox.heard_at > SILENT_AFTER:
        words = _("Nobody asks Telegram any more since %(time)s: is the program “bots” running?") % {"time": heard}
        return format_html("{} {}", tag("warning", _("Silent")), words)
    words = _("Yes, Telegram calls") if stands_for(bot).receives == Bot.Receives.WEBHOOK else _("Yes")
    return format_html('<span title="{}">{}</span>', heard, tag("done", words))


def chats_shown(bot: Bot) -> SafeString | str:
    """The chats that the bot was told of, each with whether it may post there."""
    chats = list(KnownChat.objects.filter(bot=bot.pk).order_by("title", "pk")[:MOST_CHATS])
    if not chats:
        return _("None yet. Add the bot to a channel or group, and it stands here within seconds.")
    lines = ((chat_tag(chat), str(chat), chat.get_kind_display()) for chat in chats)
    return format_html('<ul class="pult-list">{}</ul>', format_html_join("", "<li>{} {} · {}</li>", lines))


def chat_tag(chat: KnownChat) -> SafeString:
    """Whether the bot may post in a chat."""
    if chat.status in {chat.Status.LEFT, chat.Status.KICKED}:
        return tag("error", _("Removed"))
    if chat.can_post is None:
        return tag("waiting", _("Not known"))
    return tag("done", _("May post")) if chat.can_post else tag("warning", _("May not post"))


def tag(tone: str, words: str) -> SafeString:
    """A word in a colour."""
    return format_html('<span class="pult-tag pult-tag--{}">{}</span>', tone, words)
