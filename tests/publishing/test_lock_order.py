"""An editor's change and the recording of a delivery lock in one order: neither ends the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Event

import pytest
from django.db import connection

from apps.core.clock import now
from apps.core.work import claims, kinds, stopping, verbs
from apps.delivery.models import Delivery
from apps.delivery.ports import Receipt
from apps.delivery.services import delivery_sent
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Publication
from apps.publishing.services import Terms, after, publication_repeat
from apps.publishing.services import repeats as repeating
from apps.stories.models import Story
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import scheduled, telegram_channel
from tests.servers.bot_api import BotApiServer

pytestmark = pytest.mark.django_db(transaction=True)
MEET_S = 1.0


def at_once(*steps: Callable[[], None]) -> None:
    """Carry out steps side by side, each with a connection of its own."""

    def closing(step: Callable[[], None]) -> None:
        try:
            step()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(steps)) as pool:
        for done in [pool.submit(closing, step) for step in steps]:
            done.result(timeout=30)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_edit_while_a_pin_is_recorded_waits_for_it(telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    stopping.forget()
    workspace = WorkspaceFactory.create(language="en")
    editor = member(workspace)
    publication = scheduled(telegram_channel(workspace), editor)
    deliveries_send()
    publication.refresh_from_db()
    after.publication_pin(publication=publication, editor=editor)
    [pin] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1), at=now()).rows
    edits, records = Event(), Event()
    clear = after.changes_clear

    def met(*asked: object) -> bool:
        edits.set()  # the publication is locked
        records.wait(MEET_S)
        return clear(*asked)  # type: ignore[arg-type]

    def effect() -> None:
        records.set()  # the pin's lane is locked
        edits.wait(MEET_S)
        delivery_sent(pin, Receipt("1"))

    def edit() -> None:
        after.publication_edit(publication=publication, html="<b>Anew</b>", editor=editor)

    def record() -> None:
        verbs.finish(pin, effect=effect)

    monkeypatch.setattr(after, "changes_clear", met)
    at_once(edit, record)
    assert Publication.objects.get().is_pinned
    assert Delivery.objects.get(pk=pin.pk).outcome == "sent"
    assert Delivery.objects.filter(sender="telegram.change").count() == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer at a time")
def test_another_headline_while_the_first_one_is_recorded_waits_for_it(
    telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping.forget()
    workspace = WorkspaceFactory.create(language="en")
    editor = member(workspace)
    first = scheduled(telegram_channel(workspace), editor)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=1), at=now()).rows
    repeats, records = Event(), Event()
    fit = repeating._refuse_unfit

    def met(asked: Publication) -> None:
        repeats.set()  # the story is locked
        records.wait(MEET_S)
        fit(asked)

    def effect() -> None:
        records.set()  # the lane is locked
        repeats.wait(MEET_S)
        delivery_sent(row, Receipt("1"))

    def repeat() -> None:
        at, terms = now() + timedelta(days=1), Terms(measure="views")
        publication_repeat(publication=first, title="Another", at=at, terms=terms, editor=editor)

    def record() -> None:
        verbs.finish(row, effect=effect)

    monkeypatch.setattr(repeating, "_refuse_unfit", met)
    at_once(repeat, record)
    assert {one.title: one.status for one in Publication.objects.all()} == {first.title: "sent", "Another": "scheduled"}
    assert Story.objects.get().status == "published"
