"""Collecting a feed: one conditional request, read in a thread."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin

from apps.core import http
from apps.core.clock import now
from apps.sources import filters
from apps.sources.collectors.results import PollResult
from apps.sources.collectors.words import status_words
from apps.sources.models import Poll, Source
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import FeedPage, UnreadableError
from apps.sources.services.identity import items_named
from apps.sources.services.intake import Prepared, items_prepare
from apps.sources.services.moves import move_noticed
from apps.sources.services.schedule import gap_of
from apps.sources.services.websub import hub_noticed

ACCEPT = ", ".join(
    ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/xml;q=0.9", "*/*;q=0.5")
)
HEADER_LINK = re.compile(r"""<([^<>]{1,2000})>((?:[^,"<]|"[^"]*")*)""")
RELATION = re.compile(r"""\brel\s*=\s*(?:"([^"]*)"|([^\s;,"]+))""", re.IGNORECASE)
MONTH_S = 31 * 86_400


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """What the request needs, apart from rows."""

    url: str
    etag: str
    last_modified: str
    rules: filters.Rules


@dataclass(frozen=True, slots=True)
class FeedNotes:
    """What an answer says of the feed itself.

    Attributes:
        moved_to: where permanent redirects alone led.
        is_read: whether the rest was read; a 304 brings no more than where it came from.
        hint_s: not to be asked before, in seconds.
        gap_s: the usual gap between its entries; None where they tell none.
        hub, topic: who tells of new entries (WebSub), and under which address.
    """

    moved_to: str = ""
    is_read: bool = False
    hint_s: int = 0
    gap_s: int | None = None
    hub: str = ""
    topic: str = ""


def plan(source: Source) -> FeedPlan:
    """Read what the source has now."""
    return FeedPlan(source.url, source.etag, source.last_modified, filters.rules_of(source))


async def collect(plan: FeedPlan, client: http.Session) -> PollResult:
    """Ask for the feed, with the marks of the last answer.

    Raises:
        RetryableError, PermanentError: there is no answer.
    """
    answer = await client.fetch(plan.url, headers=_headers(plan))
    if answer.status == 304:
        notes = FeedNotes(moved_to=answer.moved_to or "")
        return PollResult(Poll.Outcome.UNCHANGED, 304, etag=plan.etag, last_modified=plan.last_modified, notes=notes)
    if answer.status == 410:
        return PollResult(Poll.Outcome.GONE, 410, problem=status_words(410))
    if not answer.is_success:
        return PollResult(
            Poll.Outcome.FAILED, answer.status, problem=status_words(answer.status), retry_after=answer.retry_after
        )
    try:
        prepared, notes = await asyncio.to_thread(_read, plan, answer)
    except UnreadableError as exc:
        return PollResult(Poll.Outcome.FAILED, answer.status, problem=str(exc))
    return PollResult(
        Poll.Outcome.FETCHED,
        answer.status,
        prepared=prepared,
        etag=answer.mark("ETag", 300),
        last_modified=answer.mark("Last-Modified", 100),
        notes=notes,
    )


def record(source: Source, notes: FeedNotes) -> None:
    """Store what the feed says of itself: where it lives, how often to come, who tells of its entries."""
    move_noticed(source, notes.moved_to)
    if not notes.is_read:
        return
    gap_s = source.rhythm_s if source.rhythm else notes.gap_s  # what was learnt from its posts is better
    if (source.hint_s, source.rhythm_s) != (notes.hint_s, gap_s):
        source.hint_s, source.rhythm_s = notes.hint_s, gap_s
        source.save(update_fields=["hint_s", "rhythm_s"])
    hub_noticed(source, hub=notes.hub, topic=notes.topic or source.url)


def header_links(value: str, base_url: str) -> dict[str, str]:
    """The first address of each relation in a Link header (RFC 8288), completed from `base_url`."""
    found: dict[str, str] = {}
    for target, parameters in HEADER_LINK.findall(value[:10_000]):
        relation = RELATION.search(parameters)
        for name in (relation.group(1) or relation.group(2) or "").lower().split() if relation else ():
            try:
                address = urljoin(base_url, target.strip())
            except ValueError:
                continue
            if address.startswith(("http://", "https://")) and len(address) <= 1000:
                found.setdefault(name, address)
    return found


def hint_s(page: FeedPage, answer: http.Fetched, gap_s: int | None) -> int:
    """How long the feed asks to be left alone: the longest of its ttl, its period and the answer's age limit, seconds.

    The period stands in many feeds only because a program put it there, so the entries themselves may contradict it.
    """
    period_s = page.period_s if gap_s is None else min(page.period_s, gap_s)
    return min(max(page.ttl_s, period_s, answer.fresh_s), MONTH_S)


def _headers(plan: FeedPlan) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if plan.etag:
        headers["If-None-Match"] = plan.etag
    if plan.last_modified:
        headers["If-Modified-Since"] = plan.last_modified
    return headers


def _read(plan: FeedPlan, answer: http.Fetched) -> tuple[tuple[Prepared, ...], FeedNotes]:
    page = parse_feed(answer.body, charset=answer.charset, base_url=answer.url)
    prepared = tuple(items_prepare(items_named(page.items), plan.rules))
    gap_s = gap_of(_past(one.published_at for one in prepared))
    links = header_links(answer.headers.get("Link") or "", answer.url)
    notes = FeedNotes(
        moved_to=answer.moved_to or "",
        is_read=True,
        hint_s=hint_s(page, answer, gap_s),
        gap_s=gap_s,
        hub=links.get("hub") or page.hub,
        topic=links.get("self") or page.topic,
    )
    return prepared, notes


def _past(dates: Iterable[datetime | None]) -> list[datetime]:
    """The dates that may be true."""
    moment = now()
    return [date for date in dates if date is not None and date <= moment]
