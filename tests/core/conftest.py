"""These tests read sentences in the language of the sources."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.utils import translation


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    """Speak English, whatever the product's default."""
    with translation.override("en"):
        yield
