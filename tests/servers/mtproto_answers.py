"""What the MTProto stand-in answers: accounts that log in, and channels with messages and files.

TL objects are made by `made`, which fills in what a layer wants besides; so it works for every release of Telethon.
"""

from __future__ import annotations

import argparse
import hashlib
import inspect
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from telethon import password as srp
from telethon.tl import types

from tests.servers.mtproto import MtprotoStandIn, RefusedError
from tests.servers.mtproto_prime import PRIME

SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
MOVED = types.MessageActionChatMigrateTo
EMPTY: dict[str, Any] = {"int": 0, "str": "", "bool": False, "float": 0.0, "bytes": b""}


def made(kind: Callable[..., Any], **given: Any) -> Any:
    """A TL object with what is given and the emptiest values for the rest."""
    for name, one in inspect.signature(kind).parameters.items():
        if name in given or one.default is not inspect.Parameter.empty:
            continue
        told = str(one.annotation).replace("typing.", "")
        if told.startswith("Optional"):
            given[name] = SENT if "datetime" in told else None
        else:
            given[name] = [] if told.startswith("List") else EMPTY.get(told.removeprefix("<class '")[:-2], 0)
    return kind(**given)


def channel(chat_id: int, **given: Any) -> Any:
    """A public channel."""
    told = {"title": f"Channel {chat_id}", "photo": types.ChatPhotoEmpty(), "date": SENT, "broadcast": True}
    return made(types.Channel, id=chat_id, **{**told, "access_hash": chat_id * 7, **given})


def message(chat_id: int, number: int, text: str = "", **given: Any) -> Any:
    """A channel's message."""
    told = {"peer_id": types.PeerChannel(chat_id), "date": SENT, "message": text, "post": True}
    return made(types.Message, id=number, **{**told, **given})


def service(chat_id: int, number: int, action: Any) -> Any:
    """A message that tells of something done to a chat."""
    return made(types.MessageService, id=number, peer_id=types.PeerChannel(chat_id), date=SENT, action=action)


def user(number: int, **given: Any) -> Any:
    """A person."""
    return made(types.User, id=number, **{"first_name": "Vera", "access_hash": number * 3, **given})


@dataclass
class Account:
    """Who may log in with a phone."""

    user: Any
    code: str = "24680"
    password: str = ""
    hint: str = ""


@dataclass
class Invite:
    """An invitation: where it leads, and what it asks of who comes."""

    chat: Any
    members: int = 100
    is_request: bool = False
    is_expired: bool = False


