"""Which texts are translatable: those in Python files and in templates."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
IMPORTED_AS = re.compile(r"\b(\w*gettext\w*) as (\w+)")
COMMENT_TAGS = ("Translators:",)
FOLDERS = ("apps", "config", "templates")
TEMPLATE_ENDINGS = {".html", ".txt"}


def template_of(base: Path) -> Catalog:
    """A catalogue without translations of everything translatable below `base`."""
    catalogue = Catalog(project="Pult", charset="utf-8")
    for path in sources(base):
        for line, message, comments, context in messages_of(path):
            catalogue.add(
                message,
                locations=[(path.relative_to(base).as_posix(), line)],
                auto_comments=comments,
                context=context,
            )
    return catalogue


def sources(base: Path) -> Iterator[Path]:
    """Python files and templates, in a steady order."""
    for folder in FOLDERS:
        for path in sorted((base / folder).rglob("*")):
            python = path.suffix == ".py" and "migrations" not in path.parts
            if python or (path.suffix in TEMPLATE_ENDINGS and "templates" in path.parts):
                yield path


def messages_of(path: Path) -> list[tuple[int, str | tuple[str, ...], list[str], str | None]]:
    """Line, message, comments and context of every translatable text of one file."""
    text = path.read_text(encoding="utf-8")
    if path.suffix in TEMPLATE_ENDINGS:
        text = python_of(text, origin=str(path))
    return list(extract("python", BytesIO(text.encode()), keywords=keywords_of(text), comment_tags=COMMENT_TAGS))


def keywords_of(python: str) -> dict[str, tuple[int | tuple[int, str], ...] | None]:
    """Names under which translatable texts stand in this file: the usual ones and those of its imports."""
    return KEYWORDS | {alias: KEYWORDS[name] for name, alias in IMPORTED_AS.findall(python) if name in KEYWORDS}


def python_of(template: str, *, origin: str) -> str:
    """A template as Python calls with the same lines; what is not translatable is crossed out."""
    return "\n".join(line.strip() for line in templatize(template, origin=origin).split("\n"))
