"""Collecting a web page that lists articles: the list, then a few of its articles each time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from apps.core import http
from apps.core.errors import PermanentError, RetryableError
from apps.sources import filters
from apps.sources.collectors.results import PollResult
from apps.sources.collectors.words import status_words
from apps.sources.models import Poll, Source
from apps.sources.parsers.links import Link, links_of, page_tree
from apps.sources.parsers.page import Obstacle, list_obstacle, read_article
from apps.sources.ports import Item, UnreadableError
from apps.sources.services import pages
from apps.sources.services.intake import items_prepare

ARTICLES_AT_ONCE = 10  # a collection reads no more; what is left comes with the next, which follows soon
LIST_BYTES = 4 * 1024 * 1024
ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What the requests need, apart from rows.

    Attributes:
        due: articles to read now, by address with the title of their link; young ones are read again.
        is_rest: what the last list named is still being read, so the list itself is not asked for.
    """

    url: str
    etag: str
    last_modified: str
    selector: str
    rules: filters.Rules
    due: tuple[Link, ...]
    is_rest: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """What became of one article; `item` is there where it was read."""

    link: Link
    outcome: Literal["read", "failed", "refused", "gone"]
    item: Item | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class PageNotes:
    """What `record` stores beside the posts; `listed` is None where the list was not asked for or had not changed."""

    listed: tuple[Link, ...] | None
    readings: tuple[Reading, ...]


def plan(source: Source) -> PagePlan:
    """Read what the source has now."""
    due, is_rest = pages.links_due(source, limit=ARTICLES_AT_ONCE)
    return PagePlan(
        source.url,
        source.etag,
        source.last_modified,
        source.link_selector,
        filters.rules_of(source),
        tuple(Link(address, title) for address, title in due),
        is_rest,
    )


async def collect(plan: PagePlan, client: http.Session) -> PollResult:
    """Ask for the list, with the marks of its last answer, or read some of the articles that it named.

    What a list names is stored first and read by the collections that follow at once: so each article is read once,
    however many there are, and a list that is different at every look is not asked for again and again.

    Raises:
        RetryableError, PermanentError: there is no answer for the list.
    """
    if plan.is_rest:
        return await _read_due(plan, client)
    answer = await client.fetch(plan.url, headers=_headers(plan), max_bytes=LIST_BYTES)
    if answer.status == 304:
        return await _read_due(plan, client, status=304)
    if not answer.is_success:
        outcome = Poll.Outcome.GONE if answer.status == 410 else Poll.Outcome.FAILED
        problem = status_words(answer.status)
        return PollResult(outcome, answer.status, problem=problem, retry_after=answer.retry_after)
    try:
        listed = await asyncio.to_thread(_listed, plan, answer)
    except UnreadableError as exc:
        return PollResult(Poll.Outcome.FAILED, answer.status, problem=str(exc))
    return PollResult(
        Poll.Outcome.FETCHED,
        answer.status,
        etag=answer.mark("ETag", 300),
        last_modified=answer.mark("Last-Modified", 100),
        notes=PageNotes(listed, ()),
        is_partial=True,
    )


async def _read_due(plan: PagePlan, client: http.Session, *, status: int | None = None) -> PollResult:
    """Read the articles that are due."""
    readings = await _read_all(plan.due, client)
    items = [one.item for one in readings if one.item is not None]
    return PollResult(
        Poll.Outcome.FETCHED if items else Poll.Outcome.UNCHANGED,
        status,
        prepared=tuple(await asyncio.to_thread(items_prepare, items, plan.rules)),
        etag=plan.etag,
        last_modified=plan.last_modified,
        notes=PageNotes(None, tuple(readings)),
        is_partial=len(plan.due) == ARTICLES_AT_ONCE,
    )


def record(source: Source, notes: PageNotes) -> None:
    """Store what was listed and how each article fared, in the transaction that stores the posts."""
    if notes.listed is not None:
        pages.links_list(source, [(link.address, link.title) for link in notes.listed])
    for one in notes.readings:
        pages.link_record(source, address=one.link.address, outcome=one.outcome, problem=one.problem)


def _headers(plan: PagePlan) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if plan.etag:
        headers["If-None-Match"] = plan.etag
    if plan.last_modified:
        headers["If-Modified-Since"] = plan.last_modified
    return headers


def _listed(plan: PagePlan, answer: http.Fetched) -> tuple[Link, ...]:
    """The chosen links of the list page.

    Raises:
        UnreadableError: there are none, or something stands in the way.
    """
    tree = page_tree(answer.body, charset=answer.charset)
    links = links_of(tree, base_url=answer.url, selector=plan.selector)
    if links:
        return links
    obstacle = list_obstacle(tree, url=answer.url)
    raise UnreadableError(obstacle.words if obstacle else pages.no_links_words(plan.selector))


async def _read_all(links: Iterable[Link], client: http.Session) -> list[Reading]:
    """Read articles one after another; where their host is busy, what is left waits for the next time."""
    readings: list[Reading] = []
    for link in links:
        try:
            readings.append(await _read(link, client))
        except RetryableError as exc:
            if exc.code == "host_busy":
                break
            readings.append(Reading(link, "failed", problem=str(exc)))
        except PermanentError as exc:
            readings.append(Reading(link, "refused", problem=str(exc)))
    return readings


async def _read(link: Link, client: http.Session) -> Reading:
    answer = await client.fetch(link.address, headers={"Accept": ACCEPT}, max_bytes=LIST_BYTES)
    if answer.status in GONE:
        return Reading(link, "gone", problem=status_words(answer.status))
    if not answer.is_success:
        return Reading(link, "failed", problem=status_words(answer.status))
    found = await asyncio.to_thread(read_article, answer.body, url=answer.url, charset=answer.charset, title=link.title)
    if isinstance(found, Obstacle):
        return Reading(link, "refused", problem=found.words)
    return Reading(link, "read", found.item)
