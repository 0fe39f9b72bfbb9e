"""The project's own files, read once for every rule."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

BASE = Path(__file__).resolve().parent.parent.parent
CODE = ("apps", "config")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file that git knows and that is there; without git, every file outside the usual hideouts."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=BASE, capture_output=True, text=True)
    if listed.returncode == 0 and listed.stdout:
        return tuple(path for name in listed.stdout.split("\0") if name and (path := BASE / name).is_file())
    hidden = {".venv", "var", "__pycache__", ".git"}
    return tuple(path for path in BASE.rglob("*") if path.is_file() and not hidden & set(path.relative_to(BASE).parts))


def python_files(*folders: str) -> list[Path]:
    """The tracked Python files below these folders, migrations left out."""
    return [
        path
        for path in tracked()
        if path.suffix == ".py" and name(path).split("/")[0] in folders and "migrations" not in path.parts
    ]


def name(path: Path) -> str:
    """A file's name inside the project."""
    return path.relative_to(BASE).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
