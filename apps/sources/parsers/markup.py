"""Plain text out of HTML, Telegram's light Markdown and untidy plain text."""

from __future__ import annotations

import html
import re
import unicodedata

from lxml import etree
from lxml import html as lxml_html

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

SPACES = re.compile(r"[^\S\n]{2,}|[^\S\n ]")
LINE_EDGES = re.compile(r" \n ?|\n ")
GAPS = re.compile(r"\n{3,}")
# Control characters and lone surrogates (a database refuses them), soft hyphens, zero-width spaces,
# marks of direction.
INVISIBLE = re.compile(
    "\u200c{2,}|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]"
)

LINK = re.compile(r"\[([^\[\]]*)\]\(([^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)?")
FENCE = re.compile(r"```(?:\w+\n)?")
CODE = re.compile(r"`([^`\n]+)`")
STARS = re.compile(r"\*\*")
# Writers rarely close it where it opens, so each one goes, except inside names and addresses (my__name).
LINES = re.compile(r"(?<![A-Za-z0-9])__|__(?![A-Za-z0-9])")
STRUCK = re.compile(r"~~(.+?)~~", re.DOTALL)
HIDDEN = re.compile(r"\|\|(.+?)\|\|", re.DOTALL)


def tidy(text: str) -> str:
    """One kind of line end and space, no invisible characters, at most one empty line in a row."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\u2028", "\n").replace("\u2029", "\n\n")
    text = unicodedata.normalize("NFC", INVISIBLE.sub("", text))
    return GAPS.sub("\n\n", LINE_EDGES.sub("\n", SPACES.sub(" ", text))).strip()


def tidy_line(text: str) -> str:
    """The same on one line."""
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    return " ".join(tidy(text).split())


def text_of_html(source: str) -> str:
    """The words of an HTML fragment: blocks become lines, paragraphs are set apart, scripts and styles are left out."""
    if not TAG.search(source):
        return tidy(html.unescape(source) if ENTITY.search(source) else source)
    try:
        root = lxml_html.fragment_fromstring(INVISIBLE.sub("", source), create_parent="div")
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return tidy(html.unescape(TAG.sub(" ", source)))
    parts: list[str] = []
    unseen = 0
    for event, node in etree.iterwalk(root, events=("start", "end", "comment", "pi")):
        name = node.tag if isinstance(node.tag, str) else ""
        if event in {"comment", "pi"}:
            _add(parts, node.tail, unseen)
            continue
        if event == "start":
            unseen += name in UNSEEN
            parts.append(_gap(name))
            _add(parts, node.text, unseen, raw=name == "pre")
        else:
            unseen -= name in UNSEEN
            parts.append(_gap(name) if name != "br" else "\n")
            if node is not root:
                _add(parts, node.tail, unseen)
    return tidy("".join(parts))


def _gap(name: str) -> str:
    if name in PARAGRAPHS:
        return "\n\n"
    return "\n" if name in BLOCKS else ""


def _add(parts: list[str], text: str | None, unseen: int, *, raw: bool = False) -> None:
    if text and not unseen:
        parts.append(text if raw else text.replace("\n", " "))


def line_of_html(source: str) -> str:
    """The words of a title that may carry tags and entities."""
    return tidy_line(text_of_html(source)) if "<" in source or "&" in source else tidy_line(source)


def text_of_markdown(source: str) -> str:
    """Telegram's light Markdown without its signs; a link leaves its words, and its address where it has no words."""
    text = LINK.sub(lambda found: found.group(1).strip() or found.group(2), source)
    text = STARS.sub("", text)
    text = LINES.sub("", text)
    text = STRUCK.sub(r"\1", text)
    text = HIDDEN.sub(r"\1", text)
    text = CODE.sub(r"\1", FENCE.sub("", text))
    return tidy(text)
