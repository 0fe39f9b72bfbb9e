"""What stands still without a failed row of its own: the clock, workers, bots, sources; each is told once."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connections, router
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask

from apps.accounts.models import Alert, Workspace
from apps.accounts.requests import shown_of, user_of
from apps.core.health import LATE_TICK_S, LATE_WORK_S, process_alive
from apps.core.ticks import tick_last
from apps.core.work.models import WorkQuerySet, WorkRow
from apps.desk import selectors
from apps.desk.failures.lines import moment
from apps.desk.failures.opened import PLATFORM, Opened, job_of_address
from apps.telegram.models import Bot

# Beat writes down when it ran a task every three minutes only.
LATE_TASK = timedelta(minutes=5)
BOTS_MOST = 20
# Alerts that need attention only and yet say that something stands still.
STANDING = ("source.quiet:", "delivery.stuck:", "publishing.queue:")
# Where an alert about failed rows leads, inside the list of their kind: to one of them, or to all that failed.
OF_ROWS = re.compile(r"(?P<row>\d{1,18})/change/|\?state__exact=(dead|unknown)")


@dataclass(frozen=True)
class Trouble:
    """Something that stands still, and where it is mended.

    Attributes:
        url: the screen that mends it; empty where only whoever runs Pult can.
        workspace_id: 0 where it concerns all.
        times: how often it was told.
    """

    text: str
    url: str = ""
    note: str = ""
    since: datetime | None = None
    workspace_id: int = 0
    job: str = PLATFORM
    times: int = 1


@dataclass(frozen=True)
class Stands:
    """What is told beside failed rows: troubles, and the open alerts that are neither a trouble nor a failed row's."""

    troubles: tuple[Trouble, ...]
    alerts: tuple[Alert, ...]
    has_sources: bool


def stands_of(
    request: HttpRequest, opened: Mapping[str, Opened], failed: Collection[tuple[str, int]], at: datetime
) -> Stands:
    """What stands still in the workspaces shown; `failed` names the kinds with failed rows, by workspace."""
    workspaces = shown_of(request)
    alerts = selectors.open_alerts(workspaces)
    told = [each for each in alerts if not is_of_rows(each, opened, failed)]
    broken = selectors.broken(workspaces, alerts)
    errors = [each for each in told if each.level == Alert.Level.ERROR or each.key.startswith(STANDING)]
    clock = clock_troubles(request, at)
    watched = {each.key.partition(".stuck:")[0] for each in alerts if ".stuck:" in each.key}
    waiting = [] if clock else waiting_troubles({name: opened[name] for name in opened if name not in watched}, at)
    troubles = [*clock, *waiting, *map(alert_trouble, errors)]
    troubles += [source_trouble(each) for each in broken.sources]
    troubles += bot_troubles(workspaces, alerts)
    return Stands(tuple(troubles), tuple(each for each in told if each not in errors), broken.has_sources)


def is_of_rows(alert: Alert, opened: Mapping[str, Opened], failed: Collection[tuple[str, int]]) -> bool:
    """Whether an alert tells of failed rows that stand in the list by themselves."""
    return any(
        (name, alert.workspace_id) in failed
        and alert.url.startswith(kind.address)
        and OF_ROWS.fullmatch(alert.url.removeprefix(kind.address))
        for name, kind in opened.items()
    )


def alert_trouble(alert: Alert) -> Trouble:
    """An open alert of something broken."""
    url = alert.url if alert.url.startswith("/") else reverse("admin:accounts_alert_change", args=[alert.pk])
    return Trouble(
        alert.message,
        url,
        since=alert.opened_at,
        workspace_id=alert.workspace_id,
        job=job_of_address(url),
        times=alert.times,
    )


def source_trouble(source: Any) -> Trouble:
    """A source that keeps failing and has no alert of its own."""
    words = _("“%s” is silent") if source.last_ok_at else _("“%s” has never answered")
    return Trouble(
        words % source.name,
        reverse("admin:sources_source_change", args=[source.pk]),
        note=source.last_error[:140],
        since=source.last_ok_at,
        workspace_id=source.workspace_id,
        job="collecting",
        times=source.failures,
    )


