"""How a channel is: what it is called, what its bot may do there, and who is told when that changes.

A look asks outside any transaction and is taken over only where the channel still posts by the same bot to the same
chat. An alert is raised where a trouble is new, not at every look, so what a person has closed stays closed until the
channel has been well.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert, User
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.accounts.work_alerts import work_dead_tell
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work.jobs import Defer
from apps.core.work.models import WorkRow
from apps.delivery import telegram_limits
from apps.publishing.models import Channel, ChannelCheck
from apps.publishing.rights import rights_lacking, rights_of, unable
from apps.publishing.services.channels import alert_set, channel_page
from apps.publishing.services.checks import check_next, check_soon, checks_forget, is_checked
from apps.telegram.ports import BotApi, BotSnapshot, Chat, ChatMember
from apps.telegram.services import BOT_CODES, bot_api, token_refused

# A paused bot is not asked; a good check of the bot ends the pause.
PAUSED = timedelta(minutes=10)
# A place in the bot's bucket is awaited so long.
PATIENCE_S = 2.0


@dataclass(frozen=True)
class ChannelHealth:
    """What a check found.

    Attributes:
        problem: what stands in the way and what to do, in words; empty where it is fit.
        title: how Telegram calls the chat.
        lacking: what the bot lacks besides posting, each with what to do.
    """

    problem: str = ""
    title: str = ""
    lacking: tuple[str, ...] = ()

    @property
    def is_fit(self) -> bool:
        """Whether the next publication can come out."""
        return not self.problem


@dataclass(frozen=True)
class Look:
    """Whom to ask about which chat, and in which language a refusal is kept.

    Attributes:
        problem: what stood in the way when it was planned; other words by now are newer than the answer.
    """

    bot: BotSnapshot
    chat_id: str
    language: str
    problem: str = ""


@dataclass(frozen=True)
class Seen:
    """What Telegram said.

    Attributes:
        problem: why it refused to say, in words; then there is neither chat nor member.
        linked: the discussion group, by its name where the bot can see it.
    """

    look: Look
    chat: Chat | None = None
    member: ChatMember | None = None
    linked: str = ""
    problem: str = ""
    code: str = ""


def look_of(channel: Channel) -> Look | None:
    """Whom to ask about a channel; None where there is nobody."""
    if channel.bot is None or not is_checked(channel):
        return None
    return Look(channel.bot.snapshot(), channel.chat_id, channel.workspace.language, channel.problem)


async def chat_seen(look: Look) -> Seen:
    """Ask Telegram about a chat, by the bot's limits; a refusal is an answer.

    Raises:
        RetryableError: it could not be reached, or the bot has no place left for the question.
    """
    bucket = f"look:{look.chat_id}"
    wait = await telegram_limits.place(look.bot.bot_id, bucket, is_group=False, max_wait=PATIENCE_S)
    if wait > PATIENCE_S:
        raise RetryableError(_("The bot is busy sending. Try again in a minute."), code="busy", retry_after=wait)
    await asyncio.sleep(wait)
    with override(look.language):
        try:
            async with bot_api(look.bot) as api:
                chat = await api.get_chat(look.chat_id)
                member = await api.get_chat_member(look.chat_id, look.bot.bot_id)
                return Seen(look, chat, member, await _linked(api, chat))
        except PermanentError as exc:
            return Seen(look, problem=str(exc), code=exc.code)
        except RetryableError as exc:
            if exc.retry_after is not None:
                await telegram_limits.obey(look.bot.bot_id, bucket, exc.retry_after)
            raise


async def _linked(api: BotApi, chat: Chat) -> str:
    """The discussion group's name; its number where the bot is not in it."""
    if not chat.linked_chat_id:
        return ""
    try:
        found = await api.get_chat(chat.linked_chat_id)
    except (PermanentError, RetryableError):
        return str(chat.linked_chat_id)
    return f"{found.title} (@{found.username})" if found.username else found.title


def channel_check(*, channel: Channel, editor: User | None = None) -> ChannelHealth:
    """Ask Telegram at once how a channel is, keep the answer, and raise or close its alerts.

    Raises:
        RetryableError: Telegram could not be reached; nothing has changed.
        PermanentError: it can be known by sending only, code no_check.
    """
    if channel.kind == Channel.Kind.WEBHOOK:
        raise PermanentError(_("A webhook can’t be asked how it is. Send a test message."), code="no_check")
    look = look_of(channel)
    if look is None:
        with transaction.atomic():
            channel.problem, channel.checked_at = "", now()
            channel.save(update_fields=["problem", "checked_at"])
            audit_record(actor=editor, verb="channel.checked", target=channel, details={"problem": ""})
            alert_set(channel)
        return ChannelHealth(title=channel.name)
    seen = asyncio.run(chat_seen(look))
    channel_seen(channel=channel, seen=seen, editor=editor, is_asked=True)
    title = seen.chat.title if seen.chat else ""
    lacking = tuple(str(one.mend) for one in rights_lacking(channel))
    return ChannelHealth(problem=seen.problem or channel.problem, title=title, lacking=lacking)


