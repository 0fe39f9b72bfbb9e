"""The workbench in a real browser: a whole story from the list to the channel, and nothing typed is ever lost."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from tests.e2e.browsing import (
    DESK,
    READY,
    SIZES,
    again,
    base_of,
    bench,
    did,
    opened,
    picture,
    preview_page,
    pytestmark,
    story_of,
    tab,
    watched,
)
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser

POST = "Маяк на мысе Дальнем погас в полночь, смотритель зажёг его к утру."
POSTS = (  # enough for two drafts that differ
    f"{POST} Смотритель Пётр Лодкин говорит, что виноват шторм. Рыбаки видели огонь с моря.",
    "Маяк на мысе Дальнем горит снова. Шторм погасил его в полночь. Никто из рыбаков не пострадал.",
    "Шторм оставил мыс Дальний без маяка на шесть часов. К утру свет вернулся, сообщил Пётр Лодкин.",
)


def second_editor(browser: Browser, stack: Stack) -> BrowserContext:
    """A browser of another editor of the same workspace."""
    context = browser.new_context(viewport={"width": DESK, "height": 850}, locale="ru-RU")
    cookie = did(stack, "session")
    context.add_cookies([{"name": cookie["name"], "value": cookie["value"], "url": base_of(stack)}])
    return context


def press_main(page: Page) -> None:
    """The main button: in the head, or on a phone in reach of a thumb."""
    page.locator("[data-key-main]:visible").first.click()


def kept_on_server(page: Page) -> None:
    """Wait until the server has what was typed."""
    page.wait_for_function("window.workbench.changed() && window.workbench.mark() !== ''")


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_a_whole_story(demo: Stack, browser: Browser, width: int, scheme: str) -> None:
    made = story_of(demo, f"Маяк {width}", *POSTS, body=f"Маяк погас и горит, раз {width}.")
    context = opened(browser, demo, width, scheme)
    page = context.new_page()
    seen = watched(page, demo)
    bench(page, demo, made.address)
    title = f"Проверено целиком {width}"

    # variants, and one of them is taken
    tab(page, "text")
    page.select_option("#wb-variants", "2")
    page.locator("[data-key-rewrite]").click()
    expect(page.locator(".wb-variant")).to_have_count(2, timeout=60_000)
    page.wait_for_function(READY)
    picture(page, f"variants-{width}")
    with page.expect_navigation():
        page.locator(".wb-variant button").last.click()
    expect(page.locator(".wb-variant")).to_have_count(0)

    # what is typed is there after a reload, unsaved
    page.wait_for_function(READY)
    before = page.locator("#wb-body").input_value()
    number = int(page.locator(".wb").get_attribute("data-version") or 0)
    page.fill("#wb-title", title)
    page.fill("#wb-body", f"{before} Дописано рукой.")
    kept_on_server(page)
    again(page)
    tab(page, "text")
    expect(page.locator("#wb-title")).to_have_value(title)
    expect(page.locator("[data-restored]")).to_be_visible()

    # saved in place, compared, restored
    page.keyboard.press("Control+s")
    expect(page.locator(".wb")).to_have_attribute("data-version", str(number + 1))
    expect(page.locator("[data-restored]")).to_be_hidden()
    page.locator("[data-fold=versions] summary").click()
    page.locator("[data-pair]").first.click()
    expect(page.locator("[data-difference] ins").last).to_contain_text("Дописано рукой")
    picture(page, f"difference-{width}")
    with page.expect_navigation():
        page.locator(f"button[form=wb-restore][value='{number}']").click()
    tab(page, "text")
    expect(page.locator("#wb-body")).to_have_value(before)
    page.fill("#wb-title", title)

    # approved and published
    press_main(page)
    approved, anyway = page.locator(".wb-state--approved"), page.locator("button[value=approve_anyway]")
    expect(approved.or_(anyway)).to_be_visible()
    if anyway.is_visible():
        anyway.click()
    expect(approved).to_be_visible()
    page.wait_for_function(READY)
    picture(page, f"approved-{width}")
    with page.expect_navigation():
        press_main(page)
    seen.judge(page)
    demo.until(lambda: title in preview_page(page, demo), seconds=60, what="it is on the preview page")
    seen.judge(page)
    context.close()


def test_last_words_that_arrive_after_the_next_page_was_made_are_in_it(demo: Stack, browser: Browser) -> None:
    made = story_of(demo, "Последние слова", POST, body="Маяк погас и горит.")
    context = opened(browser, demo, DESK)
    page = context.new_page()
    bench(page, demo, made.address)
    tab(page, "text")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    def reload(route: Route) -> None:
        answer = route.fetch()
        for one in held[:1]:
            one.fulfill(response=one.fetch())
        page.wait_for_timeout(500)  # the page that is left hears of it
        route.fulfill(response=answer)

    page.fill("#wb-title", "Сначала заголовок")
    page.locator("#wb-body").focus()
    kept_on_server(page)
    page.route("**/unsaved/", hold)
    page.fill("#wb-body", "Маяк погас и горит. Дописано рукой.")
    page.locator("#wb-title").focus()
    page.wait_for_timeout(200)
    assert len(held) == 1
    page.route(re.compile(f"{re.escape(made.address)}$"), reload)
    again(page)
    tab(page, "text")
    expect(page.locator("#wb-title")).to_have_value("Сначала заголовок")
    expect(page.locator("#wb-body")).to_have_value("Маяк погас и горит. Дописано рукой.")
    context.close()


def test_two_editors_are_told_of_each_other_and_both_texts_stay(demo: Stack, browser: Browser) -> None:
    made = story_of(demo, "Двое", POST, body="Маяк погас и горит.")
    mine, theirs = opened(browser, demo, DESK), second_editor(browser, demo)
    page, other = mine.new_page(), theirs.new_page()
    with page.expect_response("**/lock/"):  # it is known that this one has it open
        bench(page, demo, made.address)
    bench(other, demo, made.address)
    expect(other.locator("[data-lock]")).to_be_visible()
    expect(other.locator("[data-lock-words]")).to_contain_text("admin")
    picture(other, "locked")
    other.locator("[data-lock-take]").click()
    expect(other.locator("[data-lock]")).to_be_hidden()

    page.fill("#wb-body", "Мой текст о том же самом.")
    kept_on_server(page)
    other.fill("#wb-body", "Их текст о том же самом.")
    other.keyboard.press("Control+s")
    expect(other.locator(".wb")).to_have_attribute("data-version", "2")
    other.wait_for_function("!window.workbench.changed()")

    page.locator("[data-key-save]").click()
    expect(page.locator("[data-merge] del").first).to_have_text(re.compile(r"^\s*Их\s*$"))
    expect(page.locator("[data-merge] ins").first).to_have_text(re.compile(r"^\s*Мой\s*$"))
    picture(page, "merge")
    expect(page.locator("#wb-body")).to_have_value("Мой текст о том же самом.")
    page.locator("[data-mine]").click()
    expect(page.locator(".wb")).to_have_attribute("data-version", "3")
    again(page)
    expect(page.locator("#wb-body")).to_have_value("Мой текст о том же самом.")
    page.locator("[data-fold=versions] summary").click()
    expect(page.locator(".wb-versions")).to_contain_text("Вторая")
    mine.close()
    theirs.close()


def test_without_a_network_the_browser_keeps_what_is_typed(demo: Stack, browser: Browser) -> None:
    context = opened(browser, demo, DESK)
    page = context.new_page()
    address = story_of(demo, "Тоннель", POST, body="Маяк погас.").address
    bench(page, demo, address)
    context.set_offline(True)
    page.fill("#wb-body", "Набрано в тоннеле.")
    expect(page.locator("[data-banner=keep]")).to_be_visible()
    page.close()
    context.set_offline(False)

    anew = context.new_page()
    bench(anew, demo, address)
    expect(anew.locator("#wb-body")).to_have_value("Набрано в тоннеле.")
    expect(anew.locator("[data-restored]")).to_be_visible()
    anew.locator("#wb-body").press("End")
    anew.keyboard.type(" И выехали.")
    kept_on_server(anew)
    context.close()


def type_and_keep(page: Page, words: str) -> None:
    """Type a text and wait until the server has this very one."""
    mark = page.evaluate("window.workbench.mark()")
    page.fill("#wb-body", words)
    page.wait_for_function("mark => ![mark, ''].includes(window.workbench.mark())", arg=mark)


def test_words_of_a_train_and_of_another_device_are_both_offered(demo: Stack, browser: Browser) -> None:
    context, elsewhere = opened(browser, demo, DESK), opened(browser, demo, DESK)
    page, there = context.new_page(), elsewhere.new_page()
    address = story_of(demo, "Поезд", POST, body="Маяк погас.").address
    bench(page, demo, address)
    type_and_keep(page, "Начато дома.")
    context.set_offline(True)
    page.fill("#wb-body", "Набрано в поезде.")
    expect(page.locator("[data-banner=keep]")).to_be_visible()
    page.close()
    bench(there, demo, address)
    type_and_keep(there, "Набрано на работе.")
    elsewhere.close()
    context.set_offline(False)

    anew = context.new_page()
    bench(anew, demo, address)
    expect(anew.locator("#wb-body")).to_have_value("Набрано на работе.")
    expect(anew.locator("[data-banner=other]")).to_be_visible()
    type_and_keep(anew, "Набрано на работе и дальше.")
    again(anew)
    expect(anew.locator("#wb-body")).to_have_value("Набрано на работе и дальше.")
    anew.locator("[data-banner=other] button").first.click()
    expect(anew.locator("#wb-body")).to_have_value("Набрано в поезде.")
    again(anew)
    expect(anew.locator("#wb-body")).to_have_value("Набрано в поезде.")
    expect(anew.locator("[data-banner=other]")).to_have_count(0)
    context.close()


def test_a_closed_tab_loses_nothing(demo: Stack, browser: Browser) -> None:
    context = opened(browser, demo, DESK)
    page = context.new_page()
    address = story_of(demo, "Закрытие", POST, body="Маяк погас.").address
    bench(page, demo, address)
    page.fill("#wb-body", "Последние слова перед закрытием.")
    page.close()
    elsewhere = opened(browser, demo, DESK)
    there = elsewhere.new_page()
    demo.until(
        lambda: bench(there, demo, address) or "Последние слова" in there.locator("#wb-body").input_value(),
        seconds=20,
        what="the last words arrived",
    )
    context.close()
    elsewhere.close()


@pytest.mark.parametrize("status", [500, 403])
def test_a_refusing_server_leaves_the_text_in_its_place(demo: Stack, browser: Browser, status: int) -> None:
    context = opened(browser, demo, DESK)
    page = context.new_page()
    bench(page, demo, story_of(demo, f"Отказ {status}", POST, body="Маяк погас.").address)

    def refuse(route: Route) -> None:
        route.fulfill(status=status, content_type="text/html", body="<h1>no</h1>")

    page.route("**/save/", refuse)
    page.fill("#wb-body", f"Набрано перед ответом {status}.")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-banner=save]")).to_be_visible()
    expect(page.locator("#wb-body")).to_have_value(f"Набрано перед ответом {status}.")
    page.unroute("**/save/")
    page.keyboard.press("Control+s")
    page.wait_for_function("!window.workbench.changed()")
    expect(page.locator("[data-banner=save]")).to_have_count(0)
    context.close()


def test_an_ended_session_keeps_the_text_until_one_is_back(demo: Stack, browser: Browser) -> None:
    context = opened(browser, demo, DESK)
    page = context.new_page()
    bench(page, demo, story_of(demo, "Выход", POST, body="Маяк погас.").address)
    cookies = context.cookies()
    context.clear_cookies()
    page.fill("#wb-body", "Набрано без входа.")
    page.keyboard.press("Control+s")
    expect(page.locator("[data-banner=save]")).to_be_visible()
    expect(page.locator("#wb-body")).to_have_value("Набрано без входа.")
    # logged in again elsewhere: the page's own token is of the former session
    context.add_cookies([cookie for cookie in cookies if "csrf" not in cookie["name"]])
    page.keyboard.press("Control+s")
    page.wait_for_function("!window.workbench.changed()")
    again(page)
    expect(page.locator("#wb-body")).to_have_value("Набрано без входа.")
    context.close()


def test_keys_go_through_the_list_one_came_from_and_between_panels(demo: Stack, browser: Browser) -> None:
    for number in range(3):
        story_of(demo, f"Клавиши {number}", f"{POST} Это пост {number}.", body="Маяк погас.")
    context = opened(browser, demo, DESK)
    page = context.new_page()
    listed = f"{base_of(demo)}/admin/stories/story/?status__exact=draft&q=Клавиши&order=rank"
    page.goto(listed)
    links = page.locator("#result_list th a[href*='/admin/desk/stories/']")
    expect(links).to_have_count(3)
    paths = [str(link.get_attribute("href")).partition("?")[0] for link in links.all()]
    with page.expect_navigation():
        links.first.click()
    page.wait_for_function(READY)
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_be_visible()
    picture(page, "keys")
    page.keyboard.press("Escape")
    expect(page.locator("[data-keys]")).to_be_hidden()
    page.keyboard.press("Alt+Digit2")
    expect(page.locator("#wb-body")).to_be_focused()
    page.keyboard.press("j")  # a letter of the text, not a key
    expect(page.locator("#wb-body")).to_have_value(re.compile("j"))
    page.keyboard.press("Backspace")
    page.keyboard.press("Alt+Digit3")
    expect(page.locator("#wb-comment")).to_be_focused()
    page.keyboard.press("Escape")
    for key, path in (("j", paths[1]), ("j", paths[2]), ("k", paths[1])):
        with page.expect_navigation():
            page.keyboard.press(key)
        page.wait_for_function(READY)
        assert urlsplit(page.url).path == path
    page.fill("#wb-title", "Клавиши: сохранено")
    page.keyboard.press("Control+s")
    expect(page.locator(".wb")).to_have_attribute("data-version", "2")
    expect(page.locator(".wb-back")).to_have_attribute("href", re.compile("order=rank"))
    page.locator("#wb-title").press("Escape")
    with page.expect_navigation():
        page.keyboard.press("u")
    assert parse_qs(urlsplit(page.url).query) == parse_qs(urlsplit(listed).query)
    context.close()
