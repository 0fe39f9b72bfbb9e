"""Scripted channels and accounts in one SQLite file, which every process of a machine may read and change.

The fake reader and the fake log-in play by it as Telegram would: pages, albums, edits, deletions, flood waits, private
and deleted channels, bans, lost logins. It also keeps what they were asked, so that a test can tell who asked what.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from apps.telegram.adapters.fake_store import FakeStore, written
from apps.telegram.reading import Attachment, ChannelMessage

FIRST_ID = 1_500_000_000
SENT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
STEP_S = 60
ALWAYS = 1_000_000_000


class FakeWorld(FakeStore):
    """The scripted Telegram of a folder, to be written by hand, by a test or by a demonstration."""

    # What there is to read

    def channel(self, username: str = "", *, title: str = "", kind: str = "channel") -> int:
        """Make a channel and answer with its id."""
        with self.opened() as file:
            row = file.execute("SELECT COALESCE(MAX(chat_id), ?) + 1 FROM channel", (FIRST_ID,)).fetchone()
            file.execute("INSERT INTO channel VALUES (?, ?, ?, ?, 'open')", (row[0], username, title or username, kind))
        return int(row[0])

    def post(
        self,
        chat_id: int,
        text: str = "",
        *,
        message_id: int | None = None,
        date: datetime | None = None,
        content: bytes = b"",
        **rest: Any,
    ) -> int:
        """Write a message and answer with its id; `rest` are fields of ChannelMessage, `content` its attachment's."""
        with self.opened() as file:
            if message_id is None:
                last = file.execute("SELECT MAX(message_id) FROM message WHERE chat_id = ?", (chat_id,)).fetchone()[0]
                message_id = int(last or 0) + 1
            at = date or datetime.fromtimestamp(SENT.timestamp() + message_id * STEP_S, UTC)
            message = ChannelMessage(message_id=message_id, date=at, text=text, **rest)
            file.execute("INSERT INTO message VALUES (?, ?, ?, ?)", (chat_id, message_id, written(message), content))
            file.execute("INSERT INTO hint (chat_id) VALUES (?)", (chat_id,))
        return message_id

    def album(self, chat_id: int, parts: int, *, caption: str = "", album_id: int | None = None) -> list[int]:
        """Write an album of pictures, its caption on the first, and answer with the parts' ids."""
        number = album_id if album_id is not None else time.time_ns() // 1000
        photo = Attachment(kind="photo", mime="image/jpeg", size=3, about={"width": 1280, "height": 720})
        return [
            self.post(chat_id, caption if part == 0 else "", album_id=number, attachment=photo, content=b"jpg")
            for part in range(parts)
        ]

    def edit(self, chat_id: int, message_id: int, text: str, *, at: datetime | None = None) -> None:
        """Change a message's text."""
        with self.opened() as file:
            body = self._body(file, chat_id, message_id)
            body |= {"text": text, "edited_at": (at or datetime.now(UTC)).isoformat()}
            file.execute(
                "UPDATE message SET body = ? WHERE chat_id = ? AND message_id = ?",
                (json.dumps(body), chat_id, message_id),
            )
            file.execute("INSERT INTO hint (chat_id) VALUES (?)", (chat_id,))

    def delete(self, chat_id: int, ids: Sequence[int]) -> None:
        """Delete messages; their ids are not given again."""
        with self.opened() as file:
            file.executemany(
                "UPDATE message SET body = '' WHERE chat_id = ? AND message_id = ?", [(chat_id, one) for one in ids]
            )

    def migrate(self, chat_id: int) -> int:
        """Turn a group into a supergroup: its last message names the new one, which is answered."""
        row = self.describe(chat_id) or {"username": "", "title": ""}
        new = self.channel(row["username"], title=row["title"], kind="supergroup")
        self.post(chat_id, is_service=True, migrated_to=new)
        with self.opened() as file:
            file.execute("UPDATE channel SET username = '' WHERE chat_id = ?", (chat_id,))
        return new

    def rename(self, chat_id: int, *, username: str | None = None, title: str | None = None) -> None:
        """Give a channel another username or title."""
        with self.opened() as file:
            file.execute(
                "UPDATE channel SET username = COALESCE(?, username), title = COALESCE(?, title) WHERE chat_id = ?",
                (username, title, chat_id),
            )

    def set_state(self, chat_id: int, state: str) -> None:
        """Make a channel "open", "members" (only they read it), "private" (to everybody) or "gone"."""
        with self.opened() as file:
            file.execute("UPDATE channel SET state = ? WHERE chat_id = ?", (state, chat_id))

    # Channels without a public name

    def private_channel(self, title: str, *, kind: str = "channel") -> int:
        """Make a channel that only its members read, and answer with its id; let them in by `enter` or `invitation`."""
        made = self.channel("", title=title, kind=kind)
        self.set_state(made, "members")
        return made

    def invitation(
        self,
        link: str,
        chat_id: int,
        *,
        members: int = 100,
        is_request: bool = False,
        is_paid: bool = False,
        state: str = "open",
    ) -> None:
        """Script an invitation by its hash: `state` is "open", "expired" or "small" (it leads to a small group)."""
        with self.opened() as file:
            file.execute(
                "INSERT OR REPLACE INTO invite VALUES (?, ?, ?, ?, ?, ?)",
                (link, chat_id, members, is_request, is_paid, state),
            )

    def shut_out(self, session_pk: int, chat_id: int) -> None:
        """Remove an account from a channel."""
        with self.opened() as file:
            file.execute("DELETE FROM member WHERE session_pk = ? AND chat_id = ?", (session_pk, chat_id))

    # Who may log in

    def account(
        self,
        phone: str,
        *,
        user_id: int,
        name: str = "",
        username: str = "",
        code: str = "12345",
        password: str = "",
        hint: str = "",
        state: str = "open",
    ) -> None:
        """Script a phone: its code, its two-step password, and whether it is "open", "unregistered" or "banned"."""
        with self.opened() as file:
            file.execute(
                "INSERT OR REPLACE INTO account VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (phone, user_id, username, name or username, code, password, hint, state),
            )

    def expire_code(self, phone: str) -> None:
        """Let the code that was sent last be too old."""
        with self.opened() as file:
            file.execute("UPDATE login SET step = 'expired' WHERE phone = ? AND step = 'code'", (phone,))

    # What goes wrong

    def fault(
        self,
        code: str,
        *,
        operation: str = "",
        session_pk: int | None = None,
        chat_id: int | None = None,
        seconds: float = 0,
        times: int = 1,
    ) -> None:
        """Make the next `times` requests fail with a code of the port; empty narrowings stand for any."""
        with self.opened() as file:
            file.execute(
                "INSERT INTO fault (operation, session_pk, chat_id, code, seconds, times) VALUES (?, ?, ?, ?, ?, ?)",
                (operation, session_pk, chat_id, code, seconds, times),
            )

    def flood(self, operation: str, seconds: float, *, session_pk: int | None = None, times: int = 1) -> None:
        """Answer the next requests of an operation with a flood wait."""
        self.fault("flood", operation=operation, seconds=seconds, session_pk=session_pk, times=times)

    def ban(self, session_pk: int, chat_id: int) -> None:
        """Shut one account out of a channel for good."""
        self.fault("banned", session_pk=session_pk, chat_id=chat_id, times=ALWAYS)

    def lose(self, session_pk: int) -> None:
        """End an account's login for good."""
        self.fault("login_lost", session_pk=session_pk, times=ALWAYS)

    def slow(self, seconds: float) -> None:
        """Let every answer about messages take so long."""
        self.fault("slow", seconds=seconds, times=ALWAYS)

    def clear_faults(self) -> None:
        """Let everything work again."""
        with self.opened() as file:
            file.execute("DELETE FROM fault")

    def _body(self, file: sqlite3.Connection, chat_id: int, message_id: int) -> dict[str, Any]:
        row = file.execute(
            "SELECT body FROM message WHERE chat_id = ? AND message_id = ?", (chat_id, message_id)
        ).fetchone()
        body: dict[str, Any] = json.loads(row["body"])
        return body
