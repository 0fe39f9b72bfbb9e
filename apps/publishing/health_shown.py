"""How a channel's health looks on its screens."""

from __future__ import annotations

from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core.work.models import WorkRow
from apps.publishing.models import Channel, ChannelCheck
from apps.publishing.rights import Right, rights_lacking, rights_shown
from apps.publishing.tags import tag


def health_shown(channel: Channel) -> SafeString:
    """Whether the next publication can come out, what stands in its way, and what to do."""
    if not channel.is_active:
        return tag("waiting", _("Off"))
    if channel.problem:
        return format_html("<span>{} {}</span>", tag("error", _("Broken")), channel.problem)
    if channel.kind == Channel.Kind.PREVIEW:
        return tag("done", _("Works"))
    if channel.checked_at is None:
        return tag("warning", _("Not checked"))
    checked, lacking = moment(channel, channel.checked_at), rights_lacking(channel)
    if not lacking:
        return format_html('<span title="{}">{}</span>', checked, tag("done", _("Works")))
    words = format_html_join(" ", "{}", ((one.mend,) for one in lacking))
    return format_html('<span title="{}">{} {}</span>', checked, tag("warning", _("Not everything")), words)


def rights_listed_html(channel: Channel) -> SafeString | None:
    """What the bot may do, line by line; nothing before the first check."""
    rights = rights_shown(channel)
    if not rights:
        return None
    return format_html('<ul class="pult-list">{}</ul>', format_html_join("", "<li>{} {}</li>", map(_line, rights)))


def _line(right: Right) -> tuple[SafeString, object]:
    if right.has:
        return tag("done", _("Allowed")), right.words
    return tag("warning" if right.is_needed else "waiting", _("Not allowed")), right.words


def in_telegram(channel: Channel) -> SafeString | str | None:
    """What the chat is called in Telegram, and where its posts are discussed."""
    if not channel.chat_title:
        return None
    name = channel.chat_title
    if channel.chat_username:
        name = format_html(
            '{0} <a class="pult-link" href="https://t.me/{1}" target="_blank" rel="noopener">@{1}</a>',
            channel.chat_title,
            channel.chat_username,
        )
    if channel.is_group:
        return name
    linked = channel.linked_chat
    words = _("comments in “%(group)s”") % {"group": linked} if linked else _("no comments: no group is linked")
    return format_html("{} · {}", name, words)


def looked_at(channel: Channel) -> str | None:
    """When Telegram was asked last, and when it will be next."""
    waiting = ChannelCheck.objects.filter(channel=channel, state=WorkRow.State.READY).order_by("not_before").first()
    said = []
    if channel.checked_at is not None:
        said.append(_("checked %(time)s") % {"time": moment(channel, channel.checked_at)})
    if waiting is not None:
        said.append(_("next time %(time)s") % {"time": moment(channel, waiting.not_before)})
    return ", ".join(said) or None


def moment(channel: Channel, at: object) -> str:
    """A time on the workspace's clock."""
    return date_format(at.astimezone(channel.workspace.zone), "SHORT_DATETIME_FORMAT")  # type: ignore[attr-defined]
