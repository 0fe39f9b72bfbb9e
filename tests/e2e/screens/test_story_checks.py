"""The fact check in the text, in a real browser: what no source says is marked, explained and accepted."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import PHONE, SIZES, again, base_of, bench, opened, picture, pytestmark, story_of, tab, watched
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser

POSTS_SHOWN = 50  # on one page of the workbench
SAID = "В порту Северодола сгорел склад. Площадь пожара составила 4200 квадратных метров, сообщил Пётр Лодкин."
ELSE = "Склад с канатами тушили до утра, никто не пострадал."
DRAFT = "Площадь пожара составила 5300 квадратных метров. Об этом сообщила Анна Крылова."


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_what_no_source_says_is_marked_explained_and_accepted(
    demo: Stack, browser: Browser, width: int, scheme: str
) -> None:
    title = f"Площадь пожара {'на телефоне' if width == PHONE else 'на столе'}"
    made = story_of(demo, title, SAID, ELSE, body=DRAFT)
    context = opened(browser, demo, width, scheme, has_touch=width == PHONE)
    page = context.new_page()
    seen = watched(page, demo)
    marks, card, count = page.locator(".fc-mark"), page.locator("[data-fc-card]"), page.locator("[data-fc-count]")
    row = page.locator("#result_list tr", has_text=title)

    page.goto(f"{base_of(demo)}/admin/stories/story/?status__exact=draft&q={title}")
    expect(row).to_contain_text("2 ⚠")
    bench(page, demo, made.address)
    tab(page, "text")
    expect(marks).to_have_count(2)
    expect(count).to_have_text("2 ⚠")
    area = marks.filter(has_text="5300")
    name = marks.filter(has_text="Анна Крылова")

    # the nearest sentence: under the pointer, under a finger, under the focus
    expect(card).to_be_hidden()
    if width == PHONE:
        area.tap()
    else:
        area.hover()
    expect(card).to_be_visible()
    expect(card).to_contain_text("4200 квадратных метров")
    expect(card.locator("a")).to_have_attribute("href", f"#post-{made.posts[0]}")
    picture(page, f"fact-{width}")
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    name.focus()
    expect(card).to_be_visible()
    page.keyboard.press("Enter")
    assert page.evaluate("getSelection().toString()") == "Анна Крылова"
    seen.judge(page)

    # one is said to be right, and doubted again
    name.focus()
    card.locator("button").last.click()
    expect(marks).to_have_count(1)
    expect(count).to_have_text("1 ⚠")
    expect(page.locator("[data-fc-accepted-count]")).to_have_text("1")
    again(page)
    tab(page, "text")
    expect(marks).to_have_count(1)
    page.locator("[data-fc-accepted] summary").click()
    page.locator("[data-fc-accepted-list] button").last.click()
    expect(marks).to_have_count(2)

    # the other one is mended; what is typed is checked while one types, and counted once it is saved
    page.fill("#wb-body", DRAFT.replace("5300", "4200"))
    expect(marks).to_have_count(1)
    expect(name).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.locator(".wb")).to_have_attribute("data-version", "2")
    expect(marks).to_have_count(1)
    page.goto(f"{base_of(demo)}/admin/stories/story/?status__exact=draft&q={title}")
    expect(row).to_contain_text("1 ⚠")
    seen.judge(page)
    context.close()


def test_a_source_beyond_the_first_ones_is_put_below_them(demo: Stack, browser: Browser) -> None:
    others = [f"Ярмарка на Приречной, день {number}." for number in range(POSTS_SHOWN)]
    made = story_of(demo, "Длинный сюжет", *others, SAID, ELSE, body=DRAFT)
    context = opened(browser, demo, PHONE, "dark")
    page = context.new_page()
    seen = watched(page, demo)
    posts = page.locator(".wb-post")
    bench(page, demo, made.address)
    tab(page, "sources")
    expect(posts).to_have_count(POSTS_SHOWN)
    more = page.locator("[data-more=posts] [data-more-next]")
    more.focus()
    page.keyboard.press("Enter")
    expect(posts).to_have_count(POSTS_SHOWN + 2)
    expect(page.locator(f"#post-{made.posts[-2]}")).to_be_focused()
    expect(more).to_have_count(0)

    # the nearest sentence is told by such a source: its link leads there
    again(page)
    tab(page, "text")
    page.locator(f".fc-list a[href='#post-{made.posts[-2]}']").first.click()
    expect(page.locator(f"#post-{made.posts[-2]}")).to_be_in_viewport()
    expect(posts).to_have_count(POSTS_SHOWN + 2)
    seen.judge(page)
    context.close()
