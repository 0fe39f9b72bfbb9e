"""What the MTProto stand-in answers to who writes into a channel.

A message bears a number of the sender's own, `random_id`; the same number of the same account again is refused with
RANDOM_ID_DUPLICATE (core.telegram.org/method/messages.sendMessage), and the answer to the first tells which message it
became (core.telegram.org/constructor/updateMessageID).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from telethon.tl import types

from tests.servers.mtproto import RefusedError
from tests.servers.mtproto_answers import Telegram, made, message


@dataclass
class SendingTelegram(Telegram):
    """A Telegram that takes messages.

    Attributes:
        randoms: the message by account and the number that it gave.
        cuts: what happens to the next messages: "before" they are taken, or "after", the connection breaks.
    """

    randoms: dict[tuple[int, int], int] = field(default_factory=dict)
    cuts: list[str] = field(default_factory=list)

    def SendMessage(self, key: int, request: Any) -> Any:
        account, chat_id = self.login(key), request.peer.channel_id
        cut = self.cuts.pop(0) if self.cuts else ""
        if cut == "before":
            raise ConnectionResetError
        if (account.id, request.random_id) in self.randoms:
            raise RefusedError(500, "RANDOM_ID_DUPLICATE")
        there = self.messages.setdefault(chat_id, [])
        number = max((one.id for one in there), default=0) + 1
        there.append(message(chat_id, number, request.message, date=datetime.now(UTC)))
        self.randoms[(account.id, request.random_id)] = number
        if cut == "after":
            raise ConnectionResetError
        told = [
            types.UpdateMessageID(id=number, random_id=request.random_id),
            types.UpdateNewChannelMessage(message=there[-1], pts=number, pts_count=1),
        ]
        return made(types.Updates, updates=told, users=[], chats=[self.channels[chat_id]], date=datetime.now(UTC))
