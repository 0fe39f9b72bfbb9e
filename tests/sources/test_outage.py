"""Two days without a network or without Pult: all goes on by itself, the oldest first, without a rush."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from apps.core.clock import now
from apps.sources.models import Poll, Post, Source
from apps.sources.tasks import polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, PollFactory, WorkspaceFactory
from tests.sources.payloads import entry, rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
REAL = timezone.now


class Clock:
    """A clock that goes on, and can be moved ahead."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return REAL() + self.ahead


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(timezone, "now", made)
    return made


def feeds(host: SiteServer, count: int, **fields: Any) -> list[Source]:
    made: list[Source] = []
    fields.setdefault("workspace", WorkspaceFactory.create())
    for number in range(count):
        url = host.page(f"/{number}.xml", rss(entry(f"a{number}")))
        made.append(FeedFactory.create(url=url, interval_s=600, **fields))
        PollFactory.create(source=made[-1])
    return made


def collect_all() -> None:
    """Collect until nothing is due, as the sweep has it."""
    while Poll.objects.due(now() + timedelta(seconds=5)).exists():
        polls_collect()


def test_two_days_without_a_network_end_within_an_hour(host: SiteServer, clock: Clock) -> None:
    sources = feeds(host, 4)
    collect_all()
    assert Source.objects.filter(failures=0).exclude(last_ok_at=None).count() == 4
    fault = host.faults.add("cut_before")
    host.log.clear()
    for _hour in range(48):
        clock.ahead += timedelta(hours=1)
        collect_all()
    assert Source.objects.filter(failures__gte=24).count() == 4
    assert len(host.log) <= 4 * 48
    assert Source.objects.filter(is_active=True).count() == 4

    host.faults.clear()
    for number in range(4):
        host.page(f"/{number}.xml", rss(entry(f"a{number}"), entry(f"b{number}")))
    for _ten_minutes in range(7):
        clock.ahead += timedelta(minutes=10)
        collect_all()

    assert fault.times is None
    assert not Source.objects.exclude(failures=0, last_error="").exists()
    assert Post.objects.count() == 8
    waits = [Poll.objects.get(source=source, state="ready").not_before - now() for source in sources]
    assert max(waits) <= timedelta(seconds=600)


def test_sources_that_failed_together_do_not_come_back_together(host: SiteServer, clock: Clock) -> None:
    feeds(host, 6)
    host.faults.add("cut_before")
    for _hour in range(8):
        clock.ahead += timedelta(hours=1, minutes=10)
        collect_all()

    due = sorted(Poll.objects.filter(state="ready").values_list("not_before", flat=True))

    assert due[-1] - due[0] > timedelta(minutes=1)


def test_site_in_trouble_for_two_days_is_asked_ever_more_rarely(host: SiteServer, clock: Clock) -> None:
    feeds(host, 1)
    host.page("/0.xml", "no", status=500)
    for _half_hour in range(96):
        clock.ahead += timedelta(minutes=30)
        collect_all()

    assert 6 <= len(host.log) <= 10
    wait = Poll.objects.get(state="ready").not_before - now()
    assert wait <= timedelta(hours=26.5)


def test_two_days_without_pult_are_made_up_oldest_first_and_politely(
    host: SiteServer, clock: Clock, settings: Any
) -> None:
    settings.HTTP_HOST_INTERVAL_S = 0.05
    sources = feeds(host, 24)
    clock.ahead += timedelta(days=2)
    for number, source in enumerate(sources):
        Poll.objects.filter(source=source).update(not_before=now() - timedelta(days=2) + timedelta(minutes=number))

    ends = time.monotonic() + 60
    while Source.objects.filter(last_ok_at=None).exists():
        assert time.monotonic() < ends
        polls_collect()
        time.sleep(0.05)

    asked = [one.method for one in host.log]
    assert len(asked) == len(set(asked)) == 24  # each once, however long it waited
    order = [int(path.strip("/").removesuffix(".xml")) for path in asked]
    assert set(order[:4]) <= set(range(8))  # several are asked at once, and the last to begin may answer first
    assert sum(abs(place - number) for place, number in enumerate(order)) / 24 <= 4
    gaps = [later.time - earlier.time for earlier, later in pairwise(host.log)]
    assert sum(gaps) >= 0.05 * 23 * 0.9
    assert Poll.objects.filter(state="ready").count() == 24
    assert not Source.objects.filter(failures__gt=0).exists()
