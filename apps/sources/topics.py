"""Which topics a text is about: the words of all topics of a workspace, asked of each text once.

The search is that of the filters: every form of each word, phrases word by word, in quotes exactly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.core.morphology import folded
from apps.sources.filters.budget import RULE_S, clock
from apps.sources.filters.words import ReadText, WordIndex, spans_of, term_of, typed_terms
from apps.sources.models import Post, Topic

Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class TopicWords:
    """A topic apart from its row; the fields are those of `Topic`."""

    key: int
    words: str
    but_not: str = ""


class TopicIndex:
    """The topics of a workspace for one batch of posts.

    Words are looked up, which costs the same for one and for many. Phrases may be dear where their words are common:
    together they may take `RULE_S` a thousand posts; posts after that are asked about single words only.
    """

    def __init__(self, topics: tuple[TopicWords, ...]) -> None:
        self._topics = topics
        self._index = _index_of(topics)
        self._posts, self._spent = 0, 0.0

    def __bool__(self) -> bool:
        return bool(self._topics)

    def of(self, title: str, text: str) -> list[int]:
        """The keys of the topics that a post is about."""
        since = clock()
        self._posts += 1
        left = RULE_S * (1 + self._posts // 1000) - self._spent
        found = self._index.found(ReadText(folded(words_of(title, text))), since + left)
        self._spent += clock() - since
        return [
            topic.key
            for place, topic in enumerate(self._topics)
            if 2 * place in found and 2 * place + 1 not in found  # an even place has its words, the next what it is not
        ]

    def spans(self, title: str, text: str) -> Spans:
        """Where the first word of the first topic stands in `words_of`; none where folding has moved it."""
        words = words_of(title, text)
        read = ReadText(folded(words))
        found = self._index.found(read).get(0)
        return spans_of(found, read) if found and len(read.text) == len(words) else ()


@lru_cache(maxsize=128)
def _index_of(topics: tuple[TopicWords, ...]) -> WordIndex:
    return WordIndex(
        [
            tuple(term_of(*typed) for typed in typed_terms(value))
            for topic in topics
            for value in (topic.words, topic.but_not)
        ]
    )


def topics_of(workspace_id: int) -> TopicIndex:
    """The topics of a workspace as they stand now; one query."""
    rows = Topic.objects.filter(workspace=workspace_id).order_by("pk").values_list("pk", "words", "but_not")
    return TopicIndex(tuple(TopicWords(*row) for row in rows))


def words_of(title: str, text: str) -> str:
    """What is searched: the title and the text, apart from each other."""
    return f"{title}\n\n{text}" if title else text


def topics_told(index: TopicIndex, posts: Sequence[Post]) -> dict[int, list[int]]:
    """The topics of each of these posts, without what their channels put around every post; by the post's key."""
    return {post.pk: index.of(post.title, post.told) for post in posts}
