"""Who may import whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import BASE, name, parsed, python_files

PRIVATE = {"tasks", "admin", "api", "bot", "adapters"}
SDKS = ("aiogram", "aiohttp", "openai", "telethon", "stripe", "boto3", "numpy")
# what is made to be shared although it lies in a private folder
SHARED = {"apps.accounts.api.base"}
# module -> why it may import inside functions
LATE_IMPORTS: dict[str, str] = {
    "apps/core/morphology.py": "dictionaries of 30 MB, for a process that meets a word",
}


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def foreign_private(path: Path) -> Iterator[str]:
    """Imports of another app's tasks, admin, api, bot or adapters."""
    own = name(path).split("/")[1]
    for node in ast.walk(parsed(path)):
        for module in imported(node):
            parts = module.split(".")
            if (
                parts[0] == "apps"
                and len(parts) > 2
                and parts[1] != own
                and parts[2] in PRIVATE
                and ".".join(parts[:4]) not in SHARED
            ):
                yield f"{name(path)} imports {module}"


def test_layers_are_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"], cwd=BASE, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]


def test_nobody_imports_another_app_s_inside() -> None:
    assert [found for path in python_files("apps") for found in foreign_private(path)] == []


def test_imports_stand_at_the_top() -> None:
    late = [
        f"{name(path)}:{inner.lineno}"
        for path in python_files("apps", "config")
        if name(path) not in LATE_IMPORTS
        for node in ast.walk(parsed(path))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for inner in ast.walk(node)
        if isinstance(inner, (ast.Import, ast.ImportFrom))
    ]
    assert late == []


def test_starting_django_imports_no_sdk() -> None:
    code = (
        "import django, sys; django.setup(); "
        f"print(sorted({{name.split('.')[0] for name in sys.modules}} & set({SDKS!r})))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=BASE, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.strip() == "[]"


def test_the_supervisor_is_small() -> None:
    code = (
        "import sys, apps.core.supervisor.__main__; print(sorted({'django', 'celery', 'structlog'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=BASE, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"
