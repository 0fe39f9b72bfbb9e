"""Passwords that Pult makes or takes from whoever runs a command."""

from __future__ import annotations

import secrets
from typing import TextIO

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

# No letters or digits that look like one another.
ALPHABET = "abcdefghjkmnpqrstuvwxyzACDEFGHJKLMNPQRTUVWXYZ234679"


def generated(groups: int = 4, size: int = 4) -> str:
    """A password that is easy to type: `abcd-efgh-jkmn-pqrs`, about 90 bits."""
    return "-".join("".join(secrets.choice(ALPHABET) for _ in range(size)) for _ in range(groups))


def given_or_generated(*, environment: str, stdin: TextIO | None) -> tuple[str, bool]:
    """The password from the environment or from standard input, else a new one; and whether it is new.

    Raises:
        CommandError: what was given is too weak, with the reasons.
    """
    given = environment or (stdin.readline().rstrip("\n") if stdin else "")
    if not given:
        return generated(), True
    try:
        validate_password(given)
    except ValidationError as exc:
        raise CommandError(" ".join(exc.messages)) from exc
    return given, False
