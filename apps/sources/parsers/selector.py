"""CSS selectors that people type."""

from __future__ import annotations

from functools import lru_cache

from cssselect import HTMLTranslator, Selector, SelectorError, parse
from cssselect.parser import CombinedSelector, Token
from django.utils.translation import gettext as _
from lxml import etree
from lxml import html as lxml_html

from apps.sources.ports import UnreadableError

LENGTH_MAX = 200  # characters
SIBLINGS_MAX = 1  # steps from an element to those beside it; each looks at all of them again


def chosen(tree: lxml_html.HtmlElement, selector: str) -> list[lxml_html.HtmlElement]:
    """The elements that a selector chooses.

    Raises:
        UnreadableError: it is no CSS selector, or one that would take too long.
    """
    if len(selector) > LENGTH_MAX:
        raise UnreadableError(
            _("The selector is longer than %(length)s characters; write a shorter one.") % {"length": LENGTH_MAX}
        )
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
    """The XPath of a CSS selector of at most one step to a neighbour."""
    if sum(map(_siblings, parse(selector))) > SIBLINGS_MAX:
        raise UnreadableError(_("The selector has more than one “~” or “+”; use classes or “>” instead."))
    return str(HTMLTranslator().css_to_xpath(selector))


def _siblings(part: object) -> int:
    """How many combinators `~` and `+` stand in a part of a selector, whatever it is nested in."""
    if isinstance(part, Token):
        return int(part.is_delim("~", "+"))
    if isinstance(part, list | tuple):
        return sum(map(_siblings, part))
    if type(part).__module__ != Selector.__module__:
        return 0
    own = isinstance(part, CombinedSelector) and part.combinator in {"~", "+"}
    return own + sum(map(_siblings, vars(part).values()))
