"""What the owner of an account keeps in the database: its budgets and the channels that it knows."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise
from apps.core.clock import now
from apps.telegram.meter import Allowance
from apps.telegram.models import Budget, Peer, Session
from apps.telegram.reading import ChannelInfo, ChannelRef

# A wait that is worth a person's attention; shorter ones are shown on the account's page only.
LONG_WAIT_S = 15 * 60


def allowances(session_pk: int) -> dict[str, Allowance]:
    """The account's budgets by operation, as its owner takes them over."""
    return {
        row.operation: Allowance(
            row.operation, row.arrives_at, row.waits_until, row.spent, row.floods, row.last_flood_s
        )
        for row in Budget.objects.filter(session_id=session_pk)
    }


def budget_keep(*, session_pk: int, allowance: Allowance) -> None:
    """Keep an allowance as its owner has it now."""
    kept = {
        "arrives_at": allowance.arrives_at,
        "waits_until": allowance.waits_until,
        "spent": allowance.spent,
        "floods": allowance.floods,
        "last_flood_s": allowance.last_flood_s,
    }
    if not Budget.objects.filter(session_id=session_pk, operation=allowance.operation).update(**kept):
        Budget.objects.get_or_create(session_id=session_pk, operation=allowance.operation, defaults=kept)


def budget_flood_keep(*, session_pk: int, allowance: Allowance) -> None:
    """Keep an allowance that Telegram has just closed, and tell people of a long wait."""
    with transaction.atomic():
        budget_keep(session_pk=session_pk, allowance=allowance)
        if allowance.last_flood_s < LONG_WAIT_S or allowance.waits_until is None:
            return
        session = Session.objects.select_related("workspace").get(pk=session_pk)
        until = timezone.localtime(allowance.waits_until, session.workspace.zone)
        with override(session.workspace.language):
            words = _("Telegram asks the account “%(account)s” to pause “%(operation)s” until %(until)s.") % {
                "account": session,
                "operation": Budget.Operation(allowance.operation).label,
                "until": formats.date_format(until, "SHORT_DATETIME_FORMAT"),
            }
        alert_raise(
            workspace=session.workspace,
            key=flood_key(session_pk, allowance.operation),
            level=Alert.Level.WARNING,
            message=words,
            url=reverse("admin:telegram_session_change", args=[session_pk]),
        )


def budget_resumed(*, session_pk: int, operation: str) -> None:
    """Close what was told of a long wait, because requests go again."""
    session = Session.objects.select_related("workspace").get(pk=session_pk)
    alert_close(workspace=session.workspace, key=flood_key(session_pk, operation))


def flood_key(session_pk: int, operation: str) -> str:
    """The key of the alert about a wait."""
    return f"telegram.flood:{session_pk}:{operation}"


def peer_keep(*, session_pk: int, channel: ChannelInfo) -> None:
    """Remember a channel as the account knows it."""
    kept = {
        "access_hash": channel.access_hash,
        "username": channel.username,
        "title": channel.title[:255],
        "kind": channel.kind,
        "seen_at": now(),
    }
    if not Peer.objects.filter(session_id=session_pk, chat_id=channel.chat_id).update(**kept):
        Peer.objects.get_or_create(session_id=session_pk, chat_id=channel.chat_id, defaults=kept)


def peers_joined(*, session_pk: int, channels: Sequence[ChannelInfo], is_all: bool = False) -> None:
    """Remember channels that the account is in; `is_all`: it is in no others, as far as Telegram says."""
    at = now()
    rows = [
        Peer(
            session_id=session_pk,
            chat_id=one.chat_id,
            access_hash=one.access_hash,
            username=one.username,
            title=one.title[:255],
            kind=one.kind,
            is_member=True,
            seen_at=at,
        )
        for one in channels
    ]
    if is_all:
        others = Peer.objects.filter(session_id=session_pk, is_member=True)
        others.exclude(chat_id__in=[one.chat_id for one in channels]).update(is_member=False)
    Peer.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["session", "chat_id"],
        update_fields=["access_hash", "username", "title", "kind", "is_member", "seen_at"],
    )


def channel_ref(*, session_pk: int, chat_id: int) -> ChannelRef | None:
    """A channel as the account may ask for it; None where the account has never found it."""
    found = Peer.objects.filter(session_id=session_pk, chat_id=chat_id).values_list("access_hash", flat=True).first()
    return None if found is None else ChannelRef(chat_id=chat_id, access_hash=found)
