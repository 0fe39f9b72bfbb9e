"""The embedder without a model: beginnings of words, counted into a vector. It knows no meaning, and costs nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from hashlib import blake2b
from math import log, sqrt

from apps.ai.embedding_ports import Vectors

DIMENSIONS = 256
STEM = 5  # letters by which the forms of a Russian word are mostly known
WORD = re.compile(r"[^\W_]{3,}")
MODEL = "offline-stems-1"


class OfflineEmbedder:
    """Counts the stems of a text: what is around vectors runs without a key. The same text has the same vector."""

    model = MODEL
    is_free = True

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """The vectors of some texts; it never fails."""
        return Vectors(tuple(vector_of(text) for text in texts), writer="offline", model=MODEL)


def vector_of(text: str) -> tuple[float, ...]:
    """A text's stems, each at a place and with a sign of its own; of length one."""
    sums = [0.0] * DIMENSIONS
    counted = Counter(word[:STEM] for word in WORD.findall(text.casefold().replace("ё", "е")))
    for stem, times in (counted or Counter([text])).items():
        told = int.from_bytes(blake2b(stem.encode(), digest_size=4).digest(), "little")
        sums[told % DIMENSIONS] += (1 + log(times)) * (1 if told & 0x8000_0000 else -1)
    length = sqrt(sum(value * value for value in sums))
    if not length:  # stems of opposite signs met in all their places
        sums[0] = length = 1.0
    return tuple(value / length for value in sums)
