"""Telegram channels in memory, and accounts that read them as the port says."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import factory
from django.utils import timezone

from apps.core.clock import now
from apps.core.errors import PermanentError, PultError, RetryableError
from apps.core.work import stopping
from apps.sources.channel_asker import ChannelAsking
from apps.sources.channel_reader import ChannelReading
from apps.sources.models import ChannelRead, Post, Source
from apps.sources.services import source_create
from apps.telegram.models import Session
from apps.telegram.reading import (
    Attachment,
    ChannelInfo,
    ChannelMessage,
    ChannelReader,
    ChannelRef,
    InvitationInfo,
    Me,
    MemberChannels,
)
from tests.sources.factories import FeedFactory, WorkspaceFactory

BEGAN = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class SessionFactory(factory.django.DjangoModelFactory[Session]):
    class Meta:
        model = Session

    workspace = factory.SubFactory(WorkspaceFactory, language="en")
    name = factory.Sequence(lambda n: f"Читатель {n}")
    state = Session.State.ACTIVE
    user_id = factory.Sequence(lambda n: 7_000_000 + n)
    string = "made up"


class ChannelFactory(FeedFactory):
    kind = Source.Kind.TELEGRAM
    name = factory.Sequence(lambda n: f"Канал {n}")
    url = ""
    username = factory.Sequence(lambda n: f"channel_{n}")
    interval_s = 600


class ReadFactory(factory.django.DjangoModelFactory[ChannelRead]):
    class Meta:
        model = ChannelRead

    source = factory.SubFactory(ChannelFactory)
    workspace = factory.SelfAttribute("source.workspace")


@dataclass
class Channel:
    """A channel as Telegram has it; `banned` are accounts, `private` shuts everybody out but `members`."""

    chat_id: int
    username: str = ""
    title: str = "Городской вестник"
    messages: dict[int, ChannelMessage] = field(default_factory=dict)
    banned: set[int] = field(default_factory=set)
    members: set[int] = field(default_factory=set)
    is_private: bool = False
    is_gone: bool = False

    def post(self, text: str = "", *, at: datetime | None = None, number: int | None = None, **more: Any) -> int:
        """Publish a message; the answer is its number."""
        new = number or max(self.messages, default=0) + 1
        self.messages[new] = ChannelMessage(
            message_id=new, date=at or BEGAN + timedelta(minutes=new), text=text, **{"views": 1, "forwards": 0, **more}
        )
        return new

    def album(self, album_id: int, *captions: str, at: datetime | None = None) -> list[int]:
        """Publish pictures that belong together."""
        return [self.post(one, album_id=album_id, attachment=Attachment("photo"), at=at) for one in captions]

    def edit(self, number: int, **changes: Any) -> None:
        """Change a message."""
        self.messages[number] = replace(self.messages[number], **changes)


@dataclass
class Telegram:
    """All channels, what is asked, and which answers are refused.

    Attributes:
        refusals: errors by method, given one after another, the last again and again where it is in `lasting`.
        asked: (account, method, channel's id or name).
    """

    channels: dict[int, Channel] = field(default_factory=dict)
    refusals: dict[str, list[PultError]] = field(default_factory=lambda: defaultdict(list))
    lasting: dict[str, PultError] = field(default_factory=dict)
    asked: list[tuple[int, str, object]] = field(default_factory=list)
    accounts: set[int] = field(default_factory=set)
    invites: dict[str, tuple[int, InvitationInfo]] = field(default_factory=dict)

    def private(self, *members: Session, chat_id: int = 1_900_200_300, title: str = "Закрытый вестник") -> Channel:
        """Make a channel without a public name that only these accounts are in."""
        return self.channel("", chat_id=chat_id, title=title, is_private=True, members={one.pk for one in members})

    def invite(self, link: str, channel: Channel, **more: Any) -> None:
        """Make an invitation to a channel, by its hash."""
        self.invites[link] = (channel.chat_id, InvitationInfo(channel.title, **{"members": 42, **more}))

    def channel(self, username: str = "vestnik", *, chat_id: int = 1_100_200_300, **more: Any) -> Channel:
        """Make a channel."""
        made = Channel(chat_id, username, **more)
        self.channels[chat_id] = made
        return made

    def count(self, method: str) -> int:
        """How often something was asked."""
        return Counter(name for _account, name, _what in self.asked)[method]

    # What `Accounts` wants

    def is_running(self) -> bool:
        """It always is."""
        return True

    def held(self) -> frozenset[int]:
        """Every account that was let in."""
        return frozenset(self.accounts)

    def reader(self, session_pk: int) -> ChannelReader:
        """The account's reader."""
        if session_pk not in self.accounts:
            raise RetryableError("not connected", code="not_held")
        return Account(self, session_pk)


@dataclass
class Account:
    """One account's reader."""

    telegram: Telegram
    pk: int

    def _ask(self, method: str, what: object) -> None:
        self.telegram.asked.append((self.pk, method, what))
        if waiting := self.telegram.refusals[method]:
            raise waiting.pop(0)
        if method in self.telegram.lasting:
            raise self.telegram.lasting[method]

    def _open(self, method: str, ref: ChannelRef) -> Channel:
        self._ask(method, ref.chat_id)
        channel = self.telegram.channels.get(ref.chat_id)
        if channel is None or channel.is_gone:
            raise PermanentError("the channel is gone", code="channel_gone")
        if self.pk in channel.banned:
            raise PermanentError("banned", code="banned")
        if channel.is_private and self.pk not in channel.members:
            raise PermanentError("private", code="private")
        if ref.access_hash != ref.chat_id ^ self.pk:
            raise AssertionError("an access hash of another account was used")
        return channel

    def _info(self, channel: Channel) -> ChannelInfo:
        return ChannelInfo(channel.chat_id, channel.chat_id ^ self.pk, channel.title, channel.username)

    async def me(self) -> Me:
        return Me(self.pk, "reader", "Читатель")

    async def resolve(self, username: str) -> ChannelInfo:
        self._ask("resolve", username)
        for channel in self.telegram.channels.values():
            if channel.username.lower() == username.lower() and not channel.is_gone:
                return self._info(channel)
        raise PermanentError("nobody has this name", code="not_found")

    async def describe(self, channel: ChannelRef) -> ChannelInfo:
        return self._info(self._open("describe", channel))

    async def invitation(self, invite: str) -> InvitationInfo:
        self._ask("invitation", invite)
        channel, info = self._invited(invite)
        return replace(info, channel=self._info(channel), is_request=False) if self.pk in channel.members else info

    async def join(self, invite: str) -> ChannelInfo:
        self._ask("join", invite)
        channel, info = self._invited(invite)
        if self.pk in channel.members:
            raise PermanentError("in already", code="already_in")
        if info.is_request:
            raise PermanentError("asked", code="join_requested")
        channel.members.add(self.pk)
        return self._info(channel)

    def _invited(self, invite: str) -> tuple[Channel, InvitationInfo]:
        if invite not in self.telegram.invites:
            raise PermanentError("no such invitation", code="invite_wrong")
        chat_id, info = self.telegram.invites[invite]
        return self.telegram.channels[chat_id], info

    async def member_channels(self) -> MemberChannels:
        self._ask("member_channels", "")
        mine = [self._info(one) for one in self.telegram.channels.values() if self.pk in one.members]
        return MemberChannels(tuple(mine), is_whole=True)

    async def newer(self, channel: ChannelRef, *, after_id: int, limit: int = 100) -> list[ChannelMessage]:
        found = self._open("newer", channel).messages
        return [found[number] for number in sorted(found) if number > after_id][:limit]

    async def older(self, channel: ChannelRef, *, before_id: int, limit: int = 100) -> list[ChannelMessage]:
        found = self._open("older", channel).messages
        numbers = sorted((number for number in found if not before_id or number < before_id), reverse=True)
        return [found[number] for number in numbers[:limit]]

    async def by_ids(self, channel: ChannelRef, ids: Sequence[int]) -> dict[int, ChannelMessage | None]:
        found = self._open("by_ids", channel).messages
        return {number: found.get(number) for number in ids}

    async def fetch_media(self, *asked: object, **_options: object) -> AsyncIterator[bytes]:
        self._ask("fetch_media", asked)
        raise PermanentError("no media here", code="media_gone")
        yield b""

    async def hints(self) -> AsyncIterator[int]:
        return
        yield 0

    async def close(self) -> None:
        return None


def read(telegram: Telegram, *, reading: ChannelReading | None = None) -> ChannelReading:
    """Let a process read what is due, once."""
    stopping.forget()
    one = reading or ChannelReading()
    one.turn(telegram)
    return one


def ask(telegram: Telegram) -> None:
    """Let a process ask what people want to know, once."""
    stopping.forget()
    ChannelAsking(telegram).turn()


@dataclass
class Clock:
    """The time that everybody is told."""

    at: datetime

    def shift(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@contextmanager
def travelled(at: datetime) -> Iterator[Clock]:
    """Stop the one clock at this time."""
    clock = Clock(at)
    real, timezone.now = timezone.now, lambda: clock.at
    try:
        yield clock
    finally:
        timezone.now = real


def due(source: Source) -> None:
    """Bring the next reading of a channel forward."""
    row = ChannelRead.objects.get(source=source, state="ready")
    ChannelRead.objects.filter(pk=row.pk).update(not_before=row.created_at - timedelta(seconds=1))


def another(telegram: Telegram, account: Session) -> Session:
    """One more account of the same workspace."""
    session: Session = SessionFactory.create(workspace=account.workspace)
    telegram.accounts.add(session.pk)
    return session


def added(account: Session, username: str = "vestnik", **fields: object) -> Source:
    """A channel as an editor adds it."""
    return source_create(
        workspace=account.workspace,
        kind="telegram",
        name=str(fields.pop("name", f"@{username}")),
        username=username,
        **fields,  # type: ignore[arg-type]
    )


def again(telegram: Telegram, source: Source, reading: ChannelReading | None = None) -> Source:
    """Let a channel's next reading come now."""
    due(source)
    read(telegram, reading=reading)
    source.refresh_from_db()
    return source


def texts() -> list[str]:
    """What was stored, in the channel's order."""
    return list(Post.objects.order_by("message_id").values_list("text", flat=True))


def wait_of(source: Source) -> timedelta:
    """How long the next reading of a channel is away."""
    return ChannelRead.objects.get(source=source, state="ready").not_before - now()
