"""Keys that a first run makes for itself."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured


def kept_keys(folder: Path, *, secret: str, field_keys: list[str]) -> tuple[str, list[str], bool]:
    """The signing key, the field encryption keys, and whether any of them comes from `folder`."""
    kept = not secret or not field_keys
    return (
        secret or keep(folder / "secret_key", secrets.token_urlsafe(50)),
        field_keys or [keep(folder / "field_encryption_key", Fernet.generate_key().decode())],
        kept,
    )


def keep(path: Path, fresh: str) -> str:
    """The key in a file; an absent file is made with `fresh`, and of two first runs one wins.

    Raises:
        ImproperlyConfigured: the file can't be read or written.
    """
    try:
        return path.read_text().strip() if path.exists() else made(path, fresh)
    except OSError as exc:
        raise ImproperlyConfigured(
            f"The key file {path} (in PULT_VAR) can't be read or written: {exc.strerror or exc}."
        ) from exc


def made(path: Path, fresh: str) -> str:
    """Write a key into a file that is not there yet, and return what is in it then."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(fresh)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
