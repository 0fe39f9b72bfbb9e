"""What the workbench's forms say, read: texts, tags, keys, times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.desk.story_request import number_of
from apps.publishing.wall import moment_typed
from apps.stories.models import Story, StoryVersion, UnsavedText


@dataclass(frozen=True, slots=True)
class Typed:
    """A text as its form gives it; `based_on` is the version that it was begun from, 0 where there was none."""

    title: str
    lead: str
    body: str
    tags: list[str]
    based_on: int

    @property
    def fields(self) -> dict[str, Any]:
        """The text alone, as services take it."""
        return {"title": self.title, "lead": self.lead, "body": self.body, "tags": self.tags}


def typed_of(form: QueryDict) -> Typed:
    """The text of a form."""
    return Typed(
        title=line_of(form, "title"),
        lead=lines_of(form, "lead"),
        body=lines_of(form, "body"),
        tags=tags_of(line_of(form, "tags")),
        based_on=number_of(form.get("based_on", "")) or 0,
    )


def text_of(source: StoryVersion | UnsavedText | Typed | None, *, based_on: int) -> dict[str, Any]:
    """The editor's fields for a text: title, lead, body, tags as one line, and the number it starts from."""
    return {
        "title": source.title if source else "",
        "lead": source.lead if source else "",
        "body": source.body if source else "",
        "tags": ", ".join(source.tags) if source else "",
        "based_on": based_on,
    }


def plain_of(source: StoryVersion | UnsavedText | Typed | None) -> Mapping[str, Any]:
    """The four fields of a text for comparing."""
    names = ("title", "lead", "body", "tags")
    return {name: getattr(source, name) for name in names} if source else dict.fromkeys(names, "")


def wants_json(request: HttpRequest) -> bool:
    """Whether the page's script asks, which shows the answer itself."""
    return request.headers.get("Accept", "").startswith("application/json")


def moment_of(text: str, story: Story) -> tuple[datetime | None, str]:
    """The typed time on the workspace's clock, None for an empty field; and what to know about it.

    Raises:
        PermanentError: it is not a time, the clock leaves it out on that day, or it has passed.
    """
    if not text.strip():
        return None, ""
    moment, words = moment_typed(text, story.workspace.zone)
    if moment <= now():
        raise PermanentError(_("This time has already passed. Leave the field empty to publish now."))
    return moment, words


def keys_of(values: list[str]) -> list[int]:
    """The whole numbers among form values."""
    return [number for number in map(number_of, values) if number is not None]


def line_of(form: QueryDict, name: str) -> str:
    """A field's value without NUL, which PostgreSQL does not store."""
    return form.get(name, "").replace("\x00", "")


def lines_of(form: QueryDict, name: str) -> str:
    """A text area's value with plain line ends: browsers send CRLF."""
    return line_of(form, name).replace("\r\n", "\n")


def tags_of(text: str) -> list[str]:
    """Tags from one comma-separated line, without repeats."""
    return list(dict.fromkeys(tag.strip().lstrip("#") for tag in text.split(",") if tag.strip().lstrip("#")))
