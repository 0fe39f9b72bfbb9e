"""Texts for the `near_copies` benchmark: real posts or generated ones, new texts out of them, and planted copies."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from apps.sources.parsers import markup
from apps.sources.parsers.export import read_export

SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)
SYLLABLES = [*("бавегодужизаколуманепораситуфехоцишащу"[n : n + 2] for n in range(0, 38, 2)), "стра", "кром"]


@dataclass(frozen=True, slots=True)
class Told:
    """A text, its voice and when it was published."""

    voice: str
    at: datetime
    text: str


def read(folder: Path | None, *, limit: int) -> list[Told]:
    """The posts of a folder of exports, by time; without a folder, as many invented ones."""
    if folder is None:
        return generated(min(limit, 10_000))
    posts = []
    for path in sorted(folder.glob("*.json")):
        with path.open("rb") as file:
            for item in read_export(file, zone=ZoneInfo("UTC"), skipped=lambda: None):
                text = markup.text_of_markdown(item.text) if item.markup == "markdown" else item.text
                if text.strip() and item.published_at:
                    posts.append(Told(item.channel or path.stem, item.published_at, text.strip()))
    return sorted(posts, key=lambda told: told.at)[:limit]


def generated(count: int) -> list[Told]:
    """Invented posts of an invented language whose words are as unevenly common as real ones."""
    chance = random.Random(7)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(20_000)]
    weights = [1 / (place + 3) for place in range(len(words))]
    posts = []
    for number in range(count):
        sentences = [
            " ".join(chance.choices(words, weights, k=chance.randint(6, 16))).capitalize() + "."
            for _ in range(chance.randint(1, 6))
        ]
        at = BEGAN + timedelta(minutes=number * 3)
        posts.append(Told(f"Канал {number % 12}", at, " ".join(sentences) + f"\n\n🔔 Подписаться {number % 12}"))
    return posts


def varied(posts: Sequence[Told], count: int, *, window: timedelta, seed: int = 1) -> Iterator[Told]:
    """New texts, each of sentences of several posts, as long as posts are; all published within the window."""
    chance = random.Random(seed)
    sentences = [part for told in posts for part in SENTENCE.split(told.text) if len(part) > 20]
    lengths = [len(told.text) for told in posts]
    voices = sorted({told.voice for told in posts})
    for number in range(count):
        wanted, parts, size = chance.choice(lengths), [], 0
        while size < wanted:
            # Half of each sentence is another's, so that runs are shared and whole texts are not.
            one, other = chance.choice(sentences).split(), chance.choice(sentences).split()
            part = " ".join(one[: len(one) // 2 + 1] + other[len(other) // 2 :])
            parts.append(part)
            size += len(part) + 1
        yield Told(voices[number % len(voices)], BEGAN + window * chance.random(), " ".join(parts))


# Planted copies: light edits as channels make them


def _signature(text: str, _chance: random.Random) -> str:
    return f"{text}\n\n👉 Подпишись на «Вести Заречья» | Прислать новость"


def _emoji(text: str, chance: random.Random) -> str:
    return chance.choice(("❗️", "⚡️⚡️ ", "🚨 ")) + text.replace(". ", " ‼️ ", 1)


def _sentence_cut(text: str, chance: random.Random) -> str:
    parts = [part for part in SENTENCE.split(text) if part.strip()]
    if len(parts) > 2:
        del parts[chance.randrange(1, len(parts))]
    return " ".join(parts)


def _typography(text: str, _chance: random.Random) -> str:
    return text.replace('"', "«").replace("ё", "е").replace(" - ", " — ").replace("...", "…").upper()


def _words(text: str, chance: random.Random) -> str:
    words = text.split(" ")
    for _ in range(max(1, len(words) // 25)):
        words[chance.randrange(len(words))] = chance.choice(("также", "сообщается", "уже"))
    return " ".join(words)


EDITS: dict[str, Callable[[str, random.Random], str]] = {
    "signature changed": _signature,
    "emoji added": _emoji,
    "a sentence cut": _sentence_cut,
    "quotes, ё, capitals": _typography,
    "one word in 25": _words,
}


# Texts that look like copies and are none: the same words about another thing


def number_changed(text: str, chance: random.Random) -> str | None:
    """The text with each of its numbers another one; None where it has none."""
    changed = re.sub(r"\d+", lambda found: str(int(found[0][:6]) + chance.randint(1, 90)), text)
    return changed if changed != text else None


def name_changed(text: str, _chance: random.Random) -> str | None:
    """The text with one name inside a sentence another one; None where it has none."""
    names = list(re.finditer(r"(?<=[а-яё,] )[А-ЯЁ][а-яё]{3,}", text))
    if not names:
        return None
    name = names[0]
    return text[: name.start()] + "Верхнеозёрск" + text[name.end() :]
