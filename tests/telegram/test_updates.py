"""Stored updates are worked once; one that fails is seen and stops no other; old ones are forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError

from apps.accounts.models import Alert, AuditEntry, User
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.telegram import routers
from apps.telegram.inbound import Inbound
from apps.telegram.models import Bot, Update
from apps.telegram.services import bot_delete, updates
from apps.telegram.services.updates import updates_forget, updates_store
from apps.telegram.tasks import updates_work
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import message
from tests.telegram.factories import BotFactory, UpdateFactory

pytestmark = pytest.mark.django_db(transaction=True)
PRIVATE = ChatRow(501, "private", "Nadia")
HERE = "tests.telegram.test_updates"
heard: list[tuple[int, str]] = []


def router(update: Inbound, bot: Bot) -> bool:
    """Note what comes; "poison" is a bug, "mine" is taken."""
    if update.text == "poison":
        raise ZeroDivisionError("a bug")
    heard.append((bot.pk, update.text))
    return update.text == "mine"


def second(update: Inbound, _bot: Bot) -> bool:
    """Note what the first left."""
    heard.append((0, update.text))
    return False


@pytest.fixture(autouse=True)
def _routers() -> Iterator[None]:
    heard.clear()
    for name in ("router", "second"):
        routers.register(f"{HERE}.{name}")
    yield
    for name in ("router", "second"):
        routers.unregister(f"{HERE}.{name}")


def told(text: str, number: int) -> dict[str, object]:
    return {"update_id": number, "message": message(PRIVATE, text)}


def store(bot: Bot, *raws: object) -> int:
    return updates_store(rows=[(bot.pk, bot.workspace_id)], raws=raws)


def test_delivered_twice_it_is_worked_once() -> None:
    bot: Bot = BotFactory()
    assert store(bot, told("hi", 1), told("hi", 1), told("mine", 2)) == 2
    assert store(bot, told("hi", 1)) == 0
    updates_work()
    updates_work()
    assert heard == [(bot.pk, "hi"), (0, "hi"), (bot.pk, "mine")]
    assert list(Update.objects.order_by("pk").values_list("state", "history")) == [("done", []), ("done", [])]


def test_poison_is_dead_with_an_alert_and_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    bot: Bot = BotFactory()
    store(bot, told("poison", 1), told("fine", 2))
    monkeypatch.setattr("apps.core.work.verbs.backoff_s", lambda _failures: 0.0)
    for _ in range(4):
        updates_work()
    assert {row.update_id: (row.state, row.faults) for row in Update.objects.all()} == {1: ("dead", 3), 2: ("done", 0)}
    assert (bot.pk, "fine") in heard
    alert = Alert.objects.get()
    assert (alert.key, alert.closed_at, alert.workspace) == (f"telegram.update:{bot.pk}", None, bot.workspace)
    assert "poison" not in alert.message


def test_tried_again_it_is_worked_and_the_alert_closes() -> None:
    bot: Bot = BotFactory()
    store(bot, told("poison", 1))
    Update.objects.update(faults=2)
    updates_work()
    row = Update.objects.get()
    assert row.state == "dead"
    Update.objects.update(payload=message(PRIVATE, "mended"))
    person = User.objects.create_user("editor@example.org")
    updates.update_retry(row, by=person)
    updates_work()
    assert Update.objects.get().state == "done"
    assert Alert.objects.get().closed_at is not None
    assert AuditEntry.objects.get(verb="update.retried").actor == person
    with pytest.raises(TransitionError):
        updates.update_retry(Update.objects.get(), by=person)


def test_alert_goes_with_its_bot() -> None:
    bot: Bot = BotFactory()
    store(bot, told("poison", 1))
    Update.objects.update(faults=2)
    updates_work()
    assert Alert.objects.get().closed_at is None
    bot_delete(bot=bot)
    assert Alert.objects.get().closed_at is not None


def test_given_up_it_is_never_worked() -> None:
    bot: Bot = BotFactory()
    store(bot, told("hi", 1))
    person = User.objects.create_user("editor@example.org")
    updates.update_give_up(Update.objects.get(), reason="not for us", by=person)
    updates_work()
    assert (Update.objects.get().state, heard, Alert.objects.count()) == ("dead", [], 0)
    assert AuditEntry.objects.get(verb="update.given_up").details == {"reason": "not for us"}


def test_killed_half_way_its_effect_is_there_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bot: Bot = BotFactory()
    store(bot, told("hi", 1))
    calls: list[int] = []

    def dies_once(row: Update, inbound: Inbound) -> None:
        routers.route(inbound, bot)
        Bot.objects.filter(pk=bot.pk).update(name=f"{bot.name}!")
        calls.append(1)
        if len(calls) == 1:
            raise KeyboardInterrupt

    from apps.telegram import tasks

    job = tasks.UPDATES.__class__(**{**tasks.UPDATES.__dict__, "record": dies_once})
    monkeypatch.setattr(tasks, "UPDATES", job)
    with pytest.raises(KeyboardInterrupt):
        updates_work()
    row = Update.objects.get()
    assert (row.state, Bot.objects.get().name) == ("leased", bot.name)
    Update.objects.update(not_before=now() - timedelta(seconds=1))
    updates_work()
    assert (Update.objects.get().state, Bot.objects.get().name) == ("done", f"{bot.name}!")


def test_what_the_database_refuses_is_kept_without_its_content(monkeypatch: pytest.MonkeyPatch) -> None:
    bot: Bot = BotFactory()
    real = updates._store

    def refusing(rows: list[Update]) -> int:
        if any(row.payload.get("text") == "bad" for row in rows):
            raise DatabaseError("no")
        return real(rows)

    monkeypatch.setattr(updates, "_store", refusing)
    assert store(bot, told("good", 1), told("bad", 2), told("good too", 3)) == 3
    updates_work()
    rows = {row.update_id: (row.state, row.kind, row.error_code) for row in Update.objects.all()}
    assert rows == {1: ("done", "message", ""), 2: ("dead", "unstored", "unstored"), 3: ("done", "message", "")}


def test_finished_updates_are_forgotten_after_their_days_in_small_batches(settings: object) -> None:
    bot: Bot = BotFactory()
    old = now() - timedelta(days=15)
    for number in range(5):
        UpdateFactory(bot=bot, update_id=number, state="done", finished_at=old)
    waiting = UpdateFactory(bot=bot, update_id=10, created_at=old)
    fresh = UpdateFactory(bot=bot, update_id=11, state="done", finished_at=now() - timedelta(days=13))
    assert [updates_forget(batch=3), updates_forget(batch=3), updates_forget(batch=3)] == [3, 2, 0]
    assert set(Update.objects.all()) == {waiting, fresh}


def test_content_is_in_no_word_about_an_update() -> None:
    row: Update = UpdateFactory(payload={"text": "a secret word"})
    assert "secret" not in str(row) + repr(row) + repr(updates.update_read(row))
