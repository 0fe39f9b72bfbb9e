"""A person's account that reads channels over MTProto through Telethon. The vendor's words end here.

It asks for a channel's history, a few messages, a username, an invitation or a file. Of the list of dialogs, whose
sweeps bring the longest flood waits, it takes the first page alone, when a person asks for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from telethon import TelegramClient, events
from telethon.tl import functions, types

from apps.core.errors import PultError
from apps.telegram.adapters.telethon_client import answered, closed, connected
from apps.telegram.adapters.telethon_errors import FAILURES, STALE, failure, unreachable
from apps.telegram.adapters.telethon_invites import (
    already_from,
    invitation_from,
    joined,
    member_channels_from,
    moved_to,
)
from apps.telegram.adapters.telethon_media import attachment_from, location_of
from apps.telegram.adapters.telethon_messages import People, channel_from, message_from, name_of, username_of
from apps.telegram.reading import (
    ChannelInfo,
    ChannelMessage,
    ChannelRef,
    InvitationInfo,
    Me,
    MemberChannels,
    SessionSnapshot,
)
from apps.telegram.reading_refusals import refused

PAGE = 100
# Telegram gives files in parts that divide a megabyte; a part's place is a multiple of its size.
PART = 512 * 1024
HINTS_KEPT = 1000


class TelethonReader:
    """One account's connection; `async with` opens and closes it."""

    def __init__(self, account: SessionSnapshot) -> None:
        self._account = account
        self._opening: AbstractAsyncContextManager[TelegramClient] | None = None
        self._client: TelegramClient | None = None
        self._hints: asyncio.Queue[int] = asyncio.Queue(HINTS_KEPT)

    def __repr__(self) -> str:
        return f"<TelethonReader of account {self._account.pk}>"

    async def __aenter__(self) -> Self:
        self._opening = connected(self._account, updates=settings.TELEGRAM_HINTS)
        self._client = await self._opening.__aenter__()
        self._client.add_event_handler(self._hear, events.Raw())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def me(self) -> Me:
        """Whose account this is."""
        found = await self._ask(functions.users.GetUsersRequest(id=[types.InputUserSelf()]))
        if not found or isinstance(found[0], types.UserEmpty):
            raise refused("login_lost")
        return me_from(found[0])

    async def resolve(self, username: str) -> ChannelInfo:
        """Find a public channel."""
        found = await self._ask(functions.contacts.ResolveUsernameRequest(username=username.removeprefix("@")))
        chats = [one for one in found.chats if isinstance(one, (types.Channel, types.ChannelForbidden))]
        if not isinstance(found.peer, types.PeerChannel) or not chats:
            raise refused("not_channel")
        return known(next((one for one in chats if one.id == found.peer.channel_id), None))

    async def describe(self, channel: ChannelRef) -> ChannelInfo:
        """A channel's present title and username."""
        found = await self._ask(functions.channels.GetChannelsRequest(id=[channel_of(channel)]))
        return known(next((one for one in found.chats if one.id == channel.chat_id), None))

    async def invitation(self, invite: str) -> InvitationInfo:
        """What an invitation opens; of a small group that became a supergroup, the supergroup."""
        found = await self._ask(functions.messages.CheckChatInviteRequest(hash=invite))
        if not isinstance(found, types.ChatInviteAlready):
            return invitation_from(found)
        new = moved_to(found.chat)
        if new is None:
            return already_from(found.chat)
        there = await self._ask(functions.channels.GetChannelsRequest(id=[new]))
        return already_from(next((one for one in there.chats if one.id == new.channel_id), found.chat))

    async def join(self, invite: str) -> ChannelInfo:
        """Join a channel by an invitation."""
        return joined(await self._ask(functions.messages.ImportChatInviteRequest(hash=invite)))

    async def member_channels(self) -> MemberChannels:
        """The channels among the newest dialogs, in one request."""
        page = functions.messages.GetDialogsRequest(
            offset_date=None, offset_id=0, offset_peer=types.InputPeerEmpty(), limit=PAGE, hash=0
        )
        return member_channels_from(await self._ask(page))

    async def newer(self, channel: ChannelRef, *, after_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages after one, oldest first."""
        page = await self._history(channel, offset_id=after_id + 1, add_offset=-min(limit, PAGE), limit=limit)
        return sorted((one for one in page if one.message_id > after_id), key=lambda one: one.message_id)

    async def older(self, channel: ChannelRef, *, before_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages before one, or the newest, newest first."""
        page = await self._history(channel, offset_id=before_id, add_offset=0, limit=limit)
        kept = (one for one in page if not before_id or one.message_id < before_id)
        return sorted(kept, key=lambda one: one.message_id, reverse=True)

    async def by_ids(self, channel: ChannelRef, ids: Sequence[int]) -> dict[int, ChannelMessage | None]:
        """Up to 100 messages anew."""
        asked = [types.InputMessageID(one) for one in ids]
        answer = await self._ask(functions.channels.GetMessagesRequest(channel=channel_of(channel), id=asked))
        found = messages_from(answer)
        return {one: next((each for each in found if each.message_id == one), None) for one in ids}

    async def fetch_media(
        self, channel: ChannelRef, message_id: int, remote: Mapping[str, Any], *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """A file from `offset` in parts; where its place has gone stale, the message is read again for it."""
        at, fresh = offset - offset % PART, False
        while True:
            try:
                part = await self._part(remote, at)
            except StaleError:
                if fresh:
                    raise refused("media_gone") from None
                remote, fresh = await self._place(channel, message_id, remote), True
                continue
            fresh = False
            if piece := part[max(offset - at, 0) :]:
                yield piece
            at += PART
            if len(part) < PART:
                return

    async def hints(self) -> AsyncIterator[int]:
        """Channels of which an update tells; ends with the failure that ended the connection.

        Without TELEGRAM_HINTS nothing is told, and it only waits for that end.
        """
        client = self._alive()
        ended = asyncio.ensure_future(asyncio.shield(client.disconnected))
        try:
            while not ended.done():
                waiting = asyncio.ensure_future(self._hints.get())
                await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
                if waiting.done():
                    yield waiting.result()
                else:
                    waiting.cancel()
        finally:
            ended.cancel()
        raise ending(client, ended)

    async def close(self) -> None:
        """End the connection."""
        client, self._client = self._client, None
        if client is not None:
            client.remove_event_handler(self._hear)
            await closed(client)
        opening, self._opening = self._opening, None
        if opening is not None:
            await opening.__aexit__(None, None, None)

    # Asking

    def _alive(self) -> TelegramClient:
        if self._client is None:
            raise unreachable()
        return self._client

    async def _ask(self, request: Any) -> Any:
        return await answered(self._alive()(request))

    async def _history(
        self, channel: ChannelRef, *, offset_id: int, add_offset: int, limit: int
    ) -> list[ChannelMessage]:
        request = functions.messages.GetHistoryRequest(
            peer=types.InputPeerChannel(channel.chat_id, channel.access_hash),
            offset_id=offset_id,
            offset_date=None,
            add_offset=add_offset,
            limit=min(limit, PAGE),
            max_id=0,
            min_id=0,
            hash=0,
        )
        return messages_from(await self._ask(request))

    async def _part(self, remote: Mapping[str, Any], at: int) -> bytes:
        """One part of a file: whole, or shorter where the file ends.

        Raises:
            StaleError: the place has to be asked for anew.
        """
        location, client = location_of(remote), self._alive()
        pieces = client.iter_download(
            location, offset=at, request_size=PART, limit=1, dc_id=int(remote.get("dc") or 0) or None
        )

        async def first() -> bytes:
            try:
                return bytes(await anext(aiter(pieces), b""))
            except STALE:
                raise StaleError from None
            finally:
                await pieces.close()

        return await answered(first())

    async def _place(self, channel: ChannelRef, message_id: int, remote: Mapping[str, Any]) -> Mapping[str, Any]:
        """Where the file of a message lies now."""
        answer = await self._ask(
            functions.channels.GetMessagesRequest(channel=channel_of(channel), id=[types.InputMessageID(message_id)])
        )
        media = next((one.media for one in answer.messages if isinstance(one, types.Message)), None)
        attachment = attachment_from(media)
        if attachment is None or attachment.remote.get("id") != remote.get("id"):
            raise refused("media_gone")
        return attachment.remote

    async def _hear(self, update: Any) -> None:
        """Note which channel an update is about; when too many wait, the next poll finds out anyway."""
        message = getattr(update, "message", None)
        peer = getattr(message, "peer_id", None)
        chat_id = getattr(peer, "channel_id", None) or getattr(update, "channel_id", None)
        if isinstance(chat_id, int) and not self._hints.full():
            self._hints.put_nowait(chat_id)


class StaleError(Exception):
    """The place of a file is too old to be asked for."""


def known(chat: Any) -> ChannelInfo:
    """A channel as the port tells it, or why it can't be read."""
    if chat is None:
        raise refused("not_found")
    if isinstance(chat, (types.ChannelForbidden, types.ChatForbidden)):
        raise refused("banned")
    if not isinstance(chat, types.Channel):
        raise refused("not_channel")
    if any(one.platform == "all" for one in chat.restriction_reason or ()):
        raise refused("channel_gone")
    return channel_from(chat)


def messages_from(answer: Any) -> list[ChannelMessage]:
    """The messages of an answer that are there."""
    people = People(answer.chats, answer.users)
    return [one for each in answer.messages if (one := message_from(each, people)) is not None]


def channel_of(channel: ChannelRef) -> Any:
    """A channel as requests name it."""
    return types.InputChannel(channel.chat_id, channel.access_hash)


def me_from(user: Any) -> Me:
    """Who an account is."""
    return Me(user_id=user.id, username=username_of(user), name=name_of(user))


def ending(client: TelegramClient, ended: asyncio.Future[Any]) -> PultError:
    """Why a connection ended."""
    told = getattr(client, "_updates_error", None)
    if told is None and ended.done() and not ended.cancelled():
        told = ended.exception()
    return failure(told) if isinstance(told, FAILURES) else unreachable()
