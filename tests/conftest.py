"""What every test gets: a cache of its own, no bell left waiting by another test, the language of the sources."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.cache import caches
from django.utils import translation

from apps.core.work import bells


def pytest_collection() -> None:
    """Load the admins, whose tests walk them all, as the first request does."""
    import_module(django_settings.ROOT_URLCONF)


@pytest.fixture(autouse=True)
def _own_cache(settings: object) -> Iterator[None]:
    """Give each test its own cache keys, so that flags and counters of one never reach another."""
    caches["default"].key_prefix = uuid4().hex
    bells.forget_failures()
    yield
    caches["default"].key_prefix = ""


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """Read words as they stand in the code, whether catalogues are compiled or not."""
    with translation.override("en"):
        yield
