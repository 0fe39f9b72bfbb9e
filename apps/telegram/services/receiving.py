"""How a bot learns what it is told, and by which way it reaches Telegram."""

from __future__ import annotations

import asyncio
from secrets import token_urlsafe
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import PermanentError, TransitionError
from apps.telegram.hooks import hook_refusal
from apps.telegram.models import Bot
from apps.telegram.selectors import stands_for
from apps.telegram.services.bots import bot_updates, bots_wanted


@transaction.atomic
def bot_receives_by(*, bot: Bot, way: str, actor: User | None = None) -> None:
    """Have Telegram call for a bot, or be asked; the program `bots` makes it so within seconds.

    Nothing is lost on the way: what comes meanwhile waits at Telegram, and what comes twice is known by its number.

    Raises:
        PermanentError: Telegram could not call here, code `webhook_refused`.
        TransitionError: it is so already, or another row of this bot decides.
    """
    if way == Bot.Receives.WEBHOOK and (words := hook_refusal()):
        raise PermanentError(words, code="webhook_refused")
    if stands_for(bot).pk != bot.pk:
        raise TransitionError(
            _("Another workspace of this installation added this bot first; how it hears is decided there.")
        )
    secret = token_urlsafe(32) if way == Bot.Receives.WEBHOOK else ""
    changed = Bot.objects.filter(pk=bot.pk).exclude(receives=way).update(receives=way, hook_secret=secret)
    if changed != 1:
        raise TransitionError(_("The bot hears so already."))
    bot.receives, bot.hook_secret = way, secret
    audit_record(actor=actor, verb="bot.receives", target=bot, details={"by": way})
    transaction.on_commit(bots_wanted, robust=True)


def bot_hook_drop(*, bot: Bot, actor: User | None = None) -> str:
    """Take away whatever webhook stands at Telegram, so that Pult can ask; its host, empty where there was none.

    What waits at Telegram is kept and comes with the next question.

    Raises:
        TransitionError: Telegram is to call for this bot.
        RetryableError, PermanentError: Telegram did not do it.
    """
    if stands_for(bot).receives == Bot.Receives.WEBHOOK:
        raise TransitionError(_("Telegram calls Pult for this bot. Choose “Pult asks Telegram” instead."))

    async def drop() -> str:
        async with bot_updates(bot.snapshot()) as api:
            info = await api.webhook_info()
            if info.url:
                await api.delete_webhook()
            return info.url

    host = urlsplit(asyncio.run(drop())).hostname or ""
    with transaction.atomic():
        audit_record(actor=actor, verb="bot.hook_dropped", target=bot, details={"host": host})
        transaction.on_commit(bots_wanted, robust=True)
    return host


def bot_proxy_set(*, bot: Bot, proxy: str, actor: User | None = None) -> None:
    """Reach Telegram through another proxy from now on, or without one; whoever typed it has had it judged.

    It is judged again at each connection, which is where it counts.
    """
    with transaction.atomic():
        Bot.objects.filter(pk=bot.pk).update(proxy=proxy)
        bot.proxy = proxy
        audit_record(actor=actor, verb="bot.proxy", target=bot, details={"proxy": "set" if proxy else "none"})
