"""Adding a Telegram channel step by step: Telegram is asked before anything is made."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from django.db.models import Q
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.errors import PermanentError, TransitionError
from apps.publishing.models import Channel
from apps.publishing.rights import Right, rights_listed, rights_of
from apps.publishing.services.channels import channel_create
from apps.publishing.services.health import Look, Seen, channel_seen, chat_seen
from apps.telegram.models import Bot
from apps.telegram.services import BOT_CODES, token_refused


@dataclass(frozen=True)
class Found:
    """What Telegram says of a chat that might become a channel.

    Attributes:
        chat_id: its number, which outlives a change of its name.
        problem: why nothing can be told, in words; then the rest is empty.
        known: the channel of the workspace that posts there already.
    """

    seen: Seen
    chat_id: str = ""
    title: str = ""
    username: str = ""
    kind: str = ""
    rights: tuple[Right, ...] = ()
    problem: str = ""
    known: Channel | None = None

    @property
    def can_post(self) -> bool:
        """Whether it may be added."""
        return any(right.name == "post" and right.has for right in self.rights)


def chat_found(*, bot: Bot, chat_id: str) -> Found:
    """Ask Telegram about a chat by a bot; nothing is made.

    Raises:
        RetryableError: Telegram could not be reached.
    """
    seen = asyncio.run(chat_seen(Look(bot.snapshot(), chat_id, bot.workspace.language)))
    if seen.code in BOT_CODES:
        token_refused(seen.look.bot, seen.problem)
    if seen.chat is None or seen.member is None:
        return Found(seen, problem=seen.problem)
    chat = seen.chat
    if chat.kind == "private":
        return Found(seen, problem=_("This is a talk with a person. A channel or a group is needed."))
    names = Q(chat_id=str(chat.chat_id))
    if chat.username:
        names |= Q(chat_id__iexact=f"@{chat.username}")
    return Found(
        seen,
        chat_id=str(chat.chat_id),
        title=chat.title,
        username=chat.username,
        kind=chat.kind,
        rights=tuple(rights_listed(rights_of(seen.member), is_group=chat.is_group, pins=True)),
        known=Channel.objects.filter(names, bot=bot, kind=Channel.Kind.TELEGRAM).first(),
    )


def channel_found_add(*, bot: Bot, found: Found, name: str, editor: User) -> Channel:
    """Make a channel of a chat in which the bot may post; what Telegram said is kept with it.

    Raises:
        PermanentError: the bot may not post there.
        TransitionError: it is there already, or its name is taken.
    """
    if found.known is not None:
        raise TransitionError(_("The channel “%(channel)s” posts there already.") % {"channel": found.known.name})
    if not found.can_post:
        raise PermanentError(found.problem or _("The bot may not post there yet."), code="no_rights")
    channel = channel_create(
        workspace=bot.workspace,
        kind=Channel.Kind.TELEGRAM,
        name=(name.strip() or found.title)[:100],
        bot=bot,
        chat_id=found.chat_id,
        editor=editor,
    )
    look = replace(found.seen.look, chat_id=found.chat_id)
    channel_seen(channel=channel, seen=replace(found.seen, look=look), editor=editor)
    return channel
