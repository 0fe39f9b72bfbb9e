"""A newcomer's first minutes in a real browser: the demo, from the list of stories to a published message."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.stack import POSTGRES, Stack, stack

CHROMIUM = shutil.which("chromium")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
CLICKS_AT_MOST = 5

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="needs Debian's chromium"),
    pytest.mark.skipif(bool(POSTGRES), reason="the demo is clicked through in the run without DATABASE_URL"),
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product as `make run` starts it for a newcomer, with the demo's stories drafted."""
    with stack(tmp_path_factory.mktemp("demo"), production=False, DEMO="true") as running:
        running.start("group", sys.executable, "manage.py", "up")
        running.until(running.is_ready, seconds=90, what="the site answers")
        running.until(
            lambda: running.editor("counts")["publications"].get("sent"), seconds=60, what="the demo's story is out"
        )
        running.until(lambda: running.editor("counts")["drafts"] >= 10, seconds=60, what="drafts are written")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


class Clicks:
    """Counts what a person presses."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.number = 0

    def __call__(self, selector: str) -> None:
        self.page.locator(selector).first.click()
        self.page.wait_for_load_state()
        self.number += 1


@pytest.mark.parametrize("width", [390, 1280])
def test_story_goes_from_list_to_published_in_a_few_clicks(demo: Stack, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 850}, locale="ru-RU")
    page = context.new_page()
    base = f"http://127.0.0.1:{demo.port}"
    complaints: list[str] = []
    foreign: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on(
        "request",
        lambda request: None if request.url.startswith((base, "data:", "blob:")) else foreign.append(request.url),
    )
    log_in(page, base, demo)

    page.goto(f"{base}/admin/stories/story/?status__exact=draft")
    click = Clicks(page)
    click("#result_list a[href*='/admin/desk/stories/']")
    title = page.locator("#wb-title").input_value()
    main = ".wb-bar [data-key-main]" if width < 1024 else ".wb-actions--head [data-key-main]"
    click(main)
    click(main)

    assert click.number <= CLICKS_AT_MOST
    demo.until(lambda: title in preview_page(page, base), seconds=30, what=f"“{title}” is on the preview page")
    assert complaints == []
    assert foreign == []
    context.close()


def test_a_double_click_is_one_press(demo: Stack, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 850}, locale="ru-RU")
    page = context.new_page()
    base = f"http://127.0.0.1:{demo.port}"
    log_in(page, base, demo)
    page.goto(f"{base}/admin/stories/story/?status__exact=draft")
    page.locator("#result_list a[href*='/admin/desk/stories/']").last.click()
    page.wait_for_load_state()
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    page.locator("#wb-title").fill("Заголовок после двойного щелчка")

    page.locator(".wb-actions--head [data-key-main]").dblclick(no_wait_after=True)
    page.wait_for_timeout(1500)

    assert len(posts) == 1
    assert page.locator("[data-conflict]").count() == 0
    assert page.locator("#wb-title").input_value() == "Заголовок после двойного щелчка"
    context.close()


def test_pages_fit_a_phone(demo: Stack, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 850}, locale="ru-RU")
    page = context.new_page()
    base = f"http://127.0.0.1:{demo.port}"
    log_in(page, base, demo)
    wide = []
    for path in (
        "/admin/",
        "/admin/stories/story/",
        "/admin/sources/source/",
        "/admin/publishing/publication/",
        "/preview/",
    ):
        page.goto(base + path)
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            wide.append(path)
    assert wide == []
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_filters_are_written_and_tried_without_leaving_the_page(demo: Stack, browser: Browser, width: int) -> None:
    context = browser.new_context(viewport={"width": width, "height": 850}, locale="ru-RU")
    page = context.new_page()
    base = f"http://127.0.0.1:{demo.port}"
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    log_in(page, base, demo)
    page.goto(f"{base}/admin/sources/source/")
    page.locator("#result_list a[href*='/change/']").first.click()
    page.locator(".pult-rules .pult-button").click()
    rules = page.locator("[data-rules] [data-rule]")
    before = rules.count()

    page.locator("[data-add=media]").click()
    rules.last.locator("[data-chips=media] [data-value=poll]").click()
    page.locator("[data-add=words]").click()
    page.keyboard.type("в")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Control+Enter")
    page.locator("[data-tried] .fl-post").first.wait_for()
    assert page.locator(".fl-post mark").count() > 0
    assert int(rules.nth(before).locator("[data-count]").inner_text()) > 0
    wide = page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    with page.expect_navigation():
        page.keyboard.press("Control+s")

    typed = [rules.nth(before + place).locator("[name=value]").input_value() for place in (0, 1)]
    assert (rules.count(), typed) == (before + 2, ["в", "poll"])
    for _each in range(2):
        rules.last.locator("[data-remove]").click()
    with page.expect_navigation():
        page.locator("[data-save]").click()
    assert rules.count() == before
    assert (wide, complaints) == (False, [])
    context.close()


def log_in(page: Page, base: str, demo: Stack) -> None:
    """Log in with what the first start printed; once, for a person may do so only a few times a minute."""
    kept = demo.folder / "cookies.json"
    if kept.exists():
        page.context.add_cookies(json.loads(kept.read_text()))
        return
    printed = (demo.folder / "group.log").read_text()
    login = re.search(r"Login\s+(\S+)", printed)
    password = re.search(r"Password\s+(\S+)", printed)
    assert login is not None
    assert password is not None
    page.goto(f"{base}/admin/login/")
    page.fill("input[name=username]", login[1])
    page.fill("input[name=password]", password[1])
    page.click("button[type=submit]")
    page.wait_for_load_state()
    assert "/login/" not in page.url
    kept.write_text(json.dumps(page.context.cookies()))


def preview_page(page: Page, base: str) -> str:
    """The text of the demo's preview channel."""
    page.goto(f"{base}/preview/")
    page.locator("a[href^='/preview/']:not([href='/preview/'])").first.click()
    page.wait_for_load_state()
    return page.locator("body").inner_text()
