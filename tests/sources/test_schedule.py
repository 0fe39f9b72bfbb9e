"""When a source is collected next: its interval, its rhythm, its own wishes, and failures."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.core.clock import now
from apps.core.http import Fetched
from apps.sources.collectors.feed import hint_s
from apps.sources.models import Poll, Source
from apps.sources.ports import FeedPage
from apps.sources.services import source_create
from apps.sources.services.schedule import gap_of, usual_wait, wait_after
from apps.sources.tasks import polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, WorkspaceFactory
from tests.sources.payloads import rss

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HOUR = 3600


def source(**fields: object) -> Source:
    return FeedFactory.build(interval_s=600, **fields)


def answered(**headers: str) -> Fetched:
    return Fetched(200, "https://a.example/", {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize(
    ("gap_s", "expected_s"),
    [(None, 600), (60, 600), (HOUR, 600), (85 * 60, 850), (2 * HOUR, 1200), (3 * HOUR, 1800), (700 * HOUR, 1800)],
)
def test_wait_follows_the_rhythm_between_the_interval_and_the_slowest(gap_s: int | None, expected_s: int) -> None:
    assert usual_wait(source(rhythm_s=gap_s), AT) == timedelta(seconds=expected_s)


@pytest.mark.parametrize(
    ("silent", "expected_s"),
    [(timedelta(minutes=30), 600), (timedelta(hours=12), 720), (timedelta(hours=24), 1440), (timedelta(days=30), 1800)],
)
def test_long_silence_slows_a_quick_source_little_by_little(silent: timedelta, expected_s: int) -> None:
    assert usual_wait(source(rhythm_s=300, last_post_at=AT - silent), AT) == timedelta(seconds=expected_s)


def test_fixed_source_keeps_its_interval_whatever_it_says() -> None:
    assert usual_wait(source(is_adaptive=False, rhythm_s=HOUR, hint_s=HOUR), AT) == timedelta(seconds=600)


@pytest.mark.parametrize(("asked_s", "expected_s"), [(60, 600), (HOUR, HOUR), (30 * 24 * HOUR, 6 * HOUR)])
def test_hint_is_obeyed_up_to_a_limit(asked_s: int, expected_s: int) -> None:
    assert usual_wait(source(hint_s=asked_s), AT) == timedelta(seconds=expected_s)


def test_retry_after_wins_where_it_is_longer() -> None:
    assert wait_after(source(), failures=0, retry_after=9000.0) == timedelta(seconds=9000)
    assert wait_after(source(is_adaptive=False), failures=1, retry_after=90_000.0) == timedelta(seconds=90_000)


def test_site_that_does_not_answer_at_all_is_asked_at_least_hourly() -> None:
    waits = [wait_after(source(), failures=failures, is_answered=False) for failures in range(1, 60)]

    assert all(wait <= timedelta(minutes=66) for wait in waits)
    assert all(wait >= timedelta(minutes=54) for wait in waits[3:])


def test_daily_source_that_does_not_answer_is_not_asked_hourly() -> None:
    daily = FeedFactory.build(interval_s=24 * HOUR)

    assert wait_after(daily, failures=5, is_answered=False) >= timedelta(hours=21)


def test_gap_is_the_usual_one_and_not_the_average() -> None:
    steps = [10, 10, 12, 600, 11, 9]
    dates = [AT - timedelta(minutes=sum(steps[:count])) for count in range(len(steps) + 1)]

    assert gap_of(dates) == 630
    assert gap_of(reversed(dates)) == 630


@pytest.mark.parametrize("dates", [[], [AT], [AT] * 40, [AT, AT, AT - timedelta(days=1), AT - timedelta(days=2)]])
def test_few_dates_make_no_rhythm(dates: list[datetime]) -> None:
    assert gap_of(dates) is None


@pytest.mark.parametrize(
    ("headers", "expected_s"),
    [
        ({}, 0),
        ({"Cache_Control": "public, max-age=900"}, 900),
        ({"Cache_Control": "max-age=900, no-cache"}, 0),
        ({"Cache_Control": "s-maxage=900"}, 0),
        ({"Cache_Control": "max-age=0", "Expires": "Fri, 20 Nov 2099 12:00:00 GMT"}, 0),
        ({"Cache_Control": "max-age=many"}, 0),
        ({"Expires": "0"}, 0),
        ({"Expires": "3600"}, 0),
        ({"Expires": "Fri, 20 Nov 1999 12:00:00 GMT"}, 0),
        ({"Expires": "soon"}, 0),
    ],
)
def test_age_limit_of_an_answer(headers: dict[str, str], expected_s: int) -> None:
    assert answered(**headers).fresh_s == expected_s


def test_expires_counts_from_the_answer() -> None:
    answer = Fetched(200, "x", {"Expires": "Fri, 20 Nov 2026 13:00:00 GMT"}, b"", received_at=AT)

    assert answer.fresh_s == HOUR


@pytest.mark.parametrize(
    ("page", "age", "gap_s", "expected_s"),
    [
        (FeedPage("", (), ttl_s=1800), 0, None, 1800),
        (FeedPage("", (), ttl_s=1800), 2400, 60, 2400),
        (FeedPage("", (), period_s=HOUR), 0, None, HOUR),
        (FeedPage("", (), period_s=HOUR), 0, 300, 300),  # it says hourly and posts every five minutes
        (FeedPage("", (), period_s=HOUR), 0, 9000, HOUR),
    ],
)
def test_longest_wish_counts(page: FeedPage, age: int, gap_s: int | None, expected_s: int) -> None:
    assert hint_s(page, answered(Cache_Control=f"max-age={age}"), gap_s) == expected_s


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_collected_feed_is_asked_again_when_it_wants(host: SiteServer) -> None:
    dates = [now() - timedelta(hours=hour) for hour in range(1, 8)]
    items = [
        f"<item><guid>{number}</guid><title>Новость {number}</title>"
        f"<pubDate>{date:%a, %d %b %Y %H:%M:%S} +0000</pubDate></item>"
        for number, date in enumerate(dates)
    ]
    url = host.page("/feed.xml", rss(*items).replace("<channel>", "<channel><ttl>20</ttl>"))
    made = source_create(workspace=WorkspaceFactory.create(), kind="feed", name="Вестник", url=url, interval_s=300)

    polls_collect()

    made.refresh_from_db()
    assert (made.hint_s, made.rhythm_s) == (1200, HOUR)
    wait = Poll.objects.get(source=made, state="ready").not_before - now()
    assert timedelta(seconds=1190) < wait <= timedelta(seconds=1200)


@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_what_was_learnt_from_posts_outweighs_what_the_feed_shows(host: SiteServer) -> None:
    made = FeedFactory.create(url=host.page("/feed.xml", rss()), rhythm={"gap": 1}, rhythm_s=900)
    Poll.objects.create(workspace=made.workspace, source=made)

    polls_collect()

    made.refresh_from_db()
    assert made.rhythm_s == 900
