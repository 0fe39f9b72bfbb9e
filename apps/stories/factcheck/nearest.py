"""The sentence of the sources that is nearest to one of the draft."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
from math import log

from apps.stories.factcheck.findings import Kind
from apps.stories.factcheck.quantities import quantities
from apps.stories.factcheck.sources import Sources
from apps.stories.factcheck.words import content_stems

SHOWN = 300  # characters of a sentence that are shown
CLOSE = 3.0  # how much more a word right by the finding counts
LOOKED_AT = 12
BONUS = 0.5  # of the score, where a sentence has what the finding is about: a number for a number


class Nearest:
    """Looks sentences up by the rare words that they share."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    @cached_property
    def _postings(self) -> dict[str, list[int]]:
        postings: dict[str, list[int]] = defaultdict(list)
        for place, (_source, _text, stems) in enumerate(self._sources.sentences):
            for stem in stems:
                postings[stem].append(place)
        return postings

    def find(self, sentence: str, around: str, *, kind: Kind) -> tuple[int | None, str]:
        """The number of the source and its sentence; None and nothing where none shares a word.

        Args:
            sentence: the draft's sentence.
            around: the words right around the finding, which tell more.
        """
        every = self._sources.sentences
        scores: Counter[int] = Counter()
        close = content_stems(around)
        for stem in sorted(content_stems(sentence)):
            places = self._postings.get(stem, [])
            weight = log(1 + len(every) / (1 + len(places))) * (CLOSE if stem in close else 1.0)
            for place in places:
                scores[place] += weight  # type: ignore[assignment]  # Counter is typed for whole numbers
        if not scores:
            return None, ""
        best = max(
            (place for place, _score in scores.most_common(LOOKED_AT)),
            key=lambda place: (self._ranked(scores[place], every[place][1], kind), -place),
        )
        source, text, _stems = every[best]
        return source, text if len(text) <= SHOWN else text[: SHOWN - 1].rstrip() + "…"

    def _ranked(self, score: float, text: str, kind: Kind) -> float:
        """A score, more where the sentence has something of the kind in question; long sentences win nothing."""
        if kind == "number":
            has = bool(quantities(text))
        elif kind in {"date", "time"}:
            has = any(letter.isdigit() for letter in text)
        else:
            has = kind != "quote" or "«" in text or '"' in text
        return score * (1 + BONUS * has) / (1 + len(text) / 600)
