"""Instructions to a model in a post: text in, what looks like one out. Pure.

A post is data, whatever it says, and is fenced as such; this tells the editor that somebody tried. The rules ask for
an order and for what only a model has (instructions, a prompt, a role, an answer's form), so that news about models,
quizzes and adverts that speak to their readers are left alone. Source: OWASP LLM01:2025.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from apps.ai.injection_phrases import COMPILED

LONGEST_READ = 50_000
FINDINGS_AT_MOST = 10
EXCERPT = 120

# Joiners stand in emoji and in Persian, soft hyphens in every second web page: alone they say nothing.
INVISIBLE = "\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\ufeff\u00ad\u180e"
BIDI = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c"
UNSEEN = re.compile(f"[{INVISIBLE}{BIDI}\U000e0000-\U000e007f]")
INVISIBLE_RUN = re.compile(f"[{INVISIBLE}]{{6,}}")
SPELT_APART = re.compile(f"(?:[^\\W\\d_][{INVISIBLE.replace(chr(0xAD), '')}]{{1,3}}){{4,}}[^\\W\\d_]")
TURNED = re.compile("[\u202b\u202e\u2067]")
RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
# Tag characters spell the flags of England, Scotland and Wales after a black flag; elsewhere they are hidden letters.
TAG_LETTERS = re.compile("(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007e]{2,}")
ENCODED = re.compile(r"(?<![\w+/=:.?&%-])[A-Za-z0-9+/]{40,}={0,2}(?![\w+/=])")
WORD = re.compile(r"[^\W\d_]+")
BLANKS = re.compile(r"\s{2,}")
LOOKALIKES = str.maketrans("асеорхуікнтвм", "aceopxyikhtbm")
LATIN, CYRILLIC = re.compile("[a-z]"), re.compile("[а-яё]")


@dataclass(frozen=True)
class Finding:
    """Something in a text that speaks to a model, or hides.

    Attributes:
        why: orders, answer, role, fence, model, hidden, turned or encoded.
        excerpt: the words around it, on one line, what can't be seen left out.
    """

    why: str
    excerpt: str


def instructions_in(text: str) -> list[Finding]:
    """What looks like an instruction to a model in a text, one finding a kind and place, in no more than ten."""
    text = text[:LONGEST_READ]
    found: dict[Finding, None] = {}
    for finding in (*hidden_in(text), *spoken_in(text), *encoded_in(text)):
        found.setdefault(finding)
    return list(found)[:FINDINGS_AT_MOST]


def hidden_in(text: str) -> Iterator[Finding]:
    """Letters that a reader does not see, or sees in another order."""
    if text.isascii():
        return
    for pattern in (INVISIBLE_RUN, SPELT_APART):
        for match in pattern.finditer(text):
            yield Finding("hidden", excerpt(text, match.start(), match.end()))
    for match in TAG_LETTERS.finditer(text):
        said = "".join(chr(ord(letter) - 0xE0000) for letter in match[0])
        yield Finding("hidden", said[:EXCERPT])
    if not RIGHT_TO_LEFT.search(text):
        for match in TURNED.finditer(text):
            yield Finding("turned", excerpt(text, match.start(), match.end()))


def spoken_in(text: str) -> Iterator[Finding]:
    """Phrases that speak to a model, also where invisible signs or letters of another alphabet part them."""
    plain = text if text.isascii() else UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    # A pattern that may begin at every blank of a run and goes on to its end would take minutes for pages of blanks.
    plain = BLANKS.sub(lambda run: "\n" if "\n" in run[0] else " ", plain)
    latin = WORD.sub(as_latin, plain) if not plain.isascii() else plain
    for read in dict.fromkeys((plain, latin)):
        for why, pattern in COMPILED:
            for match in pattern.finditer(read):
                yield Finding(why, excerpt(plain, match.start(), match.end()))


def as_latin(match: re.Match[str]) -> str:
    """A word of both alphabets in Latin letters alone; any other as it is."""
    lower = match[0].lower()
    if not (LATIN.search(lower) and CYRILLIC.search(lower)):
        return match[0]
    return lower.translate(LOOKALIKES) if len(lower) == len(match[0]) else match[0]


def encoded_in(text: str) -> Iterator[Finding]:
    """Long base64 that hides a readable text; hashes, keys and addresses of wallets do not."""
    for match in ENCODED.finditer(text):
        said = decoded(match[0])
        if said:
            yield Finding("encoded", said[:EXCERPT])


def decoded(blob: str) -> str:
    """What a base64 blob says; empty where it says nothing that a person could read."""
    whole = blob.rstrip("=")
    try:
        said = base64.b64decode(whole + "=" * (-len(whole) % 4), validate=True).decode()
    except (binascii.Error, ValueError):
        return ""
    readable = sum(letter.isalnum() or letter in " .,!?:;-—«»\"'()\n" for letter in said)
    return " ".join(said.split()) if " " in said and readable >= 0.95 * len(said) else ""


def excerpt(text: str, start: int, end: int) -> str:
    """The words around a place, on one line."""
    room = max(0, EXCERPT - (end - start)) // 2
    piece = text[max(0, start - room) : end + room]
    return " ".join(UNSEEN.sub("", piece).split())[:EXCERPT]
