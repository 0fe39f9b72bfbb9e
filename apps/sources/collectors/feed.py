"""Collecting a feed: one conditional request, read in a thread."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from apps.core import http
from apps.sources import filters
from apps.sources.collectors.results import PollResult
from apps.sources.collectors.words import status_words
from apps.sources.models import Poll, Source
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import UnreadableError
from apps.sources.services.intake import Prepared, items_prepare

ACCEPT = ", ".join(
    ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/xml;q=0.9", "*/*;q=0.5")
)


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """What the request needs, apart from rows."""

    url: str
    etag: str
    last_modified: str
    rules: filters.Rules


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
        return PollResult(Poll.Outcome.UNCHANGED, 304, etag=plan.etag, last_modified=plan.last_modified)
    if answer.status == 410:
        return PollResult(Poll.Outcome.GONE, 410, problem=status_words(410))
    if not answer.is_success:
        return PollResult(
            Poll.Outcome.FAILED, answer.status, problem=status_words(answer.status), retry_after=answer.retry_after
        )
    try:
        prepared = await asyncio.to_thread(_read, plan, answer)
    except UnreadableError as exc:
        return PollResult(Poll.Outcome.FAILED, answer.status, problem=str(exc))
    return PollResult(
        Poll.Outcome.FETCHED,
        answer.status,
        prepared=prepared,
        etag=_mark(answer, "ETag", 300),
        last_modified=_mark(answer, "Last-Modified", 100),
    )


def _headers(plan: FeedPlan) -> dict[str, str]:
    headers = {"Accept": ACCEPT}
    if plan.etag:
        headers["If-None-Match"] = plan.etag
    if plan.last_modified:
        headers["If-Modified-Since"] = plan.last_modified
    return headers


def _read(plan: FeedPlan, answer: http.Fetched) -> tuple[Prepared, ...]:
    kind = answer.headers.get("Content-Type") or ""
    charset = kind.partition("charset=")[2].split(";")[0].strip(" \"'")
    page = parse_feed(answer.body, charset=charset, base_url=answer.url)
    return tuple(items_prepare(page.items, plan.rules))


def _mark(answer: http.Fetched, header: str, limit: int) -> str:
    """A mark to send back next time; one that does not fit is forgotten rather than cut."""
    value = answer.headers.get(header) or ""
    return value if len(value) <= limit and value.isprintable() else ""
