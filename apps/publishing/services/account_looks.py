"""Looks that are asked of Telegram by an account: what is asked, and what comes of the answer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.accounts.work_alerts import work_dead_tell
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work.models import WorkRow
from apps.publishing.models import AccountLook, Publication
from apps.publishing.services.readings import SEEN, Counted, Origin, chat_of, reading_keep
from apps.publishing.statistics import ages
from apps.telegram.channel_accounts import way_to
from apps.telegram.reading import ChannelInfo, ChannelMessage, ChannelReader, ChannelRef
from apps.telegram.services.session_budget import peer_keep

LOGIN_LOST = "login_lost"


@dataclass(frozen=True, slots=True)
class AccountPlan:
    """What is asked, apart from rows; without ids nothing is."""

    session_pk: int = 0
    channel: ChannelRef | None = None
    username: str = ""
    ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountAnswer:
    """What Telegram answered, or why it did not; `found` is the channel where it had to be found first."""

    counted: Counted | None = None
    found: ChannelInfo | None = None
    problem: str = ""


def account_plan(row: AccountLook) -> AccountPlan:
    """Read from the rows what to ask; nothing where it is too late, or the message is gone."""
    publication = Publication.objects.select_related("channel").get(pk=row.publication_id)
    if publication.status not in SEEN or publication.sent_at is None:
        return AccountPlan()
    if now() > ages.ends_at(publication.sent_at, row.age_h):
        return AccountPlan()
    first = publication.parts.order_by("position").values_list("message_ids", flat=True).first() or ""
    ids = tuple(int(one) for one in (first or publication.message_id).split(",") if one.isdecimal())
    chat_id, username = chat_of(publication)
    way = way_to(workspace_id=publication.workspace_id, chat_id=chat_id, username=username)
    known = way.channel if way is not None and way.session_pk == row.session_id else None
    if known is None and not username:
        return AccountPlan()
    return AccountPlan(row.session_id, known, username, ids)


async def account_ask(plan: AccountPlan, reader: ChannelReader) -> AccountAnswer:
    """Read the messages once more; what Telegram refuses for good is an answer.

    Raises:
        RetryableError: it has to be asked later.
        PermanentError: the login is lost.
    """
    try:
        found = await reader.resolve(plan.username) if plan.channel is None else None
        channel = plan.channel or ChannelRef(*(found.chat_id, found.access_hash) if found else (0, 0))
        answers = await reader.by_ids(channel, plan.ids)
    except PermanentError as error:
        if error.code == LOGIN_LOST:
            raise
        return AccountAnswer(problem=str(error))
    messages = [one for one in answers.values() if one is not None]
    if not messages:
        return AccountAnswer(found=found, problem=_("The message is not there any more."))
    return AccountAnswer(counted_of(messages), found)


def counted_of(messages: list[ChannelMessage]) -> Counted:
    """Of an album Telegram counts views on every part and reactions on one."""
    reactions = max(sum(one.reactions.values()) for one in messages)
    views = _most(one.views for one in messages)
    return Counted(now(), views, _most(one.forwards for one in messages), reactions, Origin.ACCOUNT)


def account_record(row: AccountLook, answer: AccountAnswer) -> None:
    """Keep the reading, and the channel as the account found it."""
    publication = Publication.objects.get(pk=row.publication_id)
    if answer.found is not None:
        peer_keep(session_pk=row.session_id, channel=answer.found)
    if answer.problem:
        AccountLook.objects.filter(pk=row.pk).update(problem=answer.problem)
    reading_keep(publication, row.age_h, answer.counted)


def account_dead(row: WorkRow) -> None:
    """A look died of a fault; the later ones go on."""
    work_dead_tell(row, _("An account could not look how a publication fares because of a fault. Later looks go on."))


def _most(numbers: Iterable[int | None]) -> int | None:
    return max((number for number in numbers if number is not None), default=None)
