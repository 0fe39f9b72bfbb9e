"""The calendar's pages: what they show, to whom, and what a move, a place, a pause does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import User, Workspace
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, ChannelSchedule, Publication, Slot
from apps.publishing.services import schedule_save
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.publishing.clocks import Clock, standing
from tests.publishing.factories import approved_story, preview_channel, scheduled

# A Saturday, 12:00 in Moscow.
NOON = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Moscow", language="en")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace, "editor")


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    return preview_channel(workspace, "Port news")


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    with standing(NOON) as clock, translation.override("en"):
        yield clock


@pytest.fixture
def browser(editor: User) -> Client:
    return logged_in(editor)


def get(client: Client, query: str = "", *, name: str = "calendar", pk: int | None = None) -> Any:
    address = reverse(f"desk:{name}", args=[pk] if pk else None)
    return client.get(f"{address}?{query}", headers={"accept-language": "en"})


def post(client: Client, name: str, pk: int, **values: object) -> Any:
    return client.post(reverse(f"desk:{name}", args=[pk]), values, headers={"accept-language": "en"})


def text_of(answer: Any) -> str:
    """The page's words without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def told(answer: Any) -> list[str]:
    """The messages that the next page shows."""
    return [str(message) for message in answer.wsgi_request._messages]


def every_day(channel: Channel, *times: time, **rules: object) -> None:
    schedule_save(channel=channel, times=[(day, at) for day in range(7) for at in times], **rules)  # type: ignore[arg-type]


@pytest.mark.parametrize("view", ["week", "month", "list", "nonsense"])
def test_what_comes_out_stands_in_the_calendar(channel: Channel, editor: User, browser: Client, view: str) -> None:
    scheduled(channel, editor, "Fire in the port", at=NOON + 2 * HOUR)
    answer = get(browser, f"view={view}")
    assert answer.status_code == 200
    assert "14:00 Fire in the port Port news" in text_of(answer)
    assert "Times: Europe/Moscow" in text_of(answer)


def test_an_empty_calendar_says_what_comes_and_how(browser: Client, workspace: Workspace) -> None:
    assert "There is no channel yet" in text_of(get(browser))
    every_day(preview_channel(workspace), time(18))
    answer = text_of(get(browser))
    assert "Nothing comes out in this time. Press a free place to give it a story." in answer
    assert "18:00 free Showcase" in answer


def test_free_places_go_when_they_are_taken(channel: Channel, editor: User, browser: Client) -> None:
    every_day(channel, time(15), time(18), quiet_from=time(23), quiet_until=time(8), gap_minutes=60)
    scheduled(channel, editor, at=NOON + 3 * HOUR)
    [today] = [day for day in get(browser).context["days"] if day.is_today]
    assert [type(entry).__name__ for entry in today.entries] == ["Card", "Place"]
    assert [cell.is_quiet for cell in today.cells.values()] == [True] * 8 + [False] * 15 + [True]


def test_conflicts_are_shown_with_their_reason(channel: Channel, editor: User, browser: Client) -> None:
    scheduled(channel, editor, "First", at=NOON + HOUR)
    scheduled(channel, editor, "Second", at=NOON + HOUR + timedelta(minutes=10))
    every_day(channel, gap_minutes=30)
    words = text_of(get(browser))
    assert "“Second” comes out at 13:10: less than 30 minutes apart." in words
    assert "“First” comes out at 13:00: less than 30 minutes apart." in words


def test_one_channel_is_chosen_and_nonsense_is_passed_over(workspace: Workspace, editor: User, browser: Client) -> None:
    one, two = preview_channel(workspace, "One"), preview_channel(workspace, "Two")
    scheduled(one, editor, "In the first", at=NOON + HOUR)
    scheduled(two, editor, "In the second", at=NOON + HOUR)
    words = text_of(get(browser, f"channel={one.pk}"))
    assert "In the first" in words
    assert "In the second" not in words
    assert get(browser, "channel=x&date=2026-13-40&workspace=zero").status_code == 200
    assert get(browser, "date=0001-01-01").status_code == 200
    assert get(browser, f"date=9999-12-31&channel={10**30}").status_code == 200


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_days_on_which_clocks_jump_are_shown_and_told(day: str, editor: User, workspace: Workspace) -> None:
    Workspace.objects.update(time_zone="Europe/Berlin")
    preview_channel(workspace)
    words = text_of(get(logged_in(editor), f"date={day}"))
    assert f"the day has {23 if '03' in day else 25} hours" in words


