"""Invented posts for following through: every text has words of its own, so that each is a story of its own."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

SYLLABLES = "ба во гри дно жа зу ки лор мен нас опа про рун сти тра уха фло хме чев шум яр бле вро гда дры"


def words(number: int, seed: int) -> list[str]:
    """So many invented words, the same for the same seed."""
    source = random.Random(seed)
    return ["".join(source.choices(SYLLABLES.split(), k=3)) for _ in range(number)]


def item(number: int) -> tuple[str, str]:
    """Title and text of an invented post."""
    own = words(40, seed=number)
    sentences = [" ".join(own[start : start + 8]).capitalize() + "." for start in range(0, 40, 8)]
    return f"{own[0].capitalize()} {own[1]} {number}", " ".join(sentences)


def feed(numbers: range, *, name: str) -> str:
    """An RSS document of invented posts."""
    now = datetime.now(UTC)
    items = []
    for number in numbers:
        title, text = item(number)
        when = format_datetime(now - timedelta(minutes=number % 50))
        items.append(
            f"<item><guid isPermaLink='false'>post-{number}</guid><title>{escape(title)}</title>"
            f"<description>{escape(text)}</description><pubDate>{when}</pubDate></item>"
        )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{escape(name)}</title>"
        f"<link>http://example.org/</link><description/>{''.join(items)}</channel></rss>"
    )
