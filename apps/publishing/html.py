"""Telegram's HTML, made safe for a page of ours."""

from __future__ import annotations

import re
from html import unescape

import nh3

# https://core.telegram.org/bots/api#html-style
TAGS = {
    "a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong", "tg-spoiler", "u",
}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel", "tg"}
_TAG = re.compile(r"<[^<>]*>")


def sanitized(html: str) -> str:
    """Only what Telegram would draw; links open without a referrer and no search engine follows them."""
    return nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href"}},
        allowed_classes={"span": {"tg-spoiler"}},
        url_schemes=SCHEMES,
        link_rel="nofollow noopener noreferrer",
    )


def plain(html: str, limit: int = 200) -> str:
    """The words alone, on one line, for descriptions."""
    words = " ".join(unescape(_TAG.sub(" ", sanitized(html))).split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def lines(html: str) -> str:
    """The words alone, in their lines, for programs."""
    return unescape(_TAG.sub("", sanitized(html))).strip()
