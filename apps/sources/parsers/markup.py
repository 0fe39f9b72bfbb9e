"""Text with its formatting out of HTML, Telegram's light Markdown and untidy plain text."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from urllib.parse import urljoin

from lxml import etree
from lxml import html as lxml_html

from apps.sources.parsers.entities import INVISIBLE, Rich, tidy
from apps.sources.parsers.shape import html_checked
from apps.sources.ports import Entity, UnreadableError

__all__ = [
    "line_of_html",
    "rich_of_html",
    "rich_of_markdown",
    "rich_of_plain",
    "text_of_html",
    "text_of_markdown",
    "tidy",
    "tidy_line",
]

TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|<!\[CDATA\[")
ENTITY = re.compile(r"&(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")


def _names(line: str) -> frozenset[str]:
    return frozenset(line.split())


BLOCKS = _names(
    "address article aside blockquote center dd div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 h5 h6 "
    "header hr li main nav ol p pre section table tbody td tfoot th thead tr ul"
)
PARAGRAPHS = _names("p h1 h2 h3 h4 h5 h6 blockquote ul ol table pre")
UNSEEN = _names("script style noscript template iframe object svg head title")
FORMATS = {
    **dict.fromkeys(_names("b strong h1 h2 h3 h4 h5 h6"), "bold"),
    **dict.fromkeys(_names("i em"), "italic"),
    **dict.fromkeys(_names("u ins"), "underline"),
    **dict.fromkeys(_names("s strike del"), "strike"),
    **dict.fromkeys(_names("code tt kbd"), "code"),
    "pre": "pre",
    "blockquote": "quote",
    "a": "link",
    "tg-spoiler": "spoiler",
    "tg-emoji": "emoji",
}

LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)?")
FENCE = re.compile(r"```(?:(\w+)\n)?")
CODE = re.compile(r"`([^`\n]+)`")
STARS = re.compile(r"\*\*")
# Writers rarely close it where it opens, so each one goes, except inside names and addresses (my__name).
LINES = re.compile(r"(?<![A-Za-z0-9])__|__(?![A-Za-z0-9])")
STRUCK = re.compile(r"~~(.+?)~~", re.DOTALL)
HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)


def tidy_line(text: str) -> str:
    """The same on one line."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(tidy(text).split())


def text_of_html(source: str) -> str:
    """The words of an HTML fragment: blocks become lines, paragraphs are set apart, scripts and styles are left out."""
    return rich_of_html(source).text


def rich_of_html(source: str, *, base_url: str = "") -> Rich:
    """The same with its formatting; relative links are completed from `base_url`, else left out."""
    if not TAG.search(source):
        return Rich(tidy(html.unescape(source) if ENTITY.search(source) else source))
    try:
        root = lxml_html.fragment_fromstring(html_checked(INVISIBLE.sub("", source)), create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, UnreadableError):
        return Rich(tidy(html.unescape(TAG.sub(" ", source))))
    words = _Words(base_url)
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = node.tag if isinstance(node.tag, str) else ""
        if event in {"comment", "pi"}:
            words.say(node.tail)
        elif event == "start":
            words.open(name, node)
        else:
            words.close(name, node)
            if node is not root:
                words.say(node.tail)
    return words.rich()


class _Words:
    """The words of a page as they are met."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._parts: list[str] = []
        self._length = 0
        self._unseen = 0
        self._begun: list[tuple[str, int]] = []
        self._found: list[Entity] = []

    def say(self, text: str | None, *, raw: bool = False) -> None:
        if text and not self._unseen:
            self._put(text if raw else text.replace("\n", " "))

    def open(self, name: str, node: etree._Element) -> None:
        self._unseen += name in UNSEEN
        self._put(_gap(name))
        if name in FORMATS or name == "span":
            self._begun.append((name, self._length))
        self.say(node.text, raw=name == "pre")

    def close(self, name: str, node: etree._Element) -> None:
        self._unseen -= name in UNSEEN
        if name in FORMATS or name == "span":
            _name, start = self._begun.pop()
            kind = FORMATS.get(name) or ("spoiler" if "tg-spoiler" in (node.get("class") or "").split() else "")
            if kind and start < self._length:
                self._found.append(Entity(kind, start, self._length - start, self._value(kind, node)))
        self._put("\n" if name == "br" else _gap(name))

    def _value(self, kind: str, node: etree._Element) -> str:
        if kind != "link":
            return (node.get("emoji-id") or "") if kind == "emoji" else ""
        link = (node.get("href") or "").strip()
        try:
            return urljoin(self._base_url, link) if self._base_url and link else link
        except ValueError:
            return ""

    def _put(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)

    def rich(self) -> Rich:
        rich = Rich("".join(self._parts), self._found)
        rich.tidy()
        return rich


def _gap(name: str) -> str:
    if name in PARAGRAPHS:
        return "\n\n"
    return "\n" if name in BLOCKS else ""


def line_of_html(source: str) -> str:
    """The words of a title that may carry tags and entities."""
    return tidy_line(text_of_html(source)) if "<" in source or "&" in source else tidy_line(source)


def text_of_markdown(source: str) -> str:
    """Telegram's light Markdown without its signs; a link leaves its words, and its address where it has no words."""
    return rich_of_markdown(source).text


def rich_of_markdown(source: str) -> Rich:
    """The same with its formatting."""
    rich = _links_opened(source)
    _unpair(rich, STARS, "bold")
    _unpair(rich, LINES, "italic")
    _unwrap(rich, STRUCK, "strike", 2)
    _unwrap(rich, HIDDEN, "spoiler", 2)
    _unpair(rich, FENCE, "pre")
    _unwrap(rich, CODE, "code", 1)
    rich.tidy()
    return rich


def rich_of_plain(source: str, entities: Iterable[Entity] = ()) -> Rich:
    """Plain text made tidy, with the formatting that came beside it."""
    rich = Rich(source, entities)
    rich.tidy()
    return rich


def _links_opened(source: str) -> Rich:
    pieces: list[str] = []
    found: list[Entity] = []
    place = length = 0
    for link in LINK.finditer(source):
        words = link.group(1).strip() or link.group(2)
        between = source[place : link.start()]
        found.append(Entity("link", length + len(between), len(words), link.group(2)))
        pieces += (between, words)
        length += len(between) + len(words)
        place = link.end()
    return Rich("".join([*pieces, source[place:]]), found)


def _unpair(rich: Rich, sign: re.Pattern[str], kind: str) -> None:
    """Take signs away; what stands between an odd one and the next is formatted."""
    signs = list(sign.finditer(rich.text))
    for opening, closing in zip(signs[::2], signs[1::2], strict=False):
        value = (opening.group(1) or "") if sign.groups else ""
        rich.note(kind, opening.end(), closing.start(), value)
    rich.cut([found.span() for found in signs])


def _unwrap(rich: Rich, wrapped: re.Pattern[str], kind: str, width: int) -> None:
    """Take the signs away from around what they wrap."""
    spans: list[tuple[int, int]] = []
    for found in wrapped.finditer(rich.text):
        rich.note(kind, found.start(1), found.end(1))
        spans += ((found.start(), found.start() + width), (found.end() - width, found.end()))
    rich.cut(spans)
