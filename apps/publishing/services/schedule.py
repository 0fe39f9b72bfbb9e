"""A channel's schedule, and publications that take their place in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, PultError, TransitionError
from apps.publishing import slots
from apps.publishing.models import Channel, ChannelSchedule, Publication, Slot
from apps.publishing.services.options import PostOptions
from apps.publishing.services.publications import publication_move, publication_schedule
from apps.publishing.services.schedule_rules import (
    PLACED,
    Conflict,
    ConflictError,
    clock,
    conflicts_at,
    rules_of,
    schedule_of,
    taken,
)
from apps.stories.models import Story

Status = Publication.Status
Options = Mapping[int, PostOptions]


@dataclass(frozen=True)
class Placed:
    """What became of a story in one channel.

    Attributes:
        publication: with its time; None where it got none.
        words: what it got, or why not.
        is_warning: it stands, and there is something to know about it.
        conflicts: what speaks against the time; somebody who may can say "anyway".
    """

    channel: Channel
    publication: Publication | None
    words: str
    is_warning: bool = False
    conflicts: tuple[Conflict, ...] = ()


@transaction.atomic
def schedule_save(
    *,
    channel: Channel,
    times: Iterable[tuple[int, time]],
    quiet_from: time | None = None,
    quiet_until: time | None = None,
    gap_minutes: int = 0,
    time_zone: str = "",
    editor: User | None = None,
) -> ChannelSchedule:
    """Give a channel its slots, quiet hours and distance. What is scheduled already keeps its time."""
    row = schedule_locked(channel)
    row.quiet_from, row.quiet_until = quiet_from, quiet_until
    row.gap_minutes, row.time_zone = gap_minutes, time_zone
    row.save(update_fields=["quiet_from", "quiet_until", "gap_minutes", "time_zone"])
    wanted = set(times)
    for slot in Slot.objects.filter(channel=channel):
        if (slot.weekday, slot.at) in wanted:
            wanted.remove((slot.weekday, slot.at))
        else:
            slot.delete()
    Slot.objects.bulk_create([Slot(channel=channel, weekday=weekday, at=at) for weekday, at in sorted(wanted)])
    told = {
        "quiet": f"{quiet_from:%H:%M}–{quiet_until:%H:%M}" if quiet_from and quiet_until else "",
        "gap_minutes": gap_minutes,
        "slots": Slot.objects.filter(channel=channel).count(),
    }
    audit_record(actor=editor, verb="schedule.changed", target=channel, details=told)
    return row


def schedule_locked(channel: Channel) -> ChannelSchedule:
    """The channel's schedule, held until the transaction ends: two who look for a free slot take turns."""
    ChannelSchedule.objects.get_or_create(channel=channel)
    return ChannelSchedule.objects.select_for_update(of=("self",)).get(channel=channel)


def publication_schedule_next(
    *, story: Story, channels: Sequence[Channel], editor: User | None, options: Options | None = None
) -> list[Placed]:
    """Give the story the next free slot of each channel, with that channel's own text and options (by its id).

    What one channel refuses does not hold up the others. A channel that has the story already keeps its time.
    """
    return [_placed(story, channel, lambda each: _next(story, each, editor, options or {})) for channel in channels]


def publication_schedule_at(
    *,
    story: Story,
    channels: Sequence[Channel],
    at: datetime,
    editor: User | None,
    options: Options | None = None,
    anyway: bool = False,
) -> list[Placed]:
    """Schedule the story in each channel for this time; a channel whose schedule speaks against it refuses in words.

    Two who take one free place in the same moment take turns: the second is told who stands there.
    """

    def act(channel: Channel) -> Publication:
        def agrees() -> None:
            schedule_locked(channel)
            _refuse_conflicts(story, channel, at)

        if not anyway:  # before files are read, and again when nobody else can take the place
            _refuse_conflicts(story, channel, at)
        return publication_schedule(
            story=story,
            channel=channel,
            editor=editor,
            at=at,
            options=(options or {}).get(channel.pk),
            guard=None if anyway else agrees,
        )

    return [_placed(story, channel, act) for channel in channels]


def publication_place(
    *,
    publication: Publication,
    to: datetime,
    editor: User | None,
    seen: datetime | None = None,
    anyway: bool = False,
) -> None:
    """Move a publication to a time that its channel's schedule agrees with.

    Args:
        seen: the time that the editor saw it at; another one means that somebody moved it meanwhile.
        anyway: move it although the schedule speaks against the time.

    Raises:
        ConflictError: it is too near to another one, or in quiet hours.
        TransitionError: it has left, has ended or was moved meanwhile; nothing is changed.
        PermanentError: the time has passed or is far away.
    """
    with transaction.atomic():
        schedule_locked(publication.channel)
        stored = publication_movable(publication, seen)
        if not anyway and (found := conflicts_at(stored.channel, to, besides=[stored.pk])):
            raise ConflictError(found)
        publication_move(publication=stored, to=to, editor=editor)
    publication.publish_at = stored.publish_at


