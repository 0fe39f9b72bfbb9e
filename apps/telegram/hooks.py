"""Webhooks: where Telegram calls, and how that is kept as the bot's row wants it.

The row says what is wanted; `run_bots` makes it so, again and again, so a process that is killed anywhere, a webhook
that somebody else set or took away, and a change of BASE_URL all end well.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.telegram import selectors
from apps.telegram.inbound import KINDS
from apps.telegram.ports import BotUpdates, WebhookInfo
from apps.telegram.selectors import Listening
from apps.telegram.services import inboxes

TELEGRAMS_OWN = "api.telegram.org"
# The only ports that Telegram calls.
PORTS = frozenset({443, 80, 88, 8443})
# How old a failure of Telegram's calls may be and still be one, where updates wait.
FAILING_FOR = timedelta(minutes=10)
Answer = TypeVar("Answer")
Ask = Callable[[Callable[[], Answer]], Awaitable[Answer]]


def hook_url(bot_id: int) -> str:
    """Where Telegram calls for a bot."""
    return f"{settings.OWN_URL.rstrip('/')}{reverse('telegram_hook', args=[bot_id])}"


def hook_refusal() -> str:
    """Why Telegram could not call here, in words; empty where it could.

    A Bot API server of one's own calls any address.
    """
    if urlsplit(settings.TELEGRAM_API_URL).hostname != TELEGRAMS_OWN:
        return ""
    own = urlsplit(settings.OWN_URL)
    if own.scheme != "https":
        return _(
            "Telegram calls only addresses that begin with https://; this installation's is %(url)s. Set BASE_URL."
        ) % {"url": settings.OWN_URL}
    if (own.port or 443) not in PORTS:
        return _("Telegram calls only the ports 443, 80, 88 and 8443; this installation's address is %(url)s.") % {
            "url": settings.OWN_URL
        }
    return ""


async def hook_set(one: Listening, api: BotUpdates, *, owner: str, ask: Ask[None]) -> None:
    """Have Telegram call here; noted before it is done, so that it can be taken back whatever happens.

    Raises:
        RetryableError, PermanentError: Telegram did not take it.
    """
    if words := hook_refusal():
        raise PermanentError(words, code="webhook_refused")
    url = hook_url(one.bot_id)
    await ask(lambda: inboxes.hook_noted(bot=one.pk, owner=owner, url=url))
    await api.set_webhook(url, secret=one.secret(), kinds=KINDS)


async def hook_looked_at(one: Listening, api: BotUpdates, *, owner: str, ask: Ask[None]) -> None:
    """See whether Telegram still calls here, and well; set the webhook anew where it is another's or gone.

    Raises:
        RetryableError: Telegram does not say.
        PermanentError: its calls fail, code `webhook_failing`.
    """
    info = await api.webhook_info()
    if info.url != hook_url(one.bot_id):
        await hook_set(one, api, owner=owner, ask=ask)
    elif is_failing(info):
        raise PermanentError(
            _("Telegram's calls do not arrive: %(detail)s. Look whether %(url)s is open to the world.")
            % {"detail": info.error, "url": settings.OWN_URL},
            code="webhook_failing",
        )


def is_failing(info: WebhookInfo) -> bool:
    """Whether updates wait because a call failed lately."""
    return bool(info.pending and info.error_at and info.error_at > now() - FAILING_FOR)


async def hook_dropped(one: Listening, api: BotUpdates, *, owner: str, ask: Ask[None], left: str) -> None:
    """Take away the webhook that Pult has set; one that is not ours stays, somebody may need it.

    Raises:
        RetryableError, PermanentError: Telegram did not do it.
    """
    info = await api.webhook_info()
    if info.url and info.url in {left, hook_url(one.bot_id)}:
        await api.delete_webhook()
    await ask(lambda: inboxes.hook_noted(bot=one.pk, owner=owner, url=""))


async def hook_in_the_way(one: Listening, api: BotUpdates, *, ask: Ask[Any]) -> None:
    """Take away a webhook that keeps a bot from being asked, where Pult itself has set it for any row of this bot.

    One that another row of the bot has left behind, since deleted, paused or of another workspace, is nobody's.

    Raises:
        RetryableError: it was taken away, or is gone, or Telegram does not say; asked again after a pause.
        PermanentError: it is another program's; the words say what to press. Code `webhook_active`.
    """
    if await ask(lambda: selectors.hook_wanted(one.bot_id)):
        raise RetryableError("the bot is being switched", code="switching")  # another process has just set it
    info = await api.webhook_info()
    known = await ask(lambda: selectors.hooks_known(one.bot_id))
    if not info.url:
        raise RetryableError("the webhook is gone", code="webhook_dropped")
    if info.url in known | {hook_url(one.bot_id)}:
        await api.delete_webhook()
        raise RetryableError("a webhook that was left behind was taken away", code="webhook_dropped")
    words = _(
        "Another program has a webhook set at %(host)s: Telegram brings everything there, and Pult hears nothing. If "
        "nobody needs it any more, press “Take the webhook away” on the bot's page."
    )
    raise PermanentError(words % {"host": urlsplit(info.url).hostname or "?"}, code="webhook_active")


def hook_is_left(one: Listening) -> str:
    """The webhook that Pult has set for a bot that is to be asked; empty where there is none."""
    return "" if one.hook else selectors.hook_left(one.pk)
