"""Drafts for the `fact_check` benchmark: stories of real or invented posts, notes out of them, planted errors.

Nothing here asks the checker: what is a number, a name or a date is found by patterns and a dictionary of its own.
"""

from __future__ import annotations

import random
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import log, sqrt
from pathlib import Path

from apps.ai.extract.compose import compose
from apps.ai.extract.sentences import sentences
from apps.core.morphology import analyzer
from tests.benchmarks.fact_check_invented import invented
from tests.benchmarks.fact_check_reworded import CAPITAL, DATE, LINK, MONTHS, NUMBER, QUOTE, Made, words_of
from tests.benchmarks.near_copies_texts import Told, read

HOURS = 24
ALIKE = 0.3
POSTS_MOST = 6
NAMES = ("Surn", "Geox", "Name", "Orgn")
STEM = 5


def stories(folder: Path | None) -> list[list[Told]]:
    """Posts of one event each, by the words that they share within a day; without a folder, invented ones."""
    if folder is None:
        return invented()
    posts = [told for told in read(folder, limit=20_000) if len(told.text) > 120]
    own = [Counter(word[:6] for word in re.findall(r"\w{4,}", told.text.lower())) for told in posts]
    seen = Counter(word for words in own for word in words)
    weigh = {word: log(len(posts) / count) for word, count in seen.items()}
    length = [sqrt(sum(weigh[word] ** 2 for word in words)) or 1.0 for words in own]
    by_word: dict[str, list[int]] = defaultdict(list)
    of: list[int] = []
    groups: dict[int, list[int]] = defaultdict(list)
    for place, words in enumerate(own):
        scores: Counter[int] = Counter()
        for word in words:
            if seen[word] < 400:
                for other in by_word[word]:
                    if posts[place].at - posts[other].at < timedelta(hours=HOURS):
                        scores[other] += weigh[word] ** 2
                by_word[word].append(place)
        best = max(scores, key=lambda other: scores[other] / length[other], default=-1)
        near = best >= 0 and scores[best] / length[best] / length[place] > ALIKE
        of.append(of[best] if near and len(groups[of[best]]) < POSTS_MOST else place)
        groups[of[place]].append(place)
    return [[posts[place] for place in group] for group in groups.values()]


def extracted(story: Sequence[Told]) -> Made | None:
    """What the offline writer makes of a story."""
    note = compose([("", told.text) for told in story], max_chars=1_500)
    return Made(story, note.title, note.lead, note.body) if note else None


def recombined(story: Sequence[Told], chance: random.Random) -> Made | None:
    """Sentences of all the posts, mixed."""
    every = [line for told in story for line in sentences(told.text) if 20 < len(line) < 500]
    if len(every) < 3:
        return None
    chosen = chance.sample(every, min(len(every), chance.randint(3, 9)))
    return Made(story, chosen[0].rstrip("."), chosen[1], " ".join(chosen[2:]))


# Planted errors: each gives the new text of a place, or nothing


@dataclass(frozen=True)
class Planted:
    """One error: where it goes and what is put there."""

    start: int
    end: int
    text: str


def _number(text: str, made: Made, chance: random.Random, _others: Others) -> list[Planted]:
    said = "\n".join(told.text for told in made.story)
    digits = set(re.findall(r"\d+", said))
    found = []
    dated = [match.span() for match in DATE.finditer(text)]
    for match in NUMBER.finditer(text):
        if any(start <= match.start() < end for start, end in dated):
            continue
        plain = re.sub(r"[ \u00a0]", "", match[0])
        for _try in range(9):
            at = chance.randrange(len(plain))
            if not plain[at].isdigit():
                continue
            digit = chance.choice([one for one in "123456789" if one != plain[at]])
            new = plain[:at] + digit + plain[at + 1 :]
            if new not in digits and not _stands_in_words(new, said):
                found.append(Planted(match.start(), match.end(), new))
                break
    return found


def _stands_in_words(number: str, said: str) -> bool:
    """Whether a text has a small number in words, by the starts of its words."""
    return number.isdigit() and 0 < int(number) < 100 and words_of(int(number)).split()[-1][:3] in said.lower()


def _name(text: str, made: Made, chance: random.Random, others: Others) -> list[Planted]:
    said = "\n".join(told.text for told in made.story).lower().replace("ё", "е")
    found = []
    for match in CAPITAL.finditer(text):
        readings = [one for one in analyzer().parse(match[0]) if one.is_known]
        if not readings or not set(NAMES) & readings[0].tag.grammemes:
            continue
        kind = next(kind for kind in NAMES if kind in readings[0].tag)
        fresh = [name for name in others.names[kind] if name[: STEM - 1].lower().replace("ё", "е") not in said]
        if fresh:
            found.append(Planted(match.start(), match.end(), chance.choice(fresh)))
    return found


