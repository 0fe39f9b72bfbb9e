"""Secrets at rest: encrypted model fields with key rotation.

Keys are of their own (`FIELD_ENCRYPTION_KEYS`), so a new SECRET_KEY harms nothing. The first key writes, all read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import models

PREFIX = "f1:"


class DecryptionError(Exception):
    """No key that is configured reads this value."""


@lru_cache(maxsize=4)
def ring_of(keys: tuple[str, ...]) -> MultiFernet:
    """The key ring for a tuple of Fernet keys."""
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except ValueError as exc:
        raise ImproperlyConfigured(
            "FIELD_ENCRYPTION_KEYS must hold Fernet keys: 32 bytes in URL-safe base64 each, comma-separated."
        ) from exc


def encrypt(text: str) -> str:
    """Encrypt a text with the first key; the empty text stays empty."""
    if not text:
        return ""
    return PREFIX + ring_of(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(stored: str) -> str:
    """Decrypt what `encrypt` made.

    Raises:
        DecryptionError: none of the keys made it, or it is not encrypted.
    """
    if not stored:
        return ""
    if not stored.startswith(PREFIX):
        raise DecryptionError("the stored value is not encrypted")
    try:
        return ring_of(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(stored.removeprefix(PREFIX).encode()).decode()
    except InvalidToken as exc:
        raise DecryptionError("no configured key reads the stored value") from exc


def is_current(stored: str) -> bool:
    """Whether the first key wrote a stored value, so that it needs no re-encryption."""
    first = ring_of(tuple(settings.FIELD_ENCRYPTION_KEYS[:1]))
    try:
        first.decrypt(stored.removeprefix(PREFIX).encode())
    except InvalidToken:
        return False
    return stored.startswith(PREFIX)


def is_key(text: str) -> bool:
    """Whether a text is a Fernet key: 32 bytes in URL-safe base64."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


class EncryptedTextField(models.TextField[str, str]):
    """A text that the database only ever sees encrypted."""

    def get_prep_value(self, value: Any) -> Any:
        """Encrypt on the way in."""
        prepared = super().get_prep_value(value)
        return encrypt(prepared) if isinstance(prepared, str) else prepared

    def from_db_value(self, value: str | None, _expression: object, _connection: object) -> str | None:
        """Decrypt on the way out."""
        return None if value is None else decrypt(value)

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuse comparisons: two encryptions of one text differ."""
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None
