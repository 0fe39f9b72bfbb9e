"""The calendar in a real browser: a publication is moved by mouse, by keys, by finger and by form."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.e2e.browsing import DESK, PHONE, base_of, opened, picture, pytestmark, watched
from tests.e2e.stack import Stack

__all__ = ["pytestmark"]  # the marks are those of all tests in a browser

ZONE = ZoneInfo("Europe/Moscow")
SEED = """
import json
from datetime import datetime, time
from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.publishing.models import Channel
from apps.publishing.services import channel_create, publication_schedule, schedule_save
from apps.stories.models import Story, StoryVersion
workspace = Workspace.objects.order_by("pk").first()
assert workspace.time_zone == "Europe/Moscow", workspace.time_zone
channel = channel_create(workspace=workspace, kind="preview", name={name!r})
every = [(day, time(15)) for day in range(7)]
schedule_save(channel=channel, times=every, quiet_from=time(23), quiet_until=time(7), gap_minutes=30)
def approved(title):
    story = Story.objects.create(workspace=workspace, title=title, first_at=now(), last_at=now())
    story.current_version = StoryVersion.objects.create(story=story, number=1, title=title, lead="Лид.", body="Текст.")
    story.status = "approved"
    story.save()
    return story
story = approved({title!r})
approved("Ждёт: " + {title!r})
editor = User.objects.filter(memberships__workspace=workspace).first()
at = datetime.fromisoformat({at!r})
row = publication_schedule(story=story, channel=channel, editor=editor, at=at)
print("SEEDED", json.dumps({{"publication": row.pk, "channel": channel.pk, "workspace": workspace.pk}}))
"""


def monday() -> datetime:
    """The Monday after next week's beginning: whatever day it is, all of its week is to come."""
    today = datetime.now(ZONE).date()
    return datetime.combine(today - timedelta(days=today.weekday()) + timedelta(days=14), time(0), tzinfo=ZONE)


def hour(day: int, clock: int) -> str:
    """An hour of that week as the page names it."""
    return (monday() + timedelta(days=day, hours=clock)).astimezone(UTC).isoformat()


def seeded(stack: Stack, title: str, name: str, *, day: int, clock: int, minute: int = 20) -> dict[str, Any]:
    """A publication in a channel of its own, in that week."""
    at = monday() + timedelta(days=day, hours=clock, minutes=minute)
    told = stack.manage("shell", "-v", "0", "-c", SEED.format(title=title, name=name, at=at.isoformat()))
    found = re.search(r"SEEDED (.*)", told)
    assert found is not None, told
    kept: dict[str, Any] = json.loads(found[1])
    return kept


def calendar(page: Page, stack: Stack, row: dict[str, Any], view: str = "week") -> Locator:
    """Open that week of the channel and wait until its scripts run; the publication's card."""
    page.goto(
        f"{base_of(stack)}/admin/desk/calendar/?view={view}&workspace={row['workspace']}&channel={row['channel']}"
        f"&date={monday():%Y-%m-%d}"
    )
    page.locator("[data-calendar][data-ready]").wait_for()
    return shown(page, row)


def shown(page: Page, row: dict[str, Any]) -> Locator:
    """The card, where it is seen: a week stands on the page as a table and as a list."""
    return page.locator(f"[data-card='{row['publication']}']:visible")


def middle(place: Locator) -> tuple[float, float]:
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + min(box["height"] / 2, 18)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dragged_by_mouse_and_taken_back(demo: Stack, browser: Browser, scheme: str) -> None:
    row = seeded(demo, f"Перетащить {scheme}", f"Мышь {scheme}", day=1, clock=11)
    context = opened(browser, demo, DESK, scheme)
    page = context.new_page()
    seen = watched(page, demo)
    card = calendar(page, demo, row)
    picture(page, f"calendar-week-{scheme}")

    target = page.locator(f"td[data-begin='{hour(3, 13)}']")
    page.mouse.move(*middle(card))
    page.mouse.down()
    page.mouse.move(*middle(target), steps=8)
    expect(target).to_have_class(re.compile("is-target"))
    page.mouse.up()
    page.wait_for_url(re.compile(rf"moved={row['publication']}"))
    expect(page.locator(f"td[data-begin='{hour(3, 13)}'] [data-card='{row['publication']}'] time")).to_have_text(
        "13:20"
    )
    expect(page.locator(f"td[data-begin='{hour(1, 11)}'] [data-card]")).to_have_count(0)
    picture(page, f"calendar-moved-{scheme}")

    page.locator("[data-undo]").click()
    expect(page.locator(f"td[data-begin='{hour(1, 11)}'] [data-card='{row['publication']}'] time")).to_have_text(
        "11:20"
    )
    seen.judge(page)
    context.close()


