"""One reading of a Telegram channel through a person's account: what is new, what is due again, a step back in time.

Not one of the table of collectors: it is worked by the process that holds the account, not by polls.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from django.utils.translation import gettext as _

from apps.core.errors import PermanentError, PultError, RetryableError
from apps.sources import filters
from apps.sources.parsers.channel import Stretch, Voice, items_of, newer_taken, older_taken
from apps.sources.ports import Item
from apps.sources.services.intake import Prepared, items_prepare
from apps.telegram.reading import ChannelInfo, ChannelMessage, ChannelReader, ChannelRef

PAGE = 100  # as much as Telegram gives in one answer
PATIENCE_S = 8.0  # a wait for our own budget that is sat out instead of putting the reading off
PATIENCE_TIMES = 4
WAITS = frozenset({"flood", "no_budget"})
FIND_LATER = "find_later"

Answer = TypeVar("Answer")
Ask = Callable[[], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Again:
    """A post that is due to be read again: its row, its identity, and the messages that it consists of."""

    pk: int
    external_id: str
    message_ids: tuple[int, ...]
    album_id: int | None = None


@dataclass(frozen=True, slots=True)
class Back:
    """How far back a channel is to be read.

    Attributes:
        before_id: everything from this message on is read; 0 where nothing is.
        posts: at most so many more; None where only the date counts.
        since: no posts before this date.
        pages: how many pages to read in this reading.
    """

    before_id: int
    posts: int | None = None
    since: datetime | None = None
    pages: int = 1


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """What a reading needs to know, apart from rows.

    Attributes:
        channel: the channel as this account may ask for it; None: find it by its name first.
        read_to_id: everything up to this message is read; 0 at the first reading.
        title: what the channel was called when it was last asked.
        is_wanted: False once the source is paused.
    """

    session_pk: int
    username: str = ""
    chat_id: int | None = None
    channel: ChannelRef | None = None
    read_to_id: int = 0
    again: tuple[Again, ...] = ()
    back: Back | None = None
    describes: bool = False
    title: str = ""
    rules: filters.Rules = ()
    is_wanted: bool = True


@dataclass(frozen=True, slots=True)
class BackStep:
    """A step back in time: where it came to, and what it brought; `edge` 0 is the channel's beginning."""

    edge: int
    posts: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReadResult:
    """What a reading came to; `outcome` is empty where the source did not want it any more.

    Attributes:
        prepared: new posts and posts read again as they are now, as they will be stored.
        read_to_id: everything up to this message is read now.
        is_whole: nothing newer was left.
        seen: rows of posts that were read again.
        gone: identities of posts that their channel has deleted.
        session_pk: the account that read.
        info: the channel's name and title, where they were asked; `title` is what it was called before.
        migrated_to: the supergroup that the group became; its access hash is 0 where Telegram did not tell it.
    """

    outcome: str
    session_pk: int = 0
    info: ChannelInfo | None = None
    title: str = ""
    prepared: tuple[Prepared, ...] = ()
    read_to_id: int = 0
    is_whole: bool = True
    seen: tuple[int, ...] = ()
    gone: tuple[str, ...] = ()
    back: BackStep | None = None
    migrated_to: ChannelRef | None = None
    problem: str = ""
    code: str = ""
    retry_after: float | None = None


@dataclass(slots=True)
class _Reading:
    """A reading as it goes: what is new comes first, the rest where the account still may ask."""

    plan: ReadPlan
    reader: ChannelReader
    info: ChannelInfo | None = None
    new: list[ChannelMessage] = field(default_factory=list)
    again: list[Item] = field(default_factory=list)

    async def channel(self) -> tuple[ChannelRef, Voice]:
        """The channel, found by its name where this account does not know it yet."""
        plan = self.plan
        if plan.channel is not None:
            if plan.describes:
                self.info = await patiently(lambda: self.reader.describe(_known(plan)))
            username = self.info.username if self.info else plan.username
            return plan.channel, Voice(plan.channel.chat_id, username)
        if not plan.username:
            raise PermanentError(_("The account does not know this channel."), code="private")
        self.info = found = await self.found(plan.username)
        if plan.chat_id is not None and found.chat_id != plan.chat_id:
            raise PermanentError(_("Another channel has this name now."), code="not_found")
        return ChannelRef(found.chat_id, found.access_hash), Voice(found.chat_id, found.username or plan.username)

    async def found(self, username: str) -> ChannelInfo:
        """The channel of this name."""
        try:
            return await patiently(lambda: self.reader.resolve(username))
        except RetryableError as error:
            if error.code not in WAITS:
                raise
            # Finding has a budget of its own: channels that the account knows are read all the same.
            raise RetryableError(str(error), retry_after=error.retry_after, code=FIND_LATER) from error

    async def first(self, channel: ChannelRef, back: Back) -> tuple[int, BackStep]:
        """The newest posts of a channel that was never read."""
        page = await patiently(lambda: self.reader.older(channel, before_id=0, limit=PAGE))
        taken, step = _stepped(page, back)
        self.new += taken
        return max((one.message_id for one in page), default=0), step

    async def newer(self, channel: ChannelRef) -> Stretch:
        """What is new since the last reading, oldest first; one page."""
        after = self.plan.read_to_id
        page = await patiently(lambda: self.reader.newer(channel, after_id=after, limit=PAGE))
        stretch = newer_taken(page, after_id=after, limit=PAGE)
        self.new += stretch.messages
        return stretch

    async def re_read(self, channel: ChannelRef, voice: Voice) -> tuple[list[int], list[str]]:
        """Posts that are due again, in one request; those seen, and those that are gone."""
        due = self.plan.again
        ids = [number for post in due for number in post.message_ids]
        answer = await patiently(lambda: self.reader.by_ids(channel, ids))
        seen: list[int] = []
        gone: list[str] = []
        for post in due:
            parts = [one for number in post.message_ids if (one := answer.get(number)) is not None]
            if not any(number in answer for number in post.message_ids):
                continue
            if not parts:
                gone.append(post.external_id)
                continue
            seen.append(post.pk)
            known = {post.album_id: post.external_id} if post.album_id is not None else {}
            self.again += items_of(parts, voice, known=known)
        return seen, gone

    async def older(self, channel: ChannelRef, back: Back) -> BackStep:
        """A step back in time."""
        page = await patiently(lambda: self.reader.older(channel, before_id=back.before_id, limit=PAGE))
        taken, step = _stepped(page, back)
        self.new += taken
        return step


