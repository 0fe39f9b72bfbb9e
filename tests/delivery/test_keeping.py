"""Ended deliveries go after a time with their attempts and empty lanes; what is needed stays."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, UnknownOutcomeError
from apps.core.work import lanes
from apps.delivery.models import Attempt, Delivery, Lane
from apps.delivery.services import delivery_create
from apps.delivery.services.keeping import outbox_clear
from apps.delivery.tasks import deliveries_send
from tests.delivery.factories import letter
from tests.delivery.letters import Box
from tests.publishing.factories import preview_channel, scheduled

IN_A_YEAR = timedelta(days=365)


def remaining() -> list[str]:
    return [row.payload.get("text", "") for row in Delivery.objects.order_by("id")]


def test_old_sent_ones_go_with_attempts_and_lanes_and_free_their_keys(workspace: Workspace, box: Box) -> None:
    letter(workspace, "a")
    letter(workspace, "b", order_key="chat")
    deliveries_send()
    letter(workspace, "waits", order_key="chat", not_before=now() + timedelta(days=1))
    assert outbox_clear() == 0
    assert outbox_clear(at=now() + IN_A_YEAR) == 2
    assert remaining() == ["waits"]
    assert list(Lane.objects.values_list("key", flat=True)) == ["chat"]
    assert not Attempt.objects.exists()
    letter(workspace, "a")
    deliveries_send()
    assert box.sent == ["a", "b", "a"]


def test_it_goes_in_steps_and_a_second_round_finds_the_rest(workspace: Workspace, box: Box) -> None:
    for number in range(7):
        letter(workspace, str(number))
    deliveries_send()
    later = now() + IN_A_YEAR
    assert outbox_clear(at=later, step=2, steps=2) == 4
    assert outbox_clear(at=later, step=2) == 3
    assert outbox_clear(at=later) == 0
    assert not Lane.objects.exists()


def test_what_waits_for_a_person_stays(workspace: Workspace, box: Box) -> None:
    box.troubles = [PermanentError("no")]
    letter(workspace, "failed")
    deliveries_send()
    box.troubles = [UnknownOutcomeError("cut")]
    letter(workspace, "doubted")
    deliveries_send()
    assert outbox_clear(at=now() + IN_A_YEAR) == 0
    assert remaining() == ["failed", "doubted"]


def test_what_another_names_goes_after_that_one(workspace: Workspace, box: Box) -> None:
    first = letter(workspace, "post", order_key="a")
    edit = letter(workspace, "edit", order_key="a", after=first)
    deliveries_send()
    Delivery.objects.filter(pk=edit.pk).update(finished_at=now() + IN_A_YEAR)
    assert outbox_clear(at=now() + IN_A_YEAR) == 0
    assert outbox_clear(at=now() + 2 * IN_A_YEAR) == 2
    assert not Delivery.objects.exists()


def test_deliveries_of_publications_stay(workspace: Workspace, editor: User) -> None:
    publication = scheduled(preview_channel(workspace), editor)
    deliveries_send()
    assert outbox_clear(at=now() + IN_A_YEAR) == 0
    publication.refresh_from_db()
    assert publication.delivery is not None


def test_a_paused_lane_stays_paused(workspace: Workspace, box: Box) -> None:
    delivery = letter(workspace, "a", order_key="chat")
    deliveries_send()
    lanes.pause(delivery.lane, "on leave")
    assert outbox_clear(at=now() + IN_A_YEAR) == 1
    assert Lane.objects.get().paused_reason == "on leave"


@pytest.mark.parametrize("days", [0, 400])
def test_the_setting_says_how_long(workspace: Workspace, box: Box, settings: Any, days: int) -> None:
    settings.DELIVERY_KEEP_DAYS = days
    letter(workspace)
    deliveries_send()
    assert outbox_clear(at=now() + IN_A_YEAR) == 0


def test_a_lane_that_went_is_made_anew(workspace: Workspace, box: Box) -> None:
    letter(workspace, "a", order_key="chat")
    deliveries_send()
    outbox_clear(at=now() + IN_A_YEAR)
    again = delivery_create(
        workspace=workspace,
        sender="test.letter",
        destination="Somebody",
        payload={"text": "b"},
        dedupe_key="b",
        order_key="chat",
    )
    deliveries_send()
    again.refresh_from_db()
    assert (again.outcome, box.sent) == ("sent", ["a", "b"])