def publication_movable(publication: Publication, seen: datetime | None) -> Publication:
    """The publication as it stands now, if it may still be moved; its schedule is held by this transaction.

    Raises:
        TransitionError: it has left, has ended or was moved since it was seen.
    """
    related = ("delivery", "workspace", "channel", "story", "version")
    stored = Publication.objects.select_related(*related).get(pk=publication.pk)
    _refuse_ended(stored)
    if seen is not None and stored.publish_at != seen:
        words = _("Somebody moved it to %(time)s meanwhile. Look again and move it from there.")
        raise TransitionError(words % {"time": clock(stored.publish_at, stored.workspace.zone)})
    return stored


def _refuse_conflicts(story: Story, channel: Channel, at: datetime) -> None:
    """Refuse a time that the channel's schedule speaks against; what stands there of this story is told otherwise."""
    known = Publication.objects.filter(story=story, channel=channel, corrects=None, repeats=None)
    if known.filter(status__in=PLACED).exists():
        return
    if found := conflicts_at(channel, at):
        raise ConflictError(found)


def _refuse_ended(row: Publication) -> None:
    """Say in words what became of a publication that can't be moved any more."""
    zone = row.workspace.zone
    if row.status == Status.SENT and row.sent_at is not None:
        words = _("It went out at %(time)s, before it was moved. Nothing is changed.")
        raise TransitionError(words % {"time": clock(row.sent_at, zone)})
    if row.status == Status.CANCELLED:
        raise TransitionError(_("It was cancelled meanwhile. Nothing is changed."))
    if row.status == Status.FAILED:
        raise TransitionError(_("It was not published, and the reason stands on its page. Publish the story anew."))


def _placed(story: Story, channel: Channel, act: Callable[[Channel], Publication]) -> Placed:
    """Do it in one channel, and say what came of it."""
    known = _scheduled(story, channel) is not None
    words = _("“%(channel)s”: it stands there already, %(time)s.") if known else _("“%(channel)s”: %(time)s.")
    try:
        publication = act(channel)
    except PultError as exc:
        found = exc.conflicts if isinstance(exc, ConflictError) else ()
        words = _("“%(channel)s”: %(why)s") % {"channel": channel.name, "why": exc}
        return Placed(channel, None, words, conflicts=found)
    when = publication.publish_at.astimezone(channel.workspace.zone)
    text = words % {"channel": channel.name, "time": date_format(when, "l j E, H:i")}
    if is_paused := schedule_of(channel).paused_at is not None:
        text += " " + _("The channel’s queue is paused: it waits until somebody resumes it.")
    return Placed(channel, publication, text, is_warning=is_paused)


def _scheduled(story: Story, channel: Channel) -> Publication | None:
    rows = Publication.objects.filter(story=story, channel=channel, corrects=None, repeats=None)
    return rows.filter(status=Status.SCHEDULED).first()


def _next(story: Story, channel: Channel, editor: User | None, options: Options) -> Publication:
    """Take the channel's next free slot; where another took it in the same moment, go on to the one after it.

    A publication's files are read before anything is locked, so the slot is looked for first and settled afterwards.
    """
    if (known := _scheduled(story, channel)) is not None:
        return known
    moment = _free(channel)
    chosen = options.get(channel.pk)
    publication = publication_schedule(story=story, channel=channel, editor=editor, at=moment, options=chosen)
    with transaction.atomic():
        schedule_locked(channel)
        others = taken(channel, moment, besides=[publication.pk])
        if slots.nearest(moment, others, rules_of(channel).distance) is not None:
            publication_move(publication=publication, to=_free(channel, besides=publication.pk), editor=editor)
    return publication


def next_free_of(channel: Channel) -> datetime | None:
    """The channel's next free slot; None where it has no slots, or none is free."""
    try:
        return _free(channel)
    except PermanentError:
        return None


def _free(channel: Channel, *, besides: int = 0) -> datetime:
    rules, begin = rules_of(channel), now()
    if not rules.slots:
        raise PermanentError(_("the channel has no slots. Give it some, or choose a time."), code="no_slots")
    moment = slots.next_free(rules, begin, taken(channel, begin, besides=[besides]))
    if moment is None:
        words = _("no slot is free within a year, or all are in quiet hours. Look at the channel’s schedule.")
        raise PermanentError(words, code="no_free_slot")
    return moment
