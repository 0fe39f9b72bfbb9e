"""Readings of publications: what each look finds and where, and when the next one is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import F, Sum
from django.utils.translation import gettext as _

from apps.accounts.work_alerts import work_dead_tell
from apps.core.clock import now
from apps.core.work.jobs import Defer
from apps.core.work.models import WorkRow
from apps.publishing.models import (
    AccountLook,
    Channel,
    LinkClicks,
    MessageLook,
    MessageReactions,
    PreviewMessage,
    Publication,
    PublicationReading,
    ShortLink,
)
from apps.publishing.statistics import ages
from apps.sources.counts import channel_source, message_counts
from apps.telegram.channel_accounts import way_to

Origin = PublicationReading.Origin
# Somebody may still see it; what was deleted is seen by nobody.
SEEN = (Publication.Status.SENT, Publication.Status.WITHDRAWN)
AGAIN_PART = 0.05
AGAIN_LEAST = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Counted:
    """How often a message was seen when; None is what nobody told."""

    taken_at: datetime
    views: int | None = None
    forwards: int | None = None
    reactions: int | None = None
    origin: str = Origin.NONE


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look came to.

    Attributes:
        session_pk: the account that is to be asked; 0 where none is.
        is_over: the message is gone, nothing further is looked at.
    """

    counted: Counted | None = None
    session_pk: int = 0
    is_over: bool = False


def look_first(publication: Publication) -> None:
    """Look at a publication at each age from now on; inside the transaction that notes that it is out."""
    if publication.sent_at is not None:
        _look_make(publication, after_h=0)


def look_take(row: MessageLook) -> Looked:
    """See what is known here of the publication at its age, or who could be asked.

    Raises:
        Defer: the channel's source will count it soon.
    """
    publication = Publication.objects.select_related("channel").get(pk=row.publication_id)
    at = now()
    if publication.status not in SEEN or publication.sent_at is None:
        return Looked(is_over=True)
    if at > ages.ends_at(publication.sent_at, row.age_h):
        return Looked()
    if publication.channel.kind == Channel.Kind.PREVIEW:
        views = PreviewMessage.objects.filter(publication=publication).values_list("views", flat=True).first()
        return Looked(Counted(at, views, origin=Origin.PAGE))
    return _asked_in_telegram(publication, row.age_h, at)


def look_record(row: MessageLook, looked: Looked) -> None:
    """Keep what was found, have an account asked, and make the next look."""
    publication = Publication.objects.select_related("workspace").get(pk=row.publication_id)
    if looked.is_over:
        return
    if looked.session_pk:
        mine = AccountLook.objects.filter(publication=publication)
        mine.filter(state__in=(WorkRow.State.READY, WorkRow.State.DONE)).exclude(age_h=row.age_h).delete()
        AccountLook.objects.get_or_create(
            publication=publication,
            age_h=row.age_h,
            defaults={"workspace": publication.workspace, "session_id": looked.session_pk},
        )
    # What is known here is kept at once: the account may never answer.
    reading_keep(publication, row.age_h, looked.counted)
    MessageLook.objects.filter(publication=publication, state=WorkRow.State.DONE).exclude(pk=row.pk).delete()
    _look_make(publication, after_h=row.age_h)


def look_dead(row: WorkRow) -> None:
    """A look died of a fault: the later ones go on."""
    look = MessageLook.objects.select_related("publication__workspace").get(pk=row.pk)
    _look_make(look.publication, after_h=look.age_h)
    work_dead_tell(row, _("How a publication fares could not be looked at because of a fault. Later looks go on."))


