"""A newcomer's first minutes in a real browser: the demo, from the list of stories to a published message."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import (
    DESK,
    PHONE,
    READY,
    SIZES,
    base_of,
    bench,
    opened,
    preview_page,
    pytestmark,
    story_of,
    watched,
)
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser
CLICKS_AT_MOST = 5
FITTING = (
    "/admin/",
    "/admin/stories/story/",
    "/admin/stories/preset/",
    "/admin/stories/qualitycheck/",
    "/admin/ai/promptversion/",
    "/admin/sources/source/",
    "/admin/sources/topic/",
    "/admin/publishing/publication/",
    "/admin/desk/work/",
    "/preview/",
)


class Clicks:
    """Counts what a person presses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0

    def __call__(self, selector: str) -> None:
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()
        self.number += 1


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_story_goes_from_list_to_published_in_a_few_clicks(
    demo: Stack, browser: Browser, width: int, scheme: str
) -> None:
    said = "На Заречной открыли библиотеку." if width == PHONE else "В парке посадили сорок лип."
    made = story_of(demo, said.rstrip("."), said, body=said)
    context = opened(browser, demo, width, scheme)
    page = context.new_page()
    seen = watched(page, demo)

    page.goto(f"{base_of(demo)}/admin/stories/story/?status__exact=draft")
    click = Clicks(page)
    click(f"#result_list a[href*='{made.address}']")
    page.wait_for_function(READY)
    title = page.locator("#wb-title").input_value()
    main = ".wb-bar [data-key-main]" if width == PHONE else ".wb-actions--head [data-key-main]"
    click(main)
    expect(page.locator(".wb-state--approved")).to_be_visible()
    page.wait_for_function(READY)
    click(main)

    assert click.number <= CLICKS_AT_MOST
    seen.judge(page)
    demo.until(lambda: title in preview_page(page, demo), seconds=60, what=f"“{title}” is on the preview page")
    seen.judge(page)
    context.close()


def test_a_double_click_is_one_press(demo: Stack, browser: Browser) -> None:
    made = story_of(demo, "Двойной щелчок", "Мост через Студёнку открыли после ремонта.", body="Мост открыли.")
    context = opened(browser, demo, DESK)
    page = context.new_page()
    bench(page, demo, made.address)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.url.endswith("/save/") else None)
    page.locator("#wb-title").fill("Заголовок после двойного щелчка")

    page.locator(".wb-actions--head [data-key-main]").dblclick(no_wait_after=True)
    expect(page.locator(".wb-state--approved")).to_be_visible()

    assert len(posts) == 1
    expect(page.locator("[data-conflict]")).to_have_count(0)
    expect(page.locator("#wb-title")).to_have_value("Заголовок после двойного щелчка")
    context.close()


def test_pages_fit_a_phone(demo: Stack, browser: Browser) -> None:
    context = opened(browser, demo, PHONE)
    page = context.new_page()
    wide = []
    for path in FITTING:
        page.goto(base_of(demo) + path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []
    context.close()


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_filters_are_written_and_tried_without_leaving_the_page(
    demo: Stack, browser: Browser, width: int, scheme: str
) -> None:
    context = opened(browser, demo, width, scheme)
    page = context.new_page()
    seen = watched(page, demo)
    page.goto(f"{base_of(demo)}/admin/sources/source/?kind__exact=feed")
    click = Clicks(page)
    click("#result_list a[href*='/change/']")
    click(".pult-rules .pult-button")
    rules = page.locator("[data-rules] [data-rule]")
    before = rules.count()

    page.locator("[data-add=media]").click()
    rules.last.locator("[data-chips=media] [data-value=poll]").click()
    page.locator("[data-add=words]").click()
    page.keyboard.type("в")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-tried] .fl-post mark").first).to_be_visible()
    expect(rules.nth(before).locator("[data-count]")).to_have_text(re.compile("[1-9]"))
    seen.judge(page)
    with page.expect_navigation():
        page.keyboard.press("Control+s")

    expect(rules).to_have_count(before + 2)
    for place, value in enumerate(("в", "poll")):
        expect(rules.nth(before + place).locator("[name=value]")).to_have_value(value)
    for _each in range(2):
        rules.last.locator("[data-remove]").click()
    with page.expect_navigation():
        page.locator("[data-save]").click()
    expect(rules).to_have_count(before)
    seen.judge(page)
    context.close()
