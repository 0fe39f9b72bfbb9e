"""Feeds with document types, broken ones, pages in place of feeds, and what a feed says about itself."""

from __future__ import annotations

import time

import pytest

from apps.sources.collectors.feed import header_links
from apps.sources.parsers.feed import parse_feed
from apps.sources.parsers.feed_head import read_head
from apps.sources.parsers.web_page import FeedLink, is_page, read_page
from apps.sources.ports import UnreadableError
from tests.sources.payloads import entry, rss


def with_doctype(subset: str, *items: str) -> bytes:
    return rss(*items).replace("<rss", f"<!DOCTYPE rss [{subset}]><rss", 1).encode()


def test_own_entities_of_a_feed_are_written_out() -> None:
    subset = '<!ENTITY town "Студёнка"><!ENTITY firm \'Пар & Ко <b>\'><!ENTITY nb "&#160;&#8212;">'
    content = with_doctype(subset, entry("1", "&town; и &firm;", "Мост&nb;&town;"), entry("2"))

    page = parse_feed(content)

    assert [item.title for item in page.items] == ["Студёнка и Пар & Ко <b>", "Мост открыт"]
    assert page.items[0].text == "Мост\u00a0—Студёнка"


def test_unknown_names_are_left_as_words() -> None:
    page = parse_feed(rss(entry("1", "Цена &unknown; и &nbsp;всё"), entry("2")).encode())

    assert [item.title.replace("\u00a0", " ") for item in page.items] == ["Цена &unknown; и  всё", "Мост открыт"]


def test_entity_from_a_file_is_nothing() -> None:
    content = with_doctype('<!ENTITY x SYSTEM "file:///etc/passwd">', entry("1", "Было [&x;]"))

    assert parse_feed(content).items[0].title == "Было []"


def test_entities_within_entities_are_not_expanded() -> None:
    content = with_doctype('<!ENTITY a "boom"><!ENTITY b "&a;&a;">', entry("1", "Заголовок &b;"))

    assert parse_feed(content).items[0].title == "Заголовок &a;&a;"


def test_entities_that_come_to_too_much_are_refused_in_words() -> None:
    content = with_doctype(f'<!ENTITY a "{"x" * 5000}">', entry("1", "&a;" * 50))

    with pytest.raises(UnreadableError) as caught:
        parse_feed(content)

    assert caught.value.code == "feed_doctype"


