"""What the OpenAI stand-in answers at /v1/embeddings: deterministic vectors of a text's words, or what a test says."""

from __future__ import annotations

import hashlib
import math
import re
from typing import Any

from tests.servers.openai_words import tokens

DIMENSIONS = 32
INPUTS_MAX = 2048
WORD = re.compile(r"[^\W\d_]{4,}")


def vector_of(text: str, *, dimensions: int = DIMENSIONS) -> list[float]:
    """A vector of length one: texts with the same beginnings of words point the same way."""
    sums = [0.0] * dimensions
    for word in WORD.findall(text.lower()) or [text]:
        told = hashlib.sha256(word[:5].encode()).digest()
        for place in range(dimensions):
            sums[place] += told[place % len(told)] / 255 - 0.5
    length = math.sqrt(sum(value * value for value in sums)) or 1.0
    return [value / length for value in sums]


def show_vectors(
    body: dict[str, Any], texts: list[str], *, known: dict[str, list[float]], fault: str
) -> dict[str, Any]:
    """An object of /v1/embeddings.

    Args:
        known: the vectors of the texts that have these words in them; of others they are made of their words.
        fault: `incomplete` loses a vector, `foreign` makes one longer than the others, `garbled` is no numbers.
    """
    vectors: list[Any] = [
        next((vector for words, vector in known.items() if words in text), None) or vector_of(text) for text in texts
    ]
    if fault == "incomplete":
        vectors.pop()
    elif fault == "foreign":
        vectors[-1] = [*vectors[-1], 0.5]
    elif fault == "garbled":
        vectors[-1] = [float("inf")] + [0.0] * (len(vectors[-1]) - 1)
    data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in enumerate(vectors)]
    spent = sum(tokens(text) for text in texts)
    usage = {"prompt_tokens": spent, "total_tokens": spent}
    return {"object": "list", "data": data, "model": body["model"], "usage": usage}
