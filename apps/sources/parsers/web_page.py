"""A web page where a feed was expected: which feeds it names, and why it may have come in place of one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urljoin

from django.utils.translation import gettext as _
from lxml import etree
from lxml import html as lxml_html

from apps.sources.parsers.shape import html_checked
from apps.sources.ports import UnreadableError

PAGE_MAX = 2_000_000  # characters that are looked at
HEAD_REACH = 6000
FEEDS_MAX = 30
FEED_TYPES = frozenset(
    {"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json", "application/json"}
)
DECLARATION = re.compile(r"\s*<\?xml[^>]{0,300}\?>", re.IGNORECASE)
HTML_HEAD = re.compile(r"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
ROBOT_CHECK = re.compile(r"captcha|cf-challenge|challenge-platform|checking your browser|ddos-guard", re.IGNORECASE)
CONSENT = re.compile(
    r"""<form[^<>]{0,500}consent|(?:id|class)=["'][^"']{0,80}cookie-?(?:consent|wall)""", re.IGNORECASE
)
REFRESH = re.compile(r"url\s*=\s*['\"]?([^'\">]{1,1000})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class WebPage:
    """What a page says that matters to a reader of feeds.

    Attributes:
        feeds: in the order of the page, each once.
        sends_to: where it sends its visitor by itself; empty where it does not.
        wants_login, checks_robots, wants_consent: what it is instead of a page to read.
    """

    title: str = ""
    feeds: tuple[FeedLink, ...] = ()
    sends_to: str = ""
    wants_login: bool = False
    checks_robots: bool = False
    wants_consent: bool = False


def is_page(text: str) -> bool:
    """Whether a text begins as an HTML page does."""
    head = DECLARATION.sub("", text[:HEAD_REACH], count=1).lstrip()
    while head.startswith("<!--"):  # by hand: a pattern would try every way to cut a row of comments
        _comment, closed, head = head.partition("-->")
        head = head.lstrip() if closed else ""
    return HTML_HEAD.match(head) is not None


def read_page(text: str, *, base_url: str = "") -> WebPage:
    """Read a page; a broken one as far as it goes, one that would take too long not at all."""
    text = text[:PAGE_MAX]
    try:
        tree = lxml_html.document_fromstring(html_checked(text).encode(), parser=lxml_html.HTMLParser(encoding="utf-8"))
    except (etree.LxmlError, ValueError, UnreadableError):
        return WebPage()
    base = base_url
    for element in tree.iter("base"):
        base = _joined(base_url, element.get("href") or "") or base_url
        break
    return WebPage(
        title=" ".join((tree.findtext(".//title") or "").split())[:300],
        feeds=_feeds(tree, base),
        sends_to=_sends_to(tree, base),
        wants_login=bool(tree.xpath("//input[translate(@type, 'PASWORD', 'pasword')='password']")),
        checks_robots=bool(ROBOT_CHECK.search(text)),
        wants_consent=bool(CONSENT.search(text)),
    )


def page_words(page: WebPage) -> str:
    """Why a page came in place of a feed, and what to do about it, for an editor."""
    if page.wants_login:
        return _("The site answers with its login page: this feed is only for those who are signed in.")
    if page.sends_to:
        return _("This is a page that sends on to %(address)s. Give that address instead.") % {
            "address": page.sends_to[:300]
        }
    if page.feeds:
        return _("This is a web page, not a feed. The page names this feed: %(address)s") % {
            "address": page.feeds[0].url[:300]
        }
    if page.checks_robots:
        return _("The site checks whether a person is reading, and does not give the feed to Pult.")
    if page.wants_consent:
        return _("The site asks for consent to cookies in place of the feed. Look for another address of the feed.")
    return _("This is a web page, not a feed. Look on the page for the address of its RSS.")


def _feeds(tree: lxml_html.HtmlElement, base: str) -> tuple[FeedLink, ...]:
    found: dict[str, FeedLink] = {}
    for link in tree.iter("link"):
        relations = (link.get("rel") or "").lower().split()
        kind = (link.get("type") or "").lower().partition(";")[0].strip()
        if "alternate" in relations and kind in FEED_TYPES and link.get("href"):
            address = _joined(base, link.get("href") or "")
            if address and len(found) < FEEDS_MAX:
                title = " ".join((link.get("title") or "").split())[:200]
                found.setdefault(address, FeedLink(address, title))
    return tuple(found.values())


def _sends_to(tree: lxml_html.HtmlElement, base: str) -> str:
    for meta in tree.iter("meta"):
        if (meta.get("http-equiv") or "").lower() == "refresh":
            target = REFRESH.search(meta.get("content") or "")
            if target:
                return _joined(base, target.group(1))
    return ""


def _joined(base: str, address: str) -> str:
    """A whole web address, or nothing."""
    try:
        joined = urljoin(base, address.strip())
    except ValueError:
        return ""
    return joined if joined.lower().startswith(("http://", "https://")) and len(joined) <= 1000 else ""