def test_overdue_failed_and_unknown_stand_on_top_whatever_the_week(
    channel: Channel, editor: User, browser: Client
) -> None:
    for status in ("scheduled", "failed", "unknown", "cancelled"):
        row = scheduled(channel, editor, f"Of {status}", at=NOON + HOUR)
        Publication.objects.filter(pk=row.pk).update(status=status, publish_at=NOON - 30 * 24 * HOUR)
    cards = get(browser, "date=2027-05-05").context["needing"]
    assert {card.row.title for card in cards} == {"Of scheduled", "Of failed", "Of unknown"}


def test_moving_by_form_and_back(channel: Channel, editor: User, browser: Client) -> None:
    row = scheduled(channel, editor, at=NOON + HOUR)
    assert "New time (Europe/Moscow)" in text_of(get(browser, name="calendar_move", pk=row.pk))
    answer = post(
        browser, "calendar_move", row.pk, to="2026-11-21T16:20", seen=row.publish_at.isoformat(), back="view=week"
    )
    assert (answer.status_code, answer.url) == (
        302,
        f"{reverse('desk:calendar')}?view=week&moved={row.pk}&was=2026-11-21T10:00:00Z",
    )
    row.refresh_from_db()
    assert row.publish_at == datetime(2026, 11, 21, 13, 20, tzinfo=UTC)
    assert Delivery.objects.get().not_before == row.publish_at
    moved = browser.get(answer.url).context["moved"]
    assert (moved.row, moved.was) == (row, "2026-11-21T10:00:00Z")
    post(browser, "calendar_move", row.pk, to=moved.was, seen=moved.seen, anyway="1")
    row.refresh_from_db()
    assert row.publish_at == NOON + HOUR


def test_moving_to_a_day_keeps_the_hour(channel: Channel, editor: User, browser: Client) -> None:
    row = scheduled(channel, editor, at=NOON + HOUR)
    post(browser, "calendar_move", row.pk, day="2026-11-24", seen=row.publish_at.isoformat())
    row.refresh_from_db()
    assert row.publish_at == NOON + HOUR + timedelta(days=3)


def test_a_conflict_asks_and_changes_nothing_until_said_anyway(channel: Channel, editor: User, browser: Client) -> None:
    every_day(channel, time(18), gap_minutes=30)
    scheduled(channel, editor, "First", at=NOON + HOUR)
    row = scheduled(channel, editor, "Second", at=NOON + 5 * HOUR)
    wanted = (NOON + HOUR + timedelta(minutes=5)).isoformat()
    answer = post(browser, "calendar_move", row.pk, to=wanted)
    assert answer.status_code == 409
    assert "“First” comes out at 13:00" in text_of(answer)
    assert "Move it there anyway" in text_of(answer)
    row.refresh_from_db()
    assert row.publish_at == NOON + 5 * HOUR
    assert post(browser, "calendar_move", row.pk, to=wanted, anyway="1").status_code == 302
    row.refresh_from_db()
    assert row.publish_at == NOON + HOUR + timedelta(minutes=5)


