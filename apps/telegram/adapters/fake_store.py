"""The file of the scripted Telegram, as the fake reader and the fake log-in ask it."""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path
from typing import Any
from zlib import crc32

import psutil

from apps.telegram.reading import Attachment, ChannelMessage, Formatting

SCHEMA = """
CREATE TABLE IF NOT EXISTS channel (
  chat_id INTEGER PRIMARY KEY, username TEXT NOT NULL, title TEXT NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS message (
  chat_id INTEGER, message_id INTEGER, body TEXT NOT NULL, content BLOB NOT NULL, PRIMARY KEY (chat_id, message_id));
CREATE TABLE IF NOT EXISTS fault (
  id INTEGER PRIMARY KEY, operation TEXT, session_pk INTEGER, chat_id INTEGER, code TEXT, seconds REAL, times INTEGER);
CREATE TABLE IF NOT EXISTS account (
  phone TEXT PRIMARY KEY, user_id INTEGER, username TEXT, name TEXT, code TEXT, password TEXT, hint TEXT, state TEXT);
CREATE TABLE IF NOT EXISTS login (string TEXT PRIMARY KEY, phone TEXT, step TEXT, sent INTEGER);
CREATE TABLE IF NOT EXISTS connection (
  id INTEGER PRIMARY KEY, session_pk INTEGER, string TEXT, pid INTEGER, opened REAL, closed REAL);
CREATE TABLE IF NOT EXISTS asked (
  id INTEGER PRIMARY KEY, at REAL, session_pk INTEGER, pid INTEGER, operation TEXT, method TEXT, chat_id INTEGER,
  outcome TEXT);
CREATE TABLE IF NOT EXISTS hint (id INTEGER PRIMARY KEY, chat_id INTEGER);
CREATE TABLE IF NOT EXISTS member (session_pk INTEGER, chat_id INTEGER, PRIMARY KEY (session_pk, chat_id));
CREATE TABLE IF NOT EXISTS invite (
  hash TEXT PRIMARY KEY, chat_id INTEGER, members INTEGER, is_request INTEGER, is_paid INTEGER, state TEXT);
"""


@dataclass(frozen=True)
class Fault:
    """A failure that was scripted: its code of the port, and the seconds of a flood wait."""

    code: str
    seconds: float


