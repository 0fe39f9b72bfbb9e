"""What stands still among the failures: the clock, workers, bots, sources; each once, however it is known."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.urls import reverse
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from apps.accounts.models import Alert
from apps.core import ticks
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.desk.failures.troubles import overdue_since
from apps.sources.models import CopyCheck, Source
from apps.telegram.models import Bot
from tests.accounts.factories import AlertFactory, UserFactory, WorkspaceFactory, logged_in
from tests.accounts.rows import Rows
from tests.desk.failed import LIST, client_of, dead, in_english, press, rows, shown

__all__ = ["in_english", "rows"]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tick() -> None:
    cache.delete(ticks.KEY)


def task(name: str = "mend", *, ran: timedelta = timedelta(), **changes: Any) -> PeriodicTask:
    """A task of the schedule that runs every minute."""
    every = IntervalSchedule.objects.get_or_create(every=1, period="minutes")[0]
    made = PeriodicTask.objects.create(name=name, task="apps.sources.tasks.work_mend", **{"interval": every} | changes)
    PeriodicTask.objects.filter(pk=made.pk).update(last_run_at=now() - ran)
    made.refresh_from_db()
    return made


def texts(client: Any, **asked: Any) -> list[str]:
    return [line.title for line in shown(client, **asked)]


def test_beat_that_stands_still_is_one_line_for_all_that_it_would_have_run(rows: Rows) -> None:
    task("mend", ran=timedelta(hours=1))
    task("sweep", ran=timedelta(hours=1))
    cache.set(ticks.KEY, (now() - timedelta(minutes=3)).isoformat())
    (line,) = shown(client_of(rows), state="standing")
    assert (line.title, line.standing, line.since, line.url) == (
        "Nothing runs by the clock",
        "Stands still",
        "3\u00a0minutes ago",
        "",
    )
    (line,) = shown(logged_in(UserFactory.create(is_superuser=True)))
    assert line.url == reverse("admin:django_celery_beat_periodictask_changelist")


def test_beat_that_ticks_is_no_trouble(rows: Rows) -> None:
    task()
    ticks.tick_record()
    assert shown(client_of(rows)) == []


def test_installation_that_never_had_a_beat_is_no_trouble(rows: Rows) -> None:
    assert shown(client_of(rows)) == []


def test_task_that_did_not_run_is_told_and_one_on_time_or_switched_off_is_not(rows: Rows) -> None:
    ticks.tick_record()
    late = task("late", ran=timedelta(minutes=20))
    task("on time", ran=timedelta(minutes=4))
    task("off", ran=timedelta(hours=4), enabled=False)
    (line,) = shown(logged_in(UserFactory.create(is_superuser=True)))
    assert line.title == "“late” of the schedule did not run"
    assert line.url == reverse("admin:django_celery_beat_periodictask_change", args=[late.pk])
    assert client_of(rows).get(reverse(LIST)).context["shown"][0].url == ""


def test_task_of_a_crontab_is_late_by_its_own_hours() -> None:
    nightly = CrontabSchedule.objects.create(minute="0", hour="3", timezone="UTC")
    night = task(interval=None, crontab=nightly)
    at = now().replace(hour=12, minute=0, second=0, microsecond=0)
    night.last_run_at = at.replace(hour=3)
    assert overdue_since(night, now()) is None or now() >= at.replace(hour=3) + timedelta(days=1)
    night.last_run_at = now() - timedelta(days=2)
    assert overdue_since(night, now()) is not None


@pytest.mark.parametrize(
    "changes", [{"expires": timedelta(hours=-1)}, {"start_time": timedelta(hours=1)}, {"clocked_only": None}]
)
def test_task_that_is_over_or_not_yet_begun_is_not_late(changes: dict[str, Any]) -> None:
    made = task(ran=timedelta(hours=3))
    for name, shift in changes.items():
        if name == "clocked_only":
            made.interval = None
        else:
            setattr(made, name, now() + shift)
    assert overdue_since(made, now()) is None


def test_work_that_nobody_begins_is_told_by_its_kind(rows: Rows) -> None:
    check = rows.one(CopyCheck)
    client = client_of(rows)
    CopyCheck.objects.filter(pk=check.pk).update(not_before=now() - timedelta(minutes=3))
    assert texts(client) == []
    CopyCheck.objects.filter(pk=check.pk).update(not_before=now() - timedelta(minutes=9))
    (line,) = shown(client)
    assert (line.title, line.job) == ("Not begun: checks of copies", "Collecting")
    assert line.url == reverse("admin:sources_copycheck_changelist") + "?state__exact=ready"
    assert client.get(line.url).status_code == 200
    other = client_of(Rows(WorkspaceFactory.create(), "narwhal"))
    assert texts(other) == []


def test_waiting_work_is_not_told_beside_the_beat_that_does_not_ring_for_it(rows: Rows) -> None:
    task()
    CopyCheck.objects.filter(pk=rows.one(CopyCheck).pk).update(not_before=now() - timedelta(hours=1))
    assert texts(client_of(rows)) == ["Nothing runs by the clock"]


def test_failing_source_is_told_once_with_and_without_its_alert(rows: Rows) -> None:
    source = rows.one(Source)
    Source.objects.update(failures=5, last_error="No answer", last_ok_at=now() - timedelta(hours=6))
    client = client_of(rows)
    (line,) = shown(client)
    assert (line.title, line.cause, line.often) == ("“Source quokka” is silent", "No answer", "5 times")
    AlertFactory.create(
        workspace=rows.workspace,
        key=f"source.failing:{source.pk}",
        level="error",
        message="Source quokka fails",
        url=reverse("admin:sources_source_change", args=[source.pk]),
    )
    assert texts(client) == ["Source quokka fails"]


def test_bot_that_stopped_is_told_once_with_and_without_its_alert(rows: Rows) -> None:
    bot = rows.one(Bot)
    Bot.objects.update(is_active=False, problem="The token is revoked.")
    client = client_of(rows)
    (line,) = shown(client)
    address = reverse("admin:telegram_bot_change", args=[bot.pk])
    assert (line.title, line.cause, line.url) == ("Bot “Bot quokka” stands still", "The token is revoked.", address)
    AlertFactory.create(workspace=rows.workspace, level="error", message="Token revoked", url=address)
    assert texts(client) == ["Token revoked"]
    Bot.objects.update(problem="")
    Alert.objects.update(closed_at=now())
    assert texts(client) == []  # somebody paused it


def test_alert_of_a_failed_row_is_not_told_beside_the_row(rows: Rows) -> None:
    (row,) = dead(rows, "delivery", outcome="failed")
    AlertFactory.create(
        workspace=rows.workspace,
        key=f"delivery.dead:{row.pk}",
        level="error",
        message="Not sent",
        url=reverse("admin:delivery_delivery_change", args=[row.pk]),
    )
    page = client_of(rows).get(reverse(LIST))
    assert [line.title for line in page.context["shown"]] == ["delivery"]
    assert (page.context["numbers"].total, page.context["numbers"].alerts) == (1, 0)


def test_alert_of_a_row_that_the_role_does_not_open_is_told_as_itself(rows: Rows) -> None:
    dead(rows, "update")
    url = reverse("admin:telegram_update_changelist") + "?state__exact=dead"
    AlertFactory.create(workspace=rows.workspace, level="error", message="The bot was told something", url=url)
    assert texts(client_of(rows, "editor")) == ["The bot was told something"]
    assert texts(client_of(rows, "manager")) == ["update"]


def test_troubles_are_filtered_like_everything(rows: Rows) -> None:
    url = reverse("admin:publishing_channel_changelist")
    AlertFactory.create(workspace=rows.workspace, level="error", message="No right to post", url=url, times=3)
    client = client_of(rows)
    (line,) = shown(client, job="sending", cause="RIGHT", workspace=rows.workspace.pk)
    assert (line.often, line.deeds) == ("3 times", ())
    assert texts(client, job="collecting") == []
    assert texts(client, cause="left") == []
    assert texts(client, state="failed") == []
    assert texts(client, workspace=rows.workspace.pk + 1) == []


def test_alert_of_what_waits_is_told_beside_what_failed_and_stays_when_that_is_settled(rows: Rows) -> None:
    (row,) = dead(rows, "delivery", outcome="failed")
    url = reverse("admin:delivery_delivery_changelist") + "?standing=waiting"
    AlertFactory.create(workspace=rows.workspace, key="delivery.stuck:paused", message="The line is paused", url=url)
    client = client_of(rows)
    assert sorted(texts(client)) == ["The line is paused", "delivery"]
    press(client, only=f"give_up:delivery#{row.pk}", reason="Too late.")
    assert texts(client) == ["The line is paused"]


def test_deliveries_that_the_watchdog_tells_of_are_not_told_once_more(rows: Rows) -> None:
    lane = rows.one(Delivery).lane
    type(lane).objects.filter(pk=lane.pk).update(next_at=now() - timedelta(minutes=9))
    client = client_of(rows)
    assert texts(client) == ["Not begun: deliveries"]
    AlertFactory.create(workspace=rows.workspace, key="delivery.stuck:no_worker", level="error", message="No worker")
    assert texts(client) == ["No worker"]
