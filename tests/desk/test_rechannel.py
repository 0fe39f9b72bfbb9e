"""A publication goes to another channel: with that channel's text, refused or asked about where it does not fit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import claims, kinds, verbs
from apps.delivery.models import Delivery
from apps.delivery.ports import Receipt
from apps.delivery.services import delivery_sent
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.services import publication_rechannel, publication_schedule, rechannel, schedule_save
from apps.publishing.services.options import options_of
from tests.accounts.factories import WorkspaceFactory, logged_in, member
from tests.publishing.clocks import Clock, standing
from tests.publishing.factories import approved_story, preview_channel, scheduled, telegram_channel

NOW = datetime(2027, 3, 24, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Berlin", language="en")


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return member(workspace, "editor")


@pytest.fixture
def one(workspace: Workspace) -> Channel:
    return preview_channel(workspace, "One", footer="@one")


@pytest.fixture
def two(workspace: Workspace) -> Channel:
    return preview_channel(workspace, "Two", footer="@two")


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    with standing(NOW) as traveller, translation.override("en"):
        yield traveller


@pytest.fixture
def desk(editor: User) -> Client:
    return logged_in(editor)


def move(client: Client, row: Publication, channel: Channel, **form: object) -> Any:
    values = {"to": (NOW + 2 * HOUR).isoformat(), "channel": channel.pk, "seen": row.publish_at.isoformat(), **form}
    return client.post(reverse("desk:calendar_move", args=[row.pk]), values, headers={"accept-language": "en"})


def waiting() -> list[tuple[str, datetime]]:
    rows = Publication.objects.filter(status="scheduled").order_by("pk")
    return [(row.channel.name, row.publish_at) for row in rows.select_related("channel")]


def test_it_goes_there_with_that_channels_text_and_comes_back(
    one: Channel, two: Channel, editor: User, desk: Client, clock: Clock
) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    answer = move(desk, row, two)
    assert answer.status_code == 302
    row.refresh_from_db()
    made = Publication.objects.get(status="scheduled")
    assert (row.status, made.channel, made.publish_at) == ("cancelled", two, NOW + 2 * HOUR)
    assert made.html.endswith("@two")
    entry = AuditEntry.objects.get(verb="publication.rechanneled")
    assert (entry.actor, entry.details["from"], entry.details["to"]) == (editor, "One", "Two")
    page = desk.get(answer.url, headers={"accept-language": "en"}).content.decode()
    assert "“Fire in the port”: Two, Wednesday 24 March, 12:00." in page
    assert f'name="channel" value="{one.pk}"' in page
    move(desk, made, one, to=(NOW + HOUR).isoformat(), anyway="1")
    assert waiting() == [("One", NOW + HOUR)]
    clock.move_to(NOW + 3 * HOUR)
    deliveries_send()
    assert [message.html.endswith("@one") for message in PreviewMessage.objects.all()] == [True]


def test_a_text_too_long_there_is_refused_until_it_is_split(workspace: Workspace, editor: User, desk: Client) -> None:
    one, there = telegram_channel(workspace, "One"), telegram_channel(workspace, chat_id="-1002222222222")
    Channel.objects.filter(pk=one.pk).update(splits=True)
    one.refresh_from_db()
    story = approved_story(workspace, body="A sentence of no news. " * 300)
    row = publication_schedule(story=story, channel=one, editor=editor, at=NOW + HOUR)
    asked = move(desk, row, there, anyway="1")
    assert asked.status_code == 409
    assert "Split into messages" in asked.content.decode()
    assert waiting() == [("One", NOW + HOUR)]
    assert move(desk, row, there, split="1").status_code == 302
    made = Publication.objects.get(status="scheduled")
    assert (made.channel, made.parts.count()) == (there, 2)
    assert Delivery.objects.filter(state="ready").count() == 2
    assert row.parts.count() == 2


def test_what_nobody_can_insist_on_is_refused(one: Channel, two: Channel, editor: User, desk: Client) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    publication_schedule(story=row.story, channel=two, editor=editor, at=NOW + 4 * HOUR)
    asked = move(desk, row, two, anyway="1")
    assert asked.status_code == 409
    page = asked.content.decode()
    assert "The story is in this channel already: Scheduled." in page
    assert 'name="anyway"' not in page
    assert waiting() == [("One", NOW + HOUR), ("Two", NOW + 4 * HOUR)]


def test_a_warning_and_a_conflict_are_asked_about(one: Channel, two: Channel, editor: User, desk: Client) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    Channel.objects.filter(pk=two.pk).update(is_active=False)
    assert "The channel is switched off" in move(desk, row, two).content.decode()
    Channel.objects.filter(pk=two.pk).update(is_active=True)
    schedule_save(channel=two, times=[], gap_minutes=30)
    scheduled(two, editor, "Other", at=NOW + 2 * HOUR)
    asked = move(desk, row, two)
    assert asked.status_code == 409
    assert "“Other” comes out at 12:00" in asked.content.decode()
    assert waiting() == [("One", NOW + HOUR), ("Two", NOW + 2 * HOUR)]
    move(desk, row, two, anyway="1")
    assert waiting() == [("Two", NOW + 2 * HOUR), ("Two", NOW + 2 * HOUR)]


def test_what_was_chosen_for_it_alone_goes_with_it(one: Channel, two: Channel, editor: User) -> None:
    Channel.objects.filter(pk=two.pk).update(pin=True)
    two.refresh_from_db()
    story = approved_story(one.workspace)
    row = publication_schedule(
        story=story, channel=one, editor=editor, at=NOW + HOUR, options=options_of(one, silent=True)
    )
    made = publication_rechannel(publication=row, channel=two, to=NOW + 2 * HOUR, editor=editor)
    assert (made.silent, made.pin, made.protect) == (True, True, False)


def test_what_left_or_moved_meanwhile_stays_and_foreign_channels_are_refused(
    one: Channel, two: Channel, editor: User, desk: Client, clock: Clock
) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    with pytest.raises(TransitionError, match="meanwhile"):
        publication_rechannel(publication=row, channel=two, to=NOW + 2 * HOUR, editor=editor, seen=NOW)
    foreign = preview_channel(WorkspaceFactory.create(), "Foreign")
    with pytest.raises(PermanentError, match="another workspace"):
        publication_rechannel(publication=row, channel=foreign, to=NOW + 2 * HOUR, editor=editor)
    assert move(desk, row, foreign).status_code == 404
    clock.move_to(NOW + HOUR)
    deliveries_send()
    with pytest.raises(TransitionError, match="It went out"):
        publication_rechannel(publication=row, channel=two, to=NOW + 2 * HOUR, editor=editor)
    assert [message.channel for message in PreviewMessage.objects.all()] == [one]
    assert waiting() == []


def test_the_form_offers_the_channels_without_a_script(one: Channel, two: Channel, editor: User, desk: Client) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    page = desk.get(reverse("desk:calendar_move", args=[row.pk])).content.decode()
    assert f'<option value="{one.pk}" selected>One</option>' in page
    assert f'<option value="{two.pk}" >Two</option>' in page


def test_what_is_half_out_stays_where_it_is(workspace: Workspace, editor: User, clock: Clock) -> None:
    one, there = telegram_channel(workspace, "One"), telegram_channel(workspace, chat_id="-1002222222222")
    story = approved_story(workspace, body="A sentence of no news. " * 300)
    row = publication_schedule(
        story=story, channel=one, editor=editor, at=NOW + HOUR, options=options_of(one, splits=True)
    )
    clock.move_to(NOW + HOUR)
    [first] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1)).rows
    verbs.finish(first, effect=lambda: delivery_sent(first, Receipt("1")))
    row.refresh_from_db()
    assert row.status == "scheduled"
    with pytest.raises(TransitionError, match="Some of its messages are out already"):
        publication_rechannel(publication=row, channel=there, to=NOW + 2 * HOUR, editor=editor, split=True)
    assert waiting() == [("One", NOW + HOUR)]
    assert list(Delivery.objects.order_by("pk").values_list("outcome", flat=True)) == ["sent", ""]


def test_one_that_failed_there_gives_way(one: Channel, two: Channel, editor: User, desk: Client) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    failed = publication_schedule(story=row.story, channel=two, editor=editor, at=NOW + 4 * HOUR)
    Publication.objects.filter(pk=failed.pk).update(status="failed")
    assert move(desk, row, two).status_code == 302
    failed.refresh_from_db()
    assert failed.status == "cancelled"
    assert waiting() == [("Two", NOW + 2 * HOUR)]


def test_one_that_came_there_in_this_moment_is_told(
    one: Channel, two: Channel, editor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = scheduled(one, editor, at=NOW + HOUR)
    publication_schedule(story=row.story, channel=two, editor=editor, at=NOW + 4 * HOUR)
    monkeypatch.setattr(rechannel, "_refuse_unfit", lambda *_given, **_more: None)
    with pytest.raises(TransitionError, match="in this channel already"):
        publication_rechannel(publication=row, channel=two, to=NOW + 2 * HOUR, editor=editor)
    assert waiting() == [("One", NOW + HOUR), ("Two", NOW + 4 * HOUR)]
