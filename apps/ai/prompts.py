"""Prompts: Markdown files with named variables, and a workspace's own versions in their place.

`{{ name }}` stands for a variable and nothing else does; there are no conditions and no loops. What is put in is not
read again, so braces in a post stay braces. A comment at the top of a file, `<!-- … -->`, is for its editors and is not
sent.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.ai.models import PromptVersion
from apps.ai.ports import DraftText, SourceText
from apps.core.errors import PermanentError

NAME = re.compile(r"[a-z0-9_]+(?:/[a-z0-9_]+)*")
VARIABLE = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
BRACES = re.compile(r"\{\{[^{}]*\}\}|\{\{|\}\}")
DATA_TAG = re.compile(r"<(\s*/?\s*(?:source|draft))\b", re.IGNORECASE)
LONGEST = 20_000
COMMENT = re.compile(r"\A<!--.*?-->\s*", re.DOTALL)


class PromptError(PermanentError):
    """A prompt can't be made: its file or one of its variables is missing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="prompt")


@dataclass(frozen=True)
class PromptText:
    """A prompt with its variables still in it.

    Attributes:
        number: of the workspace's version; None is the file.
    """

    name: str
    text: str
    number: int | None = None

    @property
    def label(self) -> str:
        """How a failure names it."""
        return f"{self.name}.md" if self.number is None else f"{self.name}, version {self.number},"

    @property
    def variables(self) -> frozenset[str]:
        """The names of its variables."""
        return frozenset(VARIABLE.findall(self.text))

    def filled(self, **variables: object) -> str:
        """The text with its variables put in.

        Raises:
            PromptError: a variable that the text has is not given, or one is given that the text has not.
        """
        wanted = self.variables
        missing, unknown = set(wanted - variables.keys()), set(variables.keys() - wanted)
        if missing:
            raise PromptError(f"The prompt {self.label} needs a value for {listed(missing)}.")
        if unknown:
            raise PromptError(f"The prompt {self.label} has no variable {listed(unknown)}.")
        return VARIABLE.sub(lambda match: str(variables[match[1]]), self.text)


def render(name: str, *, workspace: Workspace | None = None, **variables: object) -> str:
    """The text of a prompt with its variables put in: the workspace's own version, else `prompts/<name>.md`.

    Raises:
        PromptError: no such file; a variable that the prompt has is not given, or one is given that it has not.
    """
    return prompt_in_use(name, workspace).filled(**variables)


def prompt_in_use(name: str, workspace: Workspace | None) -> PromptText:
    """The prompt that a workspace uses now: its current version, else the file.

    Raises:
        PromptError: there is no such file.
    """
    written = prompt_file(name)
    if workspace is None:
        return written
    own = PromptVersion.objects.filter(workspace=workspace, name=name, is_current=True).first()
    return written if own is None else PromptText(name, tidy(own.text), own.number)


def prompt_file(name: str) -> PromptText:
    """The prompt as its file has it.

    Raises:
        PromptError: there is no such file, or it has braces that mean nothing.
    """
    return PromptText(name, template(Path(settings.PROMPTS_DIR), name))


def prompt_names() -> list[str]:
    """Every prompt that there is a file of."""
    folder = Path(settings.PROMPTS_DIR)
    names = (path.relative_to(folder).with_suffix("").as_posix() for path in folder.rglob("*.md"))
    return sorted(name for name in names if NAME.fullmatch(name))


def variables_of(name: str) -> frozenset[str]:
    """The names of the variables that a prompt's file has."""
    return prompt_file(name).variables


def prompt_check(name: str, text: str) -> None:
    """Look a workspace's own text of a prompt over: it has the file's variables, all of them and no others.

    Raises:
        PromptError: it is empty or too long, has braces that mean nothing, or its variables are others.
    """
    plain = tidy(text)
    if not plain:
        raise PromptError(_("The prompt is empty. Write it, or return to the file."))
    if len(plain) > LONGEST:
        raise PromptError(_("The prompt is longer than %(most)d characters.") % {"most": LONGEST})
    odd = [braces for braces in BRACES.findall(plain) if not VARIABLE.fullmatch(braces)]
    if odd:
        raise PromptError(_("“%(braces)s” is not a variable. Write it like {{ tone }}.") % {"braces": odd[0]})
    has, known = set(VARIABLE.findall(plain)), variables_of(name)
    if has - known:
        raise PromptError(
            _("There is no variable %(names)s here. Known ones: %(known)s.")
            % {"names": listed(has - known), "known": listed(set(known))}
        )
    if known - has:
        raise PromptError(
            _("The variable %(names)s is missing: what it stands for would never reach the model. Put it back.")
            % {"names": listed(set(known) - has)}
        )


@lru_cache(maxsize=64)
def template(folder: Path, name: str) -> str:
    """The file of a prompt without its comment, looked over for braces that mean nothing."""
    if not NAME.fullmatch(name):
        raise PromptError(f"“{name}” is not the name of a prompt.")
    try:
        text = (folder / f"{name}.md").read_text(encoding="utf-8")
    except OSError as exc:
        raise PromptError(f"There is no prompt {name}.md in {folder.name}/.") from exc
    text = tidy(text)
    for braces in BRACES.findall(text):
        if not VARIABLE.fullmatch(braces):
            raise PromptError(f"The prompt {name}.md has “{braces}”, which is not a variable.")
    return text


def tidy(text: str) -> str:
    """A prompt's text without the comment at its top and with plain line ends."""
    return COMMENT.sub("", text.replace("\r\n", "\n")).strip()


def draft_block(draft: DraftText) -> str:
    """A text to work on as data for a prompt: in a `<draft>` element that its own text can't close."""
    parts = (draft.title, draft.lead, draft.body, ", ".join(draft.tags))
    names = ("title", "lead", "body", "tags")
    lines = "\n\n".join(f"{name}: {harmless(part.strip())}" for name, part in zip(names, parts, strict=True))
    return f"<draft>\n{lines}\n</draft>"


def sources_block(sources: Sequence[SourceText]) -> str:
    """Posts as data for a prompt: each in a numbered `<source>` element that its own text can't close."""
    return "\n\n".join(
        f'<source n="{number}" from="{attribute(source.label)}"{link(source.url)}>\n{fenced(source)}\n</source>'
        for number, source in enumerate(sources, start=1)
    )


def fenced(source: SourceText) -> str:
    """A post's text in which the element's own tags are harmless."""
    title, text = source.title.strip(), source.text.strip()
    whole = text if not title or text.startswith(title) else f"{title}\n\n{text}"
    return harmless(whole)


def harmless(text: str) -> str:
    """A text in which the elements that fence data are no elements."""
    return DATA_TAG.sub(r"‹\1", text)


def quoted(text: str) -> str:
    """A line of somebody else's words that stays between «» and in which the elements that fence data are none."""
    return harmless(" ".join(text.split()).replace("«", "“").replace("»", "”"))


def link(url: str) -> str:
    """The attribute of a source's address; none where it has none or an odd one."""
    return f' url="{url}"' if re.fullmatch(r"https?://[^\s\"<>]{1,500}", url) else ""


def attribute(text: str) -> str:
    """A label that fits between quotation marks."""
    return re.sub(r'[\s"<>]+', " ", text).strip()[:100]


def listed(names: set[str]) -> str:
    """Names in quotation marks, in order."""
    return ", ".join(f"“{name}”" for name in sorted(names))
