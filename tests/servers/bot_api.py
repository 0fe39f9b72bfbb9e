"""A stand-in for Telegram's Bot API.

From a shell: `python -m tests.servers.bot_api --port 0`. In a test: `with bot_api.running() as server:`, then
`server.url`, `server.log`, `server.messages`, `server.faults.add("cut_after", times=1)`, and
`server.updates.add(bot_id, "message", telegram_updates.message(chat, "/start"))`; from a shell `POST /_updates` with
`{"bot_id": 42, "kind": "message", "content": {...}}`.

Any token of the shape `123:…` is known unless tokens are named. Any chat is known unless `strict_chats`; `chats.add`
and `POST /_chats` name chats and say why one refuses.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import time
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

from aiohttp import web

from tests.servers.faults import Fault
from tests.servers.hosting import Reply, StandIn, hosted, received, shell
from tests.servers.telegram_calls import bot_user, parameters, refused, text_of, too_many, whole
from tests.servers.telegram_chats import Chats, RefusedError, StoredMessage, member, show_message
from tests.servers.telegram_limits import Limits
from tests.servers.telegram_updates import Updates

TOKEN = re.compile(r"^(\d+):[\w-]+$")


class BotApiServer(StandIn):
    """The Bot API. `messages` is all it has accepted, in order."""

    def __init__(
        self,
        *,
        tokens: list[str] | None = None,
        strict_chats: bool = False,
        limits: bool = True,
        limit_scale: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(seed=seed)
        self.tokens = tokens
        self.chats = Chats(strict=strict_chats)
        self.limits = Limits(on=limits, scale=limit_scale)
        self.messages: list[StoredMessage] = []
        self.updates = Updates()
        self.webhooks: dict[int, dict[str, Any]] = {}

    def routes(self) -> list[web.RouteDef]:
        """Telegram's one address, and the list of chats."""
        return [
            web.post("/_chats", self._add_chat),
            web.get("/_messages", self._show_messages),
            web.post("/_updates", self._add_update),
            web.route("*", "/bot{token}/{method}", self._call),
        ]

    def fault_reply(self, fault: Fault) -> Reply:
        """A planned failure in Telegram's words."""
        if fault.kind == "429":
            return too_many(math.ceil(fault.retry_after))
        if fault.kind == "500":
            return refused(500, fault.description or "Internal Server Error")
        return refused(fault.status, fault.description or "Bad Request: invalid parameters")

    async def _call(self, request: web.Request) -> web.StreamResponse:
        params = await parameters(request)
        token, method = request.match_info["token"], request.match_info["method"]
        known = TOKEN.match(token)
        bot_id = int(known[1]) if known else 0
        entry = received(request, method, params, bot_id=bot_id)
        entry.headers.pop("Authorization", None)
        wait = None
        listens = method.lower() == "getupdates" and bot_id not in self.webhooks
        if listens and bot_id and (self.tokens is None or token in self.tokens):
            turn = self.updates.arrive(bot_id, params)
            params["turn"] = str(turn)
            wait = partial(self.updates.wait, bot_id, turn, params)
        return await self.answer(request, entry, lambda: self.carry_out(token, bot_id, method, params), wait=wait)

    def carry_out(self, token: str, bot_id: int, method: str, params: dict[str, str]) -> Reply:
        """Do what a method says, and word the answer."""
        if not bot_id:
            return refused(404, "Not Found")
        if self.tokens is not None and token not in self.tokens:
            return refused(401, "Unauthorized")
        verb = METHODS.get(method.lower())
        if verb is None:
            return refused(404, "Not Found: method not found")
        try:
            result = verb(self, bot_id, params)
        except RefusedError as exc:
            if exc.retry_after:
                return too_many(exc.retry_after)
            return refused(exc.status, str(exc), **({"migrate_to_chat_id": exc.migrate_to} if exc.migrate_to else {}))
        message_id = result.get("message_id") if isinstance(result, dict) else None
        return Reply(200, {"ok": True, "result": result}, stored=method.lower() in CHANGING, message_id=message_id)

    def get_me(self, bot_id: int, _params: dict[str, str]) -> dict[str, Any]:
        """getMe."""
        return {
            **bot_user(bot_id),
            "can_join_groups": True,
            "can_read_all_group_messages": False,
            "supports_inline_queries": False,
            "can_connect_to_business": False,
            "has_main_web_app": False,
        }

    def get_chat(self, _bot_id: int, params: dict[str, str]) -> dict[str, Any]:
        """getChat."""
        chat = self.chats.find(params)
        return chat.full()

    def get_chat_member(self, bot_id: int, params: dict[str, str]) -> dict[str, Any]:
        """getChatMember."""
        chat = self.chats.find(params)
        user_id = whole(params, "user_id", "Bad Request: invalid user_id specified")
        return member(chat, bot_user(user_id), is_self=user_id == bot_id)

    def get_chat_administrators(self, bot_id: int, params: dict[str, str]) -> list[dict[str, Any]]:
        """getChatAdministrators."""
        chat = self.chats.find(params)
        if chat.kind == "private":
            raise RefusedError(400, "Bad Request: there are no administrators in the private chat")
        return [member(chat, bot_user(bot_id), is_self=True)]

    def send_message(self, bot_id: int, params: dict[str, str]) -> dict[str, Any]:
        """sendMessage."""
        chat = self.chats.writable(params)
        text, entities = text_of(params)
        self._within_limits(bot_id, chat.id, is_group=chat.is_group)
        chat.last_message_id += 1
        message = StoredMessage(
            chat=chat,
            message_id=chat.last_message_id,
            bot_id=bot_id,
            date=int(time.time()),
            text=text,
            entities=entities,
            source=params.get("text", ""),
            silent=params.get("disable_notification") == "true",
            link_preview=json.loads(params.get("link_preview_options") or "null"),
        )
        self.messages.append(message)
        return show_message(message, bot_user(bot_id))

    def edit_message_text(self, bot_id: int, params: dict[str, str]) -> dict[str, Any]:
        """editMessageText."""
        chat = self.chats.writable(params)
        text, entities = text_of(params)
        message = self._message(chat.id, params, "Bad Request: message to edit not found")
        if message.bot_id != bot_id:
            raise RefusedError(400, "Bad Request: message can't be edited")
        if (message.text, message.entities) == (text, entities):
            raise RefusedError(
                400,
                "Bad Request: message is not modified: specified new message content and reply markup are exactly the "
                "same as a current content and reply markup of the message",
            )
        self._within_limits(bot_id, chat.id, is_group=chat.is_group)
        message.text, message.entities, message.source = text, entities, params.get("text", "")
        message.edit_date = int(time.time())
        return show_message(message, bot_user(bot_id))

    def delete_message(self, _bot_id: int, params: dict[str, str]) -> bool:
        """deleteMessage."""
        chat = self.chats.find(params)
        message = self._message(chat.id, params, "Bad Request: message to delete not found")
        message.deleted = True
        return True

    def get_updates(self, bot_id: int, params: dict[str, str]) -> list[Any]:
        """getUpdates, after its wait; a later question ends an earlier one."""
        if bot_id in self.webhooks:
            raise RefusedError(
                409,
                "Conflict: can't use getUpdates method while webhook is active; "
                "use deleteWebhook to delete the webhook first",
            )
        return self.updates.take(bot_id, int(params.get("turn") or 0), params)

    def set_webhook(self, bot_id: int, params: dict[str, str]) -> bool:
        """setWebhook; nothing is sent to it."""
        url = params.get("url", "")
        if url and not url.startswith("https://"):
            raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        self.webhooks[bot_id] = dict(params)
        if not url:
            del self.webhooks[bot_id]
        return True

    def delete_webhook(self, bot_id: int, _params: dict[str, str]) -> bool:
        """deleteWebhook."""
        self.webhooks.pop(bot_id, None)
        return True

    def get_webhook_info(self, bot_id: int, _params: dict[str, str]) -> dict[str, Any]:
        """getWebhookInfo."""
        hook = self.webhooks.get(bot_id, {})
        return {
            "url": hook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": self.updates.pending(bot_id),
        }

    def _within_limits(self, bot_id: int, chat_id: int, *, is_group: bool) -> None:
        wait = self.limits.refuse_for(bot_id, chat_id, is_group=is_group, at=time.monotonic())
        if wait:
            raise RefusedError(429, "", retry_after=wait)

    def _message(self, chat_id: int, params: dict[str, str], absent: str) -> StoredMessage:
        message_id = whole(params, "message_id", "Bad Request: message identifier is not specified")
        for message in self.messages:
            if message.chat.id == chat_id and message.message_id == message_id and not message.deleted:
                return message
        raise RefusedError(400, absent)

    async def _add_chat(self, request: web.Request) -> web.Response:
        self.chats.add(**await request.json())
        return web.json_response({"ok": True})

    async def _add_update(self, request: web.Request) -> web.Response:
        number = self.updates.add(**await request.json())
        return web.json_response({"ok": True, "update_id": number})

    async def _show_messages(self, _request: web.Request) -> web.Response:
        return web.json_response([show_message(message, bot_user(message.bot_id)) for message in self.messages])


METHODS = {
    "getme": BotApiServer.get_me,
    "getchat": BotApiServer.get_chat,
    "getchatmember": BotApiServer.get_chat_member,
    "getchatadministrators": BotApiServer.get_chat_administrators,
    "sendmessage": BotApiServer.send_message,
    "editmessagetext": BotApiServer.edit_message_text,
    "deletemessage": BotApiServer.delete_message,
    "getupdates": BotApiServer.get_updates,
    "setwebhook": BotApiServer.set_webhook,
    "deletewebhook": BotApiServer.delete_webhook,
    "getwebhookinfo": BotApiServer.get_webhook_info,
}
CHANGING = {"sendmessage", "editmessagetext", "deletemessage", "setwebhook", "deletewebhook"}


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
    shell(
        lambda options: BotApiServer(
            tokens=options.token,
            strict_chats=options.strict_chats,
            limits=not options.no_limits,
            limit_scale=options.limit_scale,
            seed=options.seed,
        ),
        parser,
    )


if __name__ == "__main__":
    main()
