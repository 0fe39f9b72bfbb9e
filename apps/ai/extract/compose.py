"""Choosing sentences: what most posts say first, nothing twice, in an order that can be read."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from apps.ai.extract.sentences import sentences
from apps.ai.extract.words import LEANING, stems, tags

DEFAULT_CHARS = 1_200
TITLE_CHARS = 120
SENTENCES_AT_MOST = 240
SHORTEST, LONGEST = 25, 600
# Two sentences that share this much of the shorter one's words say the same.
SAME = 0.6
PARAGRAPH_SENTENCES = 3
# A lead comes from the first sentences of a post.
OPENING = 2
JUNK = re.compile(
    r"https?://|www\.|t\.me/|@\w{4,}|#\w|подпис(?:ыв|аться|ка на)|читай(?:те)? (?:также|нас)|промокод|erid|"
    r"выделите текст|ctrl ?\+ ?enter|узнать здесь|подробн\w+ (?:здесь|по ссылке)|читать (?:далее|полностью)|"
    r"на правах рекламы|наш (?:канал|чат)|переходи(?:те)? по ссылке|фото:|видео:|источник:|subscribe|read more",
    re.IGNORECASE,
)
ENDS = re.compile(r"[.!?…][»”\"’)\]]*$")
ENDMARKS = " .…:;,—–-"


@dataclass(frozen=True)
class Sentence:
    """A sentence and where it stands."""

    text: str
    post: int
    place: int
    stems: frozenset[str]


@dataclass(frozen=True)
class Note:
    """A note made of the posts' own sentences."""

    title: str
    lead: str
    body: str
    tags: tuple[str, ...]


def compose(posts: Sequence[tuple[str, str]], *, max_chars: int | None = None, variant: int = 1) -> Note | None:
    """A note out of posts, each a title and a text; None where they hold no sentence.

    A further `variant` begins with the next best opening that says something else; None where there are not so many.
    """
    room = max_chars or DEFAULT_CHARS
    every = gathered(posts)
    headlines = [headline(title, text) for title, text in posts]
    if not every and not any(headlines):
        return None
    scores = central(every)
    given = [line for line, (own, _text) in zip(headlines, posts, strict=True) if line and own.strip()]
    title = best_title(given or [line for line in headlines if line], every)
    said = stems(title)
    rest = [number for number, sentence in enumerate(every) if not alike(sentence.stems, said)]
    ranked = sorted(rest, key=lambda number: (-scores[number], number))
    opening = [number for number in ranked if every[number].place < OPENING and not LEANING.match(every[number].text)]
    if variant > 1:
        opening = apart(opening, every)[variant - 1 : variant]
        if not opening:
            return None
    chosen = fitting([*opening[:1], *ranked], every, room)
    by_post = [[sentence.text for sentence in every if sentence.post == post] for post in range(len(posts))]
    found = tags([[*by_post[post], headlines[post]] for post in range(len(posts))])
    if not chosen:
        whole = every[0].text if every else title
        return Note(title, "", cut(whole, room), found)
    ordered = reading_order(chosen, every, scores)
    if len(ordered) == 1:
        return Note(title, "", ordered[0].text, found)
    return Note(title, ordered[0].text, paragraphs(ordered[1:]), found)


def gathered(posts: Sequence[tuple[str, str]]) -> list[Sentence]:
    """The sentences worth a place in a note; posts take turns, so that a long one does not crowd out the others."""
    every = [
        Sentence(sentence, post, place, stems(sentence))
        for post, (_title, text) in enumerate(posts)
        for place, sentence in enumerate(sentences(text))
        if SHORTEST <= len(sentence) <= LONGEST and not JUNK.search(sentence)
    ]
    whole = [sentence for sentence in every if ENDS.search(sentence.text)]
    # A post that is a list has lines instead of sentences.
    found = whole if len(whole) > 1 else every
    found.sort(key=lambda sentence: (sentence.place, sentence.post))
    return sorted(found[:SENTENCES_AT_MOST], key=lambda sentence: (sentence.post, sentence.place))


def headline(title: str, text: str) -> str:
    """A post's own headline: its title, or a first line that is not a sentence."""
    lines = [line for line in (title.strip().splitlines() or text.strip().splitlines()[:1]) if line.strip()]
    for line in lines[:1]:
        first = sentences(line)
        if first and not JUNK.search(first[0]):
            return first[0]
    return ""


