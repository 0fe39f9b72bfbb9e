"""Secrets and message texts never reach a log line."""

from __future__ import annotations

import re
from typing import Any

from structlog.typing import EventDict, WrappedLogger

HIDDEN = "[hidden]"
SECRET_WORDS = frozenset(
    {"token", "tokens", "password", "passwd", "secret", "secrets", "key", "keys", "authorization", "cookie", "cookies"}
    | {"text", "body", "html", "caption", "payload", "prompt", "initdata", "credentials", "dsn", "email", "phone"}
)
HARMLESS_NAMES = frozenset(
    {"dedupe_key", "order_key", "sort_key", "cache_key", "routing_key", "alert_key", "max_tokens"}
)
SECRET_TEXTS = (
    re.compile(r"\d{3,}:[\w-]{30,}"),  # a bot's token, also inside an address
    re.compile(r"\bsk-[\w-]{8,}"),
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user:password in an address
    re.compile(r"(?i)(?<=\bbearer )[\w.~+/=-]+"),
    re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"),  # a JSON web token
    re.compile(r"\bgAAAAA[\w=-]{40,}"),  # Fernet
    re.compile(r"(?<=/approve/)[\w-]{20,}"),  # whoever has the link of an approval may answer
    re.compile(r"(?<=/account/welcome/)[\w=-]+/[\w-]{20,}"),  # and by the link of an invitation choose the password
)
WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def redacted(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """A processor that hides values by their names, and secrets inside texts by their looks."""
    return {name: value if name in {"timestamp", "level"} else clean(name, value) for name, value in event.items()}


def clean(name: str, value: Any) -> Any:
    """One value as it may be shown."""
    if value is None or isinstance(value, (bool, float)):
        return value
    if is_secret(name):
        return HIDDEN
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, dict):
        return {key: clean(str(key), part) for key, part in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [clean("", part) for part in value]
    if isinstance(value, int):
        return value
    return clean_text(str(value))


def is_secret(name: str) -> bool:
    """Whether a name says that its value is nobody's business: its last word is one of the secret ones."""
    if not name or name.lower() in HARMLESS_NAMES:
        return False
    words = [word.lower() for word in WORDS.findall(name)]
    return bool(words) and (words[-1] in SECRET_WORDS or "".join(words[-2:]) in SECRET_WORDS)


def clean_text(text: str) -> str:
    """A text without what looks like a secret."""
    for pattern in SECRET_TEXTS:
        text = pattern.sub(HIDDEN, text)
    return text
