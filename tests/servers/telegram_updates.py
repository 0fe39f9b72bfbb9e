"""The Bot API stand-in's updates: what waits for each bot, and getUpdates with its offset and its long wait."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections import defaultdict
from typing import Any

from tests.servers.telegram_calls import bot_user
from tests.servers.telegram_chats import ChatRow, RefusedError, member

LOOKS_EVERY_S = 0.02
# Telegram tells of these only if they are asked for by name.
ON_REQUEST = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
TERMINATED = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"


class Updates:
    """What waits for each bot; tests add from other threads.

    Attributes:
        confirmed: by bot, the numbers that a later offset has confirmed.
        served: by bot, how often each number went out.
    """

    def __init__(self) -> None:
        self.confirmed: dict[int, list[int]] = defaultdict(list)
        self.served: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
        self._waiting: dict[int, list[dict[str, Any]]] = defaultdict(list)
        self._allowed: dict[int, list[str]] = {}
        self._next: dict[int, int] = {}
        self._asking: dict[int, int] = defaultdict(int)
        self._lock = threading.Lock()

    def add(self, bot_id: int, kind: str, content: Any, *, number: int | None = None) -> int | None:
        """Let something happen; its number, or None where the bot did not ask for such."""
        with self._lock:
            allowed = self._allowed.get(bot_id)
            if (kind not in allowed) if allowed else (kind in ON_REQUEST):
                return None
            given = number if number is not None else self._next.get(bot_id, 1000)
            self._next[bot_id] = given + 1
            self._waiting[bot_id].append({"update_id": given, kind: content})
            return given

    def add_raw(self, bot_id: int, raw: Any) -> None:
        """Let something come that no Telegram would send."""
        with self._lock:
            self._waiting[bot_id].append(raw)

    def pending(self, bot_id: int) -> int:
        """How many wait."""
        with self._lock:
            return len(self._waiting[bot_id])

    def allow(self, bot_id: int, kinds: list[str]) -> None:
        """From now on the bot asks for these kinds only; none is all that come by themselves."""
        with self._lock:
            self._allowed[bot_id] = kinds

    def drop(self, bot_id: int) -> None:
        """Forget all that waits."""
        with self._lock:
            self._waiting[bot_id].clear()

    def first(self, bot_id: int) -> Any:
        """The first that waits; None where none does."""
        with self._lock:
            waiting = self._waiting[bot_id]
            return waiting[0] if waiting else None

    def brought(self, bot_id: int, raw: Any, *, taken: bool) -> None:
        """Count that one went out, and forget it where it was taken."""
        with self._lock:
            number = raw.get("update_id") if isinstance(raw, dict) else None
            if isinstance(number, int):
                self.served[bot_id][number] += 1
            if taken and raw in self._waiting[bot_id]:
                self._waiting[bot_id].remove(raw)
                self.confirmed[bot_id].append(number if isinstance(number, int) else 0)

    def arrive(self, bot_id: int, params: dict[str, str]) -> int:
        """A question comes; it ends the one before. Its turn, for `wait` and `take`."""
        with self._lock:
            if "allowed_updates" in params:
                self._allowed[bot_id] = json.loads(params["allowed_updates"])
            self._asking[bot_id] += 1
            self._confirm(bot_id, int(params.get("offset") or 0))
            return self._asking[bot_id]

    async def wait(self, bot_id: int, turn: int, params: dict[str, str]) -> None:
        """Wait for the first update, as long as the question wants, or until another question comes."""
        ends = time.monotonic() + min(float(params.get("timeout") or 0), 50)

        def is_over() -> bool:
            return time.monotonic() >= ends or bool(self.pending(bot_id)) or self._asking[bot_id] != turn

        while not is_over():  # noqa: ASYNC110 - tests add from other threads
            await asyncio.sleep(LOOKS_EVERY_S)

    def take(self, bot_id: int, turn: int, params: dict[str, str]) -> list[Any]:
        """The answer.

        Raises:
            RefusedError: another question has come meanwhile.
        """
        with self._lock:
            if self._asking[bot_id] != turn:
                raise RefusedError(409, TERMINATED)
            found = self._waiting[bot_id][: int(params.get("limit") or 100)]
            for one in found:
                if isinstance(one, dict) and isinstance(one.get("update_id"), int):
                    self.served[bot_id][one["update_id"]] += 1
            return list(found)

    def _confirm(self, bot_id: int, offset: int) -> None:
        waiting = self._waiting[bot_id]
        if offset < 0:
            offset = waiting[offset]["update_id"] if len(waiting) >= -offset else 0
        for one in list(waiting):
            number = one.get("update_id") if isinstance(one, dict) else None
            if isinstance(number, int) and number < offset:
                waiting.remove(one)
                self.confirmed[bot_id].append(number)


def person(user_id: int = 501, *, language: str = "ru", name: str = "Nadia") -> dict[str, Any]:
    """Somebody who writes to bots."""
    return {"id": user_id, "is_bot": False, "first_name": name, "language_code": language}


def message(chat: ChatRow, text: str = "", *, number: int = 1, date: int | None = None, **more: Any) -> dict[str, Any]:
    """A message as a bot is told of it; in a channel, a post."""
    sender = {"sender_chat": chat.short()} if chat.kind == "channel" else {"from": person()}
    said = {"text": text} if text else {}
    command = text.split()[0] if text.startswith("/") else ""
    if command:
        said["entities"] = [{"type": "bot_command", "offset": 0, "length": len(command)}]  # type: ignore[assignment]
    at = int(time.time()) if date is None else date
    return {"message_id": number, "date": at, "chat": chat.short(), **sender, **said, **more}


def membership(bot_id: int, chat: ChatRow, *, refuse: str = "", date: int | None = None) -> dict[str, Any]:
    """The bot's place in a chat changes; `refuse` is the chat's, as in `REFUSALS`: what the bot is from now on."""
    after = ChatRow(chat.id, chat.kind, chat.title, chat.username, refuse)
    return {
        "chat": chat.short(),
        "from": person(),
        "date": int(time.time()) if date is None else date,
        "old_chat_member": {"status": "left", "user": bot_user(bot_id)},
        "new_chat_member": member(after, bot_user(bot_id), is_self=True),
    }
