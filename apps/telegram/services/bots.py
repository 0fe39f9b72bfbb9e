"""Changes of bots, and the way to the Bot API. Nothing here talks to the network inside a transaction."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import cast

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, RestrictedError
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert, User, Workspace
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.startup import on_demand
from apps.telegram.models import Bot
from apps.telegram.ports import BotApi, BotIdentity, BotSnapshot, BotUpdates
from apps.telegram.services.inboxes import alert_key as inbox_key
from apps.telegram.services.updates import alert_key as update_key

# The program that asks for updates, as the supervisor knows it.
PROGRAM = "bots"
# Loaded at the first call: aiogram costs seconds and memory that most processes never need.
ADAPTERS = {
    "bot_api": "apps.telegram.adapters.aiogram.AiogramBotApi",
    "memory": "apps.telegram.adapters.fake.FakeBotApi",
}
UPDATES_ADAPTERS = {
    "bot_api": "apps.telegram.adapters.updates.HttpBotUpdates",
    "memory": "apps.telegram.adapters.fake.FakeBotUpdates",
}
# Refusals that concern the bot itself, whatever chat it writes to.
BOT_CODES = frozenset({"token_revoked", "token_malformed"})


def bot_api(bot: BotSnapshot) -> AbstractAsyncContextManager[BotApi]:
    """Open the Bot API of one bot; keep it for one loop, one drain, and close it with it."""
    adapter = cast(
        "Callable[[BotSnapshot], AbstractAsyncContextManager[BotApi]]",
        import_string(ADAPTERS[settings.TELEGRAM_ADAPTER]),
    )
    return adapter(bot)


def bot_updates(bot: BotSnapshot) -> AbstractAsyncContextManager[BotUpdates]:
    """Open the way in which one bot is told things; light, without aiogram."""
    adapter = cast(
        "Callable[[BotSnapshot], AbstractAsyncContextManager[BotUpdates]]",
        import_string(UPDATES_ADAPTERS[settings.TELEGRAM_ADAPTER]),
    )
    return adapter(bot)


def token_check(token: str, *, proxy: str = "") -> BotIdentity:
    """Ask the Bot API whose token this is, through the bot's proxy; call it outside any transaction.

    Raises:
        PermanentError: Telegram does not know the token.
        RetryableError: Telegram could not be reached.
    """

    async def ask() -> BotIdentity:
        async with bot_api(BotSnapshot(bot_id=bot_id_of(token), token=token, proxy=proxy)) as api:
            return await api.get_me()

    return asyncio.run(ask())


def bot_id_of(token: str) -> int:
    """The bot's id, which its token begins with.

    Raises:
        PermanentError: it is not the shape of a token.
    """
    digits = token.partition(":")[0]
    if not (digits.isascii() and digits.isdigit() and 0 < int(digits) < 2**63):
        raise PermanentError(
            _("This is not a token: it looks like 123456789:AAE…. Copy all of it from BotFather."),
            code="token_malformed",
        )
    return int(digits)


def bot_create(
    *,
    workspace: Workspace,
    name: str,
    token: str,
    proxy: str = "",
    actor: User | None = None,
    identity: BotIdentity | None = None,
) -> Bot:
    """Check the token with Telegram, then save the bot; an `identity` already asked for spares the question.

    Raises:
        PermanentError: Telegram does not know the token.
        RetryableError: Telegram could not be reached.
        TransitionError: the workspace has this bot, or another of that name, already.
    """
    known = identity or token_check(token, proxy=proxy)
    bot = Bot(
        workspace=workspace,
        name=name or known.name,
        token=token,
        proxy=proxy,
        bot_id=known.bot_id,
        username=known.username,
        checked_at=now(),
    )
    try:
        with transaction.atomic():
            bot.save(force_insert=True)
            audit_record(actor=actor, verb="bot.created", target=bot)
            transaction.on_commit(bots_wanted, robust=True)
    except IntegrityError as exc:
        raise TransitionError(_("The workspace already has this bot, or another one of that name.")) from exc
    return bot


def bot_update(
    *, bot: Bot, name: str, token: str = "", actor: User | None = None, identity: BotIdentity | None = None
) -> None:
    """Rename a bot and, where a token is given, take that one from now on.

    Raises:
        PermanentError: Telegram does not know the token.
        RetryableError: Telegram could not be reached.
        TransitionError: the token is another bot's, or the name is taken.
    """
    known = (identity or token_check(token, proxy=bot.proxy)) if token else None
    if known and known.bot_id != bot.bot_id:
        raise TransitionError(
            _("This is the token of another bot, @%(username)s. Add it as a new bot.") % {"username": known.username}
        )
    try:
        with transaction.atomic():
            bot.name = name
            if known:
                bot.token = token
            bot.save(update_fields=["name", "token"])
            audit_record(
                actor=actor, verb="bot.updated", target=bot, details={"token": "replaced" if known else "kept"}
            )
            if known:
                _healthy(bot, known)
    except IntegrityError as exc:
        raise TransitionError(_("The workspace already has a bot of that name.")) from exc


def bot_check(*, bot: Bot, actor: User | None = None) -> BotIdentity:
    """Ask Telegram about a bot: a good answer takes away its pause, a refused token pauses it.

    Raises:
        PermanentError: Telegram refuses the token; the bot is paused.
        RetryableError: Telegram could not be reached; nothing has changed.
    """
    try:
        known = token_check(bot.token, proxy=bot.proxy)
    except PermanentError as exc:
        if exc.code in BOT_CODES:
            bot_pause(bot=bot, reason=str(exc), actor=actor)
        raise
    with transaction.atomic():
        _healthy(bot, known)
        audit_record(actor=actor, verb="bot.checked", target=bot)
    return known


def _healthy(bot: Bot, known: BotIdentity) -> None:
    """Record a good answer, inside the caller's transaction."""
    bot.username, bot.is_active, bot.problem, bot.checked_at = known.username, True, "", now()
    bot.save(update_fields=["username", "is_active", "problem", "checked_at"])
    alert_close(workspace=bot.workspace, key=alert_key(bot))
    transaction.on_commit(bots_wanted, robust=True)


