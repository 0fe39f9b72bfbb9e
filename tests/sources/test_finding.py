"""The feeds of a site are found from any of its addresses, or it is said why not."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from apps.sources.services import finding
from apps.sources.services.finding import feeds_find
from tests.servers.site import SiteServer
from tests.sources.payloads import entry, rss

LINK = '<link rel="alternate" type="application/rss+xml" title="Новости" href="{}">'


def page(*links: str, body: str = "<h1>Порт</h1>") -> str:
    return f"<!doctype html><html><head><title>Порт</title>{''.join(LINK.format(link) for link in links)}</head>{body}"


def found(address: str) -> list[tuple[str, str, int]]:
    answer = feeds_find(address)
    assert bool(answer.feeds) is not bool(answer.problem)
    return [(feed.url, feed.title, feed.entries) for feed in answer.feeds]


def test_address_of_a_feed_is_a_feed(host: SiteServer) -> None:
    url = host.page("/any.xml", rss(entry("a"), entry("b")))

    feeds = feeds_find(url).feeds

    assert [(feed.url, feed.title, feed.entries) for feed in feeds] == [(url, "Вестник", 2)]
    assert feeds[0].last_at == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert len(host.log) == 1


def test_bare_host_is_enough(host: SiteServer) -> None:
    host.page("/", page("/rss.xml", "/sport.xml"))
    host.page("/rss.xml", rss(entry("a")))
    host.page("/sport.xml", rss(title="Спорт"))

    assert found(host.url.removeprefix("http://")) == [
        (host.url + "/rss.xml", "Вестник", 1),
        (host.url + "/sport.xml", "Спорт", 0),
    ]


def test_article_that_names_no_feed_leads_to_the_front_page(host: SiteServer) -> None:
    host.page("/2026/most.html", page())
    host.page("/", page("feeds/all"))
    host.page("/feeds/all", rss(entry("a")))

    assert found(host.url + "/2026/most.html") == [(host.url + "/feeds/all", "Вестник", 1)]


@pytest.mark.parametrize("path", ["/feed/", "/rss", "/atom.xml", "/feed.json", "/news/rss"])
def test_usual_addresses_are_tried_last(host: SiteServer, path: str) -> None:
    host.page("/", page())
    body = '{"version":"https://jsonfeed.org/version/1.1","title":"Вестник","items":[{"id":"1","title":"а"}]}'
    host.page(path, body if path.endswith("json") else rss(entry("a")))

    assert found(host.url) == [(host.url + path, "Вестник", 1)]


def test_one_feed_under_two_addresses_is_shown_once(host: SiteServer) -> None:
    host.page("/", page("/a.xml", "/b.xml"))
    host.redirect("/a.xml", "/b.xml", status=301)
    host.page("/b.xml", rss(entry("a")))

    assert found(host.url) == [(host.url + "/b.xml", "Вестник", 1)]


def test_temporary_redirect_keeps_the_address_that_was_named(host: SiteServer) -> None:
    host.page("/", page("/a.xml"))
    host.redirect("/a.xml", "/today.xml", status=302)
    host.page("/today.xml", rss(entry("a")))

    assert found(host.url) == [(host.url + "/a.xml", "Вестник", 1)]


def test_named_feeds_that_are_broken_are_passed_over(host: SiteServer) -> None:
    host.page("/", page("/broken.xml", "/gone.xml", "/good.xml"))
    host.page("/broken.xml", "<rss><channel><item>")
    host.page("/good.xml", rss(entry("a")))

    assert found(host.url) == [(host.url + "/good.xml", "Вестник", 1)]


def test_links_are_looked_at_up_to_a_limit(host: SiteServer) -> None:
    host.page("/", page(*(f"/{n}.xml" for n in range(30))))
    for number in range(30):
        host.page(f"/{number}.xml", rss(title=f"Лента {number}"))

    assert len(found(host.url)) == finding.NAMED_MAX


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ("<html><body>Привет</body></html>", 200, "No feed was found"),
        ('<html><form><input type="password"></form></html>', 200, "login"),
        ("no", 404, "nothing at this address"),
        ("no", 503, "trouble of its own"),
        (page("/missing.xml"), 200, "none of them can be read"),
        ("just words", 200, "No feed was found"),
        ("", 200, "No feed was found"),
    ],
)
def test_nothing_found_is_said_in_words(host: SiteServer, body: str, status: int, words: str) -> None:
    host.page("/", body, status=status)

    answer = feeds_find(host.url)

    assert answer.feeds == ()
    assert words in answer.problem


@pytest.mark.parametrize("address", ["", "   "])
def test_nothing_typed_is_said(address: str) -> None:
    assert "address" in feeds_find(address).problem


@pytest.mark.parametrize(
    "address",
    [
        *("http://127.0.0.1:9/", "http://localhost:9/", "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/"),
        *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/", "http://10.0.0.1/"),
        *(
            "file:///etc/passwd",
            "ftp://a.example/",
            "gopher://a.example/",
            "javascript:alert(1)",
            "http://a b/",
            "http://",
        ),
        "http://me:secret@a.example/",
    ],
)
def test_what_must_not_be_asked_is_refused_in_words(address: str, settings: Any) -> None:
    settings.HTTP_ALLOW_PRIVATE = []

    answer = feeds_find(address)

    assert (answer.feeds, bool(answer.problem)) == ((), True)


def test_page_that_names_private_addresses_reaches_none(host: SiteServer) -> None:
    host.page("/", page("http://127.0.0.1:9/rss", "http://169.254.169.254/rss", "http://[::1]/rss", "//10.0.0.1/rss"))

    assert feeds_find(host.url).feeds == ()
    assert {one.method for one in host.log} >= {"/"}


def test_redirect_to_a_private_address_is_refused(host: SiteServer) -> None:
    host.redirect("/", "http://169.254.169.254/feed.xml")

    assert "not public" in feeds_find(host.url).problem


def test_slow_site_ends_the_search(host: SiteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PATIENCE_S", 0.3)
    host.page("/", page(), delay_s=2.0)

    assert "too slowly" in feeds_find(host.url).problem


def test_feed_found_before_the_patience_ends_is_shown(host: SiteServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "PATIENCE_S", 0.6)
    host.page("/", page("/good.xml", "/slow.xml"))
    host.page("/good.xml", rss(entry("a")))
    host.page("/slow.xml", rss(), delay_s=3.0)

    assert found(host.url) == [(host.url + "/good.xml", "Вестник", 1)]
