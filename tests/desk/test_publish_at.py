"""The workbench's exact time: what the channel's schedule speaks against is asked about, as in the calendar."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import User, Workspace
from apps.publishing.models import Channel, Publication
from apps.publishing.services import schedule_save
from apps.stories.models import Story
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.publishing.clocks import standing
from tests.publishing.factories import approved_story, preview_channel, scheduled

NOW = datetime(2027, 3, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Berlin", language="en")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace, "editor")


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    return preview_channel(workspace, "Port news")


@pytest.fixture
def story(workspace: Workspace) -> Story:
    return approved_story(workspace, "Second")


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with standing(NOW), translation.override("en"):
        yield


@pytest.fixture
def desk(editor: User) -> Client:
    return logged_in(editor)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


def publish(client: Client, story: Story, **form: object) -> Any:
    return client.post(reverse("desk:story_publish", args=[story.pk]), form, headers={"accept-language": "en"})


def told(answer: Any) -> list[str]:
    return [str(message) for message in answer.wsgi_request._messages]


def test_what_speaks_against_the_time_is_asked_about_and_can_be_insisted_on(
    channel: Channel, story: Story, editor: User, desk: Client
) -> None:
    schedule_save(channel=channel, times=[], gap_minutes=30)
    scheduled(channel, editor, "First", at=at(25, 15))
    free = preview_channel(story.workspace, "Free")
    asked = publish(desk, story, channel=[channel.pk, free.pk], at="2027-03-25T15:10", silent="1")
    page = asked.content.decode()
    assert asked.status_code == 409
    assert "“First” comes out at 15:00: less than 30 minutes apart." in page
    assert 'name="silent" value="1"' in page
    assert f'name="channel" value="{free.pk}"' not in page
    assert [row.channel for row in Publication.objects.filter(story=story)] == [free]
    done = publish(desk, story, channel=channel.pk, at="2027-03-25T14:10:00+00:00", silent="1", anyway="1")
    assert done.status_code == 302
    made = Publication.objects.get(story=story, channel=channel)
    assert (made.publish_at, made.silent) == (at(25, 15, 10), True)


def test_quiet_hours_and_taken_times_are_asked_about(
    channel: Channel, story: Story, editor: User, desk: Client
) -> None:
    schedule_save(channel=channel, times=[], quiet_from=time(23), quiet_until=time(8))
    scheduled(channel, editor, "First", at=at(25, 15))
    for when, words in [
        ("2027-03-26T03:00", "It falls into quiet hours, 23:00–08:00."),
        ("2027-03-25T15:00", "This time is taken: “First” comes out at 15:00."),
    ]:
        asked = publish(desk, story, channel=channel.pk, at=when)
        assert asked.status_code == 409
        assert words in asked.content.decode()
    assert not Publication.objects.filter(story=story).exists()


def test_from_the_question_the_next_free_slot_is_one_press_away(
    channel: Channel, story: Story, editor: User, desk: Client
) -> None:
    schedule_save(channel=channel, times=[(3, time(18))])
    scheduled(channel, editor, "First", at=at(25, 15))
    assert b'name="next_slot"' in publish(desk, story, channel=channel.pk, at="2027-03-25T15:00").content
    publish(desk, story, channel=channel.pk, at="2027-03-25T15:00", next_slot="1")
    assert Publication.objects.get(story=story).publish_at == at(25, 18)


def test_an_hour_that_is_left_out_is_refused_and_of_two_it_is_told_which(
    channel: Channel, story: Story, desk: Client
) -> None:
    answer = publish(desk, story, channel=channel.pk, at="2027-03-28T02:30")
    assert told(answer) == ["There is no 02:30 on that day: the clocks go forward. The next time there is 03:30."]
    assert not Publication.objects.exists()
    answer = publish(desk, story, channel=channel.pk, at="2027-10-31T02:30")
    assert "02:30 comes twice on that day: it is the first of the two." in told(answer)
    assert Publication.objects.get().publish_at == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_asking_twice_for_one_time_is_no_conflict_with_itself(channel: Channel, story: Story, desk: Client) -> None:
    schedule_save(channel=channel, times=[], gap_minutes=30)
    for _press in range(2):
        assert publish(desk, story, channel=channel.pk, at="2027-03-25T15:00").status_code == 302
    assert Publication.objects.get().publish_at == at(25, 15)


def test_a_wrong_button_schedules_nothing_anywhere(channel: Channel, story: Story, desk: Client) -> None:
    answer = publish(desk, story, channel=channel.pk, at="2027-03-25T15:00", buttons="no button")
    assert "is no button" in told(answer)[0]
    assert not Publication.objects.exists()
