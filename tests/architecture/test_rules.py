"""The house rules that a machine can look after."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import BASE, name, parsed, python_files, tracked

STATES = {"status", "state"}
# where a row's state is changed: services, the work rows' own verbs, and what a model sets on itself when it is made
CHANGERS = re.compile(r"/services(\.py|/)|^apps/core/work/|^apps/desk/demo")
BROAD_EXCEPT = re.compile(r"^apps/core/(work|health|startup|logs)")
FORBIDDEN = re.compile(
    r"/work/(main|shared)|/tmp/p\d|\.\./shared|files\.pythonhosted|pypi\.org|registry\.npmjs|deb\.debian",
    re.IGNORECASE,
)
BINARY = {".png", ".ico", ".woff2", ".jpg", ".gz", ".zip", ".epub", ".bz2"}
# file -> why it may say it
MAY_SAY: dict[str, str] = {"tests/architecture/test_rules.py": "it names what is forbidden"}


def states_set(path: Path) -> Iterator[str]:
    """Places where a status or state of something else is assigned or updated."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Assign):
            targets = [target for target in node.targets if isinstance(target, ast.Attribute)]
            if any(target.attr in STATES and not is_self(target.value) for target in targets):
                yield f"{name(path)}:{node.lineno}"
        elif (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "update"
            and any(keyword.arg in STATES for keyword in node.keywords)
        ):
            yield f"{name(path)}:{node.lineno}"


def is_self(node: ast.expr) -> bool:
    """Whether it is `self`."""
    return isinstance(node, ast.Name) and node.id == "self"


def test_a_state_is_changed_by_services_only() -> None:
    found = [place for path in python_files("apps") if not CHANGERS.search(name(path)) for place in states_set(path)]
    assert found == []


def test_nothing_hides_bugs() -> None:
    found = []
    for path in python_files("apps", "config"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.ExceptHandler) or BROAD_EXCEPT.search(name(path)):
                continue
            if node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
            ):
                found.append(f"{name(path)}:{node.lineno}")
    assert found == []


def test_no_module_is_called_utils() -> None:
    bad = {"utils.py", "helpers.py", "misc.py", "common.py"}
    assert [name(path) for path in python_files("apps", "config", "tests") if path.name in bad] == []


def test_the_project_speaks_of_itself_alone() -> None:
    found = []
    for path in tracked():
        if path.suffix in BINARY or name(path) in MAY_SAY or path.stat().st_size > 2_000_000:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if said := FORBIDDEN.search(line):
                found.append(f"{name(path)}:{number}: {said.group()}")
    assert found == []


def test_public_functions_have_a_docstring() -> None:
    bare = [
        f"{name(path)}:{node.lineno} {node.name}"
        for path in python_files("apps", "config")
        for node in parsed(path).body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    ]
    assert bare == []


def test_nothing_written_at_run_time_is_tracked() -> None:
    assert [
        name(path) for path in tracked() if path.suffix in {".mo", ".sqlite3", ".pyc"} or name(path) == ".env"
    ] == []
    assert (BASE / ".gitignore").exists()
