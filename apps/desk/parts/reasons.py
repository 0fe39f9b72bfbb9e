"""The workbench's part `reasons`: why a post is in the story, and how an editor corrects that."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.urls import path

from apps.accounts.access import can
from apps.accounts.models import User
from apps.desk import correction_pages
from apps.desk.story_page import StoryPage
from apps.stories.models import StoryPost

SHARED = ("phrases", "numbers", "names")
SHOWN_MAX = 8
STEM = 5  # letters by which two forms of one word are known
WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class WhyHere:
    """Why a post stands in its story.

    Attributes:
        kind: `first` of the story, put there `by_hand`, a `copy`, `judged` by an editor, `alike`, `parted` from another
            story on a second look, or unknown (empty).
        shared: phrases, numbers, names or else words that it shares with the post it is like.
        other: that post, where it is in the story too; None elsewhere.
        editor: who put it there.
        vectors: how alike the vectors of the two are, where a second look put it there.
    """

    kind: str
    shared: tuple[str, ...] = ()
    score: float | None = None
    hours: float | None = None
    other: int | None = None
    editor: str = ""
    vectors: float | None = None


def context(page: StoryPage, user: User) -> dict[str, Any]:
    """What the part's template shows, as `part`."""
    here = {member.post_id for member in page.posts}
    editors = User.objects.in_bulk({member.placed_by_id for member in page.posts if member.placed_by_id is not None})
    return {
        "why": {
            member.post_id: why_here(member, here, editors, is_first=number == 0)
            for number, member in enumerate(page.posts)
        },
        "is_single": len(page.posts) < 2,
        "may": can(user, "story.correct", page.story.workspace),
    }


def why_here(member: StoryPost, here: set[int], editors: dict[int, User], *, is_first: bool) -> WhyHere:
    """Read what was kept with a membership; of an older form of it as much as can be understood."""
    reasons = member.reasons
    if member.placed_by_id is not None:
        return WhyHere("by_hand", editor=str(editors.get(member.placed_by_id, "—")))
    if "copy_of" in reasons:
        return WhyHere("copy", other=_among(reasons["copy_of"], here))
    if "judged" in reasons:
        return WhyHere("judged", other=_among(reasons["judged"], here))
    vectors = _number(reasons.get("vectors"))
    if "apart" in reasons:
        return WhyHere("parted", vectors=vectors)
    shared = once(word for key in SHARED for word in _words(reasons.get(key))) or once(_words(reasons.get("terms")))
    if shared or vectors is not None:
        return WhyHere(
            "alike",
            shared=tuple(shared[:SHOWN_MAX]),
            score=member.score or None,
            hours=_number(reasons.get("hours")),
            other=_among(reasons.get("post"), here),
            vectors=vectors,
        )
    return WhyHere("first" if is_first else "")


def once(told: Iterable[str]) -> list[str]:
    """What was told, without what says nothing beside what came before it: a name of a phrase, another form of it."""
    shown: list[str] = []
    known: list[set[str]] = []
    for text in told:
        stems = {word.casefold()[:STEM] for word in WORD.findall(text)}
        if stems and not any(stems <= before for before in known):
            known.append(stems)
            shown.append(f"{text}»" if text.count("«") > text.count("»") else text)
    return shown


def _words(rows: Any) -> list[str]:
    """The words of a list of words, or of pairs of a word and its part."""
    if not isinstance(rows, list):
        return []
    words = (row[0] if isinstance(row, list | tuple) and row else row for row in rows)
    return [str(word) for word in words if word]


def _number(told: Any) -> float | None:
    return told if isinstance(told, int | float) else None


def _among(post: Any, here: set[int]) -> int | None:
    return post if isinstance(post, int) and post in here else None


urlpatterns = [
    path("stories/<int:pk>/posts/<int:post>/move/", correction_pages.post_move_page, name="post_move"),
    path("stories/<int:pk>/posts/<int:post>/apart/", correction_pages.post_apart_page, name="post_apart"),
]
