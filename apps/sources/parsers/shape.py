"""Documents that parsers would be busy with for minutes, told by their tags before any parser sees them.

For each attribute libxml2 walks along all earlier ones of the element, so that a tag of very many takes forever. Tags
are told from words as libxml2 does from 2.14 on (the HTML standard, 13.2.5); the values of attributes may be long.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

from apps.sources.ports import UnreadableError

ATTRIBUTES_MAX = 1000  # of one tag; pages have a few dozen
NAMES_MAX = 100_000  # characters of one tag without the values of its attributes: whole pictures stand in those
# Possessive throughout: nothing is tried twice.
BEGINS = re.compile(r"<(?:(?P<rest>!--|!\[CDATA\[|[!?])|/?(?P<name>[A-Za-z_:\u0080-\U0010ffff][^ \t\r\n\f/>]*+))")
ATTRIBUTE = r"""(?:[ \t\r\n\f/]*+(=[^ \t\r\n\f/>=]*+|[^ \t\r\n\f/>=]++)(?:[ \t\r\n\f]*+=[ \t\r\n\f]*+
(?:"[^"%(not)s]*+"?|'[^'%(not)s]*+'?|[^ \t\r\n\f>"'%(not)s][^ \t\r\n\f>%(not)s]*+)?)?+)"""
COMMENT_END = re.compile(r"--!?>")
XML_ENDS = {"!--": "-->", "![CDATA[": "]]>", "?": "?>"}
# In these a page has words only, until the element closes.
WORDS = frozenset({"script", "style", "textarea", "title", "iframe", "xmp", "noembed", "noframes", "plaintext"})
CLOSING = {name: re.compile(rf"</{name}[ \t\r\n\f/>]", re.IGNORECASE) for name in WORDS}


HTML_ATTRIBUTE = re.compile(ATTRIBUTE % {"not": ""}, re.VERBOSE)
XML_ATTRIBUTE = re.compile(ATTRIBUTE % {"not": "<"}, re.VERBOSE)  # where a value is broken off, another tag begins


def html_checked(text: str) -> str:
    """The same HTML, if no tag of it is out of all measure.

    Raises:
        UnreadableError: one has far more attributes, or longer names, than any page needs.
    """
    place = 0
    while (found := BEGINS.search(text, place)) is not None:
        place = found.end()
        if found["rest"] == "!--":
            # `<!-->` and `<!--->` are whole comments.
            ended = COMMENT_END.search(text, place - 2)
            place = ended.end() if ended else len(text)
        elif found["rest"]:
            place = _past(text, ">", found.start())
        else:
            place = _past_attributes(text, found.start(), place, HTML_ATTRIBUTE)
            closing = CLOSING.get(found["name"].lower())
            if closing is not None and text[found.start() + 1] != "/":
                ended = closing.search(text, place)
                place = ended.start() if ended else len(text)
    return text


def xml_checked(text: str) -> str:
    """The same XML, if no tag of it is out of all measure.

    Raises:
        UnreadableError: as in `html_checked`.
    """
    place = 0
    while (found := BEGINS.search(text, place)) is not None:
        if found["rest"]:
            place = _past(text, XML_ENDS.get(found["rest"], ">"), found.end())
        else:
            place = _past_attributes(text, found.start(), found.end(), XML_ATTRIBUTE)
    return text


def _past(text: str, end: str, place: int) -> int:
    found = text.find(end, place)
    return len(text) if found < 0 else found + len(end)


def _past_attributes(text: str, start: int, place: int, attribute: re.Pattern[str]) -> int:
    """Where the attributes of a tag end."""
    count, names = 0, place - start
    while (found := attribute.match(text, place)) is not None:
        place = found.end()
        count += 1
        names += len(found[1])
        if count > ATTRIBUTES_MAX or names > NAMES_MAX:
            break
    if names > NAMES_MAX or count > ATTRIBUTES_MAX:
        raise UnreadableError(
            _("It has an element with more attributes than any page needs; it is not read."), code="shape"
        )
    return place