def bot_troubles(workspaces: Sequence[Workspace], alerts: Sequence[Alert]) -> list[Trouble]:
    """Bots that stopped because of a problem, where no alert says so any more."""
    told = {each.url for each in alerts}
    rows = Bot.objects.filter(workspace__in=workspaces, is_active=False).exclude(problem="").order_by("pk")
    return [
        Trouble(
            _("Bot “%s” stands still") % bot.name,
            url,
            note=bot.problem[:140],
            since=bot.checked_at,
            workspace_id=bot.workspace_id,
            job="telegram",
        )
        for bot in rows[:BOTS_MOST]
        if (url := reverse("admin:telegram_bot_change", args=[bot.pk])) not in told
    ]


def clock_troubles(request: HttpRequest, at: datetime) -> list[Trouble]:
    """Beat that stands still, else what it should have run and did not."""
    tasks = list(PeriodicTask.objects.filter(enabled=True).select_related("interval", "crontab").order_by("name"))
    if not tasks:
        return []  # beat was never started here: nothing is planned
    opens = user_of(request).is_superuser
    last = tick_last()
    if last is None or (at - last).total_seconds() > LATE_TICK_S:
        note = _("Start beat and the workers again; until then nothing is collected, written or sent by itself.")
        url = reverse("admin:django_celery_beat_periodictask_changelist") if opens else ""
        return [Trouble(_("Nothing runs by the clock"), url, note=note, since=last)]
    return [task_trouble(each, due, opens=opens) for each in tasks if (due := overdue_since(each, at)) is not None]


def task_trouble(task: PeriodicTask, due: datetime, *, opens: bool) -> Trouble:
    """A task of the schedule that did not run."""
    url = reverse("admin:django_celery_beat_periodictask_change", args=[task.pk]) if opens else ""
    note = _("It should have run at %s.") % date_format(localtime(due), "SHORT_DATETIME_FORMAT")
    return Trouble(_("“%s” of the schedule did not run") % task.name, url, note=note, since=due)


def overdue_since(task: PeriodicTask, at: datetime) -> datetime | None:
    """When a task of the schedule should have run and did not; None where it is on time."""
    if task.interval is None and task.crontab is None:
        return None  # once, or by the sun
    seen: datetime | None = task.last_run_at or task.date_changed
    if seen is None or (task.expires is not None and task.expires <= at) or (task.start_time or at) > at:
        return None
    left: timedelta = task.schedule.remaining_estimate(seen)
    return at + left if left < -LATE_TASK else None


def waiting_troubles(opened: Mapping[str, Opened], at: datetime) -> list[Trouble]:
    """Kinds of work that nobody does: due for minutes, and not begun."""
    found = []
    for name, since in oldest_due(opened, at).items():
        kind, late = opened[name], (at - since).total_seconds()
        process = kind.kind.process
        if late <= LATE_WORK_S and not (process and late > LATE_TICK_S and not process_alive(process, at)):
            continue
        words = kind.kind.model._meta.verbose_name_plural
        note = _("Is a worker running? It waits and nobody begins it.")
        if process and not process_alive(process, at):
            note = _("Nobody does it: start “manage.py %s”.") % process
        text = _("Not begun: %s") % words
        found.append(Trouble(text, f"{kind.address}?state__exact=ready", note=note, since=since, job=kind.job))
    return found


def oldest_due(opened: Mapping[str, Opened], at: datetime) -> dict[str, datetime]:
    """Since when the oldest row (or lane) of each kind is due, in one query."""
    alias = router.db_for_read(WorkRow)
    parts: list[str] = []
    params: list[Any] = []
    for name, kind in opened.items():
        if kind.kind.lane_model is not None:
            rows: Any = kind.kind.lane_model._base_manager.filter(next_at__lte=at)
            column = "next_at"
        else:
            rows, column = WorkQuerySet(kind.kind.model).due(at), "not_before"
        oldest = rows.filter(workspace__in=kind.workspaces).order_by(column).values_list(column)[:1]
        sql, given = oldest.query.get_compiler(alias).as_sql()
        parts.append(f"SELECT %s, {column} FROM ({sql}) AS oldest")  # noqa: S608 - our own SQL
        params += [name, *given]
    if not parts:
        return {}
    with connections[alias].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), params)
        return {name: moment(since) for name, since in cursor.fetchall()}
