"""What the tests of screens share: one demo for all of them, and a browser."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browsing import CHROMIUM, FLAGS
from tests.e2e.stack import Stack, stack


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product as `make run` starts it for a newcomer, with the demo's stories drafted.

    It is one for all modules, for a start takes half a minute of two cores: each test works on a story of its own.
    """
    with stack(tmp_path_factory.mktemp("demo"), production=False, DEMO="true") as running:
        running.start("group", sys.executable, "manage.py", "up")
        running.until(running.is_ready, seconds=120, what="the site answers")
        running.until(
            lambda: running.editor("counts")["publications"].get("sent"), seconds=90, what="the demo's story is out"
        )
        running.until(lambda: running.editor("counts")["drafts"] >= 10, seconds=90, what="drafts are written")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser for one module: while it is there, its event loop runs, which other tests can't stand."""
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()
