"""A reader that keeps to its account's budget."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.telegram.meter import Allowance, Meter
from apps.telegram.reading import (
    ChannelInfo,
    ChannelMessage,
    ChannelReader,
    ChannelRef,
    InvitationInfo,
    Me,
    MemberChannels,
)

Answer = TypeVar("Answer")
# Keeps an allowance; the flag says that Telegram has just asked for a wait, or None that one is over.
Keep = Callable[[Allowance, bool | None], Awaitable[None]]
HISTORY, RESOLVE, MEDIA = "history", "resolve", "media"
INVITE, JOIN, DIALOGS = "invite", "join", "dialogs"


class MeteredReader:
    """Takes room in the budget before each request, and writes it down before the request leaves.

    Where there is no room nothing is asked: RetryableError "no_budget" with `retry_after`. A flood wait closes its
    operation alone. Pieces of one file after the first wait for their room, which is never long.
    """

    def __init__(self, reader: ChannelReader, meter: Meter, keep: Keep) -> None:
        self._reader, self._meter, self._keep = reader, meter, keep

    async def me(self) -> Me:
        """Whose account this is; asked once a connection, so it is free."""
        return await self._reader.me()

    async def resolve(self, username: str) -> ChannelInfo:
        """Find a channel."""
        return await self._ask(RESOLVE, lambda: self._reader.resolve(username))

    async def describe(self, channel: ChannelRef) -> ChannelInfo:
        """Tell a channel's title."""
        return await self._ask(HISTORY, lambda: self._reader.describe(channel))

    async def invitation(self, invite: str) -> InvitationInfo:
        """Tell what an invitation opens."""
        return await self._ask(INVITE, lambda: self._reader.invitation(invite))

    async def join(self, invite: str) -> ChannelInfo:
        """Join by an invitation."""
        return await self._ask(JOIN, lambda: self._reader.join(invite))

    async def member_channels(self) -> MemberChannels:
        """The account's own channels, one page."""
        return await self._ask(DIALOGS, self._reader.member_channels)

    async def newer(self, channel: ChannelRef, *, after_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages after one."""
        return await self._ask(HISTORY, lambda: self._reader.newer(channel, after_id=after_id, limit=limit))

    async def older(self, channel: ChannelRef, *, before_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages before one."""
        return await self._ask(HISTORY, lambda: self._reader.older(channel, before_id=before_id, limit=limit))

    async def by_ids(self, channel: ChannelRef, ids: Sequence[int]) -> dict[int, ChannelMessage | None]:
        """Messages anew, up to 100."""
        return await self._ask(HISTORY, lambda: self._reader.by_ids(channel, ids))

    async def fetch_media(
        self, channel: ChannelRef, message_id: int, remote: Mapping[str, Any], *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """A file in pieces; each is one request."""
        await self._take(MEDIA)
        pieces = aiter(self._reader.fetch_media(channel, message_id, remote, offset=offset))
        try:
            while (piece := await self._watched(MEDIA, anext(pieces, None))) is not None:
                yield piece
                await self._pace(MEDIA)
        finally:
            await close_quietly(pieces)

    async def hints(self) -> AsyncIterator[int]:
        """What seems to have happened; costs nothing."""
        async for chat_id in self._reader.hints():
            yield chat_id

    async def close(self) -> None:
        """End the connection."""
        await self._reader.close()

    async def _ask(self, operation: str, question: Callable[[], Awaitable[Answer]]) -> Answer:
        await self._take(operation)
        return await self._watched(operation, question())

    async def _take(self, operation: str) -> None:
        """Take room for one request and write it down, or refuse."""
        waited = self._meter.of(operation).waits_until is not None
        wait = self._meter.take(operation, now())
        if wait > 0:
            raise RetryableError(
                _("The account's own limit is reached; it goes on by itself."), retry_after=wait, code="no_budget"
            )
        await self._keep(self._meter.of(operation), None if waited else False)

    async def _pace(self, operation: str) -> None:
        """Wait for room for the next piece of a file."""
        wait = self._meter.take(operation, now())
        if wait > 0:
            await asyncio.sleep(wait)
            await self._pace(operation)
            return
        await self._keep(self._meter.of(operation), False)

    async def _watched(self, operation: str, answer: Awaitable[Answer]) -> Answer:
        """The answer; a flood wait closes the operation."""
        try:
            return await answer
        except RetryableError as exc:
            if exc.code == "flood":
                self._meter.flood(operation, exc.retry_after or 1.0, now())
                await self._keep(self._meter.of(operation), True)
            raise


async def close_quietly(pieces: AsyncIterator[bytes]) -> None:
    """End a generator of pieces that may not be used up."""
    closing = getattr(pieces, "aclose", None)
    if closing is not None:
        await closing()