def bots_wanted() -> None:
    """Have the program that asks for updates started, where it waited for the first bot."""
    on_demand.want(PROGRAM)


def token_refused(snapshot: BotSnapshot, problem: str) -> None:
    """Pause the bot whose token Telegram refused, unless it has another token by now."""
    bot = Bot.objects.select_related("workspace").filter(pk=snapshot.pk).first()
    if bot is not None and bot.token == snapshot.token:
        bot_pause(bot=bot, reason=problem)


@transaction.atomic
def bot_pause(*, bot: Bot, reason: str, actor: User | None = None) -> bool:
    """Stop using a bot and tell a person once; False where it was paused already."""
    paused = Bot.objects.filter(pk=bot.pk, is_active=True).update(is_active=False, problem=reason, checked_at=now())
    bot.is_active, bot.problem = False, reason
    if not paused:
        Bot.objects.filter(pk=bot.pk).update(problem=reason, checked_at=now())
        return False
    audit_record(actor=actor, verb="bot.paused", target=bot, details={"reason": reason})
    with override(bot.workspace.language):
        words = _("The bot “%(bot)s” is paused: %(reason)s")
    alert_raise(
        workspace=bot.workspace,
        key=alert_key(bot),
        level=Alert.Level.ERROR,
        message=words % {"bot": bot, "reason": reason},
        url=reverse("admin:telegram_bot_change", args=[bot.pk]),
    )
    return True


def bot_delete(*, bot: Bot, actor: User | None = None) -> None:
    """Forget a bot and its token.

    Raises:
        TransitionError: something still posts through it.
    """
    try:
        with transaction.atomic():
            audit_record(actor=actor, verb="bot.deleted", target=bot)
            for key in (alert_key(bot), inbox_key(bot.pk), update_key(bot.pk)):
                alert_close(workspace=bot.workspace, key=key)
            bot.delete()
    except (ProtectedError, RestrictedError) as exc:
        raise TransitionError(_("Channels still post through this bot. Give them another one first.")) from exc


def alert_key(bot: Bot) -> str:
    """The key of the alert about a bot."""
    return f"telegram.bot:{bot.pk}"
