"""CSS selectors that people type."""

from __future__ import annotations

from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError
from django.utils.translation import gettext as _
from lxml import etree
from lxml import html as lxml_html

from apps.sources.ports import UnreadableError


def chosen(tree: lxml_html.HtmlElement, selector: str) -> list[lxml_html.HtmlElement]:
    """The elements that a selector chooses.

    Raises:
        UnreadableError: it is no CSS selector.
    """
    try:
        return [node for node in tree.xpath(xpath_of(selector)) if isinstance(node, lxml_html.HtmlElement)]
    except (SelectorError, etree.XPathError, ValueError) as exc:
        raise UnreadableError(
            _("“%(selector)s” is not a CSS selector. An example: .news-list h2 a") % {"selector": selector[:100]}
        ) from exc


def selector_problem(selector: str) -> str:
    """What is wrong with a selector, in words; empty where it can be used."""
    try:
        chosen(lxml_html.Element("html"), selector)
    except UnreadableError as exc:
        return str(exc)
    return ""


@lru_cache(maxsize=256)
def xpath_of(selector: str) -> str:
    """The XPath of a CSS selector."""
    return str(HTMLTranslator().css_to_xpath(selector))