class FakeStore:
    """What the fakes ask of a folder's scripted Telegram. Every method is one short transaction."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "channels.sqlite3"
        with self.opened() as file:
            for statement in SCHEMA.split(";"):
                file.execute(statement)

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """The file, with what is done to it kept."""
        file = sqlite3.connect(self.file, timeout=30, isolation_level=None)
        file.row_factory = sqlite3.Row
        try:
            file.execute("PRAGMA journal_mode=WAL")
            file.execute("PRAGMA synchronous=OFF")
            file.execute("BEGIN IMMEDIATE")
            yield file
            file.execute("COMMIT")
        finally:
            file.close()

    # What the adapters ask

    def describe(self, chat_id: int) -> Mapping[str, Any] | None:
        """A channel's row."""
        return self._one("SELECT * FROM channel WHERE chat_id = ?", chat_id)

    def found(self, username: str) -> Mapping[str, Any] | None:
        """The row of the channel with a username."""
        return self._one("SELECT * FROM channel WHERE username <> '' AND lower(username) = ?", username.lower())

    def page(self, chat_id: int, *, after: int = 0, before: int = 0, limit: int = 100) -> list[ChannelMessage]:
        """The messages after one, oldest first, or else before one, newest first."""
        side, order, edge = ("> ?", "ASC", after) if not before else ("< ?", "DESC", before)
        with self.opened() as file:
            rows = file.execute(
                f"SELECT body FROM message WHERE chat_id = ? AND body <> '' AND message_id {side}"  # noqa: S608
                f" ORDER BY message_id {order} LIMIT ?",
                (chat_id, edge, limit),
            ).fetchall()
        return [read(row["body"]) for row in rows]

    def message(self, chat_id: int, message_id: int) -> ChannelMessage | None:
        """One message; None where it is gone."""
        row = self._one("SELECT body FROM message WHERE chat_id = ? AND message_id = ?", chat_id, message_id)
        return read(row["body"]) if row and row["body"] else None

    def content(self, chat_id: int, message_id: int) -> bytes | None:
        """An attachment's bytes; None where the message is gone."""
        row = self._one(
            "SELECT content FROM message WHERE body <> '' AND chat_id = ? AND message_id = ?", chat_id, message_id
        )
        return bytes(row["content"]) if row else None

    def next_hints(self, last: int) -> tuple[int, list[int]]:
        """The hints after one, and the number of the last."""
        with self.opened() as file:
            rows = file.execute("SELECT id, chat_id FROM hint WHERE id > ? ORDER BY id", (last,)).fetchall()
        return (rows[-1]["id"] if rows else last), [row["chat_id"] for row in rows]

    def last_hint(self) -> int:
        """The number of the newest hint."""
        return int((self._one("SELECT COALESCE(MAX(id), 0) AS last FROM hint") or {"last": 0})["last"])

    def ask(self, session_pk: int, operation: str, method: str, chat_id: int | None = None) -> Fault | None:
        """Note a request, and answer with the failure that was scripted for it."""
        with self.opened() as file:
            row = file.execute(
                "SELECT * FROM fault WHERE times > 0 AND operation IN ('', ?) AND (session_pk IS NULL OR "
                "session_pk = ?) AND (chat_id IS NULL OR chat_id = ?) ORDER BY id LIMIT 1",
                (operation, session_pk, chat_id),
            ).fetchone()
            if row is not None:
                file.execute("UPDATE fault SET times = times - 1 WHERE id = ?", (row["id"],))
            file.execute(
                "INSERT INTO asked (at, session_pk, pid, operation, method, chat_id, outcome) VALUES (?,?,?,?,?,?,?)",
                (time.time(), session_pk, os.getpid(), operation, method, chat_id, row["code"] if row else "ok"),
            )
        return Fault(row["code"], row["seconds"]) if row is not None else None

    def asked(self, **narrowed: object) -> list[Mapping[str, Any]]:
        """What was asked, in order, narrowed by columns: `session_pk`, `operation`, `method`, `outcome`, `pid`."""
        with self.opened() as file:
            rows = [dict(row) for row in file.execute("SELECT * FROM asked ORDER BY id").fetchall()]
        return [row for row in rows if all(row[name] == value for name, value in narrowed.items())]

    # Who is in which channel

    def invite(self, link: str) -> Mapping[str, Any] | None:
        """An invitation by its hash."""
        return self._one("SELECT * FROM invite WHERE hash = ?", link)

    def is_member(self, session_pk: int, chat_id: int) -> bool:
        """Whether an account is in a channel."""
        return self._one("SELECT 1 FROM member WHERE session_pk = ? AND chat_id = ?", session_pk, chat_id) is not None

    def enter(self, session_pk: int, chat_id: int) -> None:
        """Let an account into a channel."""
        with self.opened() as file:
            file.execute("INSERT OR IGNORE INTO member VALUES (?, ?)", (session_pk, chat_id))

    def channels_of(self, session_pk: int) -> list[Mapping[str, Any]]:
        """The rows of the channels that an account is in."""
        with self.opened() as file:
            rows = file.execute(
                "SELECT channel.* FROM channel JOIN member USING (chat_id) WHERE session_pk = ? ORDER BY chat_id",
                (session_pk,),
            ).fetchall()
        return [dict(row) for row in rows]

    # Logins

    def account_of(self, string: str) -> Mapping[str, Any] | None:
        """The scripted account that a login belongs to."""
        return self._one("SELECT account.* FROM account JOIN login USING (phone) WHERE string = ?", string)

    def phone(self, phone: str) -> Mapping[str, Any] | None:
        """The scripted account with a phone number."""
        return self._one("SELECT * FROM account WHERE phone = ?", phone)

    def login(self, string: str) -> Mapping[str, Any] | None:
        """How far a login has come: its `step` is code, expired, password, done or out."""
        return self._one("SELECT * FROM login WHERE string = ?", string)

    def set_login(self, string: str, *, phone: str, step: str) -> None:
        """Remember how far a login has come; one that is done again works again."""
        with self.opened() as file:
            file.execute(
                "INSERT INTO login VALUES (?, ?, ?, 1) ON CONFLICT (string) DO UPDATE SET step = excluded.step,"
                " sent = sent + (excluded.step = 'code')",
                (string, phone, step),
            )

    def forgive(self, session_pk: int) -> None:
        """Let an account that lost its login work again, because it logged in anew."""
        with self.opened() as file:
            file.execute("DELETE FROM fault WHERE code = 'login_lost' AND session_pk = ?", (session_pk,))

    # Connections

    def connect(self, session_pk: int, string: str) -> int:
        """Note an open connection; a second one to a living login destroys the login, as Telegram does."""
        with self.opened() as file:
            rows = file.execute("SELECT * FROM connection WHERE closed IS NULL AND string = ?", (string,)).fetchall()
            others = [row for row in rows if is_living(row["pid"])]
            if others:
                file.execute(
                    "INSERT INTO fault (operation, session_pk, code, seconds, times) VALUES ('', ?, ?, 0, ?)",
                    (session_pk, "login_lost", 1_000_000_000),
                )
            for row in rows:
                if row not in others:
                    file.execute("UPDATE connection SET closed = ? WHERE id = ?", (time.time(), row["id"]))
            made = file.execute(
                "INSERT INTO connection (session_pk, string, pid, opened) VALUES (?, ?, ?, ?)",
                (session_pk, string, os.getpid(), time.time()),
            )
            return int(made.lastrowid or 0)

    def disconnect(self, number: int) -> None:
        """Note a connection's end."""
        with self.opened() as file:
            file.execute("UPDATE connection SET closed = ? WHERE id = ?", (time.time(), number))

    def connections(self, session_pk: int) -> list[Mapping[str, Any]]:
        """The connections that an account had, in order."""
        with self.opened() as file:
            rows = file.execute("SELECT * FROM connection WHERE session_pk = ? ORDER BY id", (session_pk,)).fetchall()
        return [dict(row) for row in rows]

    def _one(self, statement: str, *values: object) -> Mapping[str, Any] | None:
        with self.opened() as file:
            row = file.execute(statement, values).fetchone()
        return dict(row) if row is not None else None


def is_living(pid: int) -> bool:
    """Whether a process still runs; one that was killed and not yet collected does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def access_hash(session_pk: int, chat_id: int) -> int:
    """What one account needs to ask for a channel; another account's is refused."""
    return crc32(f"{session_pk}:{chat_id}".encode())


def written(message: ChannelMessage) -> str:
    """A message as JSON."""
    return json.dumps(asdict(message), default=lambda value: value.isoformat())


def read(body: str) -> ChannelMessage:
    """A message from JSON."""
    raw = json.loads(body)
    attachment = raw.pop("attachment")
    known = {one.name for one in fields(ChannelMessage)}
    values = {name: value for name, value in raw.items() if name in known}
    values["date"] = datetime.fromisoformat(values["date"])
    values["edited_at"] = datetime.fromisoformat(values["edited_at"]) if values["edited_at"] else None
    values["formatting"] = tuple(Formatting(**one) for one in values["formatting"])
    return ChannelMessage(**values, attachment=Attachment(**attachment) if attachment else None)
