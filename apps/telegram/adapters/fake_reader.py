"""A person's account that reads scripted channels (`fake_world`), for trying Pult without Telegram."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core.errors import PultError, RetryableError
from apps.telegram.adapters.fake_store import FakeStore, Fault, access_hash
from apps.telegram.reading import (
    ChannelInfo,
    ChannelMessage,
    ChannelRef,
    InvitationInfo,
    Me,
    MemberChannels,
    SessionSnapshot,
)
from apps.telegram.reading_refusals import flooded, refused

HINTS_EVERY_S = 0.1
PIECE = 4096
PAGE = 100
SLOW = "slow"  # no failure: the answer takes its time
RETRYABLE = frozenset({"network"})


class FakeReader:
    """One account's reader of the scripted channels."""

    def __init__(self, account: SessionSnapshot) -> None:
        self._account = account
        self._store = FakeStore(settings.TELEGRAM_READER_DIR)
        self._connection = 0
        self._pause_s = 0.0

    def __repr__(self) -> str:
        return f"<FakeReader of account {self._account.pk}>"

    async def __aenter__(self) -> Self:
        self._connection = self._store.connect(self._account.pk, self._account.string)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def me(self) -> Me:
        """Whose login it is."""
        self._ask("me", "me")
        known = self._store.account_of(self._account.string)
        if known is None:
            return Me(user_id=7_000_000 + self._account.pk, username="", name=self._account.name)
        return Me(user_id=known["user_id"], username=known["username"], name=known["name"])

    async def resolve(self, username: str) -> ChannelInfo:
        """Find a scripted channel."""
        row = self._store.found(username)
        self._ask("resolve", "resolve", row["chat_id"] if row else None)
        if row is None:
            raise refused("not_found")
        return self._info(row)

    async def describe(self, channel: ChannelRef) -> ChannelInfo:
        """A channel's present title and username."""
        return self._info(self._open(channel, "describe"))

    async def invitation(self, invite: str) -> InvitationInfo:
        """What a scripted invitation opens."""
        row, chat = self._invited("invite", "invitation", invite)
        is_in = self._store.is_member(self._account.pk, chat["chat_id"])
        return InvitationInfo(
            title=chat["title"],
            members=row["members"],
            kind=chat["kind"],
            channel=self._info(chat) if is_in else None,
            is_request=bool(row["is_request"]) and not is_in,
            is_paid=bool(row["is_paid"]) and not is_in,
        )

    async def join(self, invite: str) -> ChannelInfo:
        """Go into the channel of a scripted invitation."""
        row, chat = self._invited("join", "join", invite)
        if self._store.is_member(self._account.pk, chat["chat_id"]):
            raise refused("already_in")
        if row["is_request"] or row["is_paid"]:
            raise refused("join_requested" if row["is_request"] else "paid")
        self._store.enter(self._account.pk, chat["chat_id"])
        return self._info(chat)

    async def member_channels(self) -> MemberChannels:
        """The channels that the account is in."""
        self._ask("dialogs", "member_channels")
        rows = self._store.channels_of(self._account.pk)
        return MemberChannels(tuple(self._info(row) for row in rows[:PAGE]), len(rows) <= PAGE)

    async def newer(self, channel: ChannelRef, *, after_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages after one."""
        self._open(channel, "newer")
        await self._paused()
        return self._store.page(channel.chat_id, after=after_id, limit=min(limit, 100))

    async def older(self, channel: ChannelRef, *, before_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages before one, or the newest."""
        self._open(channel, "older")
        await self._paused()
        return self._store.page(channel.chat_id, before=before_id or 2**31, limit=min(limit, 100))

    async def by_ids(self, channel: ChannelRef, ids: Sequence[int]) -> dict[int, ChannelMessage | None]:
        """The messages that are still there."""
        self._open(channel, "by_ids")
        await self._paused()
        return {one: self._store.message(channel.chat_id, one) for one in ids}

    async def fetch_media(
        self,
        channel: ChannelRef,
        message_id: int,
        remote: Mapping[str, Any],  # noqa: ARG002 - the file knows it by the message
        *,
        offset: int = 0,
    ) -> AsyncIterator[bytes]:
        """An attachment in pieces of 4,096 bytes."""
        self._open(channel, "fetch_media", "media")
        content = self._store.content(channel.chat_id, message_id)
        if content is None:
            raise refused("media_gone")
        for start in range(offset, len(content), PIECE):
            yield content[start : start + PIECE]

    async def hints(self) -> AsyncIterator[int]:
        """Channels in which something was written since the call."""
        last = self._store.last_hint()
        while True:
            last, chats = self._store.next_hints(last)
            for chat_id in chats:
                yield chat_id
            await asyncio.sleep(HINTS_EVERY_S)

    async def close(self) -> None:
        """End the connection."""
        if self._connection:
            self._store.disconnect(self._connection)
            self._connection = 0

    def _open(self, channel: ChannelRef, method: str, operation: str = "history") -> Mapping[str, Any]:
        """The channel's row, or the refusal that Telegram would give."""
        self._ask(operation, method, channel.chat_id)
        row = self._store.describe(channel.chat_id)
        if row is None or channel.access_hash != access_hash(self._account.pk, channel.chat_id):
            raise refused("not_found")
        if row["state"] == "gone":
            raise refused("channel_gone")
        if not self._is_let_in(row):
            raise refused("private")
        return row

    def _is_let_in(self, row: Mapping[str, Any]) -> bool:
        if row["state"] == "members":
            return self._store.is_member(self._account.pk, row["chat_id"])
        return bool(row["state"] == "open")

    def _invited(self, operation: str, method: str, invite: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        """An invitation's row and its channel's, or the refusal that Telegram would give."""
        row = self._store.invite(invite)
        self._ask(operation, method, row["chat_id"] if row else None)
        chat = self._store.describe(row["chat_id"]) if row else None
        if row is None or chat is None:
            raise refused("invite_wrong")
        if row["state"] != "open":
            raise refused("invite_expired" if row["state"] == "expired" else "small_group")
        return row, chat

    def _ask(self, operation: str, method: str, chat_id: int | None = None) -> None:
        """Note the request; raise what was scripted for it."""
        if not self._connection:
            raise RetryableError(_("The account is not connected."), code="network")
        fault = self._store.ask(self._account.pk, operation, method, chat_id)
        if fault is not None and fault.code == SLOW:
            self._pause_s = fault.seconds
        elif fault is not None:
            raise failure(fault)

    async def _paused(self) -> None:
        """Take the time that was scripted for this answer."""
        pause_s, self._pause_s = self._pause_s, 0.0
        if pause_s:
            await asyncio.sleep(pause_s)

    def _info(self, row: Mapping[str, Any]) -> ChannelInfo:
        if row["state"] == "private":
            raise refused("private")
        return ChannelInfo(
            chat_id=row["chat_id"],
            access_hash=access_hash(self._account.pk, row["chat_id"]),
            title=row["title"],
            username=row["username"],
            kind=row["kind"],
        )


def failure(fault: Fault) -> PultError:
    """A scripted failure as the port's."""
    if fault.code == "flood":
        return flooded(fault.seconds)
    if fault.code in RETRYABLE:
        return RetryableError(_("Telegram can't be reached."), code=fault.code)
    return refused(fault.code)
