"""A post that nobody knows to have arrived is looked for in its channel before anybody is asked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.work import claims, kinds, verbs
from apps.delivery.models import Attempt, ChannelLook, Delivery, Lane, LookUp
from apps.delivery.services import delivery_arrived
from apps.delivery.services.looking import Looked, look_dead
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, Publication
from apps.sources.channel_looking import ChannelLooking
from apps.telegram.looking import Sight
from apps.telegram.models import KnownChat, Session
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.factories import scheduled
from tests.publishing.looks import CHAT, ago, ask, due_now, in_doubt, look, mirrored, open_alerts, reader_of, standing
from tests.servers.bot_api import BotApiServer
from tests.sources.channels import Telegram


def test_what_stands_there_is_recorded_as_sent_and_nobody_is_asked(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    assert (delivery.went_to, open_alerts()) == ("-1001234567890", set())
    mirrored(telegram, reading)
    look(reading)
    number = str(telegram.messages[0].message_id)
    assert standing(delivery) == ("done", "sent", number)
    assert delivery.url == f"https://t.me/c/1234567890/{number}"
    assert Publication.objects.get().status == "sent"
    ask()
    deliveries_send()
    assert len(telegram.log.of("sendMessage")) == 1
    assert (open_alerts(), reading.count("older"), reading.count("resolve")) == (
        set(),
        2,
        0,
    )  # the second page is empty: all of it was seen
    assert not LookUp.objects.live().exists()
    assert list(delivery.attempt_log.order_by("id").values_list("kind", "outcome")) == [
        ("send", "unknown"),
        ("look_up", "sent"),
    ]


def test_what_is_proven_absent_is_sent_once_more(
    channel: Channel,
    editor: User,
    telegram: BotApiServer,
    reading: Telegram,
    account: Session,
    settings: Settings,
) -> None:
    settings.TELEGRAM_TIMEOUT_S = 60.0
    delivery = in_doubt(telegram, channel, editor, "cut_before")
    look(reading)  # too early: the request might still arrive
    assert standing(delivery)[0] == "unknown"
    assert delivery.begun_at is not None
    assert ChannelLook.objects.live().get().not_before == delivery.begun_at + timedelta(seconds=77)
    ago(delivery, 80)
    look(reading)
    assert standing(delivery)[:2] == ("ready", "")
    assert timedelta() < delivery.not_before - now() <= timedelta(seconds=5)
    due_now()
    deliveries_send()
    assert standing(delivery)[:2] == ("done", "sent")
    assert len(telegram.messages) == 1
    assert open_alerts() == set()
    assert Attempt.objects.filter(delivery=delivery, kind="look_up", outcome="absent").count() == 1


def test_cut_again_after_it_was_absent_is_looked_for_again(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor, "cut_before")
    ago(delivery)
    look(reading)
    telegram.faults.add("cut_after", method="send*", times=1)
    due_now()
    deliveries_send()
    assert standing(delivery)[0] == "unknown"
    mirrored(telegram, reading)
    look(reading)
    assert standing(delivery) == ("done", "sent", str(telegram.messages[0].message_id))
    assert len(telegram.log.of("sendMessage")) == 2


def test_look_is_worked_twice_and_killed_half_way(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    mirrored(telegram, reading)
    ChannelLook.objects.update(not_before=now())
    claims.claim(kinds.get("channel_look"), limit=1, lease=timedelta(minutes=1))  # by a process that dies
    ChannelLook.objects.update(not_before=now() - timedelta(seconds=1))
    look(reading)
    look(reading)
    assert standing(delivery)[:2] == ("done", "sent")
    assert ChannelLook.objects.filter(state="done").count() == 1


def test_post_that_another_delivery_made_is_not_taken_for_it(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    first = scheduled(channel, editor)
    deliveries_send()
    assert Delivery.objects.get(publication=first).outcome == "sent"
    delivery = in_doubt(telegram, channel, editor, "cut_before")  # the same words
    mirrored(telegram, reading)
    ago(delivery, 25)
    reading.channels[CHAT].edit(1, date=now() - timedelta(seconds=22))
    look(reading)
    assert standing(delivery)[:2] == ("ready", "")
    due_now()
    deliveries_send()
    assert len(telegram.messages) == 2


@pytest.mark.parametrize(("arrived", "ends"), [(2, "done"), (1, "unknown")])
def test_two_equal_texts_in_doubt_are_told_apart_only_where_both_are_there(
    channel: Channel,
    editor: User,
    telegram: BotApiServer,
    reading: Telegram,
    account: Session,
    arrived: int,
    ends: str,
) -> None:
    telegram.faults.add("cut_after", method="send*", times=2)
    rows = [scheduled(channel, editor), scheduled(channel, editor)]
    deliveries_send()
    Lane.objects.update(unknown_until=now() - timedelta(seconds=1), next_at=now())
    deliveries_send()
    assert Delivery.objects.filter(state="unknown").count() == 2
    seen = mirrored(telegram, reading)
    for number in sorted(seen.messages)[arrived:]:
        del seen.messages[number]
    look(reading)
    found = [Delivery.objects.get(publication=row) for row in rows]
    assert [one.state for one in found] == [ends, ends]
    if arrived == 2:
        assert [one.vendor_id for one in found] == [str(one.message_id) for one in telegram.messages]
    else:
        assert open_alerts() == {f"delivery.unknown:{one.pk}" for one in found}
    assert len(telegram.log.of("sendMessage")) == 2


def test_post_that_was_edited_meanwhile_is_left_to_a_person(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    ago(delivery, 8)
    seen = mirrored(telegram, reading)
    seen.edit(1, text="Quite another text", edited_at=now(), date=now() - timedelta(seconds=7))
    look(reading)
    ask()
    assert standing(delivery)[0] == "unknown"
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert len(telegram.log.of("sendMessage")) == 1


def test_same_words_from_before_the_request_are_left_to_a_person(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    seen = mirrored(telegram, reading)
    ago(delivery)
    seen.edit(1, date=now() - timedelta(minutes=5))  # a colleague has sent it by hand
    look(reading)
    assert standing(delivery)[0] == "unknown"
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}


def test_account_that_is_away_costs_no_time_and_settles_it_when_it_is_back(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram
) -> None:
    account = reader_of(workspace, reading, connected=False)
    delivery = in_doubt(telegram, channel, editor)
    look(reading)
    assert ChannelLook.objects.get().state == "ready"
    ask()
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    reading.accounts.add(account.pk)
    mirrored(telegram, reading)
    look(reading)
    assert standing(delivery)[:2] == ("done", "sent")
    assert open_alerts() == set()


def test_once_a_person_was_asked_absence_is_only_noted(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram
) -> None:
    account = reader_of(workspace, reading, connected=False)
    delivery = in_doubt(telegram, channel, editor, "cut_before")
    ask()
    reading.accounts.add(account.pk)
    ago(delivery)
    look(reading)
    assert standing(delivery)[0] == "unknown"
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert Attempt.objects.filter(delivery=delivery, kind="look_up", outcome="absent").count() == 1
    assert len(telegram.log.of("sendMessage")) == 1


def test_connected_account_is_waited_for_less_than_a_minute(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    ask()
    assert (open_alerts(), LookUp.objects.get().state) == (set(), "ready")
    LookUp.objects.update(created_at=now() - timedelta(seconds=51))
    ask()
    assert (open_alerts(), LookUp.objects.get().state) == ({f"delivery.unknown:{delivery.pk}"}, "done")
    assert standing(delivery)[0] == "unknown"


def test_wait_that_telegram_wants_is_kept_and_asked_again(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    reading.refusals["older"] = [RetryableError("wait", code="flood", retry_after=20), RetryableError("cut")]
    look(reading)
    row = ChannelLook.objects.get()
    assert (row.state, row.attempts) == ("ready", 0)
    assert 15 < (row.not_before - now()).total_seconds() <= 20
    look(reading)
    assert ChannelLook.objects.get().error == "cut"
    mirrored(telegram, reading)
    look(reading)
    assert standing(delivery)[:2] == ("done", "sent")


def test_account_that_may_not_read_it_gives_way_to_another(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    other = reader_of(workspace, reading)
    delivery = in_doubt(telegram, channel, editor)
    mirrored(telegram, reading).banned = {account.pk}
    look(reading)
    assert standing(delivery)[0] == "unknown"
    assert list(ChannelLook.objects.order_by("pk").values_list("session", "refusal")) == [
        (account.pk, "banned"),
        (other.pk, ""),
    ]
    look(reading)
    assert standing(delivery)[:2] == ("done", "sent")


def test_refusal_of_all_accounts_is_told(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    reading.lasting["older"] = PermanentError("banned", code="banned")
    look(reading)
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert not LookUp.objects.live().exists()
    assert Attempt.objects.filter(kind="look_up", detail="banned").count() == 1


def test_look_that_breaks_off_is_told(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    reading.lasting["older"] = ValueError("slip")  # type: ignore[assignment]
    for _try in range(3):
        look(reading)
    assert ChannelLook.objects.get().state == "dead"
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}


def test_public_channel_is_found_by_the_name_that_a_bot_knows(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram
) -> None:
    reader_of(workspace, reading, knows=False)
    KnownChat.objects.create(bot=channel.bot, chat_id=-1001234567890, kind="channel", username="port_news")
    delivery = in_doubt(telegram, channel, editor)
    mirrored(telegram, reading)
    look(reading)
    assert standing(delivery)[:2] == ("done", "sent")
    assert delivery.url == f"https://t.me/port_news/{delivery.vendor_id}"
    assert reading.count("resolve") == 1


def test_channel_that_no_account_can_find_is_asked_of_a_person_at_once(
    workspace: Workspace, channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram
) -> None:
    reader_of(workspace, reading, knows=False)
    reader_of(WorkspaceFactory.create(), reading)  # another workspace's
    delivery = in_doubt(telegram, channel, editor)
    assert open_alerts() == {f"delivery.unknown:{delivery.pk}"}
    assert not ChannelLook.objects.exists()


def test_answer_of_a_person_ends_the_questions(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor)
    delivery_arrived(delivery=delivery, by=editor, vendor_id="77")
    assert not LookUp.objects.live().exists()
    ask()
    look(reading)
    assert (standing(delivery), reading.asked) == (("done", "sent", "77"), [])
    look_dead(ChannelLook.objects.get())
    assert open_alerts() == set()


def test_what_an_earlier_reading_saw_says_nothing_of_a_later_request(
    channel: Channel, editor: User, telegram: BotApiServer, reading: Telegram, account: Session
) -> None:
    delivery = in_doubt(telegram, channel, editor, "cut_before")
    ago(delivery)
    ChannelLook.objects.update(not_before=now())
    job = ChannelLooking(reading).job()
    [row] = claims.claim(kinds.get("channel_look"), limit=1, lease=timedelta(minutes=1)).rows
    plan = job.plan(row)  # type: ignore[misc]
    Delivery.objects.filter(pk=delivery.pk).update(begun_at=now())
    looked = Looked(plan.doubt, Sight((), now(), is_whole=True))
    verbs.finish(row, effect=lambda: job.record(row, looked))  # type: ignore[misc]
    assert standing(delivery)[0] == "unknown"
    assert ChannelLook.objects.live().count() == 1
