"""What a model is asked to answer in, and reading it: JSON text in, fields out. Pure."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

TAGS_AT_MOST = 8
FENCE = re.compile(r"\A\s*```(?:json)?\s*(.*?)\s*```\s*\Z", re.DOTALL)
# Strict structured output wants every property required and nothing besides.
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "title": {"type": "string", "description": "Headline, one sentence without a full stop."},
        "lead": {"type": "string", "description": "One or two sentences: who, what, where, when."},
        "body": {"type": "string", "description": "The rest; paragraphs parted by an empty line."},
        "tags": {"type": "array", "items": {"type": "string"}, "description": "Two to six tags without a hash sign."},
    },
    "required": ["title", "lead", "body", "tags"],
    "additionalProperties": False,
}


class MalformedDraftError(ValueError):
    """The answer is not a draft; its text says what is wrong."""


@dataclass(frozen=True)
class Fields:
    """The text of a draft."""

    title: str
    lead: str
    body: str
    tags: tuple[str, ...]


def read_draft(text: str) -> Fields:
    """Read a model's answer.

    Raises:
        MalformedDraftError: it is not JSON, or a field is missing, empty or of another type.
    """
    fenced = FENCE.match(text)
    try:
        found = json.loads(fenced[1] if fenced else text)
    except ValueError as exc:
        raise MalformedDraftError("not JSON") from exc
    if not isinstance(found, dict):
        raise MalformedDraftError("not a JSON object")
    tags = found.get("tags")
    if not isinstance(tags, list):
        raise MalformedDraftError("no list of tags")
    title = " ".join(text_of(found, "title").split())
    return Fields(
        title=title.removesuffix(".") if not title.endswith("..") else title,
        lead=text_of(found, "lead", required=False),
        body=text_of(found, "body"),
        tags=tidy(tags),
    )


def text_of(found: dict[str, Any], name: str, *, required: bool = True) -> str:
    """A field's text."""
    value = found.get(name)
    if not isinstance(value, str) or (required and not value.strip()):
        raise MalformedDraftError(f"no {name}")
    return value.strip()


def tidy(tags: list[Any]) -> tuple[str, ...]:
    """Tags without hash signs, repetitions and oddities."""
    words = [" ".join(tag.replace("#", " ").replace("_", " ").split()) for tag in tags if isinstance(tag, str)]
    return tuple(dict.fromkeys(word[:60] for word in words if word))[:TAGS_AT_MOST]
