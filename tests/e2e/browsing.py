"""How tests of the desk use a browser: logged in, at a width and in a scheme, with an eye on what it complains of."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.e2e.stack import POSTGRES, Stack

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PHONE, DESK = 390, 1280
SIZES = [(DESK, "light"), (PHONE, "dark")]
READY = "Boolean(window.workbench && window.workbench.save)"
PICTURES = os.environ.get("PULT_SCREENSHOTS", "")

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
    pytest.mark.skipif(bool(POSTGRES), reason="the demo is clicked through in the run without DATABASE_URL"),
]


@dataclass
class Made:
    """A story of a test's own: its number, and its posts' in their order."""

    pk: int
    posts: list[int]

    @property
    def address(self) -> str:
        """Where it is worked on."""
        return f"/admin/desk/stories/{self.pk}/"


@dataclass
class Seen:
    """What a page complained of and asked of others."""

    complaints: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def judge(self, page: Page) -> None:
        """Nothing was complained of, nobody else was asked, and nothing is wider than the screen."""
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert (self.complaints, self.foreign, wide) == ([], [], 0)


def base_of(stack: Stack) -> str:
    """The site's address."""
    return f"http://127.0.0.1:{stack.port}"


def log_in(page: Page, stack: Stack) -> None:
    """Log in with what the first start printed; once, for a person may do so only a few times a minute."""
    kept = stack.folder / "cookies.json"
    if kept.exists():
        page.context.add_cookies(json.loads(kept.read_text()))
        return
    printed = (stack.folder / "group.log").read_text()
    login = re.search(r"Login\s+(\S+)", printed)
    password = re.search(r"Password\s+(\S+)", printed)
    assert login is not None
    assert password is not None
    page.goto(f"{base_of(stack)}/admin/login/")
    page.fill("input[name=username]", login[1])
    page.fill("input[name=password]", password[1])
    with page.expect_navigation():
        page.click("button[type=submit]")
    assert "/login/" not in page.url
    kept.write_text(json.dumps(page.context.cookies()))


def opened(browser: Browser, stack: Stack, width: int, scheme: str = "light", **more: Any) -> BrowserContext:
    """A browser of somebody who is logged in."""
    context = browser.new_context(
        viewport={"width": width, "height": 850},
        locale="ru-RU",
        color_scheme="dark" if scheme == "dark" else "light",
        **more,
    )
    page = context.new_page()
    log_in(page, stack)
    page.close()
    return context


def watched(page: Page, stack: Stack) -> Seen:
    """Note what a page complains of from here on."""
    seen = Seen()
    base = base_of(stack)
    page.on("console", lambda message: seen.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((base, "data:", "blob:")) else seen.foreign.append(asked.url),
    )
    return seen


def did(stack: Stack, act: str, **more: Any) -> dict[str, Any]:
    """Do something besides the screens: see `tests.e2e.desk`."""
    return stack.served("desk", act, json.dumps(more))


def story_of(stack: Stack, title: str, *posts: str, lead: str = "", body: str = "") -> Made:
    """A story of a test's own."""
    return Made(**did(stack, "story", title=title, posts=list(posts), lead=lead, body=body))


def drafts(page: Page, stack: Stack) -> list[str]:
    """The addresses of stories that have a draft."""
    page.goto(f"{base_of(stack)}/admin/stories/story/?status__exact=draft")
    links = page.locator("#result_list th a[href*='/admin/desk/stories/']")
    return [re.sub(r"\?.*", "", str(link.get_attribute("href"))) for link in links.all()]


def bench(page: Page, stack: Stack, address: str) -> None:
    """Open a story and wait until its scripts run."""
    page.goto(base_of(stack) + address)
    page.wait_for_function(READY)


def again(page: Page) -> None:
    """Load the story anew and wait until its scripts run."""
    page.reload()
    page.wait_for_function(READY)


def tab(page: Page, name: str) -> None:
    """Open a panel, where panels are tabs; scripts must run."""
    page.wait_for_function(READY)
    page.evaluate("name => window.workbench.openTab(name)", name)


def picture(page: Page, name: str) -> None:
    """Keep a picture of the screen where somebody wants to look at it."""
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"{name}.png"), full_page=True)


def preview_page(page: Page, stack: Stack) -> str:
    """The text of the demo's preview channel."""
    page.goto(f"{base_of(stack)}/preview/")
    with page.expect_navigation():
        page.locator("a[href^='/preview/']:not([href='/preview/'])").first.click()
    return page.locator("body").inner_text()
