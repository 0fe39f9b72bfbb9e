"""Looking at a web page before it becomes a source: which lists it has, and what would be collected."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any

from asgiref.sync import async_to_sync
from django.utils.translation import gettext as _

from apps.core import http
from apps.core.errors import PermanentError, RetryableError
from apps.sources.collectors.words import status_words
from apps.sources.parsers import markup
from apps.sources.ports import UnreadableError

ARTICLES_SHOWN = 3
LEAD_CHARACTERS = 280
PATIENCE_S = 12.0
LOOK_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class SeenLink:
    """A link as it is shown."""

    address: str
    title: str


@dataclass(frozen=True, slots=True)
class SeenGroup:
    """A list of the page: the selector of its links, how many they are, and the first of them."""

    selector: str
    count: int
    first: tuple[SeenLink, ...]


@dataclass(frozen=True, slots=True)
class SeenArticle:
    """What reading a link would give: a post's words, or why there are none."""

    address: str
    title: str
    lead: str = ""
    published_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PagePreview:
    """What a selector would collect."""

    count: int = 0
    links: tuple[SeenLink, ...] = ()
    articles: tuple[SeenArticle, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PageLook:
    """A page as it was seen; `problem` says why there is nothing to choose from."""

    title: str = ""
    groups: tuple[SeenGroup, ...] = ()
    preview: PagePreview = field(default_factory=PagePreview)
    problem: str = ""


def page_look(url: str, *, selector: str = "", previews: bool = False) -> PageLook:
    """Fetch a page and find its lists of links, and, where asked, what a selector would collect.

    Every failure is in words. Call it outside any transaction.
    """
    links, page = _parser("links"), _parser("page")
    try:
        answer = async_to_sync(_page)(url)
        tree = links.page_tree(answer.body, charset=answer.charset)
    except (RetryableError, PermanentError) as exc:
        return PageLook(problem=str(exc))
    obstacle = page.list_obstacle(tree, url=answer.url)
    found = links.link_groups(tree, base_url=answer.url)
    preview = _preview(tree, answer.url, selector) if previews else PagePreview()
    if obstacle and not found:
        return PageLook(problem=obstacle.words)
    groups = tuple(
        SeenGroup(group.selector, len(group.links), tuple(SeenLink(one.address, one.title) for one in group.links[:4]))
        for group in found
    )
    problem = (
        "" if groups else _("No list of links was found on this page. Try the address of a section or of the news.")
    )
    return PageLook(title=links.title_of(tree), groups=groups, preview=preview, problem=problem)


def _preview(tree: Any, url: str, selector: str) -> PagePreview:
    if not selector:
        return PagePreview(problem=_("Choose a list or write a selector."))
    try:
        found = _parser("links").links_of(tree, base_url=url, selector=selector)
    except UnreadableError as exc:
        return PagePreview(problem=str(exc))
    if not found:
        return PagePreview(problem=_("No links of the page match “%(selector)s”.") % {"selector": selector[:100]})
    seen = tuple(SeenLink(one.address, one.title) for one in found[:20])
    return PagePreview(len(found), seen, async_to_sync(_articles)(seen[:ARTICLES_SHOWN]))


def _parser(name: str) -> Any:
    """A parser by its name: what these load (40 MB) is paid by those who look at pages only, not by every process."""
    return import_module(f"apps.sources.parsers.{name}")


async def _page(url: str) -> http.Fetched:
    with _in_time(url):
        answer = await asyncio.wait_for(http.fetch(url, max_bytes=LOOK_BYTES, timeout_s=PATIENCE_S), PATIENCE_S)
    if not answer.is_success:
        raise PermanentError(status_words(answer.status))
    return answer


async def _articles(seen: tuple[SeenLink, ...]) -> tuple[SeenArticle, ...]:
    return tuple(await asyncio.gather(*(_article(link) for link in seen)))


async def _article(link: SeenLink) -> SeenArticle:
    page = _parser("page")
    try:
        answer = await _page(link.address)
        found = await asyncio.to_thread(
            page.read_article, answer.body, url=answer.url, charset=answer.charset, title=link.title
        )
    except (RetryableError, PermanentError, UnreadableError) as exc:
        return SeenArticle(link.address, link.title, problem=str(exc))
    if isinstance(found, page.Obstacle):
        return SeenArticle(link.address, link.title, problem=found.words)
    words = " ".join(markup.text_of_html(found.item.text).split())
    lead = words if len(words) <= LEAD_CHARACTERS else words[:LEAD_CHARACTERS].rsplit(" ", 1)[0] + "…"
    return SeenArticle(found.address, found.item.title or link.title, lead, found.item.published_at)


@contextmanager
def _in_time(url: str) -> Iterator[None]:
    try:
        yield
    except TimeoutError as exc:
        raise PermanentError(_("%(url)s did not answer in time. Try again.") % {"url": url}) from exc