def _quote(text: str, made: Made, chance: random.Random, others: Others) -> list[Planted]:
    """A word of a quotation changed, or another quotation in its place, or one where there was none."""
    found = []
    said = "\n".join(told.text for told in made.story)
    fresh = [quote for quote in others.quotes if quote[:20] not in said]
    for match in QUOTE.finditer(text):
        words = match[1].split()
        if len(words) < 5:
            continue
        if chance.random() < 0.5:
            found.append(Planted(match.start(1), match.end(1), chance.choice(fresh)))
            continue
        long = [place for place, word in enumerate(words) if len(word) > 4 and word.isalpha()]
        if long:
            place = chance.choice(long)
            words[place] = chance.choice([word for word in others.words if word[:3] != words[place][:3].lower()])
            found.append(Planted(match.start(1), match.end(1), " ".join(words)))
    if not found and text.endswith("."):
        found.append(Planted(len(text), len(text), f" «{chance.choice(fresh)}», — сказал он."))
    return found


def _date(text: str, made: Made, chance: random.Random, _others: Others) -> list[Planted]:
    said = "\n".join(told.text for told in made.story)
    days = {(int(match[1]), match[2]) for match in DATE.finditer(said)}
    days |= {
        (int(match[1]), match[2])
        for match in re.finditer(rf"(\d{{1,2}})(?:-?го)? ?(?:[-–—,]|и|по|до) ?\d{{1,2}} ({'|'.join(MONTHS)})", said)
    }
    days |= {(told.at.day + shift, MONTHS[told.at.month - 1]) for told in made.story for shift in (-1, 0, 1)}
    found = []
    for match in DATE.finditer(text):
        day, month = chance.randint(1, 28), match[2]
        if chance.random() < 0.4:
            day, month = int(match[1]), chance.choice(MONTHS)
        if (day, month) not in days and not re.search(rf"\b{day:02}\.{MONTHS.index(month) + 1:02}", said):
            found.append(Planted(match.start(), match.end(2), f"{day} {month}"))
    return found


def _link(text: str, made: Made, chance: random.Random, _others: Others) -> list[Planted]:
    said = "\n".join(told.text for told in made.story)
    found = []
    for match in LINK.finditer(text):
        at = chance.randrange(max(len(match[0]) * 2 // 3, 3), len(match[0]))
        if match[0][at].isalpha():
            new = match[0][:at] + ("q" if match[0][at] != "q" else "w") + match[0][at + 1 :]
            if new not in said:
                found.append(Planted(match.start(), match.end(), new))
    return found


Plant = Callable[[str, Made, random.Random, "Others"], list[Planted]]
ERRORS: dict[str, Plant] = {"number": _number, "name": _name, "quote": _quote, "date": _date, "link": _link}


@dataclass(frozen=True)
class Others:
    """What other stories have: names by kind, quotations and words to plant."""

    names: dict[str, list[str]]
    quotes: list[str]
    words: list[str]


def others(every: Sequence[Sequence[Told]]) -> Others:
    """Gather from stories what can be planted in others."""
    names: dict[str, Counter[str]] = {kind: Counter() for kind in NAMES}
    quotes, words = [], []
    for story in every:
        for told in story:
            for match in CAPITAL.finditer(told.text):
                best = analyzer().parse(match[0])[0]
                for kind in NAMES:
                    if best.is_known and kind in best.tag and "nomn" in best.tag and "sing" in best.tag:
                        names[kind][match[0]] += 1
            quotes += [match[1] for match in QUOTE.finditer(told.text) if len(match[1].split()) > 4]
            words += re.findall(r"(?<![\w-])[а-я]{6,12}(?![\w-])", told.text)[:4]
    return Others({kind: sorted(count) for kind, count in names.items()}, sorted(set(quotes)), sorted(set(words)))


def planted(made: Made, kind: str, chance: random.Random, known: Others) -> Made | None:
    """A draft with one error of a kind; None where there is no place for one."""
    places = [
        (field, one)
        for field in ("title", "lead", "body")
        for one in ERRORS[kind](getattr(made, field), made, chance, known)
    ]
    if not places:
        return None
    field, one = chance.choice(places)
    text = getattr(made, field)
    place = (field, one.start, one.start + len(one.text))
    return replace(made, **{field: text[: one.start] + one.text + text[one.end :]}, error=kind, place=place)