async def channel_read(plan: ReadPlan, reader: ChannelReader) -> ReadResult:
    """Read what is new; then, as far as the account may still ask, what is due again, then further back.

    Raises:
        RetryableError, PermanentError: nothing new could be read.
    """
    reading = _Reading(plan, reader)
    channel, voice = await reading.channel()
    result = ReadResult("fetched", plan.session_pk, title=plan.title)
    if plan.read_to_id:
        stretch = await reading.newer(channel)
        result = replace(result, read_to_id=stretch.edge, is_whole=stretch.is_last, migrated_to=_moved(stretch))
        result = await _rest(reading, channel, voice, result)
    else:
        newest, step = await reading.first(channel, plan.back or Back(0))
        result = replace(result, read_to_id=newest, back=step)
    items = (*items_of(reading.new, voice), *reading.again)
    prepared = tuple(await asyncio.to_thread(items_prepare, items, plan.rules)) if items else ()
    return replace(result, outcome="fetched" if items else "unchanged", info=reading.info, prepared=prepared)


async def _rest(reading: _Reading, channel: ChannelRef, voice: Voice, result: ReadResult) -> ReadResult:
    """What can wait: a refusal here costs nothing that was read already."""
    plan, back = reading.plan, reading.plan.back
    try:
        if plan.again:
            seen, gone = await reading.re_read(channel, voice)
            result = replace(result, seen=tuple(seen), gone=tuple(gone))
        pages = back.pages if back is not None and result.is_whole else 0
        for _page in range(pages):
            assert back is not None  # noqa: S101
            step = _sum(result.back, await reading.older(channel, back))
            result = replace(result, back=step)
            rest = None if back.posts is None else back.posts - step.posts
            if not step.edge or (rest is not None and rest <= 0) or _is_before(step.oldest, back.since):
                break
            back = replace(back, before_id=step.edge, posts=rest)
    except PultError:  # told by the next reading, where it lasts
        return result
    return result


def _stepped(page: list[ChannelMessage], back: Back) -> tuple[list[ChannelMessage], BackStep]:
    stretch = older_taken(page, before_id=back.before_id, limit=PAGE, posts=back.posts)
    oldest = min((one.date for one in stretch.messages), default=None)
    taken = [one for one in stretch.messages if not _is_before(one.date, back.since)]
    posts = {(one.album_id is not None, one.album_id or one.message_id) for one in taken if not one.is_service}
    return taken, BackStep(stretch.edge, len(posts), oldest)


def _sum(before: BackStep | None, step: BackStep) -> BackStep:
    if before is None:
        return step
    return BackStep(step.edge, before.posts + step.posts, step.oldest or before.oldest)


def _is_before(at: datetime | None, since: datetime | None) -> bool:
    return at is not None and since is not None and at < since


def _moved(stretch: Stretch) -> ChannelRef | None:
    found = next((one for one in reversed(stretch.messages) if one.migrated_to), None)
    return None if found is None else ChannelRef(found.migrated_to or 0, found.migrated_hash or 0)


def _known(plan: ReadPlan) -> ChannelRef:
    assert plan.channel is not None  # noqa: S101
    return plan.channel


async def patiently(ask: Ask[Answer]) -> Answer:
    """Ask, sitting out short waits for our own budget."""
    for _time in range(PATIENCE_TIMES):
        try:
            return await ask()
        except RetryableError as error:
            wait = error.retry_after or 0.0
            if error.code != "no_budget" or wait > PATIENCE_S:
                raise
            await asyncio.sleep(max(wait, 0.05))
    return await ask()
