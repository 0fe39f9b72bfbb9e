"""A resumed queue is taken back: what has not left gets its former time, what has left stays."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery, Lane
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, ChannelSchedule, PreviewMessage, Publication, QueueResume
from apps.publishing.services import (
    Terms,
    publication_move,
    publication_repeat,
    publication_schedule,
    queue_pause,
    queue_undo,
    resume_standing,
)
from apps.publishing.services.options import options_of
from apps.publishing.services.queue_undo import Undone
from apps.publishing.services.schedule_queue import alert_key
from tests.delivery.factories import member
from tests.publishing.clocks import Clock
from tests.publishing.factories import approved_story, preview_channel, scheduled
from tests.publishing.test_queue import HOUR, NOON, clock, late, resume, times, workspace  # noqa: F401 - fixtures


def shown() -> list[str]:
    return list(PreviewMessage.objects.order_by("pk").values_list("title", flat=True))


@pytest.mark.parametrize("choice", ["now", "slots", "cancel"])
def test_all_is_as_it_was_before(late: Channel, editor: User, clock: Clock, choice: str) -> None:  # noqa: F811
    before = times()
    resume(late, editor, choice)
    row = QueueResume.objects.get()
    assert resume_standing(row) == Undone(2, 0)
    assert queue_undo(resume=row, editor=editor) == Undone(2, 0)
    waiting = Publication.objects.filter(status="scheduled")
    assert {one.title: (one.status, one.publish_at) for one in waiting} == before
    assert set(Delivery.objects.filter(state="ready").values_list("not_before", flat=True)) == {
        at for _status, at in before.values()
    }
    schedule = ChannelSchedule.objects.get()
    assert (schedule.paused_at, schedule.paused_by, schedule.paused_reason) == (NOON, editor, "an accident")
    assert Lane.objects.get(key=f"channel:{late.pk}").paused_reason == f"⏸ {editor}: an accident"
    assert Alert.objects.filter(key=alert_key(late), closed_at=None).count() == 1
    deliveries_send()
    assert shown() == []
    assert AuditEntry.objects.get(verb="queue.resume_undone").details == {"back": 2, "stays": 0, "choice": choice}
    # and it can be decided otherwise
    clock.move_to(NOON + 4 * HOUR)
    assert resume(late, editor, "now") == 2
    deliveries_send()
    assert shown() == ["First"]


def test_what_has_left_stays_and_is_said(late: Channel, editor: User) -> None:  # noqa: F811
    resume(late, editor, "now")
    deliveries_send()
    assert shown() == ["First"]
    undone = queue_undo(resume=QueueResume.objects.get(), editor=editor)
    assert undone == Undone(1, 1)
    assert undone.words == (
        "The queue is paused again. 1 publication has its former time again. "
        "1 has left or was changed meanwhile and stays as it is."
    )
    assert times()["First"][0] == "sent"
    assert times()["Second"] == ("scheduled", NOON + 2 * HOUR)


def test_what_was_changed_meanwhile_stays(late: Channel, editor: User) -> None:  # noqa: F811
    resume(late, editor, "slots")
    first = Publication.objects.get(title="First")
    publication_move(publication=first, to=NOON + 9 * HOUR, editor=editor)
    assert queue_undo(resume=QueueResume.objects.get(), editor=editor) == Undone(1, 1)
    assert times()["First"] == ("scheduled", NOON + 9 * HOUR)


def test_a_cancelled_one_that_was_published_anew_is_not_doubled(late: Channel, editor: User) -> None:  # noqa: F811
    resume(late, editor, "cancel")
    first = Publication.objects.get(title="First")
    publication_schedule(story=first.story, channel=late, editor=editor, at=NOON + 9 * HOUR)
    assert queue_undo(resume=QueueResume.objects.get(), editor=editor) == Undone(1, 1)
    assert Publication.objects.filter(title="First", status="scheduled").get().publish_at == NOON + 9 * HOUR


@pytest.mark.parametrize("hours", [2.5, 0.5], ids=["after the first", "before it"])
def test_two_headlines_that_were_cancelled_are_compared_again(
    workspace: Workspace,  # noqa: F811
    editor: User,
    clock: Clock,  # noqa: F811
    hours: float,
) -> None:
    channel = preview_channel(workspace)
    one = scheduled(channel, editor, "First", at=NOON + HOUR)
    pair = publication_repeat(
        publication=one, title="Other", at=NOON + hours * HOUR, terms=Terms(measure="views"), editor=editor
    )
    queue_pause(channel=channel, editor=editor, reason="an accident")
    clock.move_to(NOON + 3 * HOUR)
    assert resume(channel, editor, "cancel") == 2
    assert queue_undo(resume=QueueResume.objects.get(), editor=editor) == Undone(2, 0)
    first, second = (Publication.objects.get(title=title, status="scheduled") for title in ("First", "Other"))
    pair.refresh_from_db()
    assert (pair.first, pair.second) == (first, second)
    assert second.repeats == first
    assert first.repeats is None


def test_it_is_taken_back_once_soon_and_not_after_another_pause(
    late: Channel,  # noqa: F811
    editor: User,
    clock: Clock,  # noqa: F811
) -> None:
    resume(late, editor, "slots")
    row = QueueResume.objects.get()
    clock.move_to(NOON + 3 * HOUR + timedelta(minutes=16))
    with pytest.raises(TransitionError, match="any more"):
        queue_undo(resume=row, editor=editor)
    clock.move_to(NOON + 3 * HOUR + timedelta(minutes=5))
    queue_undo(resume=row, editor=editor)
    after = times()
    with pytest.raises(TransitionError):
        queue_undo(resume=row, editor=editor)
    resume(late, editor, "slots")
    queue_pause(channel=late, editor=editor)
    with pytest.raises(TransitionError):
        queue_undo(resume=QueueResume.objects.first(), editor=editor)  # type: ignore[arg-type]
    assert times() != after


def test_the_calendar_offers_it_to_those_who_may(late: Channel, editor: User, client: Client) -> None:  # noqa: F811
    resume(late, editor, "slots")
    client.force_login(editor)
    page = client.get(reverse("desk:calendar"), headers={"accept-language": "en"}).content.decode()
    assert "2 overdue publications get their former times back." in page
    row = QueueResume.objects.get()
    client.force_login(member(late.workspace, "viewer"))
    client.post(reverse("desk:queue_undo", args=[late.pk]), {"resume": row.pk})
    assert ChannelSchedule.objects.get().paused_at is None
    client.force_login(editor)
    client.post(reverse("desk:queue_undo", args=[late.pk]), {"resume": row.pk})
    assert ChannelSchedule.objects.get().paused_at == NOON
    client.post(reverse("desk:queue_undo", args=[late.pk]), {"resume": "x"})
    page = client.get(reverse("desk:calendar"), headers={"accept-language": "en"}).content.decode()
    assert "data-resumed" not in page


def test_a_revived_one_has_links_of_its_own(late: Channel, editor: User, clock: Clock) -> None:  # noqa: F811
    clock.move_to(NOON)
    Channel.objects.filter(pk=late.pk).update(short_links=True)
    late.refresh_from_db()
    story = approved_story(late.workspace, "Linked", body="Read https://a.test/x?b=1&c=2 now.")
    options = options_of(late, buttons=[[{"text": "More", "url": "https://b.test/"}]])
    row = publication_schedule(story=story, channel=late, editor=editor, at=NOON + 2.5 * HOUR, options=options)
    clock.move_to(NOON + 3 * HOUR)
    resume(late, editor, "cancel")
    assert queue_undo(resume=QueueResume.objects.get(), editor=editor) == Undone(3, 0)
    made = Publication.objects.get(title="Linked", status="scheduled")
    old, new = (dict(one.links.values_list("target", "code")) for one in (row, made))
    assert set(old) == set(new) == {"https://a.test/x?b=1&c=2", "https://b.test/"}
    part = made.parts.get()
    whole = f"{part.html} {part.buttons}"
    assert [code in whole for code in new.values()] == [True, True]
    assert [code in whole for code in old.values()] == [False, False]


def test_one_that_was_published_anew_in_this_moment_is_left_and_the_rest_comes_back(
    late: Channel,  # noqa: F811
    editor: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    resume(late, editor, "cancel")
    first = Publication.objects.get(title="First")
    publication_schedule(story=first.story, channel=late, editor=editor, at=NOON + 9 * HOUR)
    module = import_module("apps.publishing.services.queue_undo")  # the package has a function of this name
    monkeypatch.setattr(module, "_returns", lambda *_given: True)
    assert queue_undo(resume=QueueResume.objects.get(), editor=editor) == Undone(1, 1)
    assert Publication.objects.filter(title="First", status="scheduled").get().publish_at == NOON + 9 * HOUR
    assert Publication.objects.filter(title="Second", status="scheduled").get().publish_at == NOON + 2 * HOUR
