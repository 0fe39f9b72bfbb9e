"""Corrections of grouping in a real browser: each is made, shown, and taken back by one press."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.browsing import SIZES, bench, did, opened, picture, pytestmark, story_of, tab, watched
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser


class Correcting:
    """An editor before a story, and where its posts stand."""

    def __init__(self, page: Page, stack: Stack, posts: list[int]) -> None:
        self.page, self.stack, self.posts = page, stack, posts

    def press(self, selector: str) -> None:
        """Press what leads to another page, or to this one again."""
        with self.page.expect_navigation():
            self.page.locator(selector).first.click()

    def act(self, post: int, name: str) -> str:
        """The button of a post."""
        return f"#post-{self.posts[post]} .reasons-acts button[name={name}]"

    def link(self, post: int, ending: str) -> str:
        """The link of a post to a page that asks more."""
        return f"#post-{self.posts[post]} .reasons-acts a[href$='/{ending}/']"

    def stories(self) -> list[int]:
        """In which story each post stands."""
        found: list[int] = did(self.stack, "place", posts=self.posts)["stories"]
        return found

    def take_back(self) -> None:
        """Press the button that takes the last correction back."""
        self.press(".facts-done button")
        tab(self.page, "sources")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_each_correction_is_made_and_taken_back(demo: Stack, browser: Browser, width: int, scheme: str) -> None:
    other = f"Регата {width}"
    # with texts, so that none is written by itself while the sources of a story change
    posts = [f"Ярмарка на Приречной открылась, лавка {width}-{number}." for number in range(4)]
    first = story_of(demo, f"Ярмарка {width}", *posts, body="Ярмарка открылась.")
    second = story_of(demo, other, f"Регата началась у причала {width}.", body="Регата началась.")
    context = opened(browser, demo, width, scheme)
    page = context.new_page()
    seen = watched(page, demo)
    editor = Correcting(page, demo, first.posts)
    bench(page, demo, first.address)
    tab(page, "sources")
    together = [first.pk] * 4

    # a post: pinned, taken out, kept apart from another for ever, moved elsewhere
    editor.press(editor.act(0, "pin"))
    expect(page.locator(editor.act(0, "unpin"))).to_be_visible()  # a phone, too, comes back to the sources
    assert did(demo, "place", posts=first.posts)["pinned"] == [first.posts[0]]
    editor.take_back()
    expect(page.locator(editor.act(0, "pin"))).to_be_visible()
    editor.press(editor.act(3, "not_here"))
    expect(page.locator(".wb-post")).to_have_count(3)
    assert editor.stories()[:3] == together[:3]
    assert editor.stories()[3] not in (None, first.pk)
    editor.press(".pult-undo")  # in the message
    assert editor.stories() == together

    editor.press(editor.link(3, "apart"))
    seen.judge(page)
    page.locator(f"input[name=post][value='{first.posts[0]}']").check()
    picture(page, f"apart-{width}")
    editor.press(".fix-bar button")
    expect(page.locator(".wb-post")).to_have_count(3)
    assert editor.stories()[3] not in (None, first.pk)
    editor.take_back()
    assert editor.stories() == together

    editor.press(editor.link(1, "move"))
    page.fill("input[type=search]", other)
    editor.press(".fix-find button")
    expect(page.locator(".fix-row")).to_have_count(1)
    seen.judge(page)
    picture(page, f"move-{width}")
    editor.press(f"button[name=target][value='{second.pk}']")
    assert editor.stories() == [first.pk, second.pk, first.pk, first.pk]
    editor.take_back()
    assert editor.stories() == together

    # the whole story: split, locked, merged with another
    editor.press(".facts-acts a[href$='/split/']")
    for number in (2, 3):
        page.locator(f"input[name=post][value='{first.posts[number]}']").check()
    seen.judge(page)
    picture(page, f"split-{width}")
    editor.press(".fix-bar button")
    assert editor.stories()[:2] == [first.pk, first.pk]
    assert editor.stories()[2] == editor.stories()[3] != first.pk
    editor.take_back()
    assert editor.stories() == together

    editor.press(".facts-acts button[name=lock]")
    expect(page.locator(".facts-acts button[name=unlock]")).to_be_visible()
    assert did(demo, "place", posts=first.posts)["locked"] == [first.pk]
    editor.take_back()
    assert did(demo, "place", posts=first.posts)["locked"] == []

    editor.press(".facts-acts a[href*='/merge/']")
    page.fill("input[type=search]", other)
    editor.press(".fix-find button")
    page.locator(f"input[type=checkbox][value='{second.pk}']").check()
    seen.judge(page)
    picture(page, f"merge-stories-{width}")
    editor.press(".fix-bar button")
    expect(page.locator(".wb-post")).to_have_count(5)
    assert did(demo, "place", posts=second.posts)["stories"] == [first.pk]
    editor.press(".pult-undo")
    expect(page.locator(".wb-post")).to_have_count(4)
    assert did(demo, "place", posts=[*first.posts, *second.posts])["stories"] == [*together, second.pk]
    seen.judge(page)
    context.close()
