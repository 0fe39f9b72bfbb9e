"""Changes of channels, and how they are."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.accounts.models import Alert, User, Workspace
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.publishing.models import Channel
from apps.publishing.slugs import slug_free
from apps.telegram.models import Bot
from apps.telegram.ports import BotSnapshot, Chat, ChatMember
from apps.telegram.services import bot_api

# Refusals that concern the channel, not the one text: they come again with the next publication.
CHANNEL_CODES = frozenset(
    {"blocked", "not_member", "chat_not_found", "no_rights", "chat_migrated", "token_revoked", "token_malformed"}
)

NO_RIGHT = gettext_noop(
    "The bot can't post in the channel: it lacks the right. Make it an administrator with the right to post messages, "
    "then choose “Check”."
)


@dataclass(frozen=True)
class ChannelHealth:
    """What a check found.

    Attributes:
        problem: what stands in the way and what to do, in words; empty where it is fit.
        title: how Telegram calls the chat.
    """

    problem: str = ""
    title: str = ""

    @property
    def is_fit(self) -> bool:
        """Whether the next publication can come out."""
        return not self.problem


def channel_create(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    slug: str = "",
    bot: Bot | None = None,
    chat_id: str = "",
    about: str = "",
    footer: str = "",
    is_public: bool = True,
    editor: User | None = None,
) -> Channel:
    """Make a channel; without an address one is made from its name.

    Raises:
        TransitionError: the name, the address or the chat is another channel's, or a Telegram channel lacks its chat.
        PermanentError: the bot is another workspace's.
    """
    if bot is not None and bot.workspace_id != workspace.pk:
        raise PermanentError(_("The bot belongs to another workspace."), code="other_workspace")
    channel = Channel(
        workspace=workspace,
        kind=kind,
        name=name,
        slug=slug or slug_free(name, lambda known: Channel.objects.filter(slug=known).exists()),
        bot=bot,
        chat_id=chat_id.strip(),
        about=about,
        footer=footer,
        is_public=is_public,
    )
    try:
        with transaction.atomic():
            channel.save(force_insert=True)
            audit_record(actor=editor, verb="channel.created", target=channel)
    except IntegrityError as exc:
        text = _("The name, the address or the chat is already another channel's, or the bot and the chat are missing.")
        raise TransitionError(text) from exc
    return channel


@transaction.atomic
def channel_changed(*, channel: Channel) -> None:
    """Note that the channel's page looks different from now on."""
    Channel.objects.filter(pk=channel.pk).update(page_version=F("page_version") + 1, page_changed_at=now())


def channel_check(*, channel: Channel, editor: User | None = None) -> ChannelHealth:
    """Ask Telegram whether the bot can post in the channel; keep the answer and raise or close its alert.

    Raises:
        RetryableError: Telegram could not be reached; nothing has changed.
    """
    if channel.kind == Channel.Kind.PREVIEW or channel.bot is None:
        found, kind = ChannelHealth(title=channel.name), ""
    else:
        try:
            chat, member = asyncio.run(_asked(channel.bot.snapshot(), channel.chat_id))
        except PermanentError as exc:
            found, kind = ChannelHealth(problem=str(exc)), channel.chat_kind
        else:
            problem = "" if member.can_post else _(NO_RIGHT)
            found, kind = ChannelHealth(problem=problem, title=chat.title), chat.kind
    with transaction.atomic():
        channel.problem, channel.chat_kind, channel.checked_at = found.problem, kind, now()
        channel.save(update_fields=["problem", "chat_kind", "checked_at"])
        audit_record(actor=editor, verb="channel.checked", target=channel, details={"problem": found.problem})
        _alert_set(channel)
    return found


def channel_failed(*, channel: Channel, problem: str, code: str) -> None:
    """Note a refusal that the next publication would meet as well; inside the transaction that records it."""
    if code in CHANNEL_CODES:
        channel.problem = problem
        channel.save(update_fields=["problem"])
        _alert_set(channel)


def channel_worked(*, channel: Channel) -> None:
    """Note that a publication has come out; inside the transaction that records it."""
    if channel.problem:
        channel.problem = ""
        channel.save(update_fields=["problem"])
        _alert_set(channel)


def channel_right_changed(*, channel: Channel, can_post: bool, problem: str) -> bool:
    """Follow what Telegram says of the bot's right to post; inside the transaction that notes it.

    A right that is back ends the problem, whatever it was; False where nothing has changed.
    """
    said = "" if can_post else problem
    moved = Channel.objects.filter(pk=channel.pk).exclude(problem=said).update(problem=said)
    if not moved:
        return False
    channel.problem = said
    verb = "channel.right_back" if can_post else "channel.right_lost"
    audit_record(verb=verb, target=channel, details={"problem": said} if said else {})
    _alert_set(channel)
    return True


def channel_chat_moved(*, channel: Channel, chat_id: int) -> None:
    """Post to the supergroup that the channel's group became; inside the transaction that notes it."""
    taken = Channel.objects.filter(bot=channel.bot, chat_id=str(chat_id), kind=Channel.Kind.TELEGRAM)
    if taken.exists():
        problem = _("The group has become a supergroup, which the channel “%(channel)s” posts to already.")
        channel_right_changed(channel=channel, can_post=False, problem=problem % {"channel": taken[0].name})
        return
    before = channel.chat_id
    moved = Channel.objects.filter(pk=channel.pk, chat_id=before).update(
        chat_id=str(chat_id), chat_kind="supergroup", problem=""
    )
    if moved:
        channel.chat_id, channel.chat_kind, channel.problem = str(chat_id), "supergroup", ""
        audit_record(verb="channel.chat_moved", target=channel, details={"from": before, "to": channel.chat_id})
        _alert_set(channel)


async def _asked(bot: BotSnapshot, chat_id: str) -> tuple[Chat, ChatMember]:
    async with bot_api(bot) as api:
        return await api.get_chat(chat_id), await api.get_chat_member(chat_id, bot.bot_id)


def _alert_set(channel: Channel) -> None:
    key = f"publishing.channel:{channel.pk}"
    if not channel.problem:
        alert_close(workspace=channel.workspace, key=key)
        return
    alert_raise(
        workspace=channel.workspace,
        key=key,
        level=Alert.Level.ERROR,
        message=_("Channel “%(channel)s”: %(problem)s") % {"channel": channel.name, "problem": channel.problem},
        url=reverse("admin:publishing_channel_change", args=[channel.pk]),
    )
