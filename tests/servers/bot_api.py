"""A stand-in for Telegram's Bot API.

From a shell: `python -m tests.servers.bot_api --port 0`. In a test: `with bot_api.running() as server:`, then
`server.url`, `server.log`, `server.messages`, `server.faults.add("cut_after", times=1)`, and
`server.updates.add(bot_id, "message", telegram_updates.message(chat, "/start"))`; from a shell `POST /_updates` with
`{"bot_id": 42, "kind": "message", "content": {...}}`.

Any token of the shape `123:…` is known unless tokens are named. Any chat is known unless `strict_chats`; `chats.add`
and `POST /_chats` name chats and say why one refuses, or that one is a forum.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import re
import time
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, suppress
from functools import partial
from typing import Any

from aiohttp import web

from tests.servers import telegram_files, telegram_hooks, telegram_messages, telegram_topics
from tests.servers.faults import Fault
from tests.servers.hosting import Received, Reply, StandIn, hosted, note, received, shell
from tests.servers.telegram_calls import Uploads, bot_user, parameters, refused, too_many, whole
from tests.servers.telegram_chats import Chats, RefusedError, member
from tests.servers.telegram_hooks import Bringer
from tests.servers.telegram_limits import Limits
from tests.servers.telegram_state import Call, Telegram, Verb
from tests.servers.telegram_stored import StoredMessage, show_briefly
from tests.servers.telegram_updates import Updates

TOKEN = re.compile(r"^(\d+):[\w-]+$")


class BotApiServer(StandIn):
    """The Bot API. `messages` is all it has accepted, in order; `local` lets webhooks be of http and of any port."""

    def __init__(
        self,
        *,
        tokens: list[str] | None = None,
        strict_chats: bool = False,
        limits: bool = True,
        limit_scale: float = 1.0,
        local: bool = False,
        seed: int = 0,
    ) -> None:
        super().__init__(seed=seed)
        self.tokens = tokens
        self.telegram = Telegram(
            chats=Chats(strict=strict_chats),
            limits=Limits(on=limits, scale=limit_scale),
            updates=Updates(),
            local=local,
        )
        self.chats, self.limits, self.updates = self.telegram.chats, self.telegram.limits, self.telegram.updates
        self.webhooks = self.telegram.webhooks

    @property
    def messages(self) -> list[StoredMessage]:
        """All messages that were accepted, in order."""
        return self.telegram.messages

    def routes(self) -> list[web.RouteDef]:
        """Telegram's one address, and the list of chats."""
        return [
            web.post("/_chats", self._add_chat),
            web.get("/_messages", self._show_messages),
            web.post("/_updates", self._add_update),
            web.route("*", "/bot{token}/{method}", self._call),
        ]

    def application(self) -> web.Application:
        """The protocol, and the calls to webhooks beside it."""
        app = super().application()
        app.cleanup_ctx.append(self._bring)
        return app

    def fault_reply(self, fault: Fault) -> Reply:
        """A planned failure in Telegram's words."""
        if fault.kind == "429":
            return too_many(math.ceil(fault.retry_after))
        if fault.kind == "500":
            return refused(500, fault.description or "Internal Server Error")
        return refused(fault.status, fault.description or "Bad Request: invalid parameters")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        token, method = request.match_info["token"], request.match_info["method"]
        try:
            params, uploads = await parameters(request)
        except web.HTTPRequestEntityTooLarge:
            params, uploads = {}, {}
        known = TOKEN.match(token)
        bot_id = int(known[1]) if known else 0
        entry = received(request, method, dict(params), bot_id=bot_id)
        entry.headers.pop("Authorization", None)
        wait = None
        listens = method.lower() == "getupdates" and bot_id not in self.webhooks
        if listens and bot_id and (self.tokens is None or token in self.tokens):
            turn = self.updates.arrive(bot_id, params)
            params["turn"] = str(turn)
            wait = partial(self.updates.wait, bot_id, turn, params)
        carry_out = partial(self.carry_out, token, bot_id, method, params, uploads)
        return await self.answer(request, entry, carry_out, wait=wait)

    def carry_out(
        self, token: str, bot_id: int, method: str, params: dict[str, str], uploads: Uploads | None = None
    ) -> Reply:
        """Do what a method says, and word the answer."""
        if not bot_id:
            return refused(404, "Not Found")
        if self.tokens is not None and token not in self.tokens:
            return refused(401, "Unauthorized")
        verb = METHODS.get(method.lower())
        if verb is None:
            return refused(404, "Not Found: method not found")
        try:
            result = verb(self.telegram, Call(bot_id, params, uploads or {}))
        except RefusedError as exc:
            if exc.retry_after:
                return too_many(exc.retry_after)
            return refused(exc.status, str(exc), **({"migrate_to_chat_id": exc.migrate_to} if exc.migrate_to else {}))
        first = result[0] if isinstance(result, list) and result else result
        message_id = first.get("message_id") if isinstance(first, dict) else None
        return Reply(200, {"ok": True, "result": result}, stored=method.lower() not in ASKING, message_id=message_id)

    async def _bring(self, _app: web.Application) -> AsyncIterator[None]:
        """Call webhooks as long as the server runs."""
        task = asyncio.create_task(Bringer(self.telegram, self._answered).run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    def _answered(self, bot_id: int, method: str, params: dict[str, str]) -> None:
        """Carry out a method that a webhook's answer names."""
        entry = Received(time=time.time(), method=method, params=params, bot_id=bot_id, verb="WEBHOOK")
        self.log.append(entry)
        token = next(iter(one for one in self.tokens or () if one.startswith(f"{bot_id}:")), f"{bot_id}:webhook")
        note(entry, self.carry_out(token, bot_id, method, params))

    async def _add_chat(self, request: web.Request) -> web.Response:
        self.chats.add(**await request.json())
        return web.json_response({"ok": True})

    async def _add_update(self, request: web.Request) -> web.Response:
        number = self.updates.add(**await request.json())
        return web.json_response({"ok": True, "update_id": number})

    async def _show_messages(self, request: web.Request) -> web.Response:
        """Every message: as Telegram shows it, or with `?brief=1` what tells whether one was lost or sent twice."""
        show = show_briefly if request.query.get("brief") else self.telegram.show
        return web.json_response([show(message) for message in self.messages])


def get_me(_telegram: Telegram, call: Call) -> dict[str, Any]:
    """getMe."""
    return {
        **bot_user(call.bot_id),
        "can_join_groups": True,
        "can_read_all_group_messages": False,
        "supports_inline_queries": False,
        "can_connect_to_business": False,
        "has_main_web_app": False,
    }


def get_chat(telegram: Telegram, call: Call) -> dict[str, Any]:
    """getChat."""
    return telegram.chats.find(call.params).full()


def get_chat_member(telegram: Telegram, call: Call) -> dict[str, Any]:
    """getChatMember."""
    chat = telegram.chats.find(call.params)
    user_id = whole(call.params, "user_id", "Bad Request: invalid user_id specified")
    return member(chat, bot_user(user_id), is_self=user_id == call.bot_id)


def get_chat_administrators(telegram: Telegram, call: Call) -> list[dict[str, Any]]:
    """getChatAdministrators."""
    chat = telegram.chats.find(call.params)
    if chat.kind == "private":
        raise RefusedError(400, "Bad Request: there are no administrators in the private chat")
    return [member(chat, bot_user(call.bot_id), is_self=True)]


def answer_callback_query(_telegram: Telegram, call: Call) -> bool:
    """answerCallbackQuery."""
    if not call.params.get("callback_query_id"):
        raise RefusedError(400, "Bad Request: query is too old and response timeout expired or query ID is invalid")
    return True


def get_updates(telegram: Telegram, call: Call) -> list[Any]:
    """getUpdates, after its wait; a later question ends an earlier one, and so does a webhook."""
    if call.bot_id in telegram.webhooks:
        raise RefusedError(
            409,
            "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook "
            "first",
        )
    return telegram.updates.take(call.bot_id, int(call.params.get("turn") or 0), call.params)


QUESTIONS: dict[str, Verb] = {
    "getme": get_me,
    "getchat": get_chat,
    "getchatmember": get_chat_member,
    "getchatadministrators": get_chat_administrators,
    "answercallbackquery": answer_callback_query,
    "getupdates": get_updates,
}
METHODS: dict[str, Verb] = {
    **QUESTIONS,
    **telegram_messages.METHODS,
    **telegram_files.METHODS,
    **telegram_topics.METHODS,
    **telegram_hooks.METHODS,
}
ASKING = {*QUESTIONS, "getwebhookinfo"}


def running(**options: Any) -> AbstractContextManager[BotApiServer]:
    """Run the stand-in in a thread; the options are those of `BotApiServer`."""
    return hosted(BotApiServer(**options))


def main() -> None:
    """Run it from a shell."""
    parser = argparse.ArgumentParser(description="A stand-in for Telegram's Bot API.")
    parser.add_argument("--token", action="append", help="the only tokens known; any by default")
    parser.add_argument("--strict-chats", action="store_true", help="know only chats added by POST /_chats")
    parser.add_argument("--no-limits", action="store_true", help="take any number of messages")
    parser.add_argument("--limit-scale", type=float, default=1.0, help="10: ten times wider limits")
    parser.add_argument("--local", action="store_true", help="webhooks may be of http and of any port")
    parser.add_argument(
        "--shares", type=json.loads, help='faults by their shares of what is sent, {"429": 0.1, "cut_after": 0.03}'
    )
    shell(server_from, parser)


def server_from(options: argparse.Namespace) -> BotApiServer:
    """The server that the shell's options ask for."""
    server = BotApiServer(
        tokens=options.token,
        strict_chats=options.strict_chats,
        limits=not options.no_limits,
        limit_scale=options.limit_scale,
        local=options.local,
        seed=options.seed,
    )
    if options.shares:
        server.faults.load({"shares": options.shares, "method": "send*"})
    return server


if __name__ == "__main__":
    main()
