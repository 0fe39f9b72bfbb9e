"""The article of a web page, or what stands in its way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from lxml import html as lxml_html

from apps.sources.parsers import extraction
from apps.sources.parsers.links import clean_address, is_home, page_tree, site_of
from apps.sources.parsers.markup import tidy_line
from apps.sources.ports import Item, Media, UnreadableError

TEXT_LEAST = 140  # characters: a page with less running text is no article
SHORT = 1200  # where a page says that it is not free and shows less than this, it shows the beginning only
NOON = time(12)

PAYWALL = re.compile(
    r"(полный текст|материал|статья|продолжение)[^.]{0,60}(доступ|по подписке|подписчик)|оформит[еь] подписку"
    r"|только (для|по) подписчик|subscribe to (continue|read|unlock)|subscribers only|continue reading with"
    r"|this (article|content) is (for|only|reserved)[^.]{0,40}(subscriber|member)",
    re.IGNORECASE,
)
CONSENT = re.compile(
    r"before you continue|we (value|care about) your privacy|accept (all )?cookies|consent to (the use|cookies)"
    r"|принять (все )?(cookie|куки|файлы)|мы используем (файлы )?(cookie|куки)|согласи[ея][^.]{0,40}(cookie|куки)",
    re.IGNORECASE,
)
CONSENT_HOSTS = re.compile(r"^(consent|cookie|guce|privacy)[.-]", re.IGNORECASE)
CHALLENGE = re.compile(
    r"just a moment|checking your browser|verify (that )?you are (a )?human|are you a robot|attention required"
    r"|подтвердите, что (вы не робот|запросы отправляли вы)|проверка браузера|вы не робот|включите javascript"
    r"|enable javascript and cookies|ddos.guard",
    re.IGNORECASE,
)
HEADING = re.compile(r"\s*(?:<html>\s*)?(?:<body>\s*)?<h1[^>]*>(.*?)</h1>", re.DOTALL | re.IGNORECASE)
TAG = re.compile(r"<[^<>]*>")
LOGIN = re.compile(
    r"log ?in to continue|please (log|sign) in|войдите[^.]{0,30}(чтобы|на сайт)|требуется авториз", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What stands where an article should; `kind` is paywall, consent, challenge, login or empty."""

    kind: str

    @property
    def words(self) -> str:
        """It in words, with what to do."""
        return {
            "paywall": _("The article is for subscribers of the site; only its beginning is shown."),
            "consent": _("The site shows a question about cookies instead of the article."),
            "challenge": _("The site checks whether a person reads and lets no program in."),
            "login": _("The site wants a login before it shows the article."),
            "empty": _("There is no article in this page: too little running text."),
        }[self.kind]


@dataclass(frozen=True, slots=True)
class Article:
    """An article; `address` is its canonical one, and `is_cut` says that a paywall hides the rest."""

    address: str
    item: Item
    is_cut: bool = False


def read_article(body: bytes, *, url: str, charset: str = "", title: str = "") -> Article | Obstacle:
    """Read the article of a page; `title` is what its link said, for pages that have none.

    Raises:
        UnreadableError: it is no page.
    """
    tree = page_tree(body, charset=charset)
    told = dict(_told(tree))
    about = extraction.told_of(tree, url=url)
    text = extraction.article_of(tree, url=url)
    words = _words_of(text)
    if (obstacle := _obstacle(tree, url=url, words=words, told=told)) is not None:
        return obstacle
    address = canonical(tree, url)
    heading = tidy_line(about["title"]) or title
    picture = clean_address(about["image"], base_url=url)
    item = Item(
        external_id=address,
        title=heading,
        text=_without_heading(text, heading),
        url=address,
        author=tidy_line(about["author"])[:200],
        published_at=_moment(told, about["date"]),
        channel="",
        markup="html",
        media=(Media("photo", picture, remote={"url": picture}),) if picture else (),
    )
    return Article(address, item, is_cut=told.get("free") is False and len(words) < SHORT)


