"""Is it alive, can it serve, and what is broken.

`/health/ready` answers 503 only where nothing can be served (the database is away); anything else that is broken is
"degraded" with 200, so that a balancer does not take away the pages that still work.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

import psutil
import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from kombu.connection import Connection

from apps.core import health_registry
from apps.core.clock import now
from apps.core.ticks import tick_last
from apps.core.work import kinds
from apps.core.work.models import WorkQuerySet, WorkRow

log = structlog.get_logger("pult.health")
LEAST_DISK_MB = 200
LEAST_MEMORY_MB = 100
LATE_TICK_S = 60
LATE_WORK_S = 300


class UnhealthyError(Exception):
    """A check's bad news, in a few words."""


@dataclass(frozen=True)
class Check:
    """One thing to look at: `look` returns a few words or raises; `vital` means that nothing can be served without."""

    name: str
    look: Callable[[], str]
    vital: bool = False
    timeout_s: float = 2.0


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    name: str
    ok: bool
    vital: bool
    detail: str
    ms: float


def database() -> str:
    """Ask the database for one row."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return connection.vendor


def broker() -> str:
    """Connect to the broker."""
    url = settings.CELERY_BROKER_URL
    options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    with Connection(url, connect_timeout=1, transport_options=options) as link:
        link.connect()
        return str(link.transport.driver_type)


def cached() -> str:
    """Write to the cache and read it back."""
    stamp = time.time_ns()
    cache.set("pult.health", stamp, 60)
    if cache.get("pult.health") is None:
        raise UnhealthyError("what was written did not come back")
    return "reads and writes"


def disk() -> str:
    """Room left where everything is written."""
    free = shutil.disk_usage(settings.PULT_VAR).free // 1_000_000
    if free < LEAST_DISK_MB:
        raise UnhealthyError(f"{free} MB free, at least {LEAST_DISK_MB} are needed")
    return f"{free} MB free"


def memory() -> str:
    """Memory left on the machine."""
    free = psutil.virtual_memory().available // 1_000_000
    if free < LEAST_MEMORY_MB:
        raise UnhealthyError(f"{free} MB available, at least {LEAST_MEMORY_MB} are needed")
    return f"{free} MB available"


def beat() -> str:
    """The last sweep that beat asked for and a worker did."""
    last = tick_last()
    if last is None:
        raise UnhealthyError("no tick yet")
    age = (now() - last).total_seconds()
    if age > LATE_TICK_S:
        raise UnhealthyError(f"no tick for {age:.0f} s")
    return f"{age:.1f} s ago"


def work() -> str:
    """The longest that any row has waited past its time; what waits behind others of its lane is not late."""
    moment = now()
    waits = {kind.name: waited for kind in kinds.known() if (waited := oldest_due_s(kind, moment)) is not None}
    if not waits:
        return "nothing is due"
    for kind in kinds.known():
        if kind.process and waits.get(kind.name, 0.0) > LATE_TICK_S and not process_alive(kind.process, moment):
            raise UnhealthyError(f"{kind.name} is due and nobody drains it: start “manage.py {kind.process}”")
    name = max(waits, key=lambda one: waits[one])
    if waits[name] > LATE_WORK_S:
        raise UnhealthyError(f"{name} has waited for {waits[name]:.0f} s")
    return f"oldest: {name}, {waits[name]:.1f} s"


def process_alive(process: str, moment: datetime) -> bool:
    """Whether a process that drains by itself has given a sign of life lately."""
    last = tick_last(process)
    return last is not None and (moment - last).total_seconds() <= LATE_TICK_S


def oldest_due_s(kind: kinds.Kind, moment: datetime) -> float | None:
    """Seconds since the oldest row (or lane) of a kind was due; None where nothing is."""
    oldest: datetime | None
    if kind.lane_model is not None:
        lanes = kind.lane_model._base_manager.filter(next_at__lte=moment)
        oldest = lanes.order_by("next_at").values_list("next_at", flat=True).first()
    else:
        due: WorkQuerySet[WorkRow] = WorkQuerySet(kind.model).due(moment)
        oldest = due.order_by("not_before").values_list("not_before", flat=True).first()
    return None if oldest is None else (moment - oldest).total_seconds()


CHECKS = (
    Check("database", database, vital=True),
    Check("broker", broker),
    Check("cache", cached),
    Check("disk", disk),
    Check("memory", memory),
    Check("beat", beat),
    Check("work", work),
)


def every_check() -> tuple[Check, ...]:
    """Core's own checks, and those of the apps above."""
    return (*CHECKS, *(Check(name, import_string(path)) for name, path in health_registry.known().items()))


class Look(threading.Thread):
    """One check in a thread of its own, with the time taken. A check that hangs hangs alone."""

    def __init__(self, check: Check) -> None:
        super().__init__(name=f"health-{check.name}", daemon=True)
        self._check = check
        self._began = time.perf_counter()
        self._found: Finding | None = None

    def run(self) -> None:
        """Look, and give back the thread's database connection."""
        try:
            self._found = self._finding(ok=True, detail=self._check.look())
        except UnhealthyError as exc:
            self._found = self._finding(ok=False, detail=str(exc))
        except Exception as exc:  # any failure of what is looked at is the finding
            log.warning("a health check failed", check=self._check.name, exc_info=exc)
            self._found = self._finding(ok=False, detail=type(exc).__name__)
        finally:
            connections.close_all()

    def finding(self) -> Finding:
        """What it found within its time."""
        self.join(max(0.0, self._began + self._check.timeout_s - time.perf_counter()))
        return self._found or self._finding(ok=False, detail=f"no answer within {self._check.timeout_s:g} s")

    def _finding(self, *, ok: bool, detail: str) -> Finding:
        took = round((time.perf_counter() - self._began) * 1000, 1)
        return Finding(self._check.name, ok, self._check.vital, detail, took)


def findings(checks: tuple[Check, ...] | None = None) -> list[Finding]:
    """Look at everything at once."""
    looks = [Look(check) for check in (every_check() if checks is None else checks)]
    for look in looks:
        look.start()
    return [look.finding() for look in looks]


def verdict(found: list[Finding]) -> str:
    """One word for all findings: ok, degraded or down."""
    if any(not one.ok and one.vital for one in found):
        return "down"
    return "ok" if all(one.ok for one in found) else "degraded"


@never_cache
def live(_request: HttpRequest) -> HttpResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@never_cache
def ready(_request: HttpRequest) -> HttpResponse:
    """Every check with its finding; 503 where nothing can be served."""
    found = findings()
    said = verdict(found)
    checks = {one.name: {key: value for key, value in asdict(one).items() if key != "name"} for one in found}
    return JsonResponse({"status": said, "checks": checks}, status=503 if said == "down" else 200)
