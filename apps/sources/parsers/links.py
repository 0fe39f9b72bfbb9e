"""The links of a list page: those that a selector chooses, and the selectors that a person may want."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urljoin, urlsplit

from courlan import normalize_url
from django.utils.translation import gettext as _
from lxml import etree
from lxml import html as lxml_html

from apps.sources.parsers.encoding import decode
from apps.sources.parsers.markup import tidy_line
from apps.sources.parsers.selector import LENGTH_MAX, chosen
from apps.sources.parsers.shape import html_checked
from apps.sources.ports import UnreadableError

LINKS_MAX = 300  # a list page names no more; what lies behind is a mistake of the selector
GROUPS_MAX = 8
TRIED_MAX = 40  # selectors, each of which is a walk over the page
ANCHORS_MAX = 5000  # links that are looked at
GROUP_LEAST = 3  # fewer links of one shape are no list
TITLE_LEAST = 12  # characters: shorter words are menus
DEPTH = 3  # so many elements above the link tell its shape
ADDRESS_MAX = 1000
CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9._\-]{1,40})""", re.IGNORECASE)
MADE_UP = re.compile(r"\d{2,}|^(active|first|last|odd|even|current|is-|has-|js-)", re.IGNORECASE)
NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_-]*$")
FRAME = frozenset({"nav", "header", "footer", "aside"})
MARKS = re.compile(r"(?<=[?&])(_openstat|from|ysclid|erid)=[^&]*&?")


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page; the address is absolute, without fragment and marks of advertising."""

    address: str
    title: str


@dataclass(frozen=True, slots=True)
class LinkGroup:
    """Links of one shape and the selector that chooses them."""

    selector: str
    links: tuple[Link, ...]


def page_tree(body: bytes, *, charset: str = "") -> lxml_html.HtmlElement:
    """A page's elements, whatever its encoding.

    Raises:
        UnreadableError: there is nothing in it that is a page, or a tag is out of all measure.
    """
    meta = CHARSET.search(body[:4096])
    text = decode(body, charset=charset or (meta.group(1).decode("ascii") if meta else ""))
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.replace("\x00", ""))
    try:
        tree = lxml_html.document_fromstring(html_checked(text))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as exc:
        raise UnreadableError(_("There is no page at this address.")) from exc
    return tree


def title_of(tree: lxml_html.HtmlElement) -> str:
    """What the page calls itself."""
    return tidy_line(" ".join(tree.xpath("//head/title[1]//text()")))[:150]


def clean_address(address: str, *, base_url: str = "") -> str:
    """The address as it is compared and stored; empty where it leads to no page."""
    try:
        full = urljoin(base_url, address.strip()) if base_url else address.strip()
        parts = urlsplit(full)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
            return ""
        bare = MARKS.sub("", parts._replace(fragment="").geturl()).rstrip("?&")
        clean = str(normalize_url(bare))
    except ValueError:
        return ""
    return clean if len(clean) <= ADDRESS_MAX else ""


def links_of(tree: lxml_html.HtmlElement, *, base_url: str, selector: str) -> tuple[Link, ...]:
    """The links that a selector chooses, in the page's order, each address once.

    The selector may choose the links themselves or what holds them; then the first link in each counts.

    Raises:
        UnreadableError: it is no CSS selector.
    """
    found: dict[str, Link] = {}
    base = base_of(tree, base_url)
    for node in chosen(tree, selector):
        anchor = node if node.tag == "a" else next(iter(node.iter("a")), None)
        link = None if anchor is None else link_of(anchor, base_url=base)
        if link is not None and len(link.title) >= len(found.get(link.address, link).title):
            found[link.address] = link
        if len(found) >= LINKS_MAX:
            break
    return tuple(found.values())


def base_of(tree: lxml_html.HtmlElement, url: str) -> str:
    """What relative links are completed from."""
    for base in tree.iter("base"):
        try:
            return str(urljoin(url, base.get("href") or ""))
        except ValueError:
            break
    return url


def link_of(anchor: lxml_html.HtmlElement, *, base_url: str) -> Link | None:
    """A link to another page of the same site; None for all others."""
    target = (anchor.get("href") or "").strip()
    address = clean_address(target, base_url=base_url) if target and not target.startswith("#") else ""
    if not address or address == clean_address(base_url) or site_of(address) != site_of(base_url) or is_home(address):
        return None
    words = tidy_line(anchor.text_content()) or tidy_line(anchor.get("title") or anchor.get("aria-label") or "")
    return Link(address, words[:500])


def site_of(url: str) -> str:
    """The host without www, in which a list page and its articles agree."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def is_home(url: str) -> bool:
    """Whether it is a site's front page."""
    parts = urlsplit(url)
    return parts.path in {"", "/"} and not parts.query


def link_groups(tree: lxml_html.HtmlElement, *, base_url: str) -> tuple[LinkGroup, ...]:
    """Selectors that each choose a list of articles, the likeliest first."""
    base = base_of(tree, base_url)
    shapes: dict[str, list[tuple[Link, bool]]] = {}
    for anchor in islice(tree.iter("a"), ANCHORS_MAX):
        link = link_of(anchor, base_url=base)
        if link is None:
            continue
        framed = any(above.tag in FRAME for above in anchor.iterancestors())
        for selector in selectors_of(anchor):
            shapes.setdefault(selector, []).append((link, framed))
    ranked = sorted(shapes, key=lambda selector: -worth(shapes[selector]))
    return tuple(_distinct(tree, [one for one in ranked[:TRIED_MAX] if worth(shapes[one])], shapes, base_url))


def _distinct(
    tree: lxml_html.HtmlElement,
    selectors: Iterable[str],
    shapes: dict[str, list[tuple[Link, bool]]],
    base_url: str,
) -> list[LinkGroup]:
    """Groups that choose different links, the better selector of the same ones."""
    groups: list[LinkGroup] = []
    known: set[frozenset[str]] = set()
    for selector in selectors:
        addresses = frozenset(link.address for link, _framed in shapes[selector])
        if addresses in known:
            continue
        known.add(addresses)
        links = links_of(tree, base_url=base_url, selector=selector)
        if len(links) >= GROUP_LEAST:
            groups.append(LinkGroup(selector, links))
        if len(groups) == GROUPS_MAX:
            break
    return groups


def worth(links: list[tuple[Link, bool]]) -> float:
    """How much links of one shape look like a list of articles: many, with words, outside the page's frame."""
    titles = {link.address: len(link.title) for link, _framed in links}
    if len(titles) < GROUP_LEAST:
        return 0.0
    average = sum(min(length, 90) for length in titles.values()) / len(titles)
    framed = sum(framed for _link, framed in links) / len(links)
    return math.sqrt(min(len(titles), 40)) * (average if average >= TITLE_LEAST else average / 8) * (1 - 0.9 * framed)


def selectors_of(anchor: lxml_html.HtmlElement) -> list[str]:
    """The shapes of a link, from the nearest element outward, each a CSS selector."""
    steps = [step_of(anchor)]
    found = [steps[0]] if "." in steps[0] else []
    for above in anchor.iterancestors():
        if above.tag in {"body", "html"} or len(steps) > DEPTH:
            break
        steps.insert(0, step_of(above))
        found.append(" > ".join(steps))
    return [selector for selector in found if len(selector) <= LENGTH_MAX]


def step_of(node: lxml_html.HtmlElement) -> str:
    """An element by its tag and the classes that do not look made up."""
    names = [name for name in (node.get("class") or "").split() if NAME.match(name) and not MADE_UP.search(name)]
    return ".".join([str(node.tag), *names[:2]])
