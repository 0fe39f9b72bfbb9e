"""What an editor is warned of: instructions to a model in the posts, forbidden words in the text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import TypedDict

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.ai.injection import instructions_in
from apps.core.morphology import folded
from apps.sources.filters.words import ReadText, Term, spans_of, stands, term_of
from apps.sources.models import Post
from apps.stories.models import Preset, Rewrite, Story
from apps.stories.services.prompts import posts_of

WHY: dict[str, str | Promise] = {
    "orders": _("The post orders a model to leave its instructions."),
    "answer": _("The post says how a model should answer."),
    "role": _("The post pretends to be a part of the conversation with a model."),
    "fence": _("The post tries to end its own place among the sources."),
    "model": _("The post speaks to a model, not to readers."),
    "hidden": _("The post hides letters that readers do not see."),
    "turned": _("The post turns the direction of its letters around."),
    "encoded": _("The post holds an encoded text."),
}
FIELDS = ("title", "lead", "body")
PHRASES_AT_MOST = 200


class PostWarning(TypedDict):
    """An instruction to a model in a post: its id, the words around, and why (stored a code, shown in words)."""

    post: int
    excerpt: str
    why: str


class TextWarning(TypedDict):
    """A forbidden word in a text.

    `field` is title, lead or body; `start` and `end` are its first place there, in characters.
    """

    kind: str
    word: str
    found: str
    field: str
    start: int
    end: int


def warnings_of(story: Story) -> list[PostWarning]:
    """What in the posts that a rewrite would send looks like an instruction to the model, in words."""
    return warnings_shown(warnings_in(posts_of(story)))


def warnings_of_rewrite(rewrite: Rewrite) -> list[PostWarning]:
    """The same of the posts that a rewrite did send."""
    return warnings_shown(rewrite.warnings)


def warnings_in(posts: Iterable[tuple[Post, str]]) -> list[PostWarning]:
    """The findings in posts, with a code for why, as a rewrite keeps them."""
    return [
        {"post": post.pk, "excerpt": finding.excerpt, "why": finding.why}
        for post, text in posts
        for finding in instructions_in(f"{post.title}\n{text}" if post.title else text)
    ]


def warnings_shown(stored: Iterable[PostWarning]) -> list[PostWarning]:
    """Kept findings with why in words."""
    return [{**one, "why": str(WHY.get(one["why"], one["why"]))} for one in stored]


def preset_of_text(story: Story) -> Preset | None:
    """The preset by which the story's text was last written; None where no writer wrote it or the preset is gone."""
    rows = Rewrite.objects.filter(story=story, made_version__isnull=False).order_by("-pk")
    preset = rows.values_list("preset_id", flat=True).first()
    return Preset.objects.filter(pk=preset).first() if preset else None


def forbidden_in(preset: Preset | None, *, title: str, lead: str, body: str) -> list[TextWarning]:
    """The preset's forbidden words that stand in a text, in any of their forms; each once a field."""
    terms = forbidden_terms(preset.forbidden_words) if preset else ()
    found: list[TextWarning] = []
    for field, text in zip(FIELDS, (title, lead, body), strict=True):
        read = ReadText(folded(text)) if terms and text else None
        if read is None:
            continue
        exact = len(read.text) == len(text)
        for term in terms:
            if not stands(term, read):
                continue
            start, end = spans_of(term, read)[0] if spans_of(term, read) else (0, 0)
            seen = (text if exact else read.text)[start:end]
            found.append(
                {"kind": "forbidden", "word": term.typed, "found": seen, "field": field, "start": start, "end": end}
            )
    return found


@lru_cache(maxsize=256)
def forbidden_terms(typed: str) -> Sequence[Term]:
    """The words and phrases of a preset's field, one a line; in quotes exactly as it stands."""
    lines = [" ".join(line.split()) for line in typed.splitlines()]
    return tuple(
        term_of(line.strip('"«»“”'), line[0] in '"«“' and line[-1] in '"»”')
        for line in dict.fromkeys(lines[:PHRASES_AT_MOST])
        if line.strip('"«»“”')
    )