@dataclass
class Telegram:
    """All that the stand-in knows; call it with a key and a request.

    Attributes:
        invites: by the link's hash.
        insiders: users by the channel that they are in; a channel that stands here is read by them alone.
        talks: what else is in an account's list of dialogs.
        logins: user by key's id.
        refusals: the next errors by the request's name: number and name.
        asked: the names of what was asked.
    """

    accounts: dict[str, Account] = field(default_factory=dict)
    channels: dict[int, Any] = field(default_factory=dict)
    messages: dict[int, list[Any]] = field(default_factory=dict)
    files: dict[int, bytes] = field(default_factory=dict)
    references: dict[int, bytes] = field(default_factory=dict)
    logins: dict[int, Any] = field(default_factory=dict)
    passed: dict[int, Account] = field(default_factory=dict)
    codes: dict[int, str] = field(default_factory=dict)
    invites: dict[str, Invite] = field(default_factory=dict)
    insiders: dict[int, set[int]] = field(default_factory=dict)
    talks: list[Any] = field(default_factory=list)
    refusals: dict[str, list[tuple[int, str]]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    secret: int = 0
    port: int = 0

    def __call__(self, key: int, request: Any) -> Any:
        name = type(request).__name__.removesuffix("Request")
        self.asked.append(name)
        if self.refusals.get(name):
            raise RefusedError(*self.refusals[name].pop(0))
        return getattr(self, name)(key, request)

    def login(self, key: int) -> Any:
        """Who is logged in by a key."""
        if key not in self.logins:
            raise RefusedError(401, "AUTH_KEY_UNREGISTERED")
        return self.logins[key]

    # Logging in

    def GetConfig(self, _key: int, _request: Any) -> Any:
        options = [made(types.DcOption, id=dc, ip_address="127.0.0.1", port=self.port) for dc in (2, 4)]
        return made(types.Config, this_dc=2, dc_options=options, expires=SENT)

    def GetUsers(self, key: int, _request: Any) -> Any:
        return [self.login(key)]

    def GetState(self, key: int, _request: Any) -> Any:
        self.login(key)
        return made(types.updates.State, pts=1, date=SENT)

    def GetDifference(self, key: int, _request: Any) -> Any:
        self.login(key)
        return made(types.updates.DifferenceEmpty, date=SENT)

    def SendCode(self, key: int, request: Any) -> Any:
        if request.phone_number not in self.accounts:
            raise RefusedError(400, "PHONE_NUMBER_INVALID")
        self.codes[key] = request.phone_number
        return self.sent_code(types.auth.SentCodeTypeApp(length=5), types.auth.CodeTypeSms())

    def ResendCode(self, _key: int, _request: Any) -> Any:
        return self.sent_code(types.auth.SentCodeTypeSms(length=5), None)

    def sent_code(self, kind: Any, after: Any) -> Any:
        return made(types.auth.SentCode, type=kind, phone_code_hash="hash-1", next_type=after, timeout=60)

    def SignIn(self, key: int, request: Any) -> Any:
        account = self.accounts[request.phone_number]
        if request.phone_code_hash != "hash-1" or self.codes.get(key) != request.phone_number:
            raise RefusedError(400, "PHONE_CODE_EXPIRED")
        if request.phone_code != account.code:
            raise RefusedError(400, "PHONE_CODE_INVALID")
        if account.password:
            self.passed[key] = account
            raise RefusedError(401, "SESSION_PASSWORD_NEEDED")
        if account.user is None:
            return made(types.auth.AuthorizationSignUpRequired)
        return self.authorized(key, account)

    def authorized(self, key: int, account: Account) -> Any:
        self.logins[key] = account.user
        return made(types.auth.Authorization, user=account.user)

    def LogOut(self, key: int, _request: Any) -> Any:
        self.login(key)
        del self.logins[key]
        return made(types.auth.LoggedOut)

    # The two-step password (core.telegram.org/api/srp)

    def GetPassword(self, key: int, _request: Any) -> Any:
        account = self.passed[key]
        self.secret = int.from_bytes(os.urandom(256), "big")
        prime = int.from_bytes(PRIME, "big")
        factor = int.from_bytes(srp.sha256(PRIME, srp.big_num_for_hash(3)), "big")
        shown = (factor * self.verifier(account) + pow(3, self.secret, prime)) % prime
        return made(
            types.account.Password,
            has_password=True,
            current_algo=algorithm(),
            srp_B=srp.big_num_for_hash(shown),
            srp_id=5,
            hint=account.hint,
            new_algo=types.PasswordKdfAlgoUnknown(),
            new_secure_algo=types.SecurePasswordKdfAlgoUnknown(),
            secure_random=b"1",
        )

    def CheckPassword(self, key: int, request: Any) -> Any:
        account, given = self.passed[key], request.password
        prime = int.from_bytes(PRIME, "big")
        factor = int.from_bytes(srp.sha256(PRIME, srp.big_num_for_hash(3)), "big")
        shown = (factor * self.verifier(account) + pow(3, self.secret, prime)) % prime
        theirs = int.from_bytes(given.A, "big")
        mix = int.from_bytes(srp.sha256(srp.big_num_for_hash(theirs), srp.big_num_for_hash(shown)), "big")
        shared = pow(theirs * pow(self.verifier(account), mix, prime), self.secret, prime)
        proof = srp.sha256(
            srp.xor(srp.sha256(PRIME), srp.sha256(srp.big_num_for_hash(3))),
            srp.sha256(algorithm().salt1),
            srp.sha256(algorithm().salt2),
            srp.big_num_for_hash(theirs),
            srp.big_num_for_hash(shown),
            srp.sha256(srp.big_num_for_hash(shared)),
        )
        if proof != given.M1:
            raise RefusedError(400, "PASSWORD_HASH_INVALID")
        return self.authorized(key, account)

    def verifier(self, account: Account) -> int:
        return int.from_bytes(srp.compute_digest(algorithm(), account.password), "big")

    # Channels

    def ResolveUsername(self, key: int, request: Any) -> Any:
        self.login(key)
        for one in self.channels.values():
            if one.username == request.username:
                return types.contacts.ResolvedPeer(peer=types.PeerChannel(one.id), chats=[one], users=[])
        raise RefusedError(400, "USERNAME_NOT_OCCUPIED")

    def GetChannels(self, key: int, request: Any) -> Any:
        self.login(key)
        return types.messages.Chats(chats=[self.channels[one.channel_id] for one in request.id])

    def is_inside(self, key: int, chat_id: int) -> bool:
        """Whether who is logged in may read a channel."""
        who = self.login(key).id
        return chat_id not in self.insiders or who in self.insiders[chat_id]

    def CheckChatInvite(self, key: int, request: Any) -> Any:
        """What is behind an invitation; of one who is in it, the chat itself."""
        invite, who = self.invited(request.hash), self.login(key).id
        if not isinstance(invite.chat, types.Channel) or who in self.insiders.get(invite.chat.id, ()):
            return types.ChatInviteAlready(chat=invite.chat)
        return made(
            types.ChatInvite,
            title=invite.chat.title,
            photo=made(types.PhotoEmpty),
            participants_count=invite.members,
            channel=True,
            broadcast=invite.chat.broadcast,
            megagroup=invite.chat.megagroup,
            request_needed=invite.is_request,
        )

    def ImportChatInvite(self, key: int, request: Any) -> Any:
        """Let who is logged in into the chat of an invitation."""
        invite, who = self.invited(request.hash), self.login(key).id
        inside = self.insiders.setdefault(invite.chat.id, set())
        if who in inside:
            raise RefusedError(400, "USER_ALREADY_PARTICIPANT")
        if invite.is_request:
            raise RefusedError(400, "INVITE_REQUEST_SENT")
        inside.add(who)
        return types.Updates(updates=[], users=[], chats=[invite.chat], date=SENT, seq=0)

    def invited(self, link: str) -> Invite:
        if link not in self.invites:
            raise RefusedError(400, "INVITE_HASH_INVALID")
        if self.invites[link].is_expired:
            raise RefusedError(400, "INVITE_HASH_EXPIRED")
        return self.invites[link]

    def GetDialogs(self, key: int, request: Any) -> Any:
        """A page of dialogs: talks with people, small groups and channels."""
        who = self.login(key).id
        inside = [self.channels[one] for one, people in self.insiders.items() if who in people]
        users = [one for one in self.talks if isinstance(one, types.User)]
        chats = [*inside, *(one for one in self.talks if not isinstance(one, types.User))]
        peers = [
            types.PeerChannel(one.id) if isinstance(one, types.Channel) else types.PeerChat(one.id) for one in chats
        ]
        peers += [types.PeerUser(one.id) for one in users]
        settings = made(types.PeerNotifySettings)
        rows = [made(types.Dialog, peer=peer, top_message=1, notify_settings=settings) for peer in peers]
        if len(rows) <= request.limit:
            return made(types.messages.Dialogs, dialogs=rows, chats=chats, users=users)
        return made(
            types.messages.DialogsSlice, count=len(rows), dialogs=rows[: request.limit], chats=chats, users=users
        )

    def GetHistory(self, key: int, request: Any) -> Any:
        """Newest first: a window of `limit` that begins `add_offset` after the first message below `offset_id`."""
        if not self.is_inside(key, request.peer.channel_id):
            raise RefusedError(400, "CHANNEL_PRIVATE")
        found = self.known(request.peer)
        below = [one for one in found if not request.offset_id or one.id < request.offset_id]
        start = len(found) - len(below) + request.add_offset
        return self.answer(request.peer, found[max(start, 0) : max(start + request.limit, 0)])

    def GetMessages(self, key: int, request: Any) -> Any:
        self.login(key)
        found = {one.id: one for one in self.known(request.channel)}
        empty = [found.get(one.id) or made(types.MessageEmpty, id=one.id, peer_id=None) for one in request.id]
        return self.answer(request.channel, empty)

    def known(self, peer: Any) -> list[Any]:
        if peer.channel_id not in self.channels:
            raise RefusedError(400, "CHANNEL_INVALID")
        if peer.access_hash != self.channels[peer.channel_id].access_hash:
            raise RefusedError(400, "CHANNEL_INVALID")
        return sorted(self.messages.get(peer.channel_id, []), key=lambda one: -one.id)

    def answer(self, peer: Any, found: list[Any]) -> Any:
        """Messages, with the chats that they speak of."""
        named = {peer.channel_id} | {
            one.action.channel_id for one in found if isinstance(getattr(one, "action", None), MOVED)
        }
        return made(
            types.messages.ChannelMessages,
            pts=1,
            count=len(self.messages.get(peer.channel_id, [])),
            messages=found,
            chats=[self.channels[one] for one in named if one in self.channels],
        )

    def GetFile(self, key: int, request: Any) -> Any:
        self.login(key)
        location = request.location
        if bytes(location.file_reference) != self.references.get(location.id, b"fresh"):
            raise RefusedError(400, "FILE_REFERENCE_EXPIRED")
        part = self.files[location.id][request.offset : request.offset + request.limit]
        return types.upload.File(type=types.storage.FileJpeg(), mtime=0, bytes=part)


def algorithm() -> Any:
    """How passwords are hashed."""
    return types.PasswordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow(
        salt1=hashlib.sha256(b"1").digest()[:16], salt2=hashlib.sha256(b"2").digest()[:16], g=3, p=PRIME
    )


def main() -> None:
    """Answer on a port until Ctrl-C: one account, one channel of a hundred messages."""
    words = argparse.ArgumentParser(description=main.__doc__)
    words.add_argument("--port", type=int, default=8443)
    words.add_argument("--key", type=Path, default=Path("server.pem"), help="where to write the public key")
    told = words.parse_args()
    known = Telegram(accounts={"79001112233": Account(user=user(501, username="vera_reads"))}, port=told.port)
    known.channels[77] = channel(77, title="Port news", username="port_news")
    known.messages[77] = [message(77, n, f"News of the port, number {n}.") for n in range(1, 101)]
    with MtprotoStandIn(known).running(told.port) as server:
        file = server.write_key(told.key)
        print(f"127.0.0.1:{server.port}; key in {file}; phone +79001112233, code 24680, channel port_news", flush=True)
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()
