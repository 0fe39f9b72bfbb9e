"""Every variable is declared once, read, and documented."""

from __future__ import annotations

import ast

from config.env import VARIABLES
from config.env_docs import documents
from tests.architecture.tree import BASE, name, parsed, python_files


def names_read() -> set[str]:
    """The names in every `env("NAME")` of the code."""
    return {
        node.args[0].value
        for path in python_files("apps", "config")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def test_what_is_read_is_declared_and_what_is_declared_is_read() -> None:
    assert names_read() == set(VARIABLES)


def test_the_documents_agree_with_the_code() -> None:
    for path, text in documents(BASE).items():
        assert path.read_text(encoding="utf-8") == text, f"{path.name} is out of date: make env-docs"


def test_the_environment_is_read_in_one_place() -> None:
    readers = {
        "config/env.py",
        "apps/core/supervisor/child.py",  # hands its own on
        "apps/accounts/management/commands/create_admin.py",  # a password for one run of a command
        "apps/accounts/management/commands/create_user.py",
    }
    found = {
        name(path)
        for path in python_files("apps", "config")
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and isinstance(node.value, ast.Name)
        if node.value.id == "os"
    }
    assert found - readers == {"config/celery.py", "config/wsgi.py"}, "they name the settings module, nothing else"
