"""The editors' topics on the screen of numbers: a line each, with a small chart of its days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format, number_format

from apps.accounts.models import Workspace
from apps.sources.models import Topic
from apps.sources.numbers import Numbers, Period, Tally, TopicTally

BARS_MAX = 92  # a longer period is drawn with several days a bar
BAR, HEIGHT = 10, 24


@dataclass(frozen=True, slots=True)
class SmallBar:
    """One bar of a small chart, in the units of its drawing: all posts, and the kept ones in front."""

    x: int
    y: int
    height: int
    kept_y: int
    kept_height: int
    words: str


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One line of the table; `width` is that of the drawing."""

    name: str
    posts: str
    kept: str
    used: str
    url: str
    bars: tuple[SmallBar, ...]
    width: int


def topic_rows(found: Numbers, period: Period, workspaces: Sequence[Workspace]) -> list[TopicRow]:
    """Lines of the topics, the commonest first, drawn to one scale."""
    drawn = [(one, _bars_of(one, period)) for one in found.topics]
    largest = max((tally.posts for _one, bars in drawn for _words, tally in bars), default=0) or 1
    return [
        TopicRow(
            name=topic_name(one.topic, with_workspace=len(workspaces) > 1),
            posts=number_format(one.whole.posts, force_grouping=True),
            kept=share(one.whole.kept, one.whole.posts),
            used=share(one.whole.used, one.whole.posts),
            url=f"{reverse('admin:sources_post_changelist')}?topic={one.topic.pk}",
            bars=tuple(_drawn(place, words, tally, largest) for place, (words, tally) in enumerate(bars)),
            width=len(bars) * BAR,
        )
        for one, bars in drawn
    ]


def topic_name(topic: Topic, *, with_workspace: bool) -> str:
    """A topic's name, with its workspace's where several are shown: two may have a topic of one name."""
    return f"{topic.name} · {topic.workspace.name}" if with_workspace else topic.name


def share(part: int, whole: int) -> str:
    """A part of the whole in percent; nothing where there is no whole."""
    return f"{number_format(round(100 * part / whole, 1), 1)} %" if whole else "–"


def _bars_of(one: TopicTally, period: Period) -> list[tuple[str, Tally]]:
    """The bars of a topic from the first day to the last, each with its days in words."""
    days = period.days
    each = -(-len(days) // BARS_MAX)
    bars = []
    for start in range(0, len(days), each):
        span = days[start : start + each]
        tally = Tally()
        for day in span:
            if day in one.days:
                told = one.days[day]
                tally.add(told.posts, told.kept, told.used)
        first, last = date_format(span[0], "j E Y"), date_format(span[-1], "j E Y")
        bars.append((first if len(span) == 1 else f"{first} – {last}", tally))
    return bars


def _drawn(place: int, words: str, tally: Tally, largest: int) -> SmallBar:
    height, kept = _height(tally.posts, largest), _height(tally.kept, largest)
    told = f"{words}: {number_format(tally.posts, force_grouping=True)}"
    return SmallBar(place * BAR, HEIGHT - height, height, HEIGHT - kept, kept, told)


def _height(posts: int, largest: int) -> int:
    """What is there is seen, however little it is beside the largest."""
    return max(1, round(HEIGHT * posts / largest)) if posts else 0
