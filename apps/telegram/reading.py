"""What Pult asks of a person's Telegram account that reads channels, in its own words."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True)
class SessionSnapshot:
    """An account as coroutines get it; secrets are never shown, not even by repr.

    Attributes:
        proxy: "socks5://user:pass@host:port", "http://…", "mtproto://secret@host:port" or empty.
        language: of its workspace: in it people are told what is refused; empty where nobody minds.
    """

    pk: int
    api_id: int
    api_hash: str = field(repr=False)
    string: str = field(repr=False)
    proxy: str = field(default="", repr=False)
    name: str = ""
    language: str = ""


@dataclass(frozen=True)
class Me:
    """Whose account a session is."""

    user_id: int
    username: str
    name: str


@dataclass(frozen=True)
class ChannelRef:
    """A channel as one account may ask for it."""

    chat_id: int
    access_hash: int


@dataclass(frozen=True)
class ChannelInfo:
    """A channel as Telegram describes it; `kind` is channel or supergroup; `chat_id` is bare, without -100."""

    chat_id: int
    access_hash: int
    title: str
    username: str = ""
    kind: str = "channel"


@dataclass(frozen=True)
class InvitationInfo:
    """What an invitation to a private channel opens, as one account sees it.

    Attributes:
        channel: the channel itself, once the account is in it.
        members: None where Telegram does not tell.
        is_request: joining asks the channel's administrators, who have to agree.
        is_paid: joining costs Stars.
    """

    title: str
    members: int | None = None
    kind: str = "channel"
    channel: ChannelInfo | None = None
    is_request: bool = False
    is_paid: bool = False


@dataclass(frozen=True)
class MemberChannels:
    """The channels among an account's newest dialogs; `is_whole` says that it has no further dialogs."""

    channels: tuple[ChannelInfo, ...]
    is_whole: bool


@dataclass(frozen=True)
class Formatting:
    """An entity of a message, offsets in UTF-16 code units as Telegram counts; `kind` as in `sources.ports.Entity`."""

    kind: str
    offset: int
    length: int
    value: str = ""


@dataclass(frozen=True)
class Attachment:
    """What a message shows beside its text.

    Attributes:
        kind: photo, video, voice, audio, document, sticker, poll or other.
        remote: JSON that `fetch_media` needs beside the message's id; goes stale, then the message is read again.
        about: JSON: width, height, duration (seconds), question and options of a poll, emoji of a sticker.
    """

    kind: str
    mime: str = ""
    size: int | None = None
    name: str = ""
    remote: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ChannelMessage:
    """A message of a channel.

    Attributes:
        is_service: a pin, a new title and the like; it carries no post.
        migrated_to: the chat that this one became, told by a service message; `migrated_hash` is what this account
            needs to ask for it, where the answer told.
        reply_to: the message of the same channel that this one answers.
    """

    message_id: int
    date: datetime
    text: str = ""
    formatting: tuple[Formatting, ...] = ()
    edited_at: datetime | None = None
    album_id: int | None = None
    attachment: Attachment | None = None
    author: str = ""
    forwarded_from: str = ""
    forwarded_url: str = ""
    views: int | None = None
    forwards: int | None = None
    reactions: Mapping[str, int] = field(default_factory=dict)
    is_service: bool = False
    migrated_to: int | None = None
    migrated_hash: int | None = None
    reply_to: int | None = None


class ChannelReader(Protocol):
    """One account's connection, open as long as its process owns the session.

    Every method raises RetryableError (`code` "flood": only this operation of this account waits, `retry_after`
    seconds; "network"; "no_budget": our own limit, nothing was asked; "not_held": of a `ReadingHost`'s readers, the
    account is not connected in this process) or PermanentError, its `code` one of
    "login_lost" (the session is gone: log in again), "private", "banned" (of the account from the channel),
    "not_found", "channel_gone" (deleted or blocked by Telegram), "media_gone", "refused"; of invitations
    "invite_expired", "invite_wrong", "join_requested" (the administrators decide), "channels_full", "already_in",
    "paid", "small_group".
    """

    async def me(self) -> Me:
        """Ask whose account this is."""
        ...

    async def resolve(self, username: str) -> ChannelInfo:
        """Find a public channel by its username; dear: keep under 20 a minute."""
        ...

    async def describe(self, channel: ChannelRef) -> ChannelInfo:
        """Tell a known channel's present title and username."""
        ...

    async def invitation(self, invite: str) -> InvitationInfo:
        """Tell what an invitation opens, by its hash; joins nothing."""
        ...

    async def join(self, invite: str) -> ChannelInfo:
        """Join a channel by an invitation's hash; only after a person has agreed."""
        ...

    async def member_channels(self) -> MemberChannels:
        """The channels among the newest hundred dialogs, in one request; only when a person asks for it."""
        ...

    async def newer(self, channel: ChannelRef, *, after_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages that follow `after_id`, oldest first."""
        ...

    async def older(self, channel: ChannelRef, *, before_id: int, limit: int = 100) -> list[ChannelMessage]:
        """The messages that precede `before_id` (0: the newest ones), newest first."""
        ...

    async def by_ids(self, channel: ChannelRef, ids: Sequence[int]) -> dict[int, ChannelMessage | None]:
        """Read up to 100 messages again; None stands for one that is gone."""
        ...

    def fetch_media(
        self, channel: ChannelRef, message_id: int, remote: Mapping[str, Any], *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        """The bytes of an attachment from `offset` (a multiple of 4,096), in pieces."""
        ...

    def hints(self) -> AsyncIterator[int]:
        """Chat ids in which something new seems to have happened; only a hint, never the truth."""
        ...

    async def close(self) -> None:
        """End the connection; the session stays valid."""
        ...
