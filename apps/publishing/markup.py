"""Telegram's HTML as runs of words with their tags, so that whatever is made of it is well-formed. Pure.

https://core.telegram.org/bots/api#html-style
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape, unescape
from itertools import pairwise, takewhile

from django.utils.translation import gettext as _

NAMES = frozenset(
    {"a", "b", "blockquote", "code", "del", "em", "i", "ins", "pre", "s", "span", "strike", "strong", "tg-spoiler", "u"}
)
LINKS = ("http://", "https://", "tg://", "mailto:", "tel:")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)((?:\s[^<>]*)?)>")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_HREF = re.compile(r"""\bhref\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)


@dataclass(frozen=True)
class Tag:
    """An open tag: its name and what stands behind it, as Telegram takes it."""

    name: str
    rest: str = ""


@dataclass(frozen=True)
class Run:
    """Words with the tags that are open around them, the outermost first."""

    text: str
    tags: tuple[Tag, ...] = ()


@dataclass(frozen=True)
class Reading:
    """A text in Telegram's HTML as it was read.

    Attributes:
        faults: what was not right in its markup, in words; what could be kept was kept.
    """

    runs: tuple[Run, ...]
    faults: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(run.text for run in self.runs)


def read(html: str) -> Reading:
    """Read a text; a tag that Telegram does not know stays as the words that it is written with."""
    html = _BREAK.sub("\n", html)
    runs: list[Run] = []
    faults: list[str] = []
    stack: list[Tag] = []
    place = 0
    for found in _TAG.finditer(html):
        _add(runs, unescape(html[place : found.start()]), stack)
        place = found.end()
        closes, name, rest = bool(found[1]), found[2].lower(), found[3]
        if name not in NAMES:
            faults.append(_("Telegram does not know the tag %(tag)s; it would be shown as it is.") % {"tag": found[0]})
            _add(runs, found[0], stack)
        elif closes:
            _close(stack, name, faults)
        else:
            stack.append(_opened(name, rest, faults))
    _add(runs, unescape(html[place:]), stack)
    faults += [_("The tag <%(name)s> is not closed.") % {"name": tag.name} for tag in stack if tag.name]
    return Reading(tuple(run for run in runs if run.text), tuple(faults))


def write(runs: Iterable[Run]) -> str:
    """The runs as HTML, every tag closed in its order."""
    html: list[str] = []
    for before, run in pairwise([Run(""), *runs, Run("")]):
        shared = sum(
            1 for _same in takewhile(lambda pair: pair[0] == pair[1], zip(before.tags, run.tags, strict=False))
        )
        html += [f"</{tag.name}>" for tag in reversed(before.tags[shared:])]
        html += [f"<{tag.name}{tag.rest}>" for tag in run.tags[shared:]]
        html.append(escape(run.text, quote=False))
    return "".join(html)


def well_formed(html: str) -> str:
    """The text with its markup mended."""
    return write(read(html).runs)


def cut(runs: Iterable[Run], start: int, end: int) -> list[Run]:
    """The runs of a stretch of the words, counted in characters."""
    part: list[Run] = []
    at = 0
    for run in runs:
        piece = run.text[max(0, start - at) : max(0, end - at)]
        if piece:
            part.append(Run(piece, run.tags))
        at += len(run.text)
    return part


def _add(runs: list[Run], text: str, stack: list[Tag]) -> None:
    if text:
        runs.append(Run(text, tuple(tag for tag in stack if tag.name)))


def _opened(name: str, rest: str, faults: list[str]) -> Tag:
    """The tag with what Telegram takes of its attributes; nameless, and so left out, where nothing remains of it."""
    if name == "a":
        found = _HREF.search(rest)
        address = unescape(found[1] or found[2] or "").strip() if found else ""
        if not address.lower().startswith(LINKS):
            faults.append(_("A link has no address that begins with https://."))
            return Tag("")
        return Tag("a", f' href="{escape(address)}"')
    if name == "span":
        if "tg-spoiler" in rest:
            return Tag("tg-spoiler")
        faults.append(_("Telegram does not know the tag %(tag)s; it is left out.") % {"tag": "<span>"})
        return Tag("")
    return Tag(name)


def _close(stack: list[Tag], name: str, faults: list[str]) -> None:
    """Close a tag, and those that were opened in it and are open still."""
    wanted = {name, "tg-spoiler", ""} if name == "span" else {name, ""} if name == "a" else {name}
    place = next((at for at in reversed(range(len(stack))) if stack[at].name in wanted), None)
    if place is None:
        faults.append(_("There is </%(name)s> without <%(name)s>.") % {"name": name})
        return
    faults += [_("The tag <%(name)s> is not closed.") % {"name": tag.name} for tag in stack[place + 1 :] if tag.name]
    del stack[place:]
