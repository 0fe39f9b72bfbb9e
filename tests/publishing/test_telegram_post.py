"""Publications as messages of a bot, against the Bot API's stand-in."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db import DatabaseError

from apps.accounts.models import Alert, User, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import (
    delivery_absent,
    delivery_arrived,
    delivery_give_up,
    delivery_retry,
    delivery_send_again,
)
from apps.delivery.tasks import deliveries_send
from apps.delivery.telegram_doing import message_url
from apps.publishing.models import Publication
from apps.publishing.services import channel_check, publication_schedule
from apps.stories.models import Story
from apps.telegram.ports import BotSnapshot, SentMessage
from apps.telegram.services import bot_check, token_refused
from tests.publishing.factories import approved_story, bot_of, scheduled, telegram_channel
from tests.servers.bot_api import BotApiServer


def reloaded(publication: Publication) -> Publication:
    return Publication.objects.select_related("delivery", "channel").get(pk=publication.pk)


def open_alerts() -> set[str]:
    return set(Alert.objects.filter(closed_at=None).values_list("key", flat=True))


def due_now() -> None:
    """As if a pause were over."""
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.update(next_at=now())


def texts(server: BotApiServer) -> list[str]:
    return [message.source for message in server.messages]


def test_message_arrives_with_its_id_and_link(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    publication = scheduled(telegram_channel(workspace), editor, "Fire & water")
    deliveries_send()
    done = reloaded(publication)
    assert texts(telegram) == ["<b>Fire &amp; water</b>\n\nA warehouse burns.\n\nAll is well."]
    assert (done.status, done.message_id) == ("sent", str(telegram.messages[0].message_id))
    assert done.message_url == f"https://t.me/c/1234567890/{done.message_id}"
    assert Story.objects.get().status == Story.Status.PUBLISHED
    assert open_alerts() == set()


def test_asking_twice_sends_once(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    channel, story = telegram_channel(workspace), approved_story(workspace)
    for _again in range(3):
        publication_schedule(story=story, channel=channel, editor=editor)
        deliveries_send()
    assert len(telegram.log.of("sendMessage")) == 1


@pytest.mark.parametrize("fault", ["cut_after", "cut_before", "slow_after", "500", "malformed"])
def test_no_answer_is_unknown_told_and_not_repeated(
    workspace: Workspace, editor: User, telegram: BotApiServer, fault: str
) -> None:
    telegram.faults.add(fault, method="sendMessage", times=1, seconds=3.0)
    publication = scheduled(telegram_channel(workspace), editor)
    for _bell in range(3):
        deliveries_send()
    done = reloaded(publication)
    assert done.status == "unknown"
    assert done.delivery is not None
    assert done.delivery.state == "unknown"
    assert len(telegram.log.of("sendMessage")) == 1
    assert open_alerts() == {f"delivery.unknown:{done.delivery_id}"}
    assert done.reason


def test_it_is_there_and_send_again_settle_a_publication(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    telegram.faults.add("cut_after", method="sendMessage", times=2)
    channel = telegram_channel(workspace)
    there, gone = scheduled(channel, editor, "There"), scheduled(channel, editor, "Gone")
    deliveries_send()
    Lane.objects.update(unknown_until=now() - timedelta(seconds=1), next_at=now())
    deliveries_send()
    assert [reloaded(row).status for row in (there, gone)] == ["unknown", "unknown"]
    delivery_arrived(delivery=Delivery.objects.get(publication=there), by=editor, vendor_id="77")
    delivery_send_again(delivery=Delivery.objects.get(publication=gone), by=editor)
    assert reloaded(gone).status == "scheduled"
    deliveries_send()
    assert (reloaded(there).status, reloaded(there).message_id) == ("sent", "77")
    assert reloaded(gone).status == "sent"
    assert open_alerts() == set()
    assert len(telegram.log.of("sendMessage")) == 3


def test_retry_after_is_obeyed(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    telegram.faults.add("429", method="sendMessage", times=1, retry_after=30)
    publication = scheduled(telegram_channel(workspace), editor)
    deliveries_send()
    deliveries_send()
    done = reloaded(publication)
    assert len(telegram.log.of("sendMessage")) == 1
    assert done.status == "scheduled"
    assert done.delivery is not None
    assert 25 < (done.delivery.not_before - now()).total_seconds() <= 30
    assert open_alerts() == set()
    other = scheduled(done.channel, editor, "Second")
    deliveries_send()
    assert reloaded(other).status == "scheduled"
    assert len(telegram.log.of("sendMessage")) == 1


def test_chats_limit_spaces_messages_without_attempts(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    channel = telegram_channel(workspace)
    rows = [scheduled(channel, editor, f"Message {number}") for number in range(3)]
    deliveries_send()
    times = [entry.time for entry in telegram.log.of("sendMessage")]
    assert len(times) == 3
    assert all(later - earlier > 0.9 for earlier, later in pairwise(times))
    assert [source.split("</b>")[0] for source in texts(telegram)] == [f"<b>Message {number}" for number in range(3)]
    assert {reloaded(row).delivery.attempts for row in rows} == {1}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("refuse", "code"), [("no_rights", "no_rights"), ("kicked", "not_member"), ("not_found", "chat_not_found")]
)
def test_refusal_is_told_in_words_and_mended(
    workspace: Workspace, editor: User, telegram: BotApiServer, refuse: str, code: str
) -> None:
    telegram.chats.add(-1001234567890, refuse=refuse)
    channel = telegram_channel(workspace)
    publication = scheduled(channel, editor)
    deliveries_send()
    done = reloaded(publication)
    assert (done.status, done.delivery.error_code) == ("failed", code)  # type: ignore[union-attr]
    assert "403" not in done.reason
    assert done.channel.problem == done.reason
    assert open_alerts() == {f"delivery.dead:{done.delivery_id}", f"publishing.channel:{channel.pk}"}
    telegram.chats.add(-1001234567890)
    delivery_retry(delivery=done.delivery, by=editor)  # type: ignore[arg-type]
    deliveries_send()
    done = reloaded(publication)
    assert (done.status, done.reason, done.channel.problem) == ("sent", "", "")
    assert open_alerts() == set()


def test_revoked_token_pauses_the_bot_once_and_its_publications_wait(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    channel, other = telegram_channel(workspace), telegram_channel(workspace, "Sea news", "-1001234567891")
    bot = channel.bot
    assert bot is not None
    telegram.tokens = ["1:other"]
    rows = [scheduled(channel, editor), scheduled(other, editor, "Sea"), scheduled(channel, editor, "Second")]
    deliveries_send()
    bot.refresh_from_db()
    assert not bot.is_active
    assert open_alerts() == {f"telegram.bot:{bot.pk}"}
    due_now()
    asked = len(telegram.log.of("sendMessage"))
    deliveries_send()
    assert len(telegram.log.of("sendMessage")) == asked
    for row in rows:
        done = reloaded(row)
        assert (done.status, done.delivery.state, done.delivery.attempts) == ("scheduled", "ready", 0)  # type: ignore[union-attr]
    waiting = reloaded(rows[0]).delivery
    assert waiting is not None
    assert "paused" in waiting.history[-1]["detail"]
    assert 50 < (waiting.not_before - now()).total_seconds() <= 60
    assert Alert.objects.count() == 1
    assert telegram.messages == []

    telegram.tokens = None
    bot_check(bot=bot)
    due_now()
    deliveries_send()
    assert [reloaded(row).status for row in rows] == ["sent"] * 3
    assert len(telegram.messages) == 3
    assert open_alerts() == set()


def test_refusal_of_a_token_that_was_replaced_meanwhile_pauses_nothing(workspace: Workspace) -> None:
    bot = bot_of(workspace)
    token_refused(BotSnapshot(bot_id=bot.bot_id, token="4242:old", pk=bot.pk), "refused")
    token_refused(BotSnapshot(bot_id=bot.bot_id, token=bot.token, pk=bot.pk + 1), "refused")
    bot.refresh_from_db()
    assert bot.is_active
    token_refused(bot.snapshot(), "refused")
    bot.refresh_from_db()
    assert (bot.is_active, bot.problem) == (False, "refused")


def test_refused_token_is_no_doubt_where_the_pause_can_not_be_saved(
    workspace: Workspace, editor: User, telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object, **options: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("apps.publishing.senders.bot_pause", broken)
    telegram.tokens = ["1:other"]
    publication = scheduled(telegram_channel(workspace), editor)
    deliveries_send()
    done = reloaded(publication)
    assert (done.status, done.delivery.state) == ("scheduled", "ready")  # type: ignore[union-attr]


def test_publication_in_doubt_is_not_published_anew_until_a_person_says_it_is_absent(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    telegram.faults.add("cut_after", method="sendMessage", times=1)
    channel = telegram_channel(workspace)
    first = scheduled(channel, editor)
    deliveries_send()
    delivery = Delivery.objects.get(publication=first)
    with pytest.raises(TransitionError, match="Say first whether it is there"):
        delivery_give_up(delivery=delivery, reason="too late", by=editor)
    for at in (None, now() + timedelta(hours=1)):
        with pytest.raises(TransitionError, match="Nobody knows whether the story is already in “Port news”"):
            publication_schedule(story=first.story, channel=channel, editor=editor, at=at)
    assert Publication.objects.count() == 1
    delivery_absent(delivery=delivery, by=editor)
    assert (reloaded(first).status, reloaded(first).reason) == ("failed", delivery.error)
    again = publication_schedule(story=first.story, channel=channel, editor=editor)
    deliveries_send()
    assert (reloaded(first).status, reloaded(again).status) == ("cancelled", "sent")
    assert open_alerts() == set()


def test_no_connection_is_tried_again(
    workspace: Workspace, editor: User, telegram: BotApiServer, settings: object
) -> None:
    settings.TELEGRAM_API_URL = "http://127.0.0.1:9"  # type: ignore[attr-defined]
    publication = scheduled(telegram_channel(workspace), editor)
    deliveries_send()
    done = reloaded(publication)
    assert (done.status, done.delivery.state) == ("scheduled", "ready")  # type: ignore[union-attr]
    assert done.delivery.attempts >= 1  # type: ignore[union-attr]
    assert open_alerts() == set()


def test_failed_one_gives_way_to_a_new_one(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    telegram.faults.add("error", method="sendMessage", times=1, description="Bad Request: can't parse entities: x")
    channel = telegram_channel(workspace)
    failed = scheduled(channel, editor)
    deliveries_send()
    again = publication_schedule(story=failed.story, channel=channel, editor=editor)
    deliveries_send()
    assert (reloaded(failed).status, reloaded(again).status) == ("cancelled", "sent")
    assert len(telegram.messages) == 1
    assert open_alerts() == set()


def test_check_says_what_to_do_and_closes_its_alert(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    telegram.chats.add(-1001234567890, refuse="not_found")
    channel = telegram_channel(workspace)
    found = channel_check(channel=channel, editor=editor)
    assert not found.is_fit
    assert open_alerts() == {f"publishing.channel:{channel.pk}"}
    telegram.chats.add(-1001234567890, kind="channel", title="Port")
    found = channel_check(channel=channel, editor=editor)
    assert (found.problem, found.title) == ("", "Port")
    channel.refresh_from_db()
    assert (channel.chat_kind, channel.problem) == ("channel", "")
    assert open_alerts() == set()


@pytest.mark.parametrize(
    ("chat", "username", "url"),
    [
        (-1001234567890, "", "https://t.me/c/1234567890/5"),
        (-1001234567890, "port", "https://t.me/port/5"),
        (-12345, "", ""),
        (12345, "", ""),
    ],
)
def test_message_link(chat: int, username: str, url: str) -> None:
    assert message_url(SentMessage(message_id=5, chat_id=chat, date=now(), chat_username=username)) == url