def central(every: Sequence[Sentence]) -> list[float]:
    """How much each sentence says of what the other posts say too, with a little for standing early."""
    spread = Counter(word for sentence in every for word in sentence.stems)
    weight = {word: 1.0 / (1.0 + math.log(times)) for word, times in spread.items()}
    length = [math.sqrt(sum(weight[word] ** 2 for word in sorted(sentence.stems))) or 1.0 for sentence in every]
    scores = []
    for one, sentence in enumerate(every):
        shared = 0.0
        for other, their in enumerate(every):
            if other == one:
                continue
            common = sum(weight[word] ** 2 for word in sorted(sentence.stems & their.stems))
            shared += common / (length[one] * length[other]) * (1.0 if their.post != sentence.post else 0.3)
        early = 1.0 / (1.0 + 0.5 * sentence.place)
        score = shared / max(len(every) - 1, 1) + 0.25 * early
        scores.append(round(score * (0.4 if LEANING.match(sentence.text) else 1.0), 9))
    return scores


def same(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sentences say nearly the same."""
    shorter = min(len(one), len(other))
    return shorter > 0 and len(one & other) / shorter > SAME


def alike(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether a sentence is the title over again; one that tells more than the title is not."""
    return bool(one) and len(one & other) / len(one | other) > SAME


def best_title(headlines: Sequence[str], every: Sequence[Sentence]) -> str:
    """The headline that is nearest to all posts, else the shortest first sentence; without its full stop."""
    plain = [line for line in headlines if line[0] not in '«“„"']
    openings = [sentence.text for sentence in every if sentence.place < OPENING]
    headlines = plain or openings or headlines or [sentence.text for sentence in every]
    common = Counter(word for sentence in every for word in sentence.stems)

    def nearness(line: str) -> tuple[bool, float, int]:
        words = stems(line)
        weight = sum(common[word] for word in sorted(words)) / math.sqrt(len(words) or 1)
        return len(line) > TITLE_CHARS, -round(weight, 6), len(line)

    chosen = min(headlines, key=nearness)
    return cut(chosen, TITLE_CHARS * 2).rstrip(ENDMARKS) if not chosen.endswith(("?", "!")) else chosen


def apart(numbers: Sequence[int], every: Sequence[Sentence]) -> list[int]:
    """Those sentences that say nothing that one before them says."""
    kept: list[int] = []
    for number in numbers:
        if not any(same(every[number].stems, every[taken].stems) for taken in kept):
            kept.append(number)
    return kept


def fitting(ranked: Sequence[int], every: Sequence[Sentence], room: int) -> list[int]:
    """The best sentences that fit: the first is the lead and takes no room, none says what another has said."""
    chosen: list[int] = []
    for number in ranked:
        sentence = every[number]
        size = len(sentence.text) + 2 if chosen else 0
        if size > room or (not chosen and len(sentence.text) > room):
            continue
        if any(same(sentence.stems, every[taken].stems) for taken in chosen):
            continue
        chosen.append(number)
        room -= size
    return chosen


def reading_order(chosen: Sequence[int], every: Sequence[Sentence], scores: Sequence[float]) -> list[Sentence]:
    """The lead, then the rest of its post, then the other posts, each in its own order."""
    lead = every[chosen[0]]
    by_post: Counter[int] = Counter()
    for number in chosen:
        by_post[every[number].post] += scores[number]  # type: ignore[assignment]
    posts = sorted(by_post, key=lambda post: (post != lead.post, -by_post[post], post))
    rest = [every[number] for number in chosen[1:]]
    return [lead, *sorted(rest, key=lambda sentence: (posts.index(sentence.post), sentence.place))]


def paragraphs(ordered: Sequence[Sentence]) -> str:
    """Sentences in paragraphs: a new one for a new post and after three."""
    blocks: list[list[Sentence]] = []
    for sentence in ordered:
        goes_on = blocks and blocks[-1][-1].post == sentence.post and ENDS.search(blocks[-1][-1].text)
        if goes_on and len(blocks[-1]) < PARAGRAPH_SENTENCES:
            blocks[-1].append(sentence)
        else:
            blocks.append([sentence])
    return "\n\n".join(" ".join(sentence.text for sentence in block) for block in blocks)


def cut(text: str, room: int) -> str:
    """A text that fits, ended at a word with an ellipsis where it does not."""
    if len(text) <= room:
        return text
    head, follows = text[: room - 1], text[room - 1]
    return (head if follows == " " else head.rsplit(" ", 1)[0]).rstrip(ENDMARKS) + "…"
