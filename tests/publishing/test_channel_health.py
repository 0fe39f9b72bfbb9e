"""Channels looked at now and then: names, rights, alerts once a trouble, and when the next look is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.work import verbs
from apps.delivery.models import Delivery, Lane
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, ChannelCheck
from apps.publishing.services import channel_check, channel_right_changed, health
from apps.publishing.services.checks import check_soon
from apps.publishing.tasks import channels_look, channels_mend
from apps.telegram import buckets
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import approved_story, preview_channel, scheduled, telegram_channel
from tests.publishing.test_preflight import looked
from tests.servers.bot_api import BotApiServer

Committed = Callable[..., AbstractContextManager[object]]
CHAT, GROUP = -1001234567890, -1009999999999


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(language="en")


@pytest.fixture
def committed(django_capture_on_commit_callbacks: Committed) -> Committed:
    return django_capture_on_commit_callbacks


def look() -> None:
    """As if the time of every waiting look had come."""
    ChannelCheck.objects.filter(state="ready").update(not_before=now())
    channels_look()


def waits() -> timedelta:
    """How long until the one next look."""
    return ChannelCheck.objects.get(state="ready").not_before - now()


def alerts() -> list[tuple[str, str]]:
    rows = Alert.objects.filter(closed_at=None).order_by("key")
    return [(row.key.partition(":")[0], row.level) for row in rows]


def test_a_new_channel_is_looked_at_at_once_and_again_in_six_hours(
    workspace: Workspace, telegram: BotApiServer
) -> None:
    telegram.chats.add(CHAT, kind="channel", title="Port", username="port_news", linked=GROUP)
    telegram.chats.add(GROUP, kind="supergroup", title="Port talk")
    channel = telegram_channel(workspace)
    channels_look()
    channel.refresh_from_db()
    assert (channel.chat_title, channel.chat_username, channel.linked_chat) == ("Port", "port_news", "Port talk")
    assert channel.rights == {"status": "administrator", "post": True, "edit": True, "delete": True, "pin": True}
    assert (channel.chat_kind, channel.problem, alerts()) == ("channel", "", [])
    assert timedelta(hours=5) < waits() <= timedelta(hours=6)
    assert not AuditEntry.objects.filter(verb="channel.checked").exists()


def test_preview_pages_are_not_looked_at(workspace: Workspace, telegram: BotApiServer) -> None:
    preview_channel(workspace)
    channels_mend()
    assert not ChannelCheck.objects.exists()
    assert telegram.log.of("getChat") == []


def test_a_lacking_right_is_told_once_and_its_return_too(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", lacks=["delete_messages"])
    channel = telegram_channel(workspace)
    look()
    look()
    alert = Alert.objects.get()
    assert (alert.key, alert.level, alert.times) == (f"publishing.channel_rights:{channel.pk}", "warning", 1)
    assert "Delete messages of others" in alert.message
    channel.refresh_from_db()
    assert channel.problem == ""
    telegram.chats.add(CHAT, kind="channel")
    look()
    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert alerts() == []


def test_what_a_person_has_closed_stays_closed_until_it_was_well(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", refuse="no_rights")
    telegram_channel(workspace)
    look()
    assert alerts() == [("publishing.channel", "error")]
    Alert.objects.update(closed_at=now())
    look()
    assert alerts() == []
    telegram.chats.add(CHAT, kind="channel")
    look()
    telegram.chats.add(CHAT, kind="channel", refuse="no_rights")
    look()
    assert alerts() == [("publishing.channel", "error")]
    assert AuditEntry.objects.filter(verb="channel.checked").count() == 3


def test_pinning_is_needed_only_where_it_is_asked_for(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", lacks=["edit_messages"])
    channel = telegram_channel(workspace)
    look()
    assert alerts() == []
    Channel.objects.update(pin=True)
    found = channel_check(channel=Channel.objects.get(pk=channel.pk))
    assert found.is_fit
    assert [words for words in found.lacking if "may not pin" in words] == list(found.lacking)
    assert len(found.lacking) == 1


def test_a_group_s_rights_are_its_own(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="supergroup", lacks=["pin_messages"])
    channel = telegram_channel(workspace)
    look()
    channel.refresh_from_db()
    assert (channel.rights["pin"], channel.rights["delete"], channel.is_group) == (False, True, True)


def test_a_group_of_discussion_that_the_bot_can_t_see_is_its_number(
    workspace: Workspace, telegram: BotApiServer
) -> None:
    telegram.chats.add(CHAT, kind="channel", linked=GROUP)
    telegram.chats.add(GROUP, kind="supergroup", refuse="not_found")
    channel = telegram_channel(workspace)
    look()
    channel.refresh_from_db()
    assert channel.linked_chat == str(GROUP)


def test_a_chat_that_is_gone_breaks_the_channel_and_keeps_what_was_known(
    workspace: Workspace, telegram: BotApiServer
) -> None:
    telegram.chats.add(CHAT, kind="channel", title="Port")
    channel = telegram_channel(workspace)
    look()
    telegram.chats.add(CHAT, refuse="not_found")
    look()
    channel.refresh_from_db()
    assert channel.problem
    assert (channel.chat_title, channel.rights["post"]) == ("Port", True)
    assert alerts() == [("publishing.channel", "error")]


def test_a_bot_that_was_removed_is_told_so(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", refuse="kicked")
    channel = telegram_channel(workspace)
    look()
    channel.refresh_from_db()
    assert "was removed from the channel" in channel.problem


def test_a_refused_send_has_it_looked_at_soon(
    workspace: Workspace, editor: User, telegram: BotApiServer, committed: Committed
) -> None:
    channel = telegram_channel(workspace)
    look()
    telegram.chats.add(CHAT, kind="channel", refuse="no_rights")
    scheduled(channel, editor)
    with committed(execute=True):
        deliveries_send()
    assert waits() <= timedelta(seconds=30)
    look()
    channel.refresh_from_db()
    assert channel.rights["post"] is False


def test_a_refused_pin_has_it_looked_at_soon(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", lacks=["edit_messages"])
    channel = telegram_channel(workspace)
    Channel.objects.update(pin=True)
    channel.refresh_from_db()
    look()
    scheduled(channel, editor)
    for _ in range(2):
        Lane.objects.update(next_at=now())
        Delivery.objects.filter(state="ready").update(not_before=now())
        deliveries_send()
    assert Delivery.objects.get(kind="change").error_code == "no_rights_pin"
    assert waits() <= timedelta(seconds=30)


def test_what_telegram_tells_of_rights_has_it_looked_at_soon(
    workspace: Workspace, telegram: BotApiServer, committed: Committed
) -> None:
    channel = telegram_channel(workspace)
    look()
    with committed(execute=True):
        channel_right_changed(channel=channel, can_post=True, problem="")
        assert waits() > timedelta(hours=5)  # not in the transaction that holds the channel
    assert waits() <= timedelta(seconds=10)


def test_a_paused_bot_is_not_asked(workspace: Workspace, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    assert channel.bot is not None
    channel.bot.is_active = False
    channel.bot.save()
    look()
    row = ChannelCheck.objects.get()
    assert (row.state, row.attempts, telegram.log.of("getChat")) == ("ready", 0, [])


def test_a_refused_token_pauses_the_bot_and_says_nothing_of_the_channel(
    workspace: Workspace, telegram: BotApiServer
) -> None:
    telegram.faults.add("error", method="getChat", times=1, status=401, description="Unauthorized")
    channel = telegram_channel(workspace)
    look()
    channel.refresh_from_db()
    assert channel.bot is not None
    assert (channel.bot.is_active, channel.problem, channel.checked_at) == (False, "", None)
    assert alerts() == [("telegram.bot", "error")]


def test_a_channel_that_is_off_is_left_alone(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram_channel(workspace)
    Channel.objects.update(is_active=False)
    look()
    assert telegram.log.of("getChat") == []
    assert waits() > timedelta(hours=5)


def test_telegram_that_is_away_changes_nothing(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.faults.add("error", method="getChat", times=1, status=502, description="Bad Gateway")
    channel = telegram_channel(workspace)
    look()
    channel.refresh_from_db()
    assert (channel.checked_at, ChannelCheck.objects.get().state, alerts()) == (None, "ready", [])


def test_a_busy_bot_is_asked_later(workspace: Workspace, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    assert channel.bot is not None
    buckets.penalise(channel.bot.bot_id, None, 60)
    look()
    assert ChannelCheck.objects.get().state == "ready"
    assert telegram.log.of("getChat") == []


def test_the_chat_of_another_moment_is_not_taken_over(workspace: Workspace, telegram: BotApiServer) -> None:
    channel = telegram_channel(workspace)
    row = ChannelCheck.objects.get()
    asked = health.check_plan(row)
    Channel.objects.filter(pk=channel.pk).update(chat_id="-1007")
    seen = asyncio.run(health.check_look(asked))
    ChannelCheck.objects.update(state="done", finished_at=now())
    health.check_record(row, seen)
    channel.refresh_from_db()
    assert (channel.rights, channel.checked_at) == ({}, None)
    assert waits() <= timedelta(seconds=30)


def test_what_is_said_during_a_look_is_newer_than_its_answer(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram.chats.add(CHAT, kind="channel", title="Port")
    channel = telegram_channel(workspace)
    row = ChannelCheck.objects.get()
    seen = asyncio.run(health.check_look(health.check_plan(row)))
    channel_right_changed(channel=channel, can_post=False, problem="No right to post.")
    ChannelCheck.objects.update(state="done", finished_at=now())
    health.check_record(row, seen)
    channel.refresh_from_db()
    assert (channel.problem, channel.chat_title, channel.checked_at) == ("No right to post.", "", None)
    assert alerts() == [("publishing.channel", "error")]
    assert waits() <= timedelta(seconds=30)
    look()  # of its own beginning it knows
    channel.refresh_from_db()
    assert (channel.problem, channel.chat_title, alerts()) == ("", "Port", [])


def test_rung_twice_it_asks_once(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram_channel(workspace)
    channels_look()
    channels_look()
    assert len(telegram.log.of("getChatMember")) == 1
    assert ChannelCheck.objects.filter(state="done").count() == 1


def test_killed_half_way_it_is_looked_at_again(
    workspace: Workspace, telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = telegram_channel(workspace)

    def killed(*_args: object) -> None:
        raise RuntimeError("killed")

    monkeypatch.setattr("apps.publishing.services.health._rights_told", killed)
    look()
    channel.refresh_from_db()
    assert (channel.rights, ChannelCheck.objects.get().state) == ({}, "ready")
    monkeypatch.undo()
    look()
    channel.refresh_from_db()
    assert channel.rights["post"] is True
    assert ChannelCheck.objects.filter(state="ready").count() == 1


def test_a_look_that_died_is_told_and_followed_by_another(workspace: Workspace, telegram: BotApiServer) -> None:
    telegram_channel(workspace)
    verbs.give_up(ChannelCheck.objects.get(), reason="fault")
    assert sorted(ChannelCheck.objects.values_list("state", flat=True)) == ["dead", "ready"]
    look()
    assert sorted(ChannelCheck.objects.values_list("state", flat=True)) == ["done", "ready"]


def test_what_nobody_looks_after_is_found(workspace: Workspace, telegram: BotApiServer, settings: Settings) -> None:
    channel = telegram_channel(workspace)
    ChannelCheck.objects.all().delete()
    settings.CHANNEL_CHECK_HOURS = 0
    channels_mend()
    assert not ChannelCheck.objects.exists()
    check_soon(channel)
    look()
    assert not ChannelCheck.objects.filter(state="ready").exists()  # switched off, so there is no next one
    settings.CHANNEL_CHECK_HOURS = 6
    channels_mend()
    channels_mend()
    assert ChannelCheck.objects.filter(state="ready").count() == 1


# Screens


def test_the_page_says_what_the_bot_may_and_what_to_switch_on(
    workspace: Workspace, telegram: BotApiServer, client: Client
) -> None:
    telegram.chats.add(CHAT, kind="channel", title="Port", username="port_news", lacks=["delete_messages"])
    channel = telegram_channel(workspace)
    client.force_login(member(workspace, "manager"))
    client.post(reverse("admin:publishing_channel_check_channel", args=[channel.pk]))
    page = client.get(reverse("admin:publishing_channel_change", args=[channel.pk])).content.decode()
    assert "switch on “Delete messages of others”" in page
    assert "https://t.me/port_news" in page
    assert "no comments: no group is linked" in page
    listed = client.get(reverse("admin:publishing_channel_changelist")).content.decode()
    assert "Not everything" in listed


def test_preflight_warns_of_what_the_bot_may_not(
    workspace: Workspace, editor: User, telegram: BotApiServer, client: Client
) -> None:
    telegram.chats.add(CHAT, kind="channel", lacks=["edit_messages", "delete_messages"])
    channel = telegram_channel(workspace)
    story = approved_story(workspace)
    client.force_login(editor)
    assert "will not be pinned" not in looked(client, story, channel, pin="1")["html"]  # never asked
    look()
    told = looked(client, story, channel, pin="1")
    assert told["fit"] is True
    assert "will not be pinned" in told["html"]
    assert "lacks the right to delete" in told["html"]
    assert "will not be pinned" not in looked(client, story, channel)["html"]