def test_entries_that_cannot_be_read_are_said() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_feed(b'<?xml version="1.0"?><rss version="2.0"><channel><title>A</title><item></item></channel></rss>')

    assert caught.value.code == "feed_broken"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('<form action="/login"><input type="PASSWORD" name="p"></form>', "login page"),
        ('<meta http-equiv="Refresh" content="0; url=/new/feed.xml">', "https://site.example/new/feed.xml"),
        ('<link rel="alternate" type="application/rss+xml" href="/rss">', "https://site.example/rss"),
        ("<script src=/cdn-cgi/challenge-platform/x.js></script>", "checks whether a person"),
        ('<form action="https://consent.site.example/save"><button>', "consent"),
        ("<h1>Welcome</h1>", "address of its RSS"),
    ],
)
@pytest.mark.parametrize(
    "head", ["<!doctype html><html>", "<HTML>", '<?xml version="1.0"?>\n<!-- x --><!DOCTYPE html><html>', "<body>"]
)
def test_page_in_place_of_a_feed_is_told_apart(body: str, words: str, head: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_feed(f"{head}{body}".encode(), base_url="https://site.example/feed")

    assert caught.value.code == "feed_is_page"
    assert words in str(caught.value)


def test_feed_wrapped_in_a_page_is_read() -> None:
    content = rss(entry("1")).replace("<rss", "<!DOCTYPE html><html><body><rss").encode() + b"</body></html>"

    assert len(parse_feed(content).items) == 1


def test_page_names_its_feeds_once_each_and_whole() -> None:
    page = read_page(
        '<html><head><title> Порт\n Сегодня </title><base href="https://cdn.example/a/">'
        '<link rel="alternate stylesheet" href="s.css"><link rel="ALTERNATE" type="application/RSS+xml" href="../rss">'
        '<link rel="alternate" type="application/atom+xml; charset=utf-8" title=" Все " href="atom.xml">'
        '<link rel="alternate" type="application/rss+xml" href="https://cdn.example/rss">'
        '<link rel="alternate" type="application/feed+json" href="javascript:alert(1)"></head>',
        base_url="https://port.example/",
    )

    assert page.title == "Порт Сегодня"
    assert page.feeds == (FeedLink("https://cdn.example/rss"), FeedLink("https://cdn.example/a/atom.xml", "Все"))


@pytest.mark.parametrize("text", ["", "<", "<html", "<html><head></html>", "\x00<html>", "<html>" * 3000])
def test_broken_page_is_no_bug(text: str) -> None:
    assert read_page(text).feeds == ()


def test_feed_is_no_page() -> None:
    assert not is_page(rss(entry("1")))
    assert is_page("\n <!DOCTYPE HTML PUBLIC>")


def test_head_tells_how_often_to_come_and_who_tells() -> None:
    head = read_head(
        '<rss xmlns:sy="x"><channel><ttl> 90 </ttl><sy:updatePeriod>\nhourly</sy:updatePeriod>'
        "<sy:updateFrequency>4</sy:updateFrequency>"
        "<atom:link rel='hub' href='https://hub.example/?a=1&amp;b=2'/><atom:link href=\"/feed\" rel=\"self next\"/>"
        '<item><ttl>1</ttl><link rel="hub" href="https://other.example/"/></item>',
        base_url="https://port.example/x/",
    )

    assert (head.ttl_s, head.period_s) == (5400, 900)
    assert (head.hub, head.topic) == ("https://hub.example/?a=1&b=2", "https://port.example/feed")


@pytest.mark.parametrize("words", ["", "<ttl>soon</ttl>", "<ttl>-5</ttl>", "<ttl></ttl>", "<sy:updatePeriod>x</sy:>"])
def test_nonsense_in_a_head_is_nothing_said(words: str) -> None:
    head = read_head(f"<rss><channel>{words}<link rel='hub' href='ftp://x'/><item>")

    assert (head.ttl_s, head.period_s, head.hub, head.topic) == (0, 0, "", "")


def test_parsed_feed_carries_its_head() -> None:
    text = rss(entry("1")).replace(
        "<channel>", '<channel><ttl>30</ttl><atom:link rel="hub" href="https://h.example/"/>'
    )
    page = parse_feed(text.replace("<rss", '<rss xmlns:atom="http://www.w3.org/2005/Atom"').encode())

    assert (page.ttl_s, page.hub, len(page.items)) == (1800, "https://h.example/", 1)


def test_json_feed_names_its_hub() -> None:
    page = parse_feed(
        b'{"version": "https://jsonfeed.org/version/1.1", "title": "A", "feed_url": "https://a.example/f.json",'
        b'"hubs": [{"type": "rssCloud", "url": "https://no.example"}, {"type": "WebSub", "url": "https://h.example/"}],'
        b'"items": []}'
    )

    assert (page.hub, page.topic) == ("https://h.example/", "https://a.example/f.json")


def test_large_broken_feed_is_not_mended() -> None:
    with pytest.raises(UnreadableError) as caught:
        parse_feed(b"<rss><channel>" + b"<a>" * 1_100_000)

    assert caught.value.code == "feed_broken"


def test_large_sound_feed_is_read() -> None:
    assert (
        len(parse_feed(rss(*(entry(str(number), text="слово " * 40) for number in range(8000))).encode()).items) == 8000
    )


@pytest.mark.parametrize(
    "text", ["<!---->" * 800, "<!--" * 1500, "<?xml " * 900, "<!-- a -->\n" * 500 + "<p>", "<form " * 50_000]
)
def test_hostile_beginnings_are_looked_at_quickly(text: str) -> None:
    began = time.process_time()

    assert not is_page(text)
    read_page(f"<html>{text}")

    assert time.process_time() - began < 15


def test_link_header_is_read_and_hostile_ones_end_soon() -> None:
    links = header_links(
        '<https://h.example/>; rel="hub", </f>;title="a,<b>; rel=x";rel=\'self\', <x>', "https://a.example/"
    )
    began = time.process_time()

    for hostile in ("<a>;" * 2500, "<a>; a" + " " * 9990 + '"', '<a>;rel="' + "x;" * 4000, "<" * 10_000):
        header_links(hostile, "https://a.example/")

    assert links["hub"] == "https://h.example/"
    assert time.process_time() - began < 15
