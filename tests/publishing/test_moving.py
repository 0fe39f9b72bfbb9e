"""Publications of the list are moved as the calendar moves them: conflicts are asked about, clocks that jump named."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import translation

from apps.accounts.models import User, Workspace
from apps.publishing.models import Channel, Publication
from apps.publishing.services import schedule_save
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.clocks import standing
from tests.publishing.factories import preview_channel, scheduled
from tests.publishing.test_screens import PUBLICATIONS, act, words

# A Wednesday. Berlin's clocks go forward on 28 March 2027 at 02:00, and back on 31 October at 03:00.
NOW = datetime(2027, 3, 24, 9, 0, tzinfo=UTC)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Berlin", language="en")


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    return preview_channel(workspace)


@pytest.fixture(autouse=True)
def _now() -> Iterator[None]:
    with standing(NOW), translation.override("en"):
        yield


@pytest.fixture
def desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """A time of March in Berlin before its clocks change."""
    return datetime(2027, 3, day, hour, minute, tzinfo=UTC) - timedelta(hours=1)


def move(client: Client, *rows: Publication, to: str, **more: str) -> HttpResponse:
    return act(client, PUBLICATIONS, "move", *rows, move_to=to, **more)


def time_of(row: Publication) -> datetime:
    row.refresh_from_db()
    return row.publish_at


def test_what_suits_is_moved_and_the_rest_asked_about(channel: Channel, editor: User, desk: Client) -> None:
    schedule_save(channel=channel, times=[], gap_minutes=30)
    scheduled(channel, editor, "First", at=at(25, 15))
    near, free = scheduled(channel, editor, "Near", at=at(25, 18)), preview_channel(channel.workspace, "Other")
    far = scheduled(free, editor, "Far", at=at(25, 19))
    asked = move(desk, near, far, to="2027-03-25T15:10")
    assert asked.status_code == 409
    page = asked.content.decode()
    assert "“First” comes out at 15:00: less than 30 minutes apart." in page
    assert 'name="anyway"' in page
    assert f'name="_selected_action" value="{near.pk}"' in page
    assert f'name="_selected_action" value="{far.pk}"' not in page
    assert (time_of(near), time_of(far)) == (at(25, 18), at(25, 15, 10))
    done = move(desk, near, to="2027-03-25T15:10", anyway="1")
    assert done.status_code == 302
    assert time_of(near) == at(25, 15, 10)


def test_quiet_hours_are_asked_about(channel: Channel, editor: User, desk: Client) -> None:
    schedule_save(channel=channel, times=[], quiet_from=time(23), quiet_until=time(8))
    row = scheduled(channel, editor, at=at(25, 15))
    assert "It falls into quiet hours, 23:00–08:00." in move(desk, row, to="2027-03-26T03:00").content.decode()
    assert time_of(row) == at(25, 15)


def test_several_on_one_time_are_asked_about(channel: Channel, editor: User, desk: Client) -> None:
    one, two = scheduled(channel, editor, "One", at=at(25, 15)), scheduled(channel, editor, "Two", at=at(25, 16))
    asked = move(desk, one, two, to="2027-03-26T12:00")
    assert "This time is taken: “One” comes out at 12:00." in asked.content.decode()
    assert (time_of(one), time_of(two)) == (at(26, 12), at(25, 16))


def test_an_hour_that_the_clock_leaves_out_is_refused(channel: Channel, editor: User, desk: Client) -> None:
    row = scheduled(channel, editor, at=at(25, 15))
    asked = move(desk, row, to="2027-03-28T02:30")
    assert (
        "There is no 02:30 on that day: the clocks go forward. The next time there is 03:30." in asked.content.decode()
    )
    assert time_of(row) == at(25, 15)


def test_of_an_hour_that_comes_twice_it_is_told_which(channel: Channel, editor: User, desk: Client) -> None:
    row = scheduled(channel, editor, at=at(25, 15))
    done = move(desk, row, to="2027-10-31T02:30")
    assert "02:30 comes twice on that day: it is the first of the two." in words(done)
    assert time_of(row) == datetime(2027, 10, 31, 0, 30, tzinfo=UTC)


def test_what_somebody_moved_meanwhile_stays(channel: Channel, editor: User, desk: Client) -> None:
    row = scheduled(channel, editor, at=at(25, 15))
    page = act(desk, PUBLICATIONS, "move", row).content.decode()
    assert f'name="seen_{row.pk}" value="2027-03-25T14:00:00+00:00"' in page
    said = {f"seen_{row.pk}": "2027-03-25T13:00:00+00:00"}
    assert "Somebody moved it to 25 March 15:00 meanwhile" in words(move(desk, row, to="2027-03-26T12:00", **said))
    assert time_of(row) == at(25, 15)
    said = {f"seen_{row.pk}": "nonsense"}
    assert move(desk, row, to="2027-03-26T12:00", **said).status_code == 302
    assert time_of(row) == at(26, 12)


def test_a_viewer_moves_nothing(channel: Channel, editor: User, client: Client) -> None:
    row = scheduled(channel, editor, at=at(25, 15))
    client.force_login(member(channel.workspace, "viewer"))
    move(client, row, to="2027-03-26T12:00", anyway="1")
    assert time_of(row) == at(25, 15)
