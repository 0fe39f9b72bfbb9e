"""Reads for the program that asks for updates, for health, and for forms that offer chats."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet, TextField
from django.db.models.functions import Cast

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.crypto import decrypt
from apps.telegram.models import Bot, Inbox, KnownChat, Update
from apps.telegram.ports import BotSnapshot

# After a week without updates Telegram's numbers begin anew anywhere, also below the last one.
NUMBERS_RISE_FOR = timedelta(days=6)
# A lease's end so long ago means that nobody asks; a bot so young may still be waiting for its turn.
UNHEARD_AFTER = timedelta(seconds=30)
YOUNG = timedelta(seconds=60)


@dataclass(frozen=True)
class Listening:
    """One bot of Telegram that is to be listened to, for all workspaces that have it.

    Attributes:
        pk: the row that stands for it: the first of those with this Telegram id.
        rows: (bot's key, workspace's key) of every active row with this Telegram id.
        sealed: the encrypted token, so that another token is seen; so are `sealed_proxy` and `sealed_secret`.
        hook: Telegram is to call; else it is asked.
    """

    bot_id: int
    pk: int
    rows: tuple[tuple[int, int], ...]
    sealed: str = field(repr=False)
    sealed_proxy: str = field(default="", repr=False)
    sealed_secret: str = field(default="", repr=False)
    hook: bool = False

    def snapshot(self) -> BotSnapshot:
        """The bot as coroutines get it.

        Raises:
            DecryptionError: its token can't be read with the present keys.
        """
        proxy = decrypt(self.sealed_proxy)
        return BotSnapshot(bot_id=self.bot_id, token=decrypt(self.sealed), pk=self.pk, proxy=proxy)

    def secret(self) -> str:
        """What Telegram shows when it calls.

        Raises:
            DecryptionError: it can't be read with the present keys.
        """
        return decrypt(self.sealed_secret)


def bots_any() -> bool:
    """Whether any bot is active."""
    return Bot.objects.filter(is_active=True).exists()


def bots_listening(bot_id: int | None = None) -> list[Listening]:
    """The bots to listen to, or one by its Telegram id; of several rows with one id the first stands for all."""
    rows = (
        Bot.objects.filter(is_active=True)
        .annotate(
            sealed_token=Cast("token", TextField()),
            sealed_proxy=Cast("proxy", TextField()),
            sealed_hook_secret=Cast("hook_secret", TextField()),
        )
        .order_by("pk")
    )
    if bot_id is not None:
        rows = rows.filter(bot_id=bot_id)
    found: dict[int, Listening] = {}
    for row in rows.values(
        "pk", "bot_id", "workspace", "receives", "sealed_token", "sealed_proxy", "sealed_hook_secret"
    ):
        one = (row["pk"], row["workspace"])
        first = found.get(row["bot_id"])
        found[row["bot_id"]] = (
            replace(first, rows=(*first.rows, one))
            if first
            else Listening(
                bot_id=row["bot_id"],
                pk=row["pk"],
                rows=(one,),
                sealed=row["sealed_token"],
                sealed_proxy=row["sealed_proxy"],
                sealed_secret=row["sealed_hook_secret"],
                hook=row["receives"] == Bot.Receives.WEBHOOK,
            )
        )
    return list(found.values())


def stands_for(bot: Bot) -> Bot:
    """The row whose word counts on how this bot of Telegram is listened to: the first active one."""
    return Bot.objects.filter(bot_id=bot.bot_id, is_active=True).order_by("pk").first() or bot


def hook_left(bot: int) -> str:
    """The webhook that Pult has set for a bot, or was about to; empty where there is none."""
    return Inbox.objects.filter(bot=bot).values_list("hook_url", flat=True).first() or ""


def hooks_known(bot_id: int) -> set[str]:
    """The webhooks that Pult has set, or was about to, for any row of a bot of Telegram."""
    urls = Inbox.objects.filter(bot__bot_id=bot_id).exclude(hook_url="").values_list("hook_url", flat=True)
    return set(urls)


def hook_wanted(bot_id: int) -> bool:
    """Whether Telegram is to call for this bot by now."""
    return any(one.hook for one in bots_listening(bot_id))


def next_offset(bot: int, *, at: datetime | None = None) -> int | None:
    """The number to ask from: one after the update that was stored last; None asks for all that wait.

    It follows from what is stored and nothing else, so asking confirms nothing that is not. What is asked for twice is
    known by its number.
    """
    last = Update.objects.filter(bot=bot).order_by("-pk").values_list("update_id", "created_at").first()
    if last is None or last[1] < (at or now()) - NUMBERS_RISE_FOR:
        return None
    return int(last[0]) + 1


@dataclass(frozen=True)
class Unheard:
    """How many bots are active, and of how many nobody asks for the updates."""

    active: int
    unheard: int
    troubled: int


def bots_unheard(at: datetime) -> Unheard:
    """Count the bots by whether somebody asks for their updates."""
    spoken_for = set(Inbox.objects.filter(lease_until__gte=at - UNHEARD_AFTER).values_list("bot__bot_id", flat=True))
    active = dict(
        Bot.objects.filter(is_active=True, created_at__lt=at - YOUNG).order_by("-pk").values_list("bot_id", "pk")
    )
    troubled = Inbox.objects.filter(bot__in=active.values()).exclude(problem="").count()
    return Unheard(len(active), len(active.keys() - spoken_for), troubled)


def chats_offered(workspaces: Iterable[Workspace], *, besides: str = "") -> QuerySet[KnownChat]:
    """The chats that the workspaces' bots are in, by title; `besides` is one by its id, whatever became of it."""
    gone = Q(status__in=[KnownChat.Status.LEFT, KnownChat.Status.KICKED])
    if besides.lstrip("-").isdigit():
        gone &= ~Q(chat_id=int(besides))
    rows = KnownChat.objects.filter(bot__workspace__in=list(workspaces)).exclude(gone)
    return rows.select_related("bot").order_by("title", "pk")
