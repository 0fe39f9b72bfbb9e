"""What every test of stories gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from apps.stories.services.streams import streams_forget


@pytest.fixture(autouse=True)
def _own_streams() -> Iterator[None]:
    """No test sees what another one left in memory."""
    streams_forget()
    yield
    streams_forget()
