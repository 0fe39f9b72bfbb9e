"""What ships is permissively licensed, and docs/dependencies.md tells of every package that is asked for."""

from __future__ import annotations

import re
from importlib.metadata import metadata

import pytest

from tests.architecture.tree import BASE

NAME = re.compile(r"^([A-Za-z0-9._-]+)", re.MULTILINE)
LOCKED = re.compile(r"^([a-z0-9._-]+)==", re.MULTILINE)
# the Lesser licence lets a library be used unchanged; docs/dependencies.md names these
LESSER = {"psycopg", "psycopg-binary", "psycopg-pool", "python-crontab"}
# offered under several licences, of which a permissive one is taken
ONE_OF_SEVERAL = {"tld": "MPL-1.1"}
# what the licences' sentences look like: GPL and AGPL, not LGPL
COPYLEFT = re.compile(r"(?<![Ll])GPL|GNU (Affero )?General Public", re.IGNORECASE)


def licence(package: str) -> str:
    """What an installed package says of its licence."""
    told = metadata(package)
    classifiers = [line for line in told.get_all("Classifier") or [] if line.startswith("License ::")]
    fields = [*(told.get_all("License-Expression") or []), *(told.get_all("License") or [])]
    return " | ".join([*(field[:200] for field in fields), *classifiers])


def test_nothing_that_ships_is_under_gpl() -> None:
    locked = LOCKED.findall((BASE / "requirements/base.txt").read_text(encoding="utf-8"))
    told = {package: licence(package) for package in locked}
    assert {package: words for package, words in ONE_OF_SEVERAL.items() if words not in told[package]} == {}
    told |= ONE_OF_SEVERAL
    assert [package for package, words in told.items() if not words.strip(" |")] == []
    assert {package for package, words in told.items() if COPYLEFT.search(words)} == set()
    assert {package for package, words in told.items() if re.search("LGPL|Lesser", words)} == LESSER


@pytest.mark.parametrize("asked", ["base", "prod"])
def test_every_package_is_explained(asked: str) -> None:
    page = (BASE / "docs/dependencies.md").read_text(encoding="utf-8").lower()
    names = NAME.findall((BASE / f"requirements/{asked}.in").read_text(encoding="utf-8"))
    assert [package for package in names if package.lower() not in page] == []
