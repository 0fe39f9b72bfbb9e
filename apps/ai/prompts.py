"""Prompts: Markdown files with named variables.

`{{ name }}` stands for a variable and nothing else does; there are no conditions and no loops. What is put in is not
read again, so braces in a post stay braces. A comment at the top of a file, `<!-- … -->`, is for its editors and is not
sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from apps.ai.ports import SourceText
from apps.core.errors import PermanentError

NAME = re.compile(r"[a-z0-9_]+(?:/[a-z0-9_]+)*")
VARIABLE = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
BRACES = re.compile(r"\{\{[^{}]*\}\}|\{\{|\}\}")
SOURCE_TAG = re.compile(r"<(\s*/?\s*source)\b", re.IGNORECASE)
COMMENT = re.compile(r"\A<!--.*?-->\s*", re.DOTALL)


class PromptError(PermanentError):
    """A prompt can't be made: its file or one of its variables is missing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="prompt")


def render(name: str, **variables: object) -> str:
    """The text of `prompts/<name>.md` with its variables put in.

    Raises:
        PromptError: no such file; a variable that the file has is not given, or one is given that the file has not.
    """
    text = template(Path(settings.PROMPTS_DIR), name)
    wanted = set(VARIABLE.findall(text))
    missing, unknown = wanted - variables.keys(), variables.keys() - wanted
    if missing:
        raise PromptError(f"The prompt {name}.md needs a value for {listed(missing)}.")
    if unknown:
        raise PromptError(f"The prompt {name}.md has no variable {listed(unknown)}.")
    return VARIABLE.sub(lambda match: str(variables[match[1]]), text)


def variables_of(name: str) -> frozenset[str]:
    """The names of the variables that a prompt has."""
    return frozenset(VARIABLE.findall(template(Path(settings.PROMPTS_DIR), name)))


@lru_cache(maxsize=64)
def template(folder: Path, name: str) -> str:
    """The file of a prompt without its comment, looked over for braces that mean nothing."""
    if not NAME.fullmatch(name):
        raise PromptError(f"“{name}” is not the name of a prompt.")
    try:
        text = (folder / f"{name}.md").read_text(encoding="utf-8")
    except OSError as exc:
        raise PromptError(f"There is no prompt {name}.md in {folder.name}/.") from exc
    text = COMMENT.sub("", text).strip()
    for braces in BRACES.findall(text):
        if not VARIABLE.fullmatch(braces):
            raise PromptError(f"The prompt {name}.md has “{braces}”, which is not a variable.")
    return text


def sources_block(sources: Sequence[SourceText]) -> str:
    """Posts as data for a prompt: each in a numbered `<source>` element that its own text can't close."""
    return "\n\n".join(
        f'<source n="{number}" from="{attribute(source.label)}">\n{fenced(source)}\n</source>'
        for number, source in enumerate(sources, start=1)
    )


def fenced(source: SourceText) -> str:
    """A post's text in which the element's own tags are harmless."""
    title, text = source.title.strip(), source.text.strip()
    whole = text if not title or text.startswith(title) else f"{title}\n\n{text}"
    return SOURCE_TAG.sub(r"‹\1", whole)


def attribute(text: str) -> str:
    """A label that fits between quotation marks."""
    return re.sub(r'[\s"<>]+', " ", text).strip()[:100]


def listed(names: set[str]) -> str:
    """Names in quotation marks, in order."""
    return ", ".join(f"“{name}”" for name in sorted(names))
