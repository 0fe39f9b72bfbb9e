"""An approval link in a real browser, whose referrer rules decide whether an answer is taken at all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import PHONE, base_of, did, pytestmark, story_of
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser


@pytest.mark.parametrize(("answer", "status"), [("approve", "approved"), ("return", "draft")])
@pytest.mark.parametrize("has_scripts", [True, False])
def test_an_answer_is_taken(demo: Stack, browser: Browser, answer: str, status: str, *, has_scripts: bool) -> None:
    made = story_of(demo, f"Ссылка {answer} {has_scripts}", "Маяк погас в полночь.", body="Маяк погас.")
    link = did(demo, "asked", story=made.pk)["path"]
    context = browser.new_context(
        viewport={"width": PHONE, "height": 850}, color_scheme="dark", java_script_enabled=has_scripts
    )
    page = context.new_page()
    page.goto(base_of(demo) + link)
    page.fill("#comment", "Без последней фразы")
    page.locator(f"button[value={answer}]").click()
    expect(page.locator(".ask__said")).to_have_class(re.compile("ask__said--(approved|returned)"))
    assert did(demo, "status", story=made.pk) == {"status": status}
    logs = "".join(log.read_text(errors="replace") for log in demo.folder.rglob("*.log"))
    assert "/approve/" in logs
    assert link.split("/")[2] not in logs
    context.close()
