"""Test messages: sent once, deleted by themselves, and what became of them is shown."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import delivery_absent, delivery_arrived, delivery_retry
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, ChannelTest
from apps.publishing.services.trials import KEPT, SECONDS, channel_test
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import preview_channel, telegram_channel
from tests.servers.bot_api import BotApiServer

CHAT = -1001234567890


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(language="en")


def sent() -> None:
    """As if the time of everything that waits had come."""
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.exclude(next_at=None).update(next_at=now())
    deliveries_send()


def stands(test: ChannelTest) -> tuple[str, bool]:
    test.refresh_from_db()
    return test.result, test.ended_at is None


def open_alerts() -> set[str]:
    return {key.partition(":")[0] for key in Alert.objects.filter(closed_at=None).values_list("key", flat=True)}


def test_it_arrives_without_a_sound_and_is_deleted(workspace: Workspace, manager: User, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    test = channel_test(channel=channel, editor=manager)
    deliveries_send()
    [message] = telegram.messages
    assert message.text == f"A test message from Pult. It deletes itself in {SECONDS} seconds."
    assert (message.silent, message.deleted) == (True, False)
    assert stands(test) == ("sent", True)
    assert test.removal is not None
    assert test.delivery is not None
    assert test.delivery.sent_at is not None
    assert test.removal.not_before == test.delivery.sent_at + timedelta(seconds=SECONDS)
    sent()
    assert (stands(test), message.deleted, len(telegram.messages)) == (("deleted", False), True, 1)
    assert open_alerts() == set()


def test_pressed_twice_it_is_sent_once(workspace: Workspace, manager: User, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    first, second = (channel_test(channel=channel, editor=manager) for _ in range(2))
    deliveries_send()
    third = channel_test(channel=channel, editor=manager)  # it is there, and not deleted yet
    deliveries_send()
    assert first == second == third
    assert len(telegram.messages) == 1
    assert AuditEntry.objects.filter(verb="channel.tested").count() == 1


def test_after_its_end_another_may_be_sent_and_the_last_few_are_kept(workspace: Workspace, manager: User) -> None:
    channel = telegram_channel(workspace)
    for _ in range(KEPT + 2):
        ChannelTest.objects.create(channel=channel, result="deleted", ended_at=now())
    test = channel_test(channel=channel, editor=manager)
    assert ChannelTest.objects.count() == KEPT
    assert ChannelTest.objects.get(ended_at=None) == test


def test_a_refusal_is_told_on_the_page_and_in_the_channel_s_one_alert(
    workspace: Workspace, manager: User, telegram: BotApiServer
) -> None:
    telegram.chats.add(CHAT, kind="channel", refuse="no_rights")
    channel = telegram_channel(workspace)
    test = channel_test(channel=channel, editor=manager)
    sent()
    assert stands(test) == ("failed", False)
    assert test.problem
    channel.refresh_from_db()
    assert channel.problem == test.problem
    assert open_alerts() == {"publishing.channel"}
    telegram.chats.add(CHAT, kind="channel")
    again = channel_test(channel=channel, editor=manager)
    assert test.delivery is not None
    test.delivery.refresh_from_db()
    assert test.delivery.outcome == "cancelled"  # nobody's “try again” sends it later
    sent()
    assert stands(again) == ("sent", True)
    channel.refresh_from_db()
    assert (channel.problem, open_alerts()) == ("", set())


def test_one_that_can_not_be_deleted_is_told(workspace: Workspace, manager: User, telegram: BotApiServer) -> None:
    telegram.faults.add(
        "error", method="deleteMessage", status=400, description="Bad Request: message can't be deleted"
    )
    test = channel_test(channel=telegram_channel(workspace), editor=manager)
    sent()
    sent()
    assert stands(test) == ("left", False)
    assert test.problem
    assert open_alerts() == {"delivery.dead"}


@pytest.mark.parametrize("is_there", [True, False])
def test_in_doubt_a_person_says_and_then_it_is_deleted(
    workspace: Workspace, manager: User, telegram: BotApiServer, is_there: bool
) -> None:
    telegram.faults.add("cut_after", method="sendMessage", times=1)
    test = channel_test(channel=telegram_channel(workspace), editor=manager)
    sent()
    assert stands(test) == ("unknown", True)
    assert channel_test(channel=test.channel, editor=manager) == test
    assert test.delivery is not None
    test.delivery.refresh_from_db()
    if is_there:
        number = telegram.messages[0].message_id
        delivery_arrived(delivery=test.delivery, by=manager, vendor_id=str(number))
        sent()
        assert stands(test) == ("deleted", False)
        assert telegram.messages[0].deleted
    else:
        delivery_absent(delivery=test.delivery, by=manager)
        assert stands(test) == ("failed", False)
    assert len(telegram.log.of("sendMessage")) == 1


def test_what_waited_too_long_is_not_sent(workspace: Workspace, manager: User, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    assert channel.bot is not None
    channel.bot.is_active = False
    channel.bot.save()
    test = channel_test(channel=channel, editor=manager)
    sent()
    assert stands(test) == ("", True)
    channel.bot.is_active = True
    channel.bot.save()
    ChannelTest.objects.update(created_at=now() - timedelta(minutes=11))
    sent()
    assert (stands(test), telegram.messages) == (("failed", False), [])
    assert "in time" in test.problem


def test_tried_again_by_a_person_it_is_still_deleted(
    workspace: Workspace, manager: User, telegram: BotApiServer
) -> None:
    telegram.chats.add(CHAT, kind="channel", refuse="no_rights")
    test = channel_test(channel=telegram_channel(workspace), editor=manager)
    sent()
    telegram.chats.add(CHAT, kind="channel")
    assert test.delivery is not None
    test.delivery.refresh_from_db()
    delivery_retry(delivery=test.delivery, by=manager)
    sent()
    sent()
    assert (stands(test)[0], telegram.messages[0].deleted) == ("deleted", True)


def test_it_is_deleted_where_it_was_sent(workspace: Workspace, manager: User, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    test = channel_test(channel=channel, editor=manager)
    sent()
    Channel.objects.update(chat_id="-1007")
    sent()
    assert (stands(test)[0], telegram.messages[0].deleted) == ("deleted", True)


def test_a_preview_page_has_none(workspace: Workspace, manager: User) -> None:
    with pytest.raises(PermanentError, match="nothing has to be tried"):
        channel_test(channel=preview_channel(workspace), editor=manager)


def test_the_page_asks_first_and_shows_what_became_of_it(
    workspace: Workspace, manager: User, telegram: BotApiServer, client: Client
) -> None:
    channel = telegram_channel(workspace)
    client.force_login(manager)
    page = reverse("admin:publishing_channel_test_channel", args=[channel.pk])
    asked = client.get(page).content.decode()
    assert "after 20 seconds it is deleted" in asked
    assert not ChannelTest.objects.exists()
    for _ in range(2):
        assert client.post(page)["Location"] == page
    answer = client.get(page)
    assert answer["Refresh"] == "3"
    waiting = answer.content.decode()
    assert '<button type="submit" class="pult-button pult-button--main">' not in waiting
    sent()
    sent()
    assert len(telegram.messages) == 1
    done = client.get(page)
    assert "Arrived and deleted" in done.content.decode()
    assert "Refresh" not in done
    assert (
        "Arrived and deleted"
        in client.get(reverse("admin:publishing_channel_change", args=[channel.pk])).content.decode()
    )


def test_editors_and_preview_pages_have_no_button(workspace: Workspace, editor: User, client: Client) -> None:
    channel = telegram_channel(workspace)
    page = reverse("admin:publishing_channel_test_channel", args=[channel.pk])
    client.force_login(editor)
    assert client.post(page).status_code in {403, 404}
    client.force_login(member(workspace, "manager"))
    shown = preview_channel(workspace)
    preview = reverse("admin:publishing_channel_test_channel", args=[shown.pk])
    refused = client.post(preview)
    assert (refused.status_code, refused["Location"]) == (
        302,
        reverse("admin:publishing_channel_change", args=[shown.pk]),
    )
    assert not ChannelTest.objects.exists()
