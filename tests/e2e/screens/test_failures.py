"""The screen of failures in a real browser: by keys on a desk, by touch and without scripts on a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import DESK, PHONE, base_of, opened, picture, pytestmark, watched
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser

BROKEN = """
from apps.core.clock import now
from apps.sources.models import CopyCheck, Post
for post in Post.objects.order_by("pk")[:3]:
    CopyCheck.objects.create(workspace=post.workspace, post=post, state="dead", finished_at=now(), attempts=3,
        error="Сломалось для пробы {mark}.", error_code="probe-{mark}", request_id="req-{mark}")
"""
GIVEN_UP = """
from apps.sources.models import CopyCheck
rows = CopyCheck.objects.filter(request_id="req-{mark}")
print(sorted((row.state, row.error_code, row.history[-1]["detail"]) for row in rows))
"""


def line_of(page: Page, stack: Stack, mark: str) -> None:
    """Open the screen, looking for what was broken for this test."""
    stack.manage("shell", "-v", "0", "-c", BROKEN.format(mark=mark))
    page.goto(f"{base_of(stack)}/admin/desk/failures/?cause=probe-{mark}")
    expect(page.locator("[data-fail]")).to_have_count(1)
    expect(page.locator(".fail-cause")).to_have_text(f"Сломалось для пробы {mark}.")


def given_up(stack: Stack, mark: str) -> str:
    """How the broken rows stand now."""
    return str(stack.manage("shell", "-v", "0", "-c", GIVEN_UP.format(mark=mark)).strip())


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_cause_is_given_up_by_keys(demo: Stack, browser: Browser, scheme: str) -> None:
    context = opened(browser, demo, DESK, scheme)
    page = context.new_page()
    seen = watched(page, demo)
    line_of(page, demo, scheme)
    seen.judge(page)
    picture(page, f"failures-{scheme}")
    page.keyboard.press("j")
    expect(page.locator(".fail--here")).to_have_count(1)
    page.keyboard.press("x")
    expect(page.locator("input[name=chosen]")).to_be_checked()
    page.keyboard.press("g")
    reason = page.locator("#failures-reason")
    expect(reason).to_be_focused()
    picture(page, f"failures-reason-{scheme}")
    reason.fill("Проба окончена.")
    page.locator("button[name=do]").click()
    expect(page.locator("[data-fail]")).to_have_count(0)
    expect(page.locator(".pult-empty")).to_be_visible()
    seen.judge(page)
    assert given_up(demo, scheme) == str([("dead", "given_up", "Проба окончена.")] * 3)
    context.close()


def test_a_phone_without_scripts_does_the_same(demo: Stack, browser: Browser) -> None:
    opened(browser, demo, PHONE).close()
    context = opened(browser, demo, PHONE, "dark", java_script_enabled=False)
    page = context.new_page()
    line_of(page, demo, "phone")
    picture(page, "failures-phone")
    page.locator("a.fail-link").click()
    expect(page.locator("[data-fail]")).to_have_count(3)
    picture(page, "failures-phone-line")
    page.locator("input[name=chosen]").first.check()
    page.locator(".fails-bar button[name=do][value=give_up]").click()
    page.locator("#failures-reason").fill("Одна.")
    page.locator("button[name=do]").click()
    expect(page.locator("[data-fail]")).to_have_count(2)
    page.locator(".fails-bar button[name=only][value^=give_up]").click()
    page.locator("#failures-reason").fill("Остальные.")
    page.locator("button[name=do]").click()
    expect(page).to_have_url(f"{base_of(demo)}/admin/desk/failures/")
    states = [("dead", "given_up", text) for text in ("Одна.", "Остальные.", "Остальные.")]
    assert given_up(demo, "phone") == str(states)
    context.close()
