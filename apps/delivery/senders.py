"""The registry of senders.

Apps above register dotted paths in their `ready()`; a sender is loaded when it is first needed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import cast

from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.delivery.ports import Sender

_PATHS: dict[str, str] = {}


def register(name: str, path: str) -> None:
    """Make a sender known by name; the same pair may be registered again.

    Raises:
        ImproperlyConfigured: the name is another sender's.
    """
    if _PATHS.setdefault(name, path) != path:
        raise ImproperlyConfigured(f"The sender {name} is registered twice: {_PATHS[name]} and {path}.")


def unregister(name: str) -> None:
    """Forget a sender; for tests that register their own."""
    _PATHS.pop(name, None)
    _loaded.cache_clear()


def registered() -> tuple[str, ...]:
    """The names of all senders."""
    return tuple(sorted(_PATHS))


def sender(name: str) -> Sender:
    """The sender of this name.

    Raises:
        PermanentError: there is none, as after an app was taken out.
    """
    if name not in _PATHS:
        raise PermanentError(
            _("Pult has no way to send “%(name)s” in this installation.") % {"name": name}, code="sender_unknown"
        )
    return _loaded(_PATHS[name])


@lru_cache(maxsize=64)
def _loaded(path: str) -> Sender:
    return cast(Sender, import_string(path)())
