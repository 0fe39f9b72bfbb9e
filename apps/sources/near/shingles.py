"""What a text comes down to when two are compared: overlapping runs of its words, as numbers.

Two texts are alike by the share of runs that both have (Jaccard). Which texts may be alike is found by MinHash in one
permutation with densification (Li, Owen, Zhang, NIPS 2012; Shrivastava, ICML 2017): every run is hashed once and falls
into one of a few bins, the least of each bin stands for it, and an empty bin borrows from another in a fixed order.
Pairs of bins make the keys that are looked up.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib

WORDS_A_RUN = 3
BANDS = 10
BINS = 2 * BANDS
WORDS_LEAST = 5  # fewer words are a greeting or a heading, and nobody's copy
WORDS_SHORT = 12  # so few are common property after a few hours
MASK = 0xFFFFFFFF
SPREAD = 0x9E3779B1  # Knuth's multiplicative hash; CRC-32 alone fills bins unevenly where texts differ in one letter

WORD = re.compile(r"[^\W_]+")
LINK = re.compile(r"https?://\S+|\bwww\.\S+|\bt\.me/\S+|[@#]\w+")
LINK_SIGNS = ("@", "#", "http", "www.", "t.me/")  # without one of these `LINK` finds nothing
# where an empty bin borrows: each has an order of its own, the same on every machine
BORROWS = [
    [
        other
        for _order, other in sorted((zlib.crc32(b"%d borrows from %d" % (own, other)), other) for other in range(BINS))
    ]
    for own in range(BINS)
]


def words_of(text: str) -> list[str]:
    """The words that count: links, mentions, hashtags, punctuation, emoji and the case of letters do not."""
    return WORD.findall(without_links(text).lower().replace("ё", "е"))


def without_links(text: str) -> str:
    """A text with a space for each link, mention and hashtag; most lines have none, which is seen sooner."""
    return LINK.sub(" ", text) if any(sign in text for sign in LINK_SIGNS) else text


def runs_of(words: list[str]) -> frozenset[int]:
    """The runs of three words, each as 32 bits; of a shorter text, all of it."""
    if len(words) < WORDS_A_RUN:
        return frozenset({zlib.crc32(" ".join(words).encode())} if words else ())
    crc32 = zlib.crc32
    return frozenset(
        [
            crc32(f"{first} {second} {third}".encode())
            for first, second, third in zip(words, words[1:], words[2:], strict=False)
        ]
    )


def jaccard(first: frozenset[int], second: frozenset[int]) -> float:
    """The share of runs that two texts have in common, 0 to 1."""
    shared = len(first & second)
    return shared / (len(first) + len(second) - shared) if shared else 0.0


def bins_of(runs: frozenset[int]) -> list[int]:
    """The least hash of each bin; an empty set of runs has none."""
    least: list[int | None] = [None] * BINS
    for run in runs:
        spread = run * SPREAD & MASK
        place = (spread >> 16) % BINS
        known = least[place]
        if known is None or spread < known:
            least[place] = spread
    full = [value for value in least if value is not None]
    if not full:
        return []
    if len(full) == BINS:
        return full
    return [next(least[other] for other in [own, *BORROWS[own]] if least[other] is not None) for own in range(BINS)]  # type: ignore[misc]


def keys_of(runs: frozenset[int], *, workspace_id: int) -> tuple[int, ...]:
    """The keys, one a band, under which a text is looked up in a workspace: signed 64-bit numbers."""
    bins = bins_of(runs)
    if not bins:
        return ()
    # One digest a text, cut into keys, would tie the bands together; so each band is mixed by itself.
    seed = workspace_id * 0x9E3779B97F4A7C15
    return tuple(_mixed(seed + band, bins[2 * band], bins[2 * band + 1]) for band in range(BANDS))


def _mixed(seed: int, first: int, second: int) -> int:
    """Splitmix64's finaliser over a pair of hashes."""
    value = (first << 32 | second) + seed * 0xD1342543DE82EF95 & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    value = (value ^ value >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
    value ^= value >> 31
    return value - (1 << 64) if value >> 63 else value


def line_key(text: str) -> int:
    """A line's identity for counting: its words, or the line as it stands where it has none; signed 64 bits."""
    words = words_of(text)
    digest = hashlib.blake2b(" ".join(words).encode() or text.strip().lower().encode(), digest_size=8).digest()
    key: int = struct.unpack("<q", digest)[0]
    return key
