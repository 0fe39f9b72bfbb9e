"""Finding out whether a message in doubt stands in its Telegram chat, before anybody is asked.

An account of the workspace that can read the channel is asked through a `ChannelLook` row, which the process that owns
the account works; and bots are shown messages by updates. A reading proves both that it is there and that it is not;
updates prove only that it is there, for most bots are not told of their own messages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.work.drain import Defer
from apps.core.work.fields import Among
from apps.core.work.models import HELD, WorkRow
from apps.delivery.models import Attempt, ChannelLook, Delivery, LookUp
from apps.delivery.ports import Absent, CannotTell, Found, LookUpAnswer, Receipt
from apps.delivery.services.joining import payload_sent, payloads_sent
from apps.delivery.services.outcomes import answer_take, delivery_attempted, delivery_held, questions_end
from apps.delivery.telegram_match import NEAR, Doubt, judged, wanted_of
from apps.telegram.channel_accounts import is_connected, ways_to
from apps.telegram.limits import UPLOAD_BYTES_S
from apps.telegram.looking import Seen, Sight, shown_by
from apps.telegram.models import Inbox, KnownChat, Session, Update
from apps.telegram.reading import ChannelRef

# A request that nobody waits for any more may still be worked by Telegram for a moment.
SETTLED_AFTER = timedelta(seconds=5)
# So much longer than its time-out a request may be under way: the rest of its lease, which may be claimed ahead.
LEASE_MORE = timedelta(seconds=12)
# Files that have reached Telegram's server it carries on with, whether anybody waits for the answer or not.
FILES_SETTLE = timedelta(seconds=60)
# An accepted message is seen by others a moment later.
FIRST_LOOK = SETTLED_AFTER
# Less than a doubt holds its lane, so that nothing overtakes an answer that is on its way.
SEARCHED_FOR, AGAIN = timedelta(seconds=50), timedelta(seconds=2)
UPDATES_MOST = 500
NUMBERED = "-100"


@dataclass(frozen=True)
class LookPlan:
    """What is to be read; nothing where nobody wants to know any more.

    Attributes:
        channel: as the account knows it; None where it has to find it by `username`.
        chat_id: the bare number that the name has to lead to; None where only the name is known.
    """

    session_pk: int
    doubt: Doubt | None = None
    channel: ChannelRef | None = None
    username: str = ""
    chat_id: int | None = None


@dataclass(frozen=True)
class Looked:
    """What an account has seen, or why it may not look."""

    doubt: Doubt | None = None
    sight: Sight | None = None
    refusal: str = ""


def search_begin(delivery: Delivery) -> bool:
    """Have an account look into the channel of one that is in doubt; True where somebody can be asked at all."""
    if delivery.begun_at is None or not delivery.went_to:
        return False
    return look_ask(delivery) or _bots_hear(delivery)


def look_ask(delivery: Delivery) -> bool:
    """Ask the account that is most likely to read the channel and has not been refused; False where there is none.

    One that waits for an account which is paused or gone gives way to others.
    """
    live = ChannelLook.objects.live().filter(delivery=delivery)
    idle = live.filter(state=WorkRow.State.READY)
    idle = idle.exclude(session__state=Session.State.ACTIVE, session__is_paused=False)
    idle.update(state=WorkRow.State.DONE, finished_at=now(), token=None)
    if live.exists():
        return True
    found = next(_accounts(delivery), None)
    if found is None:
        return False
    at = now() + FIRST_LOOK
    row = ChannelLook(workspace_id=delivery.workspace_id, delivery=delivery, session_id=found.session_pk, not_before=at)
    row.save(force_insert=True)
    return True


def search(delivery: Delivery) -> LookUpAnswer:
    """What is known by now of one in doubt.

    Raises:
        Defer: an account is going to look, or a bot may still be shown it.
    """
    found = _shown(delivery)
    if isinstance(found, Found):
        return found
    asked = LookUp.objects.live().filter(delivery=delivery).values_list("created_at", flat=True).first()
    is_early = asked is not None and now() < asked + SEARCHED_FOR
    look = ChannelLook.objects.live().filter(delivery=delivery).select_related("session").first()
    if look is None:
        return CannotTell()
    if not is_early or not is_connected(look.session):
        return CannotTell(_("The account “%(account)s” has not looked there yet.") % {"account": look.session})
    raise Defer(until=now() + AGAIN, reason=_("an account looks into the channel"))


def look_plan(row: ChannelLook) -> LookPlan:
    """Read from the rows what is to be looked for, and where."""
    delivery = row.delivery
    if delivery.state != WorkRow.State.UNKNOWN:
        return LookPlan(row.session_id)
    found = next((one for one in _accounts(delivery, anew=True) if one.session_pk == row.session_id), None)
    return found or LookPlan(row.session_id)


def look_record(row: ChannelLook, looked: Looked) -> None:
    """Settle the delivery by what the account has seen; in the transaction that finishes the look."""
    delivery = delivery_held(row.delivery_id)
    if delivery.state != WorkRow.State.UNKNOWN or looked.doubt is None:
        return
    if looked.doubt.began_at != delivery.begun_at:  # it has left once more since
        look_ask(delivery)
        return
    if looked.sight is None:
        ChannelLook.objects.filter(pk=row.pk).update(refusal=looked.refusal)
        if not look_ask(delivery):
            _told(delivery, CannotTell(looked.refusal))
        return
    doubt = doubt_of(delivery)  # what others were recorded as meanwhile is theirs
    answer = judged(doubt, looked.sight)
    if answer is None:
        again = ChannelLook(workspace_id=row.workspace_id, delivery=delivery, session_id=row.session_id)
        again.not_before = max(doubt.until, now())
        again.save(force_insert=True)
    else:
        _told(delivery, answer)


def look_dead(row: WorkRow) -> None:
    """The look broke off: a person has to look."""
    assert isinstance(row, ChannelLook)  # noqa: S101 - the kind of this hook
    look_record(row, Looked(doubt_of(row.delivery), refusal=row.error))


def _told(delivery: Delivery, answer: LookUpAnswer) -> None:
    """Take what an account has seen; once a person was asked, “it is not there” is only noted for them."""
    is_asked = not LookUp.objects.live().filter(delivery=delivery).exists()
    if is_asked and not isinstance(answer, Found):
        outcome = Attempt.Outcome.ABSENT if isinstance(answer, Absent) else Attempt.Outcome.UNKNOWN
        detail = answer.reason if isinstance(answer, CannotTell) else _("it was not seen there")
        delivery_attempted(delivery, outcome, kind=Attempt.Kind.LOOK_UP, detail=detail)
        return
    questions_end(delivery)
    answer_take(delivery, _linked(delivery, answer))


def doubt_of(delivery: Delivery) -> Doubt:
    """One in doubt, with what tells its message from those of others."""
    assert delivery.begun_at is not None  # noqa: S101 - it has left
    payload, began_at = payload_sent(delivery), delivery.begun_at
    wanted, until = wanted_of(payload), began_at + lasts(payload)
    there = Delivery.objects.filter(went_to=delivery.went_to)
    held = there.filter(Among("state", HELD), Among("state", ("leased", "unknown")))
    near = list(held.filter(begun_at__gt=began_at - NEAR, begun_at__lt=until).order_by("begun_at", "pk"))
    keys = [pk for pk, one in payloads_sent(near).items() if wanted_of(one) == wanted]
    ended = there.filter(Among("state", ("done",)), finished_at__gte=began_at - NEAR * 2)
    sent = ended.filter(outcome=Delivery.Outcome.SENT)
    taken = {int(part) for ids in sent.values_list("vendor_id", flat=True) for part in ids.split(",") if part.isdigit()}
    rank = keys.index(delivery.pk) if delivery.pk in keys else 0
    return Doubt(wanted, began_at, until, rank=rank, doubts=max(1, len(keys)), taken=frozenset(taken))


def lasts(payload: Mapping[str, Any]) -> timedelta:
    """How long after its beginning something of a request may still arrive."""
    longest = timedelta(seconds=settings.TELEGRAM_TIMEOUT_S) + LEASE_MORE + SETTLED_AFTER
    sizes = [int(one.get("size") or 0) for one in payload.get("media", ()) if not one.get("file_id")]
    return longest + FILES_SETTLE + timedelta(seconds=sum(sizes) / UPLOAD_BYTES_S) if sizes else longest


def _shown(delivery: Delivery) -> LookUpAnswer | None:
    """Whether bots of the workspace have been shown the message."""
    doubt = doubt_of(delivery)
    heard = Update.objects.filter(workspace=delivery.workspace_id, created_at__gte=doubt.began_at)
    seen: list[Seen] = []
    for content in heard.order_by("-pk").values_list("payload", flat=True)[:UPDATES_MOST]:
        seen += [one for chat, one in shown_by(content) if _is_chat(chat, delivery.went_to)]
    answer = judged(doubt, Sight(tuple(seen), doubt.began_at, is_whole=False))
    return _linked(delivery, answer) if answer is not None else None


def _is_chat(chat: object, went_to: str) -> bool:
    """Whether an update's chat is the one that was written to."""
    assert isinstance(chat, dict)  # noqa: S101 - as `shown_by` gives it
    if went_to.startswith("@"):
        return str(chat.get("username", "")).lower() == went_to[1:].lower()
    return str(chat.get("id")) == went_to