def test_what_left_meanwhile_is_told_and_stays(channel: Channel, editor: User, browser: Client) -> None:
    row = scheduled(channel, editor, "Gone")
    deliveries_send()
    answer = post(browser, "calendar_move", row.pk, to="2026-11-22T10:00", seen=row.publish_at.isoformat())
    assert answer.status_code == 302
    assert told(answer) == ["Gone: It went out at 12:00, before it was moved. Nothing is changed."]
    row.refresh_from_db()
    assert (row.status, row.publish_at) == ("sent", NOON)
    assert "It can't be moved: published." in text_of(get(browser, name="calendar_move", pk=row.pk))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"to": "soon"}, "not a date and time"),
        ({"to": ""}, "not a date and time"),
        ({"day": "2026-13-01"}, "month must be"),
        (
            {"to": "2027-03-28T02:30"},
            "There is no 02:30 on that day: the clocks go forward. The next time there is 03:30.",
        ),
    ],
)
def test_a_time_that_is_none_is_refused_in_words(
    workspace: Workspace, channel: Channel, editor: User, given: dict[str, str], words: str
) -> None:
    Workspace.objects.update(time_zone="Europe/Berlin")
    row = scheduled(channel, editor, at=NOON + HOUR)
    answer = post(logged_in(editor), "calendar_move", row.pk, **given)
    assert answer.status_code == 400
    assert words in text_of(answer)
    assert Publication.objects.get().publish_at == NOON + HOUR


def test_a_time_that_comes_twice_is_the_first_and_says_so(workspace: Workspace, channel: Channel, editor: User) -> None:
    Workspace.objects.update(time_zone="Europe/Berlin")
    row = scheduled(channel, editor, at=NOON + HOUR)
    answer = post(logged_in(editor), "calendar_move", row.pk, to="2027-10-31T02:30")
    assert told(answer) == ["02:30 comes twice on that day: it is the first of the two."]
    assert Publication.objects.get().publish_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_a_free_place_takes_an_approved_story_once(channel: Channel, editor: User, browser: Client) -> None:
    every_day(channel, time(18))
    story = approved_story(channel.workspace, "Fire in the port")
    approved_story(WorkspaceFactory.create(), "Foreign story")
    at = (NOON + 6 * HOUR).isoformat()
    page = text_of(browser.get(reverse("desk:calendar_place", args=[channel.pk]), {"at": at}))
    assert "Fire in the port" in page
    assert "Foreign story" not in page
    for _press in range(2):
        post(browser, "calendar_place", channel.pk, at=at, story=story.pk)
    row = Publication.objects.get()
    assert (row.publish_at, row.story) == (NOON + 6 * HOUR, story)
    assert "No approved story is left" in text_of(
        browser.get(reverse("desk:calendar_place", args=[channel.pk]), {"at": at})
    )


def test_a_queue_is_paused_and_asked_about_when_it_goes_on(
    channel: Channel, editor: User, browser: Client, clock: Clock
) -> None:
    scheduled(channel, editor, "Overdue", at=NOON + HOUR)
    assert post(browser, "queue_stop", channel.pk, reason="An accident").status_code == 302
    clock.move_to(NOON + 2 * HOUR)
    assert "the queue is paused since 12:00" in text_of(get(browser))
    assert "1 is overdue." in text_of(get(browser))
    page = get(browser, name="queue_resume", pk=channel.pk)
    [now, slots, cancel] = page.context["ways"]
    assert [line["becomes"] for line in now["plan"]] == ["Saturday 21 November, 14:00"]
    assert (slots["is_possible"], cancel["is_possible"]) == (False, True)
    refused = post(browser, "queue_resume", channel.pk)
    assert refused.status_code == 409
    assert ChannelSchedule.objects.get().paused_at is not None
    done = post(browser, "queue_resume", channel.pk, choice="now", mark=now["mark"])
    assert told(done)[-1] == "Port news: The queue goes on. 1 goes out now."
    assert ChannelSchedule.objects.get().paused_at is None
    assert "The queue is not paused" in text_of(get(browser, name="queue_resume", pk=channel.pk))


