"""What bots are told is stored once, whatever Telegram, the network and other processes do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Alert
from apps.core import health
from apps.core.clock import now
from apps.core.errors import RetryableError
from apps.telegram import polling as module
from apps.telegram import selectors
from apps.telegram.inbound import KINDS
from apps.telegram.models import Bot, Inbox, Update
from apps.telegram.polling import Trouble
from apps.telegram.selectors import bots_listening, next_offset
from apps.telegram.services import bot_check, bot_pause, bot_update
from apps.telegram.services.inboxes import inboxes_release, inboxes_take
from tests.servers import bot_api
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_state import Webhook
from tests.servers.telegram_updates import message
from tests.telegram.factories import BotFactory, token_of
from tests.telegram.listening import listened

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(120)]
GROUP = ChatRow(-1007, "supergroup", "Newsroom")


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[BotApiServer]:
    monkeypatch.setattr(module, "TICK_S", 0.1)
    monkeypatch.setattr(module, "BACKOFF_FIRST_S", 0.1)
    settings.TELEGRAM_POLL_S = 1.0
    with bot_api.running() as running:
        settings.TELEGRAM_API_URL = running.url
        yield running


def stored(bot: Bot) -> list[int]:
    """The numbers of what is stored for a bot, as it was stored."""
    return list(Update.objects.filter(bot=bot).order_by("pk").values_list("update_id", flat=True))


def questions(server: BotApiServer, bot: Bot) -> list[str | None]:
    """The offsets that were asked from."""
    return [entry.params.get("offset") for entry in server.log.of("getUpdates") if entry.bot_id == bot.bot_id]


def test_what_a_bot_is_told_is_stored_and_then_confirmed(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    first = server.updates.add(bot.bot_id, "message", message(GROUP, "one"))
    listened(
        lambda: server.updates.confirmed[bot.bot_id] == [1000],
        lambda: server.updates.add(bot.bot_id, "message", message(GROUP, "two")),
        lambda: server.updates.confirmed[bot.bot_id] == [1000, 1001],
    )
    assert first == 1000
    rows = list(Update.objects.order_by("pk").values("workspace", "bot", "update_id", "kind", "state"))
    common = {"workspace": bot.workspace_id, "bot": bot.pk, "kind": "message", "state": "ready"}
    assert rows == [{**common, "update_id": 1000}, {**common, "update_id": 1001}]
    assert Update.objects.order_by("pk").values_list("payload__text", flat=True)[1] == "two"
    asked = server.log.of("getUpdates")[0]
    assert asked.params["allowed_updates"] == str(list(KINDS)).replace("'", '"')
    assert questions(server, bot)[:2] == [None, "1001"]


def test_what_comes_twice_is_stored_once(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.updates.add(bot.bot_id, "message", message(GROUP, "one"), number=5)
    server.faults.add("cut_after", times=1, method="getUpdates")
    listened(lambda: server.updates.confirmed[bot.bot_id] == [5])
    assert server.updates.served[bot.bot_id] == {5: 2}
    assert stored(bot) == [5]


def test_bots_that_come_and_go_are_noticed_without_a_restart(server: BotApiServer) -> None:
    one, two = BotFactory(), BotFactory()
    three: list[Bot] = []

    def heard(bot: Bot) -> bool:
        return Inbox.objects.filter(bot=bot, heard_at__isnull=False).exists()

    listened(
        lambda: heard(one) and heard(two),
        lambda: bot_pause(bot=two, reason="a test"),
        lambda: not Inbox.objects.filter(bot=two).exclude(lease_owner="").exists(),
        lambda: three.append(BotFactory()) or True,
        lambda: heard(three[0]),
    )
    assert Inbox.objects.exclude(lease_owner="").count() == 0, "the leases are given back at the end"


def test_another_token_is_noticed_and_the_old_ones_refusal_pauses_nobody(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    other = f"{bot.bot_id}:{'B' * 35}"
    listened(
        lambda: Inbox.objects.filter(heard_at__isnull=False).exists(),
        lambda: bot_update(bot=bot, name=bot.name, token=other) is None,
        lambda: setattr(server, "tokens", [other]) is None,
        lambda: Inbox.objects.update(heard_at=None),
        lambda: server.updates.add(bot.bot_id, "message", message(GROUP, "one")),
        lambda: server.updates.confirmed[bot.bot_id] == [1000],
    )
    assert (Bot.objects.get().is_active, stored(bot)) == (True, [1000])


def test_one_bots_failures_are_no_others(server: BotApiServer) -> None:
    sick, well = BotFactory(), BotFactory()
    server.updates.add_raw(sick.bot_id, "this is no update")
    server.updates.add(well.bot_id, "message", message(GROUP, "fine"))
    listened(lambda: server.updates.confirmed[well.bot_id] == [1000], lambda: len(questions(server, sick)) >= 3)
    assert (stored(sick), stored(well)) == ([], [1000])


def test_bug_with_one_bot_is_logged_and_the_bot_heard_again(
    server: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    sick, well = BotFactory(), BotFactory()
    real, times = selectors.next_offset, []

    def broken(bot: int, **options: Any) -> int | None:
        if bot == sick.pk and len(times) < 2:
            times.append(bot)
            raise ZeroDivisionError
        return real(bot, **options)

    monkeypatch.setattr(selectors, "next_offset", broken)
    for bot in (sick, well):
        server.updates.add(bot.bot_id, "message", message(GROUP, "fine"))
    listened(lambda: all(server.updates.confirmed[bot.bot_id] == [1000] for bot in (sick, well)))
    assert len(times) == 2


def test_poison_among_good_updates_stops_none_of_them(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    add, raw = server.updates.add, server.updates.add_raw
    add(bot.bot_id, "message", message(GROUP, "a\x00b \ud800"), number=10)
    raw(bot.bot_id, [1, 2])
    raw(bot.bot_id, {"update_id": "eleven"})
    raw(bot.bot_id, {"update_id": 12, "message": "not an object"})
    raw(bot.bot_id, {"update_id": 13})
    raw(bot.bot_id, {"update_id": 14, "x" * 200: {"y": float("inf")}})
    add(bot.bot_id, "message", message(GROUP, "good"), number=15)
    listened(lambda: 15 in server.updates.confirmed[bot.bot_id])
    assert stored(bot) == [10, 12, 13, 14, 15]
    kept = {row.update_id: row for row in Update.objects.all()}
    assert kept[10].payload["text"] == "a\ufffdb \ufffd"
    assert (kept[12].payload, kept[13].kind, kept[15].payload["text"]) == ({}, "", "good")


def test_one_bot_of_two_workspaces_is_asked_once_and_both_are_told(server: BotApiServer) -> None:
    one: Bot = BotFactory()
    two: Bot = BotFactory(bot_id=one.bot_id, token=token_of(one.bot_id))
    server.updates.add(one.bot_id, "message", message(GROUP, "both"))
    listened(lambda: server.updates.confirmed[one.bot_id] == [1000])
    assert (stored(one), stored(two)) == ([1000], [1000])
    assert {row.workspace_id for row in Update.objects.all()} == {one.workspace_id, two.workspace_id}
    assert [entry.outcome for entry in server.log.of("getUpdates") if entry.status == 409] == []


# What stands in the way


def test_revoked_token_pauses_the_bot_and_tells_once(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.tokens = []
    listened(lambda: not Bot.objects.get(pk=bot.pk).is_active)
    bot.refresh_from_db()
    assert "does not know this token" in bot.problem
    assert [alert.key for alert in Alert.objects.filter(closed_at=None)] == [f"telegram.bot:{bot.pk}"]
    assert len(questions(server, bot)) == 1
    server.tokens = None
    bot_check(bot=bot)
    listened(lambda: Inbox.objects.filter(bot=bot, heard_at__isnull=False).exists())
    assert Alert.objects.filter(closed_at=None).count() == 0


def test_webhook_is_said_in_plain_words_and_the_bot_goes_on_posting(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.webhooks[bot.bot_id] = Webhook("https://elsewhere.invalid/hook")
    listened(
        lambda: Inbox.objects.filter(bot=bot, problem_code="webhook_active").exists(),
        lambda: Alert.objects.filter(key=f"telegram.inbox:{bot.pk}", closed_at=None).exists(),
        lambda: server.webhooks.clear() or True,
        lambda: Inbox.objects.filter(bot=bot, problem="", heard_at__isnull=False).exists(),
    )
    bot.refresh_from_db()
    assert (bot.is_active, bot.problem) == (True, "")
    alert = Alert.objects.get(key=f"telegram.inbox:{bot.pk}")
    assert "has a webhook set at elsewhere.invalid" in alert.message
    assert alert.closed_at is not None


def test_another_poller_is_told_once_it_lasts(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.faults.add("error", times=2, method="getUpdates", status=409, description="Conflict: terminated by other")
    listened(
        lambda: Alert.objects.filter(key=f"telegram.inbox:{bot.pk}").exists(),
        lambda: Inbox.objects.filter(bot=bot, problem="", heard_at__isnull=False).exists(),
    )
    alert = Alert.objects.get()
    assert "Another program is using this bot" in alert.message
    assert alert.closed_at is not None


def test_one_conflict_alone_is_not_told(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.faults.add("error", times=1, method="getUpdates", status=409, description="Conflict: terminated by other")
    listened(lambda: Inbox.objects.filter(bot=bot, heard_at__isnull=False).exists())
    assert Alert.objects.count() == 0


def test_network_that_is_cut_comes_back_by_itself(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.updates.add(bot.bot_id, "message", message(GROUP, "one"))
    server.faults.add("cut_before", times=3, method="getUpdates")
    listened(lambda: server.updates.confirmed[bot.bot_id] == [1000])
    assert stored(bot) == [1000]
    assert Alert.objects.count() == 0
    assert Inbox.objects.get().problem == ""


def test_unreadable_answers_and_failures_of_telegram_are_sat_out(server: BotApiServer) -> None:
    bot: Bot = BotFactory()
    server.updates.add(bot.bot_id, "message", message(GROUP, "one"))
    server.faults.add("malformed", times=1, method="getUpdates")
    server.faults.add("500", times=1, method="getUpdates")
    server.faults.add("429", times=1, method="getUpdates", retry_after=1)
    listened(lambda: server.updates.confirmed[bot.bot_id] == [1000])
    assert stored(bot) == [1000]


# Leases and offsets


def test_a_lease_is_taken_by_one_and_by_the_other_once_it_is_given_back() -> None:
    bot: Bot = BotFactory()
    assert inboxes_take(owner="one", bots=[bot.pk]) == {bot.pk}
    assert inboxes_take(owner="two", bots=[bot.pk]) == set()
    inboxes_release(owner="one")
    assert inboxes_take(owner="two", bots=[bot.pk]) == {bot.pk}
    assert inboxes_take(owner="one", bots=[bot.pk]) == set()


def test_a_lease_that_ran_out_is_free() -> None:
    bot: Bot = BotFactory()
    inboxes_take(owner="one", bots=[bot.pk])
    Inbox.objects.update(lease_until=now() - timedelta(seconds=1))
    assert inboxes_take(owner="two", bots=[bot.pk]) == {bot.pk}
    assert inboxes_take(owner="one", bots=[bot.pk]) == set()


def test_offset_follows_from_what_was_stored_last() -> None:
    bot: Bot = BotFactory()
    assert next_offset(bot.pk) is None
    made = [Update(workspace=bot.workspace, bot=bot, update_id=number) for number in (900, 901, 4)]
    Update.objects.bulk_create(made)
    assert next_offset(bot.pk) == 5, "after a quiet week numbers begin anew, also below the last one"
    assert next_offset(bot.pk, at=now() + timedelta(days=6, minutes=1)) is None


def test_paused_and_unreadable_bots_do_not_hinder_the_list() -> None:
    one, paused = BotFactory(), BotFactory()
    Bot.objects.filter(pk=paused.pk).update(is_active=False)
    assert [found.pk for found in bots_listening()] == [one.pk]
    assert bots_listening()[0].snapshot().token == one.token
    assert one.token not in repr(bots_listening())


def test_pauses_grow_to_a_minute_and_obey_telegram() -> None:
    trouble = Trouble()
    pauses = [trouble.pause_s(ValueError()) for _ in range(12)]
    assert 0.5 <= pauses[0] <= 1
    assert 30 <= pauses[-1] <= 60
    assert 7 <= trouble.pause_s(RetryableError("", retry_after=7)) <= 8


# Health


def test_health_says_that_nobody_listens(client: Client) -> None:
    assert found() == (True, "no active bots")
    bot: Bot = BotFactory(created_at=now() - timedelta(minutes=5))
    ok, words = found()
    assert not ok
    assert words.startswith("1 of 1 active bots: nobody asks")
    inboxes_take(owner="one", bots=[bot.pk])
    assert found() == (True, "1 listened to")
    Inbox.objects.update(problem="trouble")
    assert found() == (True, "1 listened to, 1 with a problem")


def found() -> tuple[bool, str]:
    """What the check says."""
    one = next(one for one in health.findings() if one.name == "bots")
    return one.ok, one.detail
