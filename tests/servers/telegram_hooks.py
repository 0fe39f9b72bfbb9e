"""The Bot API stand-in's webhooks: the methods, and the calls that it makes itself."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.servers.telegram_calls import flag
from tests.servers.telegram_chats import RefusedError
from tests.servers.telegram_state import Call, Telegram, Verb, Webhook

PORTS = frozenset({443, 80, 88, 8443})
SECRET = re.compile(r"^[A-Za-z0-9_-]{0,256}$")
SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"
LOOKS_EVERY_S = 0.02
ANSWER_WITHIN_S = 10.0
# Telegram waits longer and longer after a failure; how long, it does not say. Here it is short, for tests.
RETRIES_S = (0.1, 0.2, 0.5, 1.0, 2.0)


def set_webhook(telegram: Telegram, call: Call) -> bool:
    """setWebhook; an empty address takes it away. A server run with `local` takes http and any port, as a local one."""
    params = call.params
    url, secret = params.get("url", ""), params.get("secret_token", "")
    if not url:
        return delete_webhook(telegram, call)
    address = urlsplit(url)
    if not telegram.local and address.scheme != "https":
        raise RefusedError(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
    if not telegram.local and (address.port or 443) not in PORTS:
        raise RefusedError(400, "Bad Request: bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")
    if not SECRET.match(secret):
        raise RefusedError(400, "Bad Request: secret token contains unallowed characters")
    before = telegram.webhooks.get(call.bot_id)
    kinds = before.allowed if before else []
    if "allowed_updates" in params:
        kinds = json.loads(params["allowed_updates"])
        telegram.updates.allow(call.bot_id, kinds)
    if flag(params, "drop_pending_updates"):
        telegram.updates.drop(call.bot_id)
    telegram.webhooks[call.bot_id] = Webhook(url, secret, kinds)
    return True


def delete_webhook(telegram: Telegram, call: Call) -> bool:
    """deleteWebhook."""
    telegram.webhooks.pop(call.bot_id, None)
    if flag(call.params, "drop_pending_updates"):
        telegram.updates.drop(call.bot_id)
    return True


def get_webhook_info(telegram: Telegram, call: Call) -> dict[str, Any]:
    """getWebhookInfo."""
    hook = telegram.webhooks.get(call.bot_id)
    shown: dict[str, Any] = {
        "url": hook.url if hook else "",
        "has_custom_certificate": False,
        "pending_update_count": telegram.updates.pending(call.bot_id),
    }
    if hook:
        shown |= {"max_connections": 40, "ip_address": "127.0.0.1"}
        if hook.allowed:
            shown["allowed_updates"] = hook.allowed
        if hook.error:
            shown |= {"last_error_date": hook.error_at, "last_error_message": hook.error}
    return shown


METHODS: dict[str, Verb] = {
    "setwebhook": set_webhook,
    "deletewebhook": delete_webhook,
    "getwebhookinfo": get_webhook_info,
}


class Bringer:
    """Brings updates to the webhooks, one after the other for each bot, again and again until they are taken.

    `answered` is told of a method that a webhook's answer names, as Telegram allows.
    """

    def __init__(self, telegram: Telegram, answered: Callable[[int, str, dict[str, str]], None]) -> None:
        self._telegram = telegram
        self._answered = answered
        self._busy: dict[int, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Bring whatever comes, until cancelled."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_WITHIN_S)) as client:
            try:
                while True:
                    for bot_id, hook in list(self._telegram.webhooks.items()):
                        rests = hook.retry_at > time.monotonic() or bot_id in self._busy
                        if not rests and self._telegram.updates.pending(bot_id):
                            task = asyncio.create_task(self._bring(client, bot_id, hook))
                            self._busy[bot_id] = task
                            task.add_done_callback(lambda _task, bot_id=bot_id: self._busy.pop(bot_id, None))
                    await asyncio.sleep(LOOKS_EVERY_S)
            finally:
                busy = list(self._busy.values())
                for task in busy:
                    task.cancel()
                await asyncio.gather(*busy, return_exceptions=True)

    async def _bring(self, client: aiohttp.ClientSession, bot_id: int, hook: Webhook) -> None:
        """Bring one update once."""
        raw = self._telegram.updates.first(bot_id)
        headers = {SECRET_HEADER: hook.secret} if hook.secret else {}
        said: Any = None
        try:
            async with client.post(hook.url, json=raw, headers=headers, allow_redirects=False) as answer:
                body = await answer.read()
                error = "" if answer.ok and answer.status < 300 else f"{answer.status} {answer.reason}"
                with suppress(ValueError):
                    said = json.loads(body)
        except TimeoutError:
            error = "Read timeout expired"
        except aiohttp.ClientError:
            error = "Connection refused"
        self._telegram.updates.brought(bot_id, raw, taken=not error)
        if error:
            hook.error = f"Wrong response from the webhook: {error}" if error[:1].isdigit() else error
            hook.error_at = int(time.time())
            hook.retry_at = time.monotonic() + RETRIES_S[min(hook.failures, len(RETRIES_S) - 1)]
            hook.failures += 1
            return
        hook.failures = 0
        if isinstance(said, dict) and isinstance(said.get("method"), str):
            params = {key: value if isinstance(value, str) else json.dumps(value) for key, value in said.items()}
            self._answered(bot_id, params.pop("method"), params)