def test_slots_and_quiet_hours_are_set_on_a_page(channel: Channel, workspace: Workspace, editor: User) -> None:
    assert get(logged_in(editor), name="channel_schedule", pk=channel.pk).status_code == 403
    browser = logged_in(member(workspace, "manager"))
    answer = post(
        browser, "channel_schedule", channel.pk, day_0="9:00 12.30", every="18:00, 9:00", quiet_from="23:00",
        quiet_until="08:00", gap_minutes="30", time_zone="",
    )  # fmt: skip
    assert answer.status_code == 302
    assert Slot.objects.filter(weekday=0).count() == 3
    assert Slot.objects.filter(weekday=6).count() == 2
    row = ChannelSchedule.objects.get()
    assert (row.quiet_from, row.quiet_until, row.gap_minutes) == (time(23), time(8), 30)
    shown = get(browser, name="channel_schedule", pk=channel.pk).content.decode()
    assert 'value="09:00 12:30 18:00"' in shown


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"day_0": "25:00"}, "“25:00” is not a time"),
        ({"quiet_from": "23:00"}, "Quiet hours need a beginning and another end"),
        ({"gap_minutes": "9999"}, "1440"),
        ({"time_zone": "Mars"}, "is not a time zone"),
        ({"day_0": " ".join(f"{hour}:{minute:02}" for hour in range(7) for minute in range(7))}, "At most 48"),
    ],
)
def test_a_wrong_schedule_is_refused_in_words(
    channel: Channel, workspace: Workspace, wrong: dict[str, str], words: str
) -> None:
    answer = post(logged_in(member(workspace, "manager")), "channel_schedule", channel.pk, **wrong)
    assert answer.status_code == 400
    assert words in text_of(answer)
    assert not Slot.objects.exists()


def test_a_viewer_looks_and_moves_nothing(channel: Channel, workspace: Workspace, editor: User) -> None:
    every_day(channel, time(18))
    row = scheduled(channel, editor, "Fire", at=NOON + HOUR)
    viewer = logged_in(member(workspace, "viewer"))
    page = get(viewer)
    assert "Fire" in text_of(page)
    assert "data-card" not in page.content.decode()
    assert post(viewer, "calendar_move", row.pk, to="2026-11-22T10:00").status_code == 403
    assert post(viewer, "queue_stop", channel.pk).status_code == 403
    assert get(viewer, "at=2026-11-22T10:00", name="calendar_place", pk=channel.pk).status_code == 403
    row.refresh_from_db()
    assert row.publish_at == NOON + HOUR


def test_another_workspaces_rows_are_not_there(channel: Channel, editor: User) -> None:
    row = scheduled(channel, editor, "Secret plan", at=NOON + HOUR)
    stranger = logged_in(member(WorkspaceFactory.create(), "owner"))
    words = text_of(get(stranger, f"workspace={channel.workspace_id}&channel={channel.pk}&moved={row.pk}"))
    assert "Secret plan" not in words
    assert post(stranger, "calendar_move", row.pk, to="2026-11-22T10:00").status_code == 404
    assert post(stranger, "queue_stop", channel.pk).status_code == 404
    assert logged_in(member(channel.workspace, "client")).get(reverse("desk:calendar")).status_code in (302, 403)


def test_many_publications_take_no_more_queries(workspace: Workspace, editor: User, browser: Client) -> None:
    def count() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            get(browser)
        return len(queries)

    for name in ("One", "Two"):
        channel = preview_channel(workspace, name)
        every_day(channel, time(18))
        scheduled(channel, editor, name, at=NOON + HOUR)
    get(browser)
    before = count()
    for number in range(6):
        scheduled(preview_channel(workspace, f"More {number}"), editor, f"More {number}", at=NOON + 2 * HOUR)
    assert count() == before


def test_the_way_back_never_leads_elsewhere(channel: Channel, editor: User, browser: Client) -> None:
    row = scheduled(channel, editor, at=NOON + HOUR)
    answer = post(browser, "calendar_move", row.pk, to="2026-11-22T10:00", back="//evil.example/")
    assert answer.url.startswith(reverse("desk:calendar") + "?")


def test_the_workbench_gives_a_story_the_next_free_slot_of_each_channel(
    channel: Channel, workspace: Workspace, editor: User, browser: Client
) -> None:
    every_day(channel, time(18))
    bare = preview_channel(workspace, "Without slots")
    story = approved_story(workspace)
    answer = post(browser, "story_publish", story.pk, channel=[channel.pk, bare.pk], next_slot="1")
    assert answer.status_code == 302
    assert sorted(told(answer)) == [
        "“Port news”: Saturday 21 November, 18:00.",
        "“Without slots”: the channel has no slots. Give it some, or choose a time.",
    ]
    assert Publication.objects.get().publish_at == NOON + 6 * HOUR
