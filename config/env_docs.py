"""`.env.example` and `docs/configuration.md`, printed from the registry of variables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from config.env import VARIABLES, Variable

WIDTH = 110


def documents(base: Path) -> dict[Path, str]:
    """What each of the two files must say."""
    return {base / ".env.example": example(), base / "docs" / "configuration.md": page()}


def grouped() -> Iterator[tuple[str, Iterable[Variable]]]:
    """The variables under their headings, in the order of the first of each."""
    order = list(dict.fromkeys(one.group for one in VARIABLES.values()))
    yield from groupby(sorted(VARIABLES.values(), key=lambda one: order.index(one.group)), key=lambda one: one.group)


def example() -> str:
    """The example file: everything commented out at its default."""
    lines = ["# Copy to .env and change what you need. Everything has a default; docs/configuration.md explains it."]
    for group, variables in grouped():
        lines += ["", f"# {group}"]
        for one in variables:
            lines += [*wrapped(f"# {one.meaning}"), f"#{one.name}={one.example or written(one.default)}"]
    return "\n".join(lines) + "\n"


def page() -> str:
    """The page of the docs."""
    lines = [
        "# Configuration",
        "",
        "Pult reads its configuration from the environment, and from a `.env` file beside `manage.py` for what the",
        "environment does not set. Everything has a default: `make run` needs none of it. A value that can't be read",
        "stops the start with a sentence that names the variable.",
        "",
        "This page and `.env.example` are written by `make env-docs` from `config/env.py`; a test holds them together.",
    ]
    for group, variables in grouped():
        lines += ["", f"## {group}", "", "| variable | kind | default | meaning |", "|---|---|---|---|"]
        lines += [row(one) for one in variables]
    return "\n".join(lines) + "\n"


def row(one: Variable) -> str:
    """One line of the table."""
    default = f"`{written(one.default)}`" if written(one.default) else "empty"
    limits = f" One of {', '.join(f'`{choice}`' for choice in one.choices)}." if one.choices else ""
    if one.maximum is not None:
        limits += f" From {one.minimum or 0:.0f} to {one.maximum:.0f}."
    elif one.minimum is not None:
        limits += f" At least {one.minimum:g}."
    example_text = f" Example: `{one.example}`." if one.example else ""
    secret = " Secret: never printed." if one.secret else ""
    return f"| `{one.name}` | {one.kind} | {default} | {one.meaning}{limits}{example_text}{secret} |"


def written(value: Any) -> str:
    """A default as one would write it in the file."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(str(part) for part in value)
    return str(value)


def wrapped(text: str) -> list[str]:
    """A comment in lines that fit."""
    lines, line = [], ""
    for word in text.split():
        if line and len(line) + 1 + len(word) > WIDTH:
            lines.append(line)
            line = f"# {word}"
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line]
