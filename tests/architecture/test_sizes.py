"""Files of about 300 lines, functions of about 40. What is longer has a reason."""

from __future__ import annotations

import ast

from tests.architecture.tree import name, parsed, python_files

FILE_LINES = 300
TEST_LINES = 420  # a behaviour's cases stay together
FUNCTION_LINES = 40
LONG_FILES = {
    "config/env.py": "one list of every variable",
    "apps/accounts/admin_base.py": "one base class; its scoping is easier to check in one piece",
    "apps/core/work/verbs.py": "the verbs of a work row, side by side",
    "tests/core/test_work_drain.py": "a drain's promises, one by one",
}
LONG_FUNCTIONS = {
    "apps/stories/services/rewrites.py:rewrite_request": "guards, prompt, row and audit of one",
}


def test_files_are_short() -> None:
    long = {
        name(path): lines
        for path in python_files("apps", "config", "tests")
        if (lines := path.read_text(encoding="utf-8").count("\n"))
        > (TEST_LINES if name(path).startswith("tests/") else FILE_LINES)
    }
    assert {path: lines for path, lines in long.items() if path not in LONG_FILES} == {}


def test_functions_are_short() -> None:
    long = {}
    for path in python_files("apps", "config"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES:
                    long[f"{name(path)}:{node.name}"] = lines
    assert {place: lines for place, lines in long.items() if place not in LONG_FUNCTIONS} == {}


def test_exceptions_still_exist() -> None:
    known = {name(path) for path in python_files("apps", "config", "tests")}
    assert set(LONG_FILES) <= known
    assert {place.split(":")[0] for place in LONG_FUNCTIONS} <= known
