"""How updates are stored, worked and forgotten. Their content is never logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert, User, Workspace
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work import bells, verbs
from apps.core.work.models import WorkRow
from apps.telegram import routers
from apps.telegram.inbound import Inbound, kind_in, mapping, number_in, storable
from apps.telegram.models import Bot, Update
from apps.telegram.services.chats import chat_noted

log = structlog.get_logger(__name__)
State = Update.State
# Stands in for a content that the database refuses, so that the update can be confirmed and is seen.
UNSTORED = "unstored"
BATCH = 500


def updates_store(*, rows: Sequence[tuple[int, int]], raws: Iterable[object]) -> int:
    """Store what a bot was told, once for each of its rows (bot's key, workspace's key); how many are new.

    What bears no number is no update and is left out; what the database refuses is stored without its content.
    """
    told: dict[int, Mapping[str, Any]] = {}
    for raw in raws:
        number = number_in(raw)
        if number is None:
            log.warning("telegram.update_without_number", type=type(raw).__name__)
        else:
            told[number] = mapping(raw)
    made = []
    for bot, workspace in rows:
        for number, raw in sorted(told.items()):
            kind, payload = _content(raw)
            made.append(Update(workspace_id=workspace, bot_id=bot, update_id=number, kind=kind, payload=payload))
    try:
        return _store(made)
    except (OperationalError, InterfaceError):
        raise  # the database is away: nothing is confirmed, all of it comes again
    except DatabaseError:
        log.warning("telegram.updates_stored_singly", updates=len(made), exc_info=False)
        return sum(_store_alone(one) for one in made)


def _content(raw: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """An update's kind and what stands under it, as the database takes them."""
    kind = kind_in(raw)
    try:
        return storable(kind), storable(dict(mapping(raw.get(kind))))
    except RecursionError:  # nested deeper than anything that Telegram means
        return UNSTORED, {}


@transaction.atomic
def _store(updates: list[Update]) -> int:
    numbers = {one.update_id for one in updates}
    bots = {one.bot_id for one in updates}
    kept = Update.objects.filter(bot__in=bots, update_id__in=numbers)
    known = set(kept.values_list("bot", "update_id"))
    new = [one for one in updates if (one.bot_id, one.update_id) not in known]
    Update.objects.bulk_create(new)
    if new:
        bells.ring_on_commit("update")
    return len(new)


def _store_alone(update: Update) -> int:
    try:
        return _store([update])
    except (OperationalError, InterfaceError):
        raise
    except DatabaseError as error:
        log.warning("telegram.update_unstorable", update_id=update.update_id, kind=update.kind, error=str(type(error)))
        update.pk, update.kind, update.payload = None, UNSTORED, {}
        try:
            return _store([update])
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:  # it is there already, or its bot is gone
            return 0


def update_read(row: Update) -> Inbound:
    """The update as routers get it.

    Raises:
        PermanentError: its content could not be kept.
    """
    if row.kind == UNSTORED:
        raise PermanentError(_("What Telegram sent could not be stored."), code=UNSTORED)
    return Inbound(update_id=row.update_id, kind=row.kind, content=row.payload, row=row.pk)


def update_record(row: Update, inbound: Inbound) -> None:
    """Note the chat and let the routers answer, in the transaction that finishes the update."""
    bot = Bot.objects.select_related("workspace").get(pk=row.bot_id)
    chat_noted(inbound, bot)
    routers.route(inbound, bot)
    if row.history:
        _alert_settle(bot, except_for=row.pk)


def update_dead(row: WorkRow) -> None:
    """Tell a person, once a bot, that something it was told could not be worked."""
    assert isinstance(row, Update)  # noqa: S101 - the kind of this hook
    bot = Bot.objects.select_related("workspace").get(pk=row.bot_id)
    with override(bot.workspace.language):
        words = _("The bot “%(bot)s” was told something that Pult could not work off: %(problem)s")
    alert_raise(
        workspace=bot.workspace,
        key=alert_key(bot.pk),
        level=Alert.Level.WARNING,
        message=words % {"bot": bot, "problem": row.error},
        url=f"{reverse('admin:telegram_update_changelist')}?state__exact=dead",
    )


@transaction.atomic
def update_retry(row: Update, *, by: User) -> None:
    """Work a failed update again.

    Raises:
        TransitionError: it has not failed.
    """
    verbs.revive(row, by=by)
    audit_record(actor=by, verb="update.retried", target=row)
    bells.ring_on_commit("update")


@transaction.atomic
def update_give_up(row: Update, *, reason: str, by: User) -> None:
    """Leave an update unanswered for good.

    Raises:
        TransitionError: it has ended already.
    """
    verbs.give_up(row, reason=reason, by=by, tell=False)
    audit_record(actor=by, verb="update.given_up", target=row, details={"reason": reason})


def updates_forget(*, at: datetime | None = None, batch: int = BATCH) -> int:
    """Delete up to a batch of updates that ended long enough ago; how many there were."""
    before = (at or now()) - timedelta(days=settings.TELEGRAM_UPDATES_DAYS)
    ended = Update.objects.filter(state__in=[State.DONE, State.DEAD], finished_at__lt=before)
    chosen = list(ended.order_by("finished_at").values_list("pk", "bot")[:batch])
    deleted, _by_model = Update.objects.filter(pk__in=[pk for pk, _bot in chosen]).delete()
    for bot in Bot.objects.filter(pk__in={bot for _pk, bot in chosen}).select_related("workspace"):
        _alert_settle(bot)
    return deleted


def _alert_settle(bot: Bot, *, except_for: int = 0) -> None:
    """Close the alert where nothing failed any more."""
    if not Update.objects.dead().filter(bot=bot).exclude(pk=except_for).exists():
        workspace: Workspace = bot.workspace
        alert_close(workspace=workspace, key=alert_key(bot.pk))


def alert_key(bot: int) -> str:
    """The key of the alert on a bot's failed updates."""
    return f"telegram.update:{bot}"