def channel_seen(*, channel: Channel, seen: Seen, editor: User | None = None, is_asked: bool = False) -> bool:
    """Take over what Telegram said of a channel; False where it posts elsewhere by now, or the bot was refused.

    So, too, where something else was said of it since the look was planned, unless a person has asked: the rights may
    have been switched after Telegram answered.
    `is_asked`: a person pressed the button, which the audit keeps also where nothing has changed.
    """
    if seen.code in BOT_CODES:
        # Nothing is known of the channel: the bot is what is broken, and its own alert says so.
        token_refused(seen.look.bot, seen.problem)
        return False
    with transaction.atomic():
        before = Channel.objects.select_for_update().get(pk=channel.pk)
        if before.problem != seen.look.problem and not is_asked:
            return False
        lacked = {one.name for one in rights_lacking(before)}
        values = _found(before, seen)
        mine = Channel.objects.filter(pk=channel.pk, bot=seen.look.bot.pk, chat_id=seen.look.chat_id)
        if mine.update(**values) != 1:
            return False
        for name, value in values.items():
            setattr(channel, name, value)
        changed = channel.problem != before.problem
        if is_asked or changed:
            audit_record(actor=editor, verb="channel.checked", target=channel, details={"problem": channel.problem})
        if changed or not channel.problem:
            alert_set(channel)
        _rights_told(channel, lacked)
    return True


def _found(channel: Channel, seen: Seen) -> dict[str, object]:
    """The channel's columns after a look; what a refusal does not say stays as it was."""
    if seen.chat is None or seen.member is None:
        return {"problem": seen.problem, "checked_at": now()}
    with override(channel.workspace.language):
        problem = "" if seen.member.can_post else unable(seen.member.status, is_group=seen.chat.is_group)
    return {
        "problem": problem,
        "checked_at": now(),
        "chat_kind": seen.chat.kind,
        "chat_title": seen.chat.title[:255],
        "chat_username": seen.chat.username[:64],
        "rights": rights_of(seen.member),
        "linked_chat": seen.linked[:200],
    }


def _rights_told(channel: Channel, lacked: set[str]) -> None:
    """One alert for what the bot lacks besides posting; raised where something new is lacking, closed where nothing."""
    key = f"publishing.channel_rights:{channel.pk}"
    lacking = rights_lacking(channel)
    if not lacking:
        alert_close(workspace=channel.workspace, key=key)
    elif {one.name for one in lacking} - lacked:
        with override(channel.workspace.language):
            words = " ".join(str(one.mend) for one in lacking)
            message = _("Channel “%(channel)s”: %(problem)s") % {"channel": channel.name, "problem": words}
        alert_raise(
            workspace=channel.workspace,
            key=key,
            level=Alert.Level.WARNING,
            message=message,
            url=channel_page(channel),
        )


# The scheduled look


def check_plan(row: ChannelCheck) -> Look | None:
    """Whom to ask; None where there is nothing to ask any more.

    Raises:
        Defer: the bot is paused.
    """
    channel = Channel.objects.select_related("bot", "workspace").get(pk=row.channel_id)
    if not channel.is_active or channel.bot is None:
        return None
    if not channel.bot.is_active:
        raise Defer(until=now() + PAUSED, reason=_("The bot is paused: %(problem)s") % {"problem": channel.bot.problem})
    return look_of(channel)


async def check_look(look: Look | None) -> Seen | None:
    """Ask Telegram."""
    return await chat_seen(look) if look is not None else None


def check_record(row: ChannelCheck, seen: Seen | None) -> None:
    """Take over the answer and make the next look; inside the transaction that marks this one done."""
    channel = Channel.objects.select_related("bot", "workspace").get(pk=row.channel_id)
    # A done row is not live: the next one can stand beside it.
    row_next = check_next
    if seen is not None and not channel_seen(channel=channel, seen=seen) and seen.code not in BOT_CODES:
        row_next = check_soon
    checks_forget(row)
    row_next(channel)


def check_dead(row: WorkRow) -> None:
    """A look died of a fault, which its row keeps; the next one is made all the same."""
    assert isinstance(row, ChannelCheck)  # noqa: S101 - as registered
    work_dead_tell(
        row,
        _("Channel “%(channel)s” could not be checked: Pult made a mistake. It is tried again by itself later.")
        % {"channel": row.channel},
    )
    check_next(row.channel)
