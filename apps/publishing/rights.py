"""What a bot may do in a channel, what it lacks there, and what a person switches on in Telegram; pure.

Names are Pult's own: "post", "edit", "delete", "pin". In channels Telegram has no right of its own for pinning: it goes
with “Edit messages of others” (core.telegram.org/bots/api#pinchatmessage).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.publishing.models import Channel
from apps.telegram.ports import ChatMember

RIGHTS = ("post", "pin", "delete")
MAY: dict[str, str | Promise] = {
    "post": _("post, and change what it has posted"),
    "pin": _("pin publications"),
    "delete": _("delete posts of any age"),
}
IN_CHANNEL: dict[str, str | Promise] = {
    "post": _(
        "The bot may not post. Open the channel’s administrators, choose the bot and switch on “Post messages”, then "
        "check again."
    ),
    "pin": _(
        "The bot may not pin. Open the channel’s administrators, choose the bot and switch on “Edit messages of "
        "others”, then check again."
    ),
    "delete": _(
        "The bot may not delete posts that are older than 48 hours. Open the channel’s administrators, choose the bot "
        "and switch on “Delete messages of others”, then check again."
    ),
}
IN_GROUP: dict[str, str | Promise] = {
    "post": _(
        "The bot may not write in the group. Open the group’s members, choose the bot and let it send messages, then "
        "check again."
    ),
    "pin": _(
        "The bot may not pin. Open the group’s administrators, choose the bot and switch on “Pin messages”, then "
        "check again."
    ),
    "delete": _(
        "The bot may not delete messages that are older than 48 hours. Open the group’s administrators, choose the bot "
        "and switch on “Delete messages”, then check again."
    ),
}


REMOVED = _("The bot was removed from the channel. Add it again as an administrator with the right to post messages.")
GONE = frozenset({"left", "kicked"})


@dataclass(frozen=True)
class Right:
    """One right: whether the bot has it, in words, and where it is switched on.

    Attributes:
        is_needed: what is asked of this channel does not work without it.
    """

    name: str
    has: bool
    words: str | Promise
    mend: str | Promise
    is_needed: bool


def unable(status: str, *, is_group: bool) -> str:
    """Why a bot of this status can't post, and what to do."""
    return str(REMOVED if status in GONE else (IN_GROUP if is_group else IN_CHANNEL)["post"])


def rights_of(member: ChatMember) -> dict[str, object]:
    """A bot's rights as a channel keeps them."""
    return {
        "status": member.status,
        "post": member.can_post,
        "edit": member.can_edit,
        "delete": member.can_delete,
        "pin": member.can_pin,
    }


def rights_listed(rights: Mapping[str, object], *, is_group: bool, pins: bool) -> list[Right]:
    """Every right that Pult uses; none where Telegram was not asked yet."""
    if "post" not in rights:
        return []
    mend = IN_GROUP if is_group else IN_CHANNEL
    needed = {"post": True, "pin": pins, "delete": True}
    return [Right(name, bool(rights.get(name)), MAY[name], mend[name], needed[name]) for name in RIGHTS]


def rights_shown(channel: Channel) -> list[Right]:
    """The rights of a channel's bot, as they were found last."""
    return rights_listed(channel.rights, is_group=channel.is_group, pins=channel.pin)


def rights_lacking(channel: Channel) -> Sequence[Right]:
    """What the bot lacks of what this channel needs, besides posting, whose lack is the channel's problem."""
    return [one for one in rights_shown(channel) if one.is_needed and not one.has and one.name != "post"]


def right_lacking(channel: Channel, name: str) -> Right | None:
    """This right, where the bot is known to lack it."""
    return next((one for one in rights_shown(channel) if one.name == name and not one.has), None)
