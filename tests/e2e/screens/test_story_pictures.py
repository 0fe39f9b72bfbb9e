"""Pictures of a story in a real browser: drawn, uploaded, cut, described, chosen, and given up again."""

from __future__ import annotations

import io

import pytest
from PIL import Image
from playwright.sync_api import Browser, Locator, expect

from tests.e2e.browsing import PHONE, SIZES, bench, did, opened, picture, pytestmark, story_of, tab, watched
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser


def photo() -> bytes:
    """A photo, wider than it is high."""
    file = io.BytesIO()
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(file, "PNG")
    return file.getvalue()


def size_of(image: Locator) -> list[int]:
    """How large a picture is that the browser has loaded."""
    loaded: list[int] = image.evaluate(
        "async image => (await image.decode(), [image.naturalWidth, image.naturalHeight])"
    )
    return loaded


@pytest.mark.parametrize(("width", "scheme"), SIZES)
def test_a_picture_is_drawn_uploaded_cut_described_and_chosen(
    demo: Stack, browser: Browser, width: int, scheme: str
) -> None:
    made = story_of(demo, f"Картинки {width}", "Маяк на мысе погас.", body="Маяк погас.")
    context = opened(browser, demo, width, scheme)
    page = context.new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    seen = watched(page, demo)
    ones, chosen = page.locator("#wb-pictures .pic-one"), page.locator(".pic-chosen img")
    bench(page, demo, made.address)
    tab(page, "publish")

    # candidates are drawn in the background and appear by themselves
    cover = page.locator("#wb-pictures details", has=page.locator("input[name=way][value=cover]"))
    cover.locator("summary").click()
    cover.locator("textarea[name=prompt]").fill("Маяк снова горит")
    cover.locator("select[name=count]").select_option("2")
    with page.expect_navigation():
        cover.locator("button").click()
    expect(page.locator("#wb-pictures")).to_be_in_viewport()  # a phone, too, comes back to the pictures
    expect(ones).to_have_count(2, timeout=60_000)
    expect(page.locator("[data-making]")).to_have_count(0)
    expect(chosen).to_have_count(0)
    with page.expect_navigation():
        ones.nth(1).locator("button[value=choose]").click()
    expect(chosen).to_be_visible()
    expect(page.locator(".pic-one--chosen")).to_have_count(1)

    # one's own, chosen in its place
    upload = page.locator("#wb-pictures details", has=page.locator("input[type=file]"))
    upload.locator("summary").click()
    upload.locator("input[type=file]").set_input_files(
        {"name": "lighthouse.png", "mimeType": "image/png", "buffer": photo()}
    )
    with page.expect_navigation():
        upload.locator("button").click()
    expect(ones).to_have_count(3)
    own = ones.filter(has_text="900×600")
    with page.expect_navigation():
        own.locator("button[value=choose]").click()
    assert size_of(chosen) == [900, 600]

    # cut where somebody pointed, and described
    own.locator("summary").click()
    crop = own.locator("form[data-crop]")
    crop.locator("[data-whole]").click(position={"x": 20, "y": 20})
    expect(crop.locator("[data-point]")).to_be_visible()
    crop.locator("select[name=ratio]").select_option("1:1")
    picture(page, f"crop-{width}")
    with page.expect_navigation():
        crop.locator("button").click()
    high, wide = size_of(chosen)
    assert high == wide
    own.locator("summary").click()
    own.locator("input[name=alt]").fill("Маяк на скале вечером")
    with page.expect_navigation():
        own.locator("button[value=describe]").click()
    expect(chosen).to_have_attribute("alt", "Маяк на скале вечером")
    kept = did(demo, "pictures", story=made.pk)["pictures"]
    assert [one["chosen"] for one in kept] == [False, False, True]
    assert kept[2]["alt"] == "Маяк на скале вечером"
    picture(page, f"pictures-{width}")
    seen.judge(page)

    # each of it is taken back: all of the picture, without it, gone
    own.locator("summary").click()
    crop.locator("select[name=ratio]").select_option("")
    with page.expect_navigation():
        crop.locator("button").click()
    assert size_of(chosen) == [900, 600]
    with page.expect_navigation():
        own.locator("button[value=unchoose]").click()
    expect(chosen).to_have_count(0)
    with page.expect_navigation():
        own.locator("button[value=remove]").click()
    expect(ones).to_have_count(2)
    assert [one["chosen"] for one in did(demo, "pictures", story=made.pk)["pictures"]] == [False, False]
    if width == PHONE:
        expect(page.locator(".wb-tab[data-target=publish]")).to_have_attribute("aria-selected", "true")
    seen.judge(page)
    context.close()