def test_a_drop_into_quiet_hours_asks_and_leaves_it_where_it_was(demo: Stack, browser: Browser) -> None:
    row = seeded(demo, "В ночь", "Ночь", day=2, clock=12)
    context = opened(browser, demo, DESK, "light")
    page = context.new_page()
    card = calendar(page, demo, row)
    page.keyboard.press("Escape")
    target = page.locator(f"td[data-begin='{hour(2, 6)}']")
    page.mouse.move(*middle(card))
    page.mouse.down()
    page.mouse.move(*middle(target), steps=8)
    expect(target).to_have_class(re.compile("is-target"))
    page.mouse.up()
    page.locator("[data-conflict]").wait_for()
    picture(page, "calendar-conflict")
    expect(calendar(page, demo, row).locator("time")).to_have_text("12:20")
    context.close()


def test_moved_by_keys(demo: Stack, browser: Browser) -> None:
    row = seeded(demo, "Клавишами", "Клавиши", day=0, clock=10)
    context = opened(browser, demo, DESK, "light")
    page = context.new_page()
    card = calendar(page, demo, row)
    page.keyboard.press("j")
    expect(card.locator("[data-open]")).to_be_focused()
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(page.locator(f"td[data-begin='{hour(1, 11)}']")).to_have_class(re.compile("is-target"))
    expect(page.locator("[data-says]")).to_contain_text("11:20")
    page.keyboard.press("Escape")
    expect(page.locator(".is-target")).to_have_count(0)
    page.keyboard.press("m")
    page.keyboard.press("ArrowRight")
    expect(page.locator(f"td[data-begin='{hour(1, 10)}']")).to_have_class(re.compile("is-target"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(rf"moved={row['publication']}"))
    moved = page.locator(f"td[data-begin='{hour(1, 10)}'] [data-card='{row['publication']}']")
    expect(moved.locator("[data-open]")).to_be_focused()
    page.locator("[data-calendar][data-ready]").wait_for()
    page.keyboard.press("?")
    expect(page.locator("[data-keys]")).to_be_visible()
    page.keyboard.press("Escape")
    with page.expect_navigation():
        page.keyboard.press("n")
    expect(page.locator("[data-card]")).to_have_count(0)
    context.close()


def test_moved_by_finger_in_the_list_of_a_phone(demo: Stack, browser: Browser) -> None:
    row = seeded(demo, "Пальцем", "Телефон", day=0, clock=13)
    context = opened(browser, demo, PHONE, "dark", has_touch=True, is_mobile=True)
    page = context.new_page()
    seen = watched(page, demo)
    card = calendar(page, demo, row)
    expect(page.locator(".cal-week")).to_be_hidden()
    picture(page, "calendar-phone")
    place = page.locator(f"a.cal-place[data-begin='{hour(0, 15)}']:visible")
    x, y = middle(card)
    box = place.bounding_box()
    assert box is not None
    there = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    hand = context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        told = [{"x": left, "y": top} for left, top in points]
        hand.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": told})

    touch("touchStart", (x, y))
    expect(card).to_have_class(re.compile("is-held"))
    touch("touchMove", (x, y + 10))
    touch("touchMove", there)
    expect(place).to_have_class(re.compile("is-target"))
    touch("touchEnd")
    page.wait_for_url(re.compile(rf"moved={row['publication']}"))
    expect(shown(page, row).locator("time")).to_have_text("15:00")
    seen.judge(page)
    context.close()


def test_without_its_scripts_it_is_moved_by_form_and_a_place_is_taken(demo: Stack, browser: Browser) -> None:
    row = seeded(demo, "Без скриптов", "Формы", day=4, clock=12)
    context = opened(browser, demo, DESK, "light")
    page = context.new_page()
    page.route("**/desk/calendar*.js", lambda route: route.abort())
    page.goto(f"{base_of(demo)}/admin/desk/calendar/?channel={row['channel']}&date={monday():%Y-%m-%d}")
    page.locator(f".cal-week [data-card='{row['publication']}'] a").click()
    page.locator("#cal-to").fill(f"{monday() + timedelta(days=5, hours=9):%Y-%m-%dT%H:%M}")
    page.locator(".cal--page button.pult-button--main").click()
    expect(page.locator(f"td[data-begin='{hour(5, 9)}'] [data-card='{row['publication']}'] time")).to_have_text("09:00")

    page.locator(f".cal-week a.cal-place[data-begin='{hour(2, 15)}']").click()
    picture(page, "calendar-place")
    page.locator(".cal-stories button", has_text="Ждёт: Без скриптов").click()
    expect(page.locator(f"td[data-begin='{hour(2, 15)}'] .cal-card__title")).to_have_text("Ждёт: Без скриптов")
    expect(page.locator(f"td[data-begin='{hour(2, 15)}'] a.cal-place")).to_have_count(0)
    context.close()
