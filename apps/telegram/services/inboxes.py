"""Who asks for which bot's updates, and what stands in the way."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise
from apps.core.clock import now
from apps.telegram.models import Bot, Inbox

LEASE = timedelta(seconds=15)
RENEWED_EVERY = timedelta(seconds=5)
# Troubles that only a person ends; a network that is away comes back by itself.
TOLD = frozenset({"conflict", "webhook_active", "webhook_failing", "webhook_refused", "token_unreadable"})
# How often a call of Telegram is noted as a sign of life.
NOTED_EVERY = timedelta(seconds=10)


def inboxes_take(*, owner: str, bots: Iterable[int]) -> set[int]:
    """Take or renew the leases of these bots; the ones that this owner holds now.

    A lease is only good manners: two who ask at once get Telegram's 409, and an update stored twice is one.
    """
    wanted = set(bots)
    rows = Inbox.objects.filter(bot__in=wanted)
    missing = wanted - set(rows.values_list("bot", flat=True))
    if missing:
        there = Bot.objects.filter(pk__in=missing).values_list("pk", flat=True)
        Inbox.objects.bulk_create([Inbox(bot_id=pk) for pk in there], ignore_conflicts=True)
    at = now()
    free = Q(lease_until=None) | Q(lease_until__lt=at)
    ending = Q(lease_owner=owner, lease_until__lt=at + LEASE - RENEWED_EVERY)
    if rows.filter(free | ending).exists():
        rows.filter(free | ending).update(lease_owner=owner, lease_until=at + LEASE)
    return set(rows.filter(lease_owner=owner, lease_until__gt=at).values_list("bot", flat=True))


def inboxes_release(*, owner: str, bots: Iterable[int] | None = None) -> None:
    """Give leases back, so that another may ask at once; all of them where none are named."""
    held = Inbox.objects.filter(lease_owner=owner)
    if bots is not None:
        held = held.filter(bot__in=list(bots))
    held.update(lease_owner="", lease_until=None)


@transaction.atomic
def inbox_heard(*, bot: int, owner: str) -> None:
    """Note a good answer; what stood in the way is over."""
    mine = Inbox.objects.filter(bot=bot, lease_owner=owner)
    if mine.exclude(problem="").update(problem="", problem_code=""):
        alert_close(workspace=Bot.objects.get(pk=bot).workspace, key=alert_key(bot))
    mine.update(heard_at=now())


@transaction.atomic
def inbox_troubled(*, bot: int, owner: str, problem: str, code: str) -> None:
    """Note what stands in the way; the bot goes on posting. A person is told of what only a person can end."""
    row = Bot.objects.select_related("workspace").get(pk=bot)
    if code == "webhook_active" and row.receives == Bot.Receives.WEBHOOK:
        return  # it is ours: the question was on its way when the bot was switched
    mine = Inbox.objects.filter(bot=bot, lease_owner=owner)
    if not mine.exclude(problem=problem, problem_code=code).update(problem=problem[:1000], problem_code=code[:60]):
        return
    if code not in TOLD:
        alert_close(workspace=row.workspace, key=alert_key(bot))
        return
    with override(row.workspace.language):
        words = _("The bot “%(bot)s” posts but hears nothing: %(problem)s")
    alert_raise(
        workspace=row.workspace,
        key=alert_key(bot),
        level=Alert.Level.WARNING,
        message=words % {"bot": row, "problem": problem},
        url=reverse("admin:telegram_bot_change", args=[bot]),
    )


def inbox_called(*, bot: int) -> None:
    """Note that Telegram has called."""
    late = Q(heard_at=None) | Q(heard_at__lt=now() - NOTED_EVERY)
    Inbox.objects.filter(late, bot=bot).update(heard_at=now())


def hook_noted(*, bot: int, owner: str, url: str) -> None:
    """Note the webhook that is about to be set, or that there is none any more."""
    Inbox.objects.filter(bot=bot, lease_owner=owner).exclude(hook_url=url).update(hook_url=url)


def alert_key(bot: int) -> str:
    """The key of the alert on a bot that hears nothing."""
    return f"telegram.inbox:{bot}"
