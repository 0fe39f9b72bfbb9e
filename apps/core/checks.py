"""System checks of the configuration; each failure is one sentence that names the variable.

What a variable's own text can tell is checked where it is read (`config.env`); here stands what several settings say
together, and what only production must not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.http.request import validate_host

from apps.core.addresses import AllowList, parsed
from apps.core.crypto import is_key

PROXIES = ("http://", "https://", "socks5://", "socks5h://")
BROKERS = ("redis://", "rediss://", "amqp://", "amqps://", "filesystem://", "memory://")
REDIS = ("redis://", "rediss://")
KEYLESS_OPENAI = "api.openai.com"
METADATA = parsed("169.254.169.254")


def configuration(**_kwargs: Any) -> list[checks.CheckMessage]:
    """What makes Pult not work, wherever it runs."""
    return [*keys(), *servers(), *ai(), *fetching(), *site()]


def deployment(**_kwargs: Any) -> list[checks.CheckMessage]:
    """What production must not have."""
    return [*own_keys(), *open_doors()]


def keys() -> Iterator[checks.CheckMessage]:
    """Keys that can't encrypt."""
    found = settings.FIELD_ENCRYPTION_KEYS
    for place, key in enumerate(found, start=1):
        if not is_key(key):
            yield checks.Error(
                f"FIELD_ENCRYPTION_KEYS: key {place} of {len(found)} is not a Fernet key, 32 bytes in URL-safe base64.",
                hint="`manage.py field_key_new` makes one.",
                id="core.E001",
            )


def servers() -> Iterator[checks.CheckMessage]:
    """Addresses of servers that nothing here can talk to."""
    if settings.REDIS_URL and not settings.REDIS_URL.startswith(REDIS):
        yield checks.Error("REDIS_URL must start with redis:// or rediss://.", id="core.E002")
    if not settings.CELERY_BROKER_URL.startswith(BROKERS):
        yield checks.Error(
            "CELERY_BROKER_URL must start with redis://, rediss://, amqp:// or amqps://, or be empty.", id="core.E003"
        )
    if not 0 < settings.PORT < 65536:
        yield checks.Error(f"PORT must be between 1 and 65535, not {settings.PORT}.", id="core.E004")


def ai() -> Iterator[checks.CheckMessage]:
    """A writer that could not write."""
    wants_key = urlsplit(settings.AI_API_URL).hostname == KEYLESS_OPENAI
    if settings.AI_WRITER == "openai" and wants_key and not settings.AI_API_KEY:
        yield checks.Error(
            "AI_WRITER is openai but AI_API_KEY is empty: give a key, another AI_API_URL, or set AI_WRITER=offline.",
            id="core.E005",
        )
    if settings.AI_PROXY and not settings.AI_PROXY.startswith(PROXIES):
        yield checks.Error("AI_PROXY must start with http://, https://, socks5:// or socks5h://.", id="core.E006")
    if settings.AI_TEMPERATURE > 2:
        yield checks.Error(f"AI_TEMPERATURE must be at most 2, not {settings.AI_TEMPERATURE:g}.", id="core.E007")
    if settings.AI_API_KEY and settings.AI_WRITER == "offline":
        yield checks.Warning(
            "AI_API_KEY is set but AI_WRITER is offline, so no model is asked: set AI_WRITER=openai to use the key.",
            id="core.W008",
        )


def fetching() -> Iterator[checks.CheckMessage]:
    """Private places that can't be read."""
    try:
        AllowList.parse(settings.HTTP_ALLOW_PRIVATE)
    except ValueError as exc:
        yield checks.Error(
            f"HTTP_ALLOW_PRIVATE: “{exc}” is neither host:port nor a network such as 10.0.0.0/8.", id="core.E009"
        )


def site() -> Iterator[checks.CheckMessage]:
    """An address of the site that the site would not answer to."""
    address = urlsplit(settings.BASE_URL)
    host = f"[{address.hostname}]" if ":" in (address.hostname or "") else address.hostname or ""
    # Unset, it is made of HOST, which may be "every address".
    listens = (settings.HOST, f"[{settings.HOST}]")
    if host not in listens and not validate_host(host, settings.ALLOWED_HOSTS):
        yield checks.Error(f"BASE_URL names {host}, which ALLOWED_HOSTS does not list.", id="core.E010")
    if settings.HTTPS_ONLY and address.scheme != "https":
        yield checks.Error(
            "HTTPS_ONLY is on but BASE_URL does not start with https://, so every link would be redirected.",
            id="core.E011",
        )


def own_keys() -> Iterator[checks.CheckMessage]:
    """Keys that lie beside the database they protect, and that a second machine would not share."""
    for place, name in enumerate(("SECRET_KEY", "FIELD_ENCRYPTION_KEYS")):
        if name in settings.KEPT_KEYS:
            yield checks.Error(
                f"{name} is not set: the key that Pult made for itself in PULT_VAR/keys is not for production.",
                hint="`manage.py field_key_new` makes a key for FIELD_ENCRYPTION_KEYS.",
                id=f"core.E{101 + place}",
            )


def open_doors() -> Iterator[checks.CheckMessage]:
    """Settings that are for development."""
    if settings.DEBUG:
        yield checks.Error("DEBUG is on: it shows tracebacks and settings to every visitor.", id="core.E103")
    if "*" in settings.ALLOWED_HOSTS:
        yield checks.Error("ALLOWED_HOSTS is *: name the hosts that the site answers to.", id="core.E104")
    for entry in settings.HTTP_ALLOW_PRIVATE:
        if is_too_wide(entry):
            yield checks.Error(
                f"HTTP_ALLOW_PRIVATE: {entry} lets an address that a user typed reach the cloud's metadata service.",
                id="core.E105",
            )


def is_too_wide(entry: str) -> bool:
    """Whether an entry lets the metadata address through, which no feed has."""
    try:
        allow = AllowList.parse([entry])
    except ValueError:
        return False
    return allow.covers(METADATA, 80)
