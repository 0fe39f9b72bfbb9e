"""The house dictionary and style of a workspace, and proofreading by them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core.errors import PermanentError
from apps.core.morphology import folded
from apps.sources.models import Post
from apps.stories.models import HouseStyle, HouseWord, Story
from apps.stories.proofreading import House

WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
WORD_LENGTH, LINES_MAX = 100, 5_000
POSTS_READ = 50  # a story's posts whose words are taken for known
ARROW = re.compile(r"\s*(?:→|->|=>|\t|;)\s*")


@dataclass(frozen=True)
class WordsImport:
    """What came of a pasted list: words that are new, words that changed, and lines that could not be read."""

    added: int
    changed: int
    problems: list[str]


def house_of(workspace: Workspace, *, story: Story | None = None) -> House:
    """The workspace's rules for proofreading; the words of the story's sources are taken for known."""
    style = HouseStyle.objects.filter(workspace=workspace).first() or HouseStyle(workspace=workspace)
    words = dict(HouseWord.objects.filter(workspace=workspace).values_list("written", "wanted"))
    known = source_words(story) if story is not None and style.spelling else frozenset()
    return House(words=words, yo=style.yo, thousands=style.thousands, spelling=style.spelling, known=known)


def source_words(story: Story) -> frozenset[str]:
    """The folded words of the story's latest posts."""
    rows = Post.objects.filter(membership__story=story).order_by("-published_at", "-pk")
    texts = rows.values_list("title", "text")[:POSTS_READ]
    return frozenset(folded(word) for parts in texts for text in parts for word in WORD.findall(text))


@transaction.atomic
def house_word_add(*, workspace: Workspace, written: str, wanted: str, editor: User, note: str = "") -> HouseWord:
    """Put a word into the house dictionary, or change how it is wanted.

    Raises:
        PermanentError: a side is empty or too long.
    """
    written, wanted = tidy(written), tidy(wanted)
    if not written or not wanted:
        raise PermanentError(_("Write the word on both sides."))
    if max(len(written), len(wanted)) > WORD_LENGTH:
        raise PermanentError(_("A word may have at most %(limit)d characters.") % {"limit": WORD_LENGTH})
    word, made = HouseWord.objects.update_or_create(
        workspace=workspace, written=written, defaults={"wanted": wanted, **({"note": note} if note else {})}
    )
    audit_record(actor=editor, verb="house_word.added" if made else "house_word.changed", target=word)
    return word


@transaction.atomic
def house_words_import(*, workspace: Workspace, text: str, editor: User) -> WordsImport:
    """Take over a pasted list, one word a line: "written → wanted", or a word alone that is right as it stands.

    Lines that cannot be read are told of and the rest is kept; the same list twice changes nothing.
    """
    wanted, problems = read_lines(text.splitlines())
    known = dict(HouseWord.objects.filter(workspace=workspace).values_list("written", "wanted"))
    fresh = [word for word in wanted if word not in known]
    changed = [word for word in wanted if word in known and known[word] != wanted[word]]
    HouseWord.objects.bulk_create(
        (HouseWord(workspace=workspace, written=word, wanted=wanted[word]) for word in fresh),
        batch_size=500,
        ignore_conflicts=True,
    )
    for word in changed:
        HouseWord.objects.filter(workspace=workspace, written=word).update(wanted=wanted[word])
    if fresh or changed:
        details = {"added": len(fresh), "changed": len(changed)}
        audit_record(actor=editor, verb="house_word.imported", target=workspace, details=details)
    return WordsImport(len(fresh), len(changed), problems)


def read_lines(lines: Iterable[str]) -> tuple[dict[str, str], list[str]]:
    """Words as they are written → wanted, and what is wrong with the other lines."""
    wanted: dict[str, str] = {}
    problems: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        sides = [tidy(side) for side in ARROW.split(line.strip())]
        pair = sides * 2 if len(sides) == 1 else sides
        if number > LINES_MAX:
            problems.append(_("Only the first %(limit)d lines were read.") % {"limit": LINES_MAX})
            break
        if len(pair) != 2 or not all(pair):
            problems.append(_("Line %(number)d: write “word → wanted”.") % {"number": number})
        elif max(map(len, pair)) > WORD_LENGTH:
            problems.append(_("Line %(number)d: a side is too long.") % {"number": number})
        else:
            wanted[pair[0]] = pair[1]
    return wanted, problems


def tidy(text: str) -> str:
    """A side of an entry with single spaces and without what a database does not store."""
    return " ".join(text.replace("\x00", "").split())