def _bots_hear(delivery: Delivery) -> bool:
    """Whether a bot of the workspace is listened to, so that it may yet be shown the message."""
    return Inbox.objects.filter(bot__workspace=delivery.workspace_id, heard_at__isnull=False).exists()


def _accounts(delivery: Delivery, *, anew: bool = False) -> Iterator[LookPlan]:
    """The accounts that may read the channel, the likeliest first; those that were refused only `anew`.

    Where only a name was written to, it is found anew, for names move from channel to channel.
    """
    chat, username = delivery.went_to, _username(delivery)
    if not (username or chat.startswith(NUMBERED)):
        return
    number = int(chat.removeprefix(NUMBERED)) if chat.startswith(NUMBERED) else None
    refused = ChannelLook.objects.none() if anew else ChannelLook.objects.filter(delivery=delivery).exclude(refusal="")
    ways = ways_to(
        workspace_id=delivery.workspace_id, chat_id=number, username=username, without=refused.values("session")
    )
    doubt = doubt_of(delivery)
    for way in ways:
        if number is not None and way.channel is not None:
            yield LookPlan(way.session_pk, doubt, way.channel)
        else:
            yield LookPlan(way.session_pk, doubt, None, username, number)


def _username(delivery: Delivery) -> str:
    """The public name of the chat, as far as it is known."""
    chat = delivery.went_to
    if chat.startswith("@"):
        return chat[1:]
    if not chat.lstrip("-").isdigit():
        return ""
    known = KnownChat.objects.filter(bot__workspace=delivery.workspace_id, chat_id=int(chat)).exclude(username="")
    return known.values_list("username", flat=True).first() or ""


def _linked(delivery: Delivery, answer: LookUpAnswer) -> LookUpAnswer:
    """What was found, with the address where a person sees it."""
    if not isinstance(answer, Found):
        return answer
    number, chat, name = answer.receipt.vendor_id.partition(",")[0], delivery.went_to, _username(delivery)
    place = name or (f"c/{chat.removeprefix(NUMBERED)}" if chat.startswith(NUMBERED) else "")
    url = f"https://t.me/{place}/{number}" if place else ""
    return Found(Receipt(vendor_id=answer.receipt.vendor_id, url=url))
