"""Finding the feeds of a site: what a person has is the address of the site, or of one of its articles."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from apps.core import http
from apps.core.errors import PermanentError, RetryableError
from apps.sources.collectors.words import status_words
from apps.sources.parsers.encoding import decode
from apps.sources.parsers.feed import parse_feed
from apps.sources.parsers.markup import line_of_html
from apps.sources.parsers.web_page import WebPage, is_page, page_words, read_page
from apps.sources.ports import FeedPage, UnreadableError

PATIENCE_S = 20.0
ANSWER_S = 8.0
BYTES_MAX = 5 * 1024 * 1024
NAMED_MAX = 8  # feeds that pages name are looked at, no more
GUESSED_MAX = 3  # feeds at usual addresses are enough
NOT_THERE = frozenset({"connect_failed", "tls_failed", "timed_out", "name_not_found"})
USUAL = (
    *("feed/", "rss", "rss.xml", "feed.xml", "atom.xml", "index.xml", "feed", "news/rss", "rss/news", "export/rss2"),
    *("feed.json", "?feed=rss2"),
)


@dataclass(frozen=True, slots=True)
class FoundFeed:
    """A feed that was found and read."""

    url: str
    title: str
    entries: int
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search came to; `problem` says why there is nothing to choose."""

    feeds: tuple[FoundFeed, ...] = ()
    problem: str = ""


def feeds_find(address: str) -> Findings:
    """Look for the feeds of a site; every failure is in words. Call it outside any transaction."""
    address = address.strip()
    if not address:
        return Findings(problem=_("Give the address of a site, of one of its pages, or of a feed."))
    return async_to_sync(_found)(address)


async def _found(address: str) -> Findings:
    search = _Search()
    try:
        async with http.session() as client, asyncio.timeout(PATIENCE_S):
            return await search.run(client, address)
    except TimeoutError:
        if search.feeds:
            return Findings(tuple(search.feeds.values()))
        return Findings(problem=_("The site answers too slowly to look around on it. Give the address of its feed."))
    except (RetryableError, PermanentError) as exc:
        return Findings(problem=str(exc))


class _Search:
    """One search and what it has found so far."""

    def __init__(self) -> None:
        self.feeds: dict[str, FoundFeed] = {}
        self.looked: set[str] = set()
        self.page = WebPage()

    async def run(self, client: http.Session, address: str) -> Findings:
        """The address itself, what its page names, what the front page names, then usual addresses.

        Raises:
            RetryableError, PermanentError: the site does not answer, or must not be asked.
        """
        asked, answer = await self._reach(client, address)
        if not answer.is_success:
            return Findings(problem=status_words(answer.status))
        await self._read(asked, answer)
        if not self.feeds:
            await self._named(client, self.page)
        if not self.feeds and urlsplit(answer.url).path.strip("/"):
            front = await self._look(client, _front(answer.url))
            await self._named(client, front)
        if not self.feeds:
            await self._usual(client, _front(answer.url))
        if self.feeds:
            return Findings(tuple(self.feeds.values()))
        return Findings(problem=self._nothing())

    async def _reach(self, client: http.Session, address: str) -> tuple[str, http.Fetched]:
        """The first answer and what was asked for it; without a scheme https is tried, then http."""
        if "://" in address:
            return address, await self._fetch(client, address)
        try:
            return f"https://{address}", await self._fetch(client, f"https://{address}")
        except RetryableError as exc:
            if exc.code not in NOT_THERE:
                raise
            return f"http://{address}", await self._fetch(client, f"http://{address}")

    async def _fetch(self, client: http.Session, address: str) -> http.Fetched:
        self.looked.add(address)
        return await client.fetch(address, max_bytes=BYTES_MAX, timeout_s=ANSWER_S)

    async def _look(self, client: http.Session, address: str) -> WebPage:
        """Look at one more address; what can't be had or is no feed is passed over."""
        if address in self.looked:
            return WebPage()
        try:
            answer = await self._fetch(client, address)
        except (RetryableError, PermanentError):
            return WebPage()
        return await self._read(address, answer) if answer.is_success else WebPage()

    async def _read(self, asked: str, answer: http.Fetched) -> WebPage:
        """A feed is kept, a page is returned."""
        try:
            feed = await asyncio.to_thread(parse_feed, answer.body, charset=answer.charset, base_url=answer.url)
        except UnreadableError:
            page = await asyncio.to_thread(_page, answer)
            self.page = self.page if self.page.feeds else page
            return page
        # A permanent redirect is followed for good, a temporary one only this time.
        url = asked if answer.redirects and not answer.moved_to else answer.url
        self.feeds.setdefault(answer.url, _found_feed(url, feed))
        return WebPage()

    async def _named(self, client: http.Session, page: WebPage) -> None:
        for link in page.feeds[:NAMED_MAX]:
            await self._look(client, link.url)

    async def _usual(self, client: http.Session, front: str) -> None:
        for path in USUAL:
            if len(self.feeds) < GUESSED_MAX:
                await self._look(client, front + path)
            if self.feeds and path == USUAL[1]:
                return  # what stands at the most usual addresses is the site's own

    def _nothing(self) -> str:
        if self.page.feeds:
            return _("The page names feeds, but none of them can be read now.")
        if self.page.wants_login or self.page.checks_robots or self.page.wants_consent or self.page.sends_to:
            return page_words(self.page)
        return _(
            "No feed was found: neither does the page name one, nor is there one at the usual addresses. "
            "Add the site as a web page instead."
        )


def _page(answer: http.Fetched) -> WebPage:
    text = decode(answer.body, charset=answer.charset)
    return read_page(text, base_url=answer.url) if is_page(text.lstrip("\ufeff \t\r\n")) or "<" in text else WebPage()


def _front(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}/"


def _found_feed(url: str, feed: FeedPage) -> FoundFeed:
    dates = [item.published_at for item in feed.items if item.published_at is not None]
    return FoundFeed(url, line_of_html(feed.title)[:150], len(feed.items), max(dates, default=None))
