"""Hosts that hang, drip, flood, refuse or lead astray: said in words, and never at the cost of others."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any

import pytest

from apps.core.clock import now
from apps.core.http import client as client_module
from apps.core.http.places import HOST_PLACES, REFUSALS_OF_HOST
from apps.core.http.politeness import LOCAL
from apps.sources.models import Poll, Post, Source
from apps.sources.tasks import polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, PollFactory
from tests.sources.payloads import entry, rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
GOOD = rss(entry("a"))


def feed(url: str, **fields: Any) -> Source:
    source = FeedFactory.create(url=url, **fields)
    PollFactory.create(source=source)
    return source


def collected(source: Source) -> Source:
    polls_collect()
    source.refresh_from_db()
    return source


def said(source: Source) -> str:
    collected(source)
    assert (source.failures, source.is_active) == (1, True)
    assert Poll.objects.get(source=source, state="done").problem == source.last_error
    assert "Error" not in source.last_error
    assert Poll.objects.filter(source=source, state="ready").count() == 1
    return source.last_error


def wait_of(source: Source) -> timedelta:
    return Poll.objects.get(source=source, state="ready").not_before - now()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (400, "(400)"),
        (401, "refuses"),
        (403, "refuses"),
        (404, "nothing at this address"),
        (429, "less often"),
        (500, "trouble of its own"),
        (502, "trouble of its own"),
        (503, "trouble of its own"),
    ],
)
def test_status_is_said_in_words(host: SiteServer, status: int, words: str) -> None:
    assert words in said(feed(host.page("/feed.xml", "no", status=status)))


@pytest.mark.parametrize(("status", "asked"), [(429, "3600"), (503, "3600"), (500, "3600")])
def test_retry_after_of_any_status_is_obeyed(host: SiteServer, status: int, asked: str) -> None:
    source = feed(host.page("/feed.xml", "no", status=status, headers={"Retry-After": asked}), interval_s=60)

    said(source)

    assert timedelta(seconds=3590) < wait_of(source) <= timedelta(seconds=3600)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_is_followed(host: SiteServer, status: int) -> None:
    host.page("/new.xml", GOOD)

    source = collected(feed(host.redirect("/feed.xml", "/new.xml", status=status)))

    assert (source.failures, source.last_error) == (0, "")
    assert Post.objects.count() == 1


def test_redirects_in_a_circle_end(host: SiteServer) -> None:
    assert "redirects more than" in said(feed(host.redirect("/feed.xml", "/feed.xml", status=301)))
    assert len(host.log) == 6


@pytest.mark.parametrize(
    ("to", "words"),
    [
        ("http://169.254.169.254/latest/", "not public"),
        ("http://[::1]:8000/", "not public"),
        ("http://[::ffff:10.0.0.1]/", "not public"),
        ("http://2130706433/", "not public"),
        ("http://0x7f.1/", "not public"),
        ("http://0177.0.0.1/", "not an address"),
        ("http://localhost:8000/", "not public"),
        ("file:///etc/passwd", "Only http"),
        ("http://127.0.0.1:6379/", "Port 6379"),
    ],
)
def test_redirect_astray_is_refused_in_words(host: SiteServer, to: str, words: str) -> None:
    assert words in said(feed(host.redirect("/feed.xml", to)))


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:9999/", "http://[::1]:9999/", "http://2130706433:9999/", "http://0x7f000001:9999/"),
        *("http://0177.0.0.1:9999/", "http://127.1:9999/", "http://[::ffff:7f00:1]:9999/", "http://localhost:9999/"),
    ],
)
def test_private_address_of_every_spelling_is_refused(url: str, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = []

    words = said(feed(url))

    assert "not public" in words or "is not an address" in words


def test_feed_that_says_too_much_is_cut_off(host: SiteServer, settings: Any) -> None:
    settings.HTTP_MAX_BYTES = 100_000

    assert "larger than the limit" in said(feed(host.page("/feed.xml", "x", size=50_000_000)))


def test_packed_bomb_is_cut_off(host: SiteServer, settings: Any) -> None:
    settings.HTTP_MAX_BYTES = 1_000_000
    host.gzip_bomb("/feed.xml", 50)

    assert "larger than the limit" in said(feed(host.url + "/feed.xml"))


def test_packed_feed_is_read(host: SiteServer) -> None:
    host.page("/feed.xml", gzip.compress(GOOD.encode()), headers={"Content-Encoding": "gzip"})

    collected(feed(host.url + "/feed.xml"))

    assert Post.objects.count() == 1


def test_dripping_feed_ends_in_time(host: SiteServer, settings: Any) -> None:
    settings.HTTP_TIMEOUT_S = 0.4
    url = host.page("/feed.xml", GOOD, piece=20, drip_s=0.1)

    assert "did not answer in time" in said(feed(url))


def test_silent_feed_ends_in_time(host: SiteServer, settings: Any) -> None:
    settings.HTTP_TIMEOUT_S = 0.3

    assert "did not answer in time" in said(feed(host.page("/feed.xml", GOOD, delay_s=3.0)))


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "malformed"])
def test_broken_connection_is_said(host: SiteServer, fault: str) -> None:
    source = feed(host.page("/feed.xml", GOOD))
    host.faults.add(fault)

    assert "broke" in said(source)


def test_shorter_answer_than_announced_is_no_feed(host: SiteServer) -> None:
    assert "broke" in said(feed(host.page("/feed.xml", GOOD, declared_length=10_000)))


def test_lying_table_of_letters_is_seen_through(host: SiteServer) -> None:
    body = rss(entry("a", "Новости порта", "Паром пришёл вовремя")).encode("windows-1251")

    collected(feed(host.page("/feed.xml", body, content_type="text/xml; charset=koi8-r")))

    assert Post.objects.get().text == "Паром пришёл вовремя"


def test_slow_host_does_not_keep_others_waiting(host: SiteServer) -> None:
    slow = [feed(host.page(f"/slow/{n}.xml", GOOD, delay_s=0.3)) for n in range(30)]
    quick_host = host.url.replace("127.0.0.1", "localhost")
    for number in range(20):
        host.page(f"/quick/{number}.xml", GOOD)
        feed(f"{quick_host}/quick/{number}.xml")

    while Source.objects.filter(url__contains="/quick/", last_ok_at=None).exists():
        polls_collect()
        Poll.objects.filter(state="ready", source__url__contains="/quick/").update(not_before=now())

    asked = [one.method for one in host.log]
    last_quick = max(place for place, path in enumerate(asked) if path.startswith("/quick/"))
    assert sum(path.startswith("/slow/") for path in asked[:last_quick]) < len(slow)
    deferred = Poll.objects.filter(state="ready", source__url__contains="/slow/", source__last_tried_at=None)
    assert not deferred.filter(attempts__gt=0).exists()
    assert not Source.objects.filter(failures__gt=0).exists()


def test_slow_host_holds_two_requests_at_a_time(host: SiteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    most = running = 0
    exchange = client_module.Session._exchange

    async def counted(self: Any, *args: Any, **options: Any) -> Any:
        nonlocal most, running
        running += 1
        most = max(most, running)
        try:
            return await exchange(self, *args, **options)
        finally:
            running -= 1

    monkeypatch.setattr(client_module.Session, "_exchange", counted)
    for number in range(12):
        feed(host.page(f"/{number}.xml", GOOD, delay_s=0.1))

    polls_collect()

    assert most == HOST_PLACES


def test_refused_page_leaves_the_rest_of_its_host_alone(host: SiteServer) -> None:
    refused = feed(host.page("/a.xml", "no", status=429, headers={"Retry-After": "600"}))
    other = feed(host.page("/b.xml", GOOD))

    polls_collect()

    other.refresh_from_db()
    assert other.failures == 0
    assert wait_of(refused) > timedelta(seconds=590)


def test_host_whose_pages_all_refuse_is_left_alone(host: SiteServer) -> None:
    key = host.url.removeprefix("http://")
    sources = [
        feed(host.page(f"/{n}.xml", "no", status=429, headers={"Retry-After": "300"})) for n in range(REFUSALS_OF_HOST)
    ]
    polls_collect()
    assert len(host.log) == REFUSALS_OF_HOST
    later = [feed(host.page(f"/later/{n}.xml", GOOD)) for n in range(5)]

    polls_collect()
    LOCAL._free_at.pop(key)

    assert len(host.log) == REFUSALS_OF_HOST
    waits = sorted(wait_of(source) for source in later)
    assert timedelta(seconds=295) < waits[0]
    assert len(set(waits)) == len(waits)  # they come back one after another
    assert {source.failures for source in Source.objects.filter(pk__in=[one.pk for one in later])} == {0}
    assert all(Source.objects.get(pk=source.pk).failures == 1 for source in sources)


def test_one_good_answer_between_clears_the_host(host: SiteServer) -> None:
    for number in range(REFUSALS_OF_HOST - 1):
        feed(host.page(f"/{number}.xml", "no", status=429))
    polls_collect()
    feed(host.page("/good.xml", GOOD))
    polls_collect()
    feed(host.page("/bad.xml", "no", status=429))
    polls_collect()
    source = feed(host.page("/next.xml", GOOD))

    assert collected(source).last_ok_at is not None
