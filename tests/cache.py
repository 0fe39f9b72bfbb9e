"""The product's caches, made even: on a slow machine nothing that a test has just put there ends while it runs.

Lists are allowed a number of queries, and a badge that ends after ten seconds is counted anew by the next page.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

LEAST_S = 300  # longer than any test may take


class _Even:
    def get_backend_timeout(self, timeout: Any = DEFAULT_TIMEOUT) -> Any:
        if timeout is not None and timeout is not DEFAULT_TIMEOUT and timeout > 0:
            timeout = max(timeout, LEAST_S)
        return super().get_backend_timeout(timeout)  # type: ignore[misc]


class Local(_Even, LocMemCache):
    """In memory, of one process."""


class Redis(_Even, RedisCache):
    """In Redis, which all processes of a run share: what one of them clears, the others keep."""

    def clear(self) -> bool:
        """Forget everything by another name; the old keys end by themselves."""
        self.key_prefix = uuid4().hex
        return True
