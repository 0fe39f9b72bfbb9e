"""Addresses made from names. Pure."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.text import slugify

_TABLE = str.maketrans(
    {
        **dict(zip("абвгдеёзийклмнопрстуфыэъь", [*"abvgdeeziyklmnoprstufye", "", ""], strict=True)),
        "ж": "zh",
        "х": "kh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "sch",
        "ю": "yu",
        "я": "ya",
    }
)
LENGTH = 50


def slug_from(name: str) -> str:
    """The name in Latin letters, digits and dashes; "channel" where nothing is left of it."""
    return slugify(name.lower().translate(_TABLE))[:LENGTH].strip("-") or "channel"


def slug_free(name: str, taken: Callable[[str], bool]) -> str:
    """A slug of this name that is not taken: "news", "news-2", "news-3"."""
    base, number = slug_from(name), 1
    while taken(slug := base if number == 1 else f"{base}-{number}"):
        number += 1
    return slug
