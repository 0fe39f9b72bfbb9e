"""What the calendar shows of a workspace: publications, free slots, quiet hours, and what needs a person."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.desk.calendar_days import Card, Day, Place, days_of, put, shade
from apps.publishing import slots
from apps.publishing.models import Channel, ChannelSchedule, Publication, QueueResume
from apps.publishing.services import resume_standing, resumes_open
from apps.publishing.services.schedule_rules import PLACED, Conflict, clock, conflicts_among, rules_by_channel
from apps.publishing.slots import DAY, Rules

Status = Publication.Status
SHOWN = (*PLACED, Status.FAILED)
# More than that in one view is no plan any more; the list of publications has them all.
ROWS_MAX = 2000
STRIP_MAX = 12
# A drain is rarely later than that; before it nobody need look.
LATE = timedelta(minutes=2)


@dataclass(frozen=True)
class Paused:
    """A channel whose queue is paused, and how much of it is overdue."""

    channel: Channel
    schedule: ChannelSchedule
    since: str
    overdue: int


@dataclass(frozen=True)
class Resumed:
    """A queue that went on just now, and what taking that back would do."""

    row: QueueResume
    back: int
    stays: int


@dataclass(frozen=True)
class Sight:
    """What the calendar shows.

    Attributes:
        cut: there is more than is shown.
    """

    days: list[Day]
    has_slots: bool
    cut: bool


def sight(
    workspace: Workspace, channels: Sequence[Channel], first: date, count: int, *, may_move: bool = False
) -> Sight:
    """The days from a first one on, with what the channels have in them."""
    at, zone = now(), workspace.zone
    days = days_of(first, count, zone, at=at)
    begin, end = days[0].span.begin, days[-1].span.end
    rows = publications(workspace, channels, begin, end)
    rules = rules_by_channel(channels)
    put(days, cards(rows, rules, workspace, at=at, may_move=may_move, begin=begin, end=end))
    put_places(days, channels, rows, rules, begin=max(begin, at), end=end)
    shade(days, {each.name: slots.quiet_spans(rules[each.pk], begin, end) for each in channels})
    for day in days:
        day.entries.sort(key=lambda one: (one.local.timestamp(), isinstance(one, Place)))
        for cell in day.cells.values():
            cell.entries.sort(key=lambda one: (one.local.timestamp(), isinstance(one, Place)))
    return Sight(days, any(rules[each.pk].slots for each in channels), len(rows) >= ROWS_MAX)


def publications(
    workspace: Workspace, channels: Sequence[Channel], begin: datetime, end: datetime
) -> list[Publication]:
    """What comes out in the channels between two moments, with a day on either side for neighbours."""
    rows = Publication.objects.filter(
        workspace=workspace,
        channel__in=channels,
        status__in=SHOWN,
        publish_at__gte=begin - DAY,
        publish_at__lt=end + DAY,
    )
    return list(rows.select_related("channel").defer("html", "channel__footer").order_by("publish_at", "pk")[:ROWS_MAX])


def cards(
    rows: Sequence[Publication],
    rules: dict[int, Rules],
    workspace: Workspace,
    *,
    at: datetime,
    may_move: bool,
    begin: datetime,
    end: datetime,
) -> list[Card]:
    """The publications of the days, each with what speaks against its time."""
    zone, found = workspace.zone, []
    placed: dict[int, list[Publication]] = {}
    for row in rows:
        if row.status in PLACED:
            placed.setdefault(row.channel_id, []).append(row)
    for row in rows:
        if not begin <= row.publish_at < end:
            continue
        waits = row.status == Status.SCHEDULED
        against = against_of(row, placed[row.channel_id], rules[row.channel_id], workspace) if waits else []
        is_late = waits and at - row.publish_at > LATE
        local = row.publish_at.astimezone(zone)
        found.append(Card(row, local, tuple(against), is_late=is_late, is_movable=waits and may_move))
    return found


def against_of(row: Publication, others: list[Publication], rules: Rules, workspace: Workspace) -> list[Conflict]:
    """What speaks against the time of one of a channel's publications, which are sorted by time."""
    place = bisect_left(others, (row.publish_at, row.pk), key=lambda one: (one.publish_at, one.pk))
    around = [(each.publish_at, each.title) for each in others[max(0, place - 1) : place + 2] if each.pk != row.pk]
    return conflicts_among(rules, row.publish_at, around, shown_in=workspace.zone)


def put_places(
    days: list[Day],
    channels: Sequence[Channel],
    rows: Sequence[Publication],
    rules: dict[int, Rules],
    *,
    begin: datetime,
    end: datetime,
) -> None:
    """Set the free slots of the channels into the days."""
    if not channels or begin >= end:
        return
    zone = channels[0].workspace.zone
    found = []
    for channel in channels:
        if not channel.is_active:
            continue
        others = [row.publish_at for row in rows if row.channel_id == channel.pk and row.status in PLACED]
        free = slots.free_slots(rules[channel.pk], begin, end, others)
        found += [Place(channel, moment.astimezone(zone)) for moment in free]
    put(days, found)


def needing(workspace: Workspace, channels: Sequence[Channel]) -> list[Card]:
    """What a person has to look at, wherever in time it stands: overdue, unknown, failed; the latest first."""
    at = now()
    rows = Publication.objects.filter(workspace=workspace, channel__in=channels).select_related("channel").defer("html")
    late = rows.filter(status=Status.SCHEDULED, publish_at__lt=at - LATE)
    ended = rows.filter(status__in=[Status.UNKNOWN, Status.FAILED])
    # A paused queue has many late ones: they leave half of the room to what failed.
    found = list(ended.order_by("-publish_at")[: STRIP_MAX // 2])
    found += late.order_by("-publish_at")[: STRIP_MAX - len(found)]
    zone = workspace.zone
    return [Card(row, row.publish_at.astimezone(zone), is_late=row.status == Status.SCHEDULED) for row in found]


def paused(channels: Sequence[Channel]) -> list[Paused]:
    """The channels whose queue is paused."""
    at = now()
    rows = ChannelSchedule.objects.filter(channel__in=channels, paused_at__isnull=False)
    by_id = {channel.pk: channel for channel in channels}
    found = []
    for row in rows.select_related("paused_by").order_by("paused_at"):
        overdue = Publication.objects.filter(channel=row.channel_id, status=Status.SCHEDULED, publish_at__lte=at)
        channel = by_id[row.channel_id]
        since = clock(row.paused_at or at, channel.workspace.zone)
        found.append(Paused(channel, row, since, overdue.count()))
    return found


def resumed(channels: Sequence[Channel]) -> list[Resumed]:
    """The queues that went on just now and can be stopped again."""
    rows = resumes_open().filter(channel__in=channels).select_related("channel").order_by("-at")
    found = []
    for row in rows:
        standing = resume_standing(row)
        found.append(Resumed(row, standing.back, standing.stays))
    return found
