"""What the law wants in a post that somebody paid for. Pure."""

from __future__ import annotations

import re

from apps.stories.legal.footnotes import PAID_LINE, DraftText, plain

WORD, TOKEN, ADVERTISER = "word", "erid", "advertiser"
ADVERTISEMENT = re.compile(r"\bреклам(?:а|ный|ная|ное)\b|#реклама\b", re.IGNORECASE)


def paid_missing(text: DraftText, *, erid: str, advertiser: str) -> list[str]:
    """What a paid text lacks, of "word" (реклама), "erid" and "advertiser"; these two also where they are not known."""
    whole = "\n".join((text.title, text.lead, text.body))
    lacks = {
        WORD: not ADVERTISEMENT.search(whole),
        TOKEN: not erid or not re.search(rf"(?<!\w){re.escape(erid)}(?!\w)", whole),
        ADVERTISER: not plain(advertiser) or plain(advertiser) not in plain(whole),
    }
    return [name for name, is_lacking in lacks.items() if is_lacking]


def paid_marked(text: DraftText, *, erid: str, advertiser: str) -> DraftText:
    """The text with one line that says all of it; a line that said something else before is exchanged."""
    if not erid or not advertiser or not paid_missing(text, erid=erid, advertiser=advertiser):
        return text
    line = f"Реклама. {' '.join(advertiser.split()).rstrip('.')}. erid: {erid}"
    if PAID_LINE.search(text.body):
        body = PAID_LINE.sub(lambda _found: line, text.body, count=1)
    else:
        body = f"{text.body.rstrip()}\n\n{line}".lstrip()
    return DraftText(text.title, text.lead, body)
