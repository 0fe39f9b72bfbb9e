"""Proofreading and legal marks in a real browser: shown, changed in one step, taken back by the browser's own undo."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import SIZES, bench, did, opened, pytestmark, story_of, tab, watched
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser

TYPED = 'Иван Тестов - "свой"... 😀 Он человк.'
SET = "Иван Тестов\u00a0— «свой»… 😀 Он человк."


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_a_text_is_proofread_and_marked(demo: Stack, browser: Browser, width: int, scheme: str) -> None:
    did(demo, "listed", name="Тестов Иван Петрович")
    made = story_of(demo, f"Вычитка {width}", "Тестов приехал в порт.", body="Порт.")
    context = opened(browser, demo, width, scheme)
    page = context.new_page()
    seen = watched(page, demo)
    bench(page, demo, made.address)
    tab(page, "text")
    page.fill("#wb-title", "Порт")
    page.fill("#wb-lead", "")
    body = page.locator("#wb-body")
    with page.expect_response("**/marks/"):  # the marks below the text are of this one
        body.fill(TYPED)
    page.keyboard.press("Control+Semicolon")
    expect(page.locator(".hs-rule")).to_have_count(3)
    expect(page.locator(".hs-doubt b")).to_have_text("человк")
    page.locator("[data-hs-result] > .wb-row button").first.click()
    expect(body).to_have_value(SET)
    body.focus()
    page.keyboard.press("Control+z")
    expect(body).to_have_value(TYPED)
    page.keyboard.press("Control+Shift+z")
    expect(body).to_have_value(SET)
    with page.expect_response("**/marks/"):
        page.locator(".hs-doubt button").first.click()
    expect(body).to_have_value(SET.replace("человк", "человек"))
    page.locator("[data-hs-mark]").first.click()
    expect(page.locator(".hs-item--done")).to_have_count(1)
    expect(body).to_have_value(
        SET.replace("человк", "человек").replace("Тестов", "Тестов*") + "\n\n* Тестов Иван Петрович: выдуман."
    )
    page.locator("[data-hs-undo]").click()
    expect(body).to_have_value(SET.replace("человк", "человек"))
    seen.judge(page)
    page.evaluate("window.workbench.root.dataset.leaving = '1'")
    context.close()
