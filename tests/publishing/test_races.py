"""Several processes ask for the same at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection

from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import delivery_create
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import PreviewMessage, Publication
from apps.publishing.services import publication_cancel, publication_schedule, publication_schedule_at
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import approved_story, preview_channel

pytestmark = pytest.mark.django_db(transaction=True)
ASKERS = 4


def together(act: Callable[[], int | None]) -> list[int | None]:
    """Call it in several threads at one moment, each with a connection of its own."""
    barrier = Barrier(ASKERS)

    def one(_number: int) -> int | None:
        barrier.wait(timeout=20)
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(ASKERS) as pool:
        return list(pool.map(one, range(ASKERS)))


def test_askers_of_one_key_get_one_delivery() -> None:
    workspace = WorkspaceFactory.create()

    def ask() -> int:
        made = delivery_create(
            workspace=workspace, sender="preview.post", destination="x", payload={}, dedupe_key="same", order_key="a"
        )
        return made.pk

    assert len(set(together(ask))) == 1
    assert (Delivery.objects.count(), Lane.objects.count()) == (1, 1)


def test_editors_who_publish_one_story_at_once_publish_it_once() -> None:
    workspace = WorkspaceFactory.create()
    editor, channel, story = member(workspace), preview_channel(workspace), approved_story(workspace)
    found = together(lambda: publication_schedule(story=story, channel=channel, editor=editor).pk)
    assert len(set(found)) == 1
    deliveries_send()
    assert PreviewMessage.objects.count() == 1


def test_of_several_who_cancel_one_wins() -> None:
    workspace = WorkspaceFactory.create()
    editor, channel, story = member(workspace), preview_channel(workspace), approved_story(workspace)
    publication = publication_schedule(story=story, channel=channel, editor=editor)

    def cancel() -> int | None:
        mine = Publication.objects.get(pk=publication.pk)
        try:
            publication_cancel(publication=mine, editor=editor)
        except TransitionError:
            return None
        return mine.pk

    assert sorted(together(cancel), key=str) == sorted([publication.pk, None, None, None], key=str)


def test_drains_at_once_show_a_message_once() -> None:
    workspace = WorkspaceFactory.create()
    editor, channel = member(workspace), preview_channel(workspace)
    for number in range(6):
        publication_schedule(story=approved_story(workspace, f"Story {number}"), channel=channel, editor=editor)
    together(deliveries_send)
    deliveries_send()
    assert list(PreviewMessage.objects.order_by("pk").values_list("title", flat=True)) == [
        f"Story {number}" for number in range(6)
    ]


def test_of_editors_who_give_one_free_place_to_stories_one_gets_it_and_the_others_are_told() -> None:
    workspace = WorkspaceFactory.create()
    editor, channel = member(workspace), preview_channel(workspace)
    stories = [approved_story(workspace, f"Story {number}") for number in range(ASKERS)]
    at = now() + timedelta(hours=2)

    def place() -> int | None:
        story = stories.pop()
        [placed] = publication_schedule_at(story=story, channels=[channel], at=at, editor=editor)
        assert bool(placed.conflicts) == (placed.publication is None)
        return placed.publication.pk if placed.publication else None

    made = Publication.objects.all()
    assert sorted(together(place), key=str) == sorted([made.get().pk, None, None, None], key=str)
    assert made.get().publish_at == at
