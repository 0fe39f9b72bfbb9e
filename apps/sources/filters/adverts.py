"""What marks a post as an advertisement: the marks that the law on advertising asks for, and the usual labels.

Since 2022 the Russian law on advertising (article 18.1) has each advertisement on the web carry the word "реклама", its
advertiser and an identifier, `erid`.
"""

from __future__ import annotations

import re

from apps.sources.filters.candidate import Candidate, Hit

MARKS = re.compile(
    r"""
    (?P<erid>\berid\b\s*[:=–—]?\s*[a-z0-9_-]{6,})
    |(?P<rights>\bна\s+правах\s+рекламы\b)
    |(?P<tag>\#(?:реклама|промо|партнерский_?материал|партн[её]рский|ad|ads|advert|sponsored)\b)
    |(?P<label>^[^\w\n]*(?:реклама|advertisement|sponsored)(?:[\s.,]*\d{1,2}\s?\+)?[^\w\n]*$)
    |(?P<owner>\bреклама(?:\s*\d{1,2}\s?\+)?\s*[.:,|/(«"—–-]*\s*
        (?:рекламодатель\b|(?:ооо|оао|пао|зао|ао|ип|нко|гбу|муп|фгуп)\b|[^\n]{0,120}?\b(?:инн|огрн(?:ип)?)\s*:?\s*\d{10,15}))
    |(?P<advertiser>\bрекламодатель\s*[:—–-])
    |(?P<partner>\bпартн[её]рский\s+(?:материал|пост|проект)\b)
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
LINK = re.compile(r"[?&]erid=[\w-]+", re.IGNORECASE)
HINTS = ("рекл", "erid", "партн", "#", "advert", "sponsor")
DETAIL_MAX = 60


def advert_in(candidate: Candidate) -> Hit | None:
    """The first mark of an advertisement in a post, or in the addresses behind its words."""
    text = candidate.words
    low = text.lower()
    if any(hint in low for hint in HINTS) and (found := MARKS.search(text)):
        return Hit(" ".join(found.group().split())[:DETAIL_MAX], (found.span(),))
    for link in candidate.links:
        if LINK.search(link):
            return Hit("erid")
    return None
