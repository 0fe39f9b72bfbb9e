"""The reader that the rest of the process gets: usable from any thread's loop, it asks on the host's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from apps.telegram.hosting.metered import MeteredReader, close_quietly
from apps.telegram.hosting.tenancy import Tenancy, not_held
from apps.telegram.reading import ChannelInfo, ChannelMessage, ChannelRef, InvitationInfo, Me, MemberChannels

Answer = TypeVar("Answer")


class HostedReader:
    """One account's reader, as long as the host owns the account."""

    def __init__(self, loop: asyncio.AbstractEventLoop, tenancy: Tenancy) -> None:
        self._loop, self._tenancy = loop, tenancy

    def __repr__(self) -> str:
        return f"<HostedReader of account {self._tenancy.account.pk}>"

    async def me(self) -> Me:
        """Whose account this is."""
        return await self._ask(lambda reader: reader.me())

    async def resolve(self, username: str) -> ChannelInfo:
        """Find a channel, and remember it as this account knows it."""
        return await self._there(self._found(lambda reader: reader.resolve(username)))

    async def describe(self, channel: ChannelRef) -> ChannelInfo:
        """Tell a channel's title, and remember it."""
        return await self._there(self._found(lambda reader: reader.describe(channel)))

    async def invitation(self, invite: str) -> InvitationInfo:
        """Tell what an invitation opens; who asked keeps the channel with the answer."""
        return await self._ask(lambda reader: reader.invitation(invite))

    async def join(self, invite: str) -> ChannelInfo:
        """Join by an invitation."""
        return await self._ask(lambda reader: reader.join(invite))

    async def member_channels(self) -> MemberChannels:
        """The account's own channels, one page."""
        return await self._ask(lambda reader: reader.member_channels())

    async def newer(self, channel: ChannelRef, *, after_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages after one."""
        return await self._ask(lambda reader: reader.newer(channel, after_id=after_id, limit=limit))

    async def older(self, channel: ChannelRef, *, before_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages before one."""
        return await self._ask(lambda reader: reader.older(channel, before_id=before_id, limit=limit))

    async def by_ids(self, channel: ChannelRef, ids: Sequence[int]) -> dict[int, ChannelMessage | None]:
        """Messages anew."""
        return await self._ask(lambda reader: reader.by_ids(channel, ids))

    async def fetch_media(
        self, channel: ChannelRef, message_id: int, remote: Mapping[str, Any], *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """A file in pieces."""
        reader = self._tenancy.reader
        if reader is None:
            raise not_held()
        pieces = aiter(reader.fetch_media(channel, message_id, remote, offset=offset))
        try:
            while (piece := await self._ask(lambda _reader: anext(pieces, None))) is not None:
                yield piece
        finally:
            await self._there(close_quietly(pieces))

    async def hints(self) -> AsyncIterator[int]:
        """Hints of this account from now on, until it is let go."""
        hints = aiter(self._tenancy.hints())
        while (chat_id := await self._there(following(hints))) is not None:
            yield chat_id

    async def close(self) -> None:
        """Nothing: the host owns the connection."""

    async def _ask(self, ask: Callable[[MeteredReader], Awaitable[Answer]]) -> Answer:
        return await self._there(self._tenancy.request(ask))

    async def _found(self, ask: Callable[[MeteredReader], Awaitable[ChannelInfo]]) -> ChannelInfo:
        return await self._tenancy.found(await self._tenancy.request(ask))

    async def _there(self, work: Coroutine[Any, Any, Answer]) -> Answer:
        """Do something on the host's loop and wait for it on this one."""
        if self._loop.is_closed() or not self._loop.is_running():
            work.close()
            raise not_held()
        try:
            return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))
        except asyncio.CancelledError:
            # The host stopped; our own cancellation is none of its doing.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise not_held() from None


async def following(hints: AsyncIterator[int]) -> int | None:
    """The next hint; None after the last."""
    return await anext(hints, None)
