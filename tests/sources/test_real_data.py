"""Real feeds and exports, where their folder is given: PULT_REAL_DATA holds `feeds/` and `telegram-posts/`."""

from __future__ import annotations

import os
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from apps.sources.filters import Rules
from apps.sources.parsers.export import read_export
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import UnreadableError
from apps.sources.services.intake import items_prepare


@pytest.fixture
def real() -> Path:
    """The folder of real data."""
    folder = os.environ.get("PULT_REAL_DATA", "")
    if not folder:
        pytest.skip("PULT_REAL_DATA names no folder of real data")
    return Path(folder)


def test_every_real_feed_is_read_or_refused_in_words(real: Path) -> None:
    read, refused = 0, []
    for file in sorted(path for path in (real / "feeds").rglob("*") if path.suffix in {".xml", ".json"}):
        try:
            read += len(items_prepare(parse_feed(file.read_bytes()).items, Rules()))
        except UnreadableError as error:
            refused.append(f"{file.name}: {error}")

    assert read >= 400
    assert all("First" in line for line in refused), refused  # the fragments named so are no feeds


def test_every_real_export_is_read_whole(real: Path) -> None:
    items = []
    for file in sorted((real / "telegram-posts").glob("*.json")):
        with file.open("rb") as stream:
            items += read_export(stream, zone=ZoneInfo("Europe/Moscow"))
    prepared = items_prepare(items, Rules())

    assert len(items) > 10_000
    assert len(prepared) == len(items)
    assert sum(one.language == "ru" for one in prepared) > 0.99 * len(prepared)
    assert not [one for one in prepared if "**" in one.text]