def canonical(tree: lxml_html.HtmlElement, url: str) -> str:
    """The address that a page calls its own; one of another site or of a front page is not believed."""
    own = clean_address(url) or url
    for path in ("//link[@rel='canonical']/@href", "//meta[@property='og:url']/@content"):
        for value in tree.xpath(path):
            named = clean_address(str(value), base_url=url)
            if named and site_of(named) == site_of(own) and not (is_home(named) and not is_home(own)):
                return named
    return own


def list_obstacle(tree: lxml_html.HtmlElement, *, url: str) -> Obstacle | None:
    """What stands in the way of a list page, where anything does."""
    found = _obstacle(tree, url=url, words=tidy_line(tree.text_content())[:SHORT], told={})
    return None if found is None or found.kind in {"empty", "paywall"} else found


def _without_heading(markup: str, heading: str) -> str:
    """The article without its own title above it, which the post has beside its text."""
    found = HEADING.match(markup)
    return markup[found.end() :] if found and tidy_line(TAG.sub("", found.group(1))) == heading else markup


def _words_of(markup: str) -> str:
    if not markup:
        return ""
    try:
        return tidy_line(page_tree(markup.encode()).text_content())
    except UnreadableError:
        return ""


def _obstacle(tree: lxml_html.HtmlElement, *, url: str, words: str, told: Mapping[str, Any]) -> Obstacle | None:
    if CONSENT_HOSTS.match(urlsplit(url).hostname or ""):
        return Obstacle("consent")
    if len(words) >= SHORT:
        return None
    page = tidy_line(" ".join(tree.xpath("//title/text()")) + " " + _seen(tree))[:6000]
    for kind, sign in (("challenge", CHALLENGE), ("login", LOGIN)):
        if len(words) < 3 * TEXT_LEAST and sign.search(page):
            return Obstacle(kind)
    if told.get("free") is False or PAYWALL.search(page):
        return Obstacle("paywall") if len(words) < SHORT / 2 else None
    if len(words) < 3 * TEXT_LEAST and CONSENT.search(words or page):
        return Obstacle("consent")
    return Obstacle("empty") if len(words) < TEXT_LEAST else None


def _seen(tree: lxml_html.HtmlElement) -> str:
    return " ".join(tree.xpath("//body//text()[not(ancestor::script or ancestor::style)]")[:2000])


def _told(tree: lxml_html.HtmlElement) -> Iterator[tuple[str, Any]]:
    """What the page's own JSON-LD and meta tags say: the moment it was published, and whether it is free."""
    for value in tree.xpath("//time[@datetime]/@datetime")[:1]:
        yield "time", str(value)
    for script in tree.xpath("//script[@type='application/ld+json']/text()"):
        for node in _nodes(script):
            if isinstance(node.get("datePublished"), str):
                yield "published", node["datePublished"]
            if str(node.get("isAccessibleForFree", "")).lower() == "false":
                yield "free", False
    for value in tree.xpath("//meta[@property='article:published_time' or @itemprop='datePublished']/@content")[:1]:
        yield "published", str(value)


def _nodes(script: str) -> Iterator[dict[str, Any]]:
    try:
        waiting: list[Any] = [json.loads(script)]
    except (ValueError, RecursionError):
        return
    for _step in range(200):
        if not waiting:
            return
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting += [node.get("@graph"), node.get("mainEntity"), node.get("hasPart")]
        elif isinstance(node, list):
            waiting += node


def _moment(told: Mapping[str, Any], day: str | None) -> datetime | None:
    """When it was published: to the minute where the page says so, else noon of the day, in UTC; None where unsaid."""
    for name in ("published", "time"):
        try:
            moment = datetime.fromisoformat(str(told[name]).strip())
        except (KeyError, ValueError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    try:
        return datetime.combine(datetime.fromisoformat(day or "").date(), NOON, tzinfo=UTC)
    except ValueError:
        return None