def reading_keep(publication: Publication, age_h: int, counted: Counted | None) -> None:
    """Keep a reading, once an age; nothing where nothing is known. Inside the transaction that records the look.

    One that was kept before anybody told views or forwards is filled in by whoever tells them.
    """
    sent_at = publication.sent_at
    clicks = clicks_of(publication)
    if counted is None:
        counted = Counted(now())
    told = reactions_told(publication)
    if counted.reactions is None and told is not None:
        origin = counted.origin or Origin.BOT
        counted = Counted(counted.taken_at, counted.views, counted.forwards, told, origin)
    is_empty = (counted.views, counted.forwards, counted.reactions, clicks) == (None, None, None, None)
    if is_empty or sent_at is None or not ages.is_of_age(sent_at=sent_at, taken_at=counted.taken_at, age_h=age_h):
        return
    values = {
        "taken_at": counted.taken_at,
        "views": counted.views,
        "forwards": counted.forwards,
        "reactions": counted.reactions,
        "clicks": clicks,
        "origin": counted.origin,
    }
    rows = PublicationReading.objects.filter(publication=publication, age_h=age_h)
    _found, is_new = rows.get_or_create(publication=publication, age_h=age_h, defaults=values)
    if not is_new and (counted.views, counted.forwards) != (None, None):
        rows.filter(views=None, forwards=None).update(**values)


def clicks_of(publication: Publication) -> int | None:
    """How often people followed its links so far; None where it has none that count."""
    if not ShortLink.objects.filter(publication=publication).exists():
        return None
    found = LinkClicks.objects.filter(link__publication=publication).aggregate(all=Sum("people"))
    return int(found["all"] or 0)


def reactions_told(publication: Publication) -> int | None:
    """The reactions that its bot was told of; None where it was told of none."""
    return MessageReactions.objects.filter(publication=publication).values_list("total", flat=True).first()


def page_seen(message_pks: list[int]) -> None:
    """Count that a visitor was shown these messages of a preview page."""
    PreviewMessage.objects.filter(pk__in=message_pks).update(views=F("views") + 1)


def bare_chat(chat_id: str) -> int | None:
    """The id by which accounts know a channel: without -100; None of a name."""
    return int(chat_id[4:]) if chat_id.startswith("-100") and chat_id[4:].isdecimal() else None


def chat_of(publication: Publication) -> tuple[int | None, str]:
    """The bare id and the public name of the chat where a publication stands, as far as they are known."""
    stands = publication.parts.order_by("position").values_list("chat_id", flat=True).first()
    chat = stands or publication.channel.chat_id
    return bare_chat(chat), chat[1:] if chat.startswith("@") else ""


def _asked_in_telegram(publication: Publication, age_h: int, at: datetime) -> Looked:
    """The channel's source where it has counted lately, else an account, else the source a little later."""
    assert publication.sent_at is not None  # noqa: S101
    if not publication.message_id.isdecimal():
        return Looked()
    chat_id, username = chat_of(publication)
    source = channel_source(workspace_id=publication.workspace_id, chat_id=chat_id, username=username)
    counts = message_counts(source, int(publication.message_id)) if source is not None else None
    if counts is not None and ages.is_of_age(sent_at=publication.sent_at, taken_at=counts.counted_at, age_h=age_h):
        return Looked(Counted(counts.counted_at, counts.views, counts.forwards, counts.reactions, Origin.SOURCE))
    way = way_to(workspace_id=publication.workspace_id, chat_id=chat_id, username=username)
    if way is not None:
        return Looked(session_pk=way.session_pk)
    again = at + max(AGAIN_LEAST, timedelta(hours=age_h * AGAIN_PART))
    if source is not None and again < ages.ends_at(publication.sent_at, age_h):
        raise Defer(until=again, reason=_("The channel’s source has not counted it yet."))
    return Looked()


def _look_make(publication: Publication, *, after_h: int) -> None:
    assert publication.sent_at is not None  # noqa: S101
    age_h = ages.next_age(sent_at=publication.sent_at, after_h=after_h, at=now())
    if age_h is None:
        return
    MessageLook.objects.get_or_create(
        publication=publication,
        age_h=age_h,
        defaults={
            "workspace": publication.workspace,
            "not_before": ages.due_at(publication.sent_at, age_h),
        },
    )
