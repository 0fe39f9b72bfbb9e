"""What a channel's schedule says of a time: is it free, and what speaks against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.publishing import slots
from apps.publishing.models import Channel, ChannelSchedule, Publication, Slot
from apps.publishing.slots import Rules

Status = Publication.Status
# What has a place in time: a failed or cancelled publication leaves its own to others.
PLACED = (Status.SCHEDULED, Status.SENT, Status.UNKNOWN, Status.WITHDRAWN)
# Neighbours farther away than the greatest distance can't be too near.
AROUND = timedelta(days=1)


@dataclass(frozen=True)
class Conflict:
    """Something that speaks against a time.

    Attributes:
        kind: "quiet", or "near" where another publication has the time or one too near.
        words: what it is, for a person.
    """

    kind: str
    words: str


class ConflictError(PermanentError):
    """A time that the channel's schedule speaks against, and nobody said "anyway"."""

    def __init__(self, conflicts: Sequence[Conflict]) -> None:
        super().__init__(" ".join(each.words for each in conflicts), code="conflict")
        self.conflicts = tuple(conflicts)


def schedule_of(channel: Channel) -> ChannelSchedule:
    """The channel's schedule; one that is not stored where it has none."""
    return ChannelSchedule.objects.filter(channel=channel).first() or ChannelSchedule(channel=channel)


def rules_of(channel: Channel) -> Rules:
    """When this channel may publish."""
    return rules_by_channel([channel])[channel.pk]


def rules_by_channel(channels: Iterable[Channel]) -> dict[int, Rules]:
    """When each of the channels may publish, by its id; two queries, whatever their number."""
    wanted = {channel.pk: channel for channel in channels}
    stored = {row.channel_id: row for row in ChannelSchedule.objects.filter(channel__in=wanted)}
    places: dict[int, set[tuple[int, object]]] = {pk: set() for pk in wanted}
    for slot in Slot.objects.filter(channel__in=wanted):
        places[slot.channel_id].add((slot.weekday, slot.at))
    found = {}
    for pk, channel in wanted.items():
        row = stored.get(pk) or ChannelSchedule(channel=channel)
        row.channel = channel
        found[pk] = Rules(
            zone=row.zone,
            slots=frozenset(places[pk]),  # type: ignore[arg-type]
            quiet_from=row.quiet_from,
            quiet_until=row.quiet_until,
            gap=timedelta(minutes=row.gap_minutes),
        )
    return found


def neighbours(
    channel: Channel, begin: datetime, end: datetime, *, besides: Iterable[int] = ()
) -> list[tuple[datetime, str]]:
    """Times and titles of what comes out in the channel between two moments or near them, in order."""
    rows = Publication.objects.filter(
        channel=channel, status__in=PLACED, publish_at__gte=begin - AROUND, publish_at__lte=end + AROUND
    )
    found = rows.exclude(pk__in=list(besides)).order_by("publish_at", "pk").values_list("publish_at", "title")
    return list(found)


def taken(channel: Channel, begin: datetime, *, besides: Iterable[int] = ()) -> list[datetime]:
    """The times from shortly before a moment on that are taken in the channel."""
    rows = Publication.objects.filter(channel=channel, status__in=PLACED, publish_at__gte=begin - AROUND)
    return list(rows.exclude(pk__in=list(besides)).order_by("publish_at").values_list("publish_at", flat=True))


def conflicts_at(channel: Channel, moment: datetime, *, besides: Iterable[int] = ()) -> list[Conflict]:
    """What speaks against a publication of this channel at this moment."""
    around = neighbours(channel, moment, moment, besides=besides)
    return conflicts_among(rules_of(channel), moment, around, shown_in=channel.workspace.zone)


def conflicts_among(
    rules: Rules, moment: datetime, around: Sequence[tuple[datetime, str]], *, shown_in: ZoneInfo
) -> list[Conflict]:
    """What speaks against a moment among its neighbours, sorted by time; times are told in the given zone."""
    found = []
    if quiet := slots.quiet_at(rules, moment):
        words = _("It falls into quiet hours, %(begin)s–%(end)s.")
        told = {"begin": f"{quiet.begin.astimezone(shown_in):%H:%M}", "end": f"{quiet.end.astimezone(shown_in):%H:%M}"}
        found.append(Conflict("quiet", words % told))
    times = [at for at, _title in around]
    near = slots.nearest(moment, times, rules.distance)
    if near is not None:
        minutes = int(rules.gap.total_seconds() // 60)
        words = (
            ngettext(
                "“%(title)s” comes out at %(time)s: less than %(minutes)d minute apart.",
                "“%(title)s” comes out at %(time)s: less than %(minutes)d minutes apart.",
                minutes,
            )
            if minutes
            else _("This time is taken: “%(title)s” comes out at %(time)s.")
        )
        title = around[times.index(near)][1] or _("Untitled")
        same_day = near.astimezone(shown_in).date() == moment.astimezone(shown_in).date()
        when = f"{near.astimezone(shown_in):%H:%M}" if same_day else clock(near, shown_in)
        named = {"title": Truncator(title).chars(40), "time": when, "minutes": minutes}
        found.append(Conflict("near", words % named))
    return found


def clock(moment: datetime, zone: ZoneInfo) -> str:
    """A moment as people of the zone say it: the hour today, with the date on other days."""
    there = moment.astimezone(zone)
    if there.date() == now().astimezone(zone).date():
        return f"{there:%H:%M}"
    return f"{date_format(there.date(), 'j E')} {there:%H:%M}"
