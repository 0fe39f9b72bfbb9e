"""The processes of a run, and what is said when the site answers."""

from __future__ import annotations

import sys

from django.conf import settings

from apps.core.startup import on_demand
from apps.core.startup.steps import DEMO_PLAY, Login
from apps.core.supervisor.plan import Plan, Program

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - compared with, not listened on
STOP_S = 25.0
SUPERUSER_WARNING = "ignore:You're running the worker with superuser privileges"


def plan_made(*, login: Login | None, people: tuple[Login, ...] = ()) -> Plan:
    """Web, worker and beat for the present settings, and what is started once it is needed.

    `people` are those of a demo that has just been loaded.
    """
    programs = [web(), worker(), beat(), *(started_on_demand(program) for program in on_demand.known())]
    if people:
        programs.append(
            Program("demo", (sys.executable, "manage.py", DEMO_PLAY), environment(), once=True, after_ready=True)
        )
    host = ANYWHERE.get(settings.HOST, settings.HOST)
    return Plan(
        programs=tuple(programs),
        probe_host=host,
        probe_port=settings.PORT,
        banner=banner(host, login=login, people=people),
        stop_s=STOP_S,
        prefixed=settings.LOG_FORMAT == "console",
    )


def environment() -> dict[str, str]:
    """What every program of the group gets: temporary files under PULT_VAR too, and counters that web can tell of."""
    return {
        "TMPDIR": str(settings.PULT_VAR / "tmp"),
        "PROMETHEUS_MULTIPROC_DIR": str(settings.PULT_VAR / "run" / "metrics"),
    }


def web() -> Program:
    """One granian process with threads."""
    return Program(
        "web",
        (
            *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
            *("--host", settings.HOST, "--port", str(settings.PORT), "--http", "1", "--no-ws"),
            *("--workers", "1", "--blocking-threads", str(settings.WEB_THREADS)),
            *("--workers-kill-timeout", "5", "--log-level", "warning"),
        ),
        environment(),
    )


def worker() -> Program:
    """One Celery worker with threads for every queue.

    SIGTERM is Celery's warm stop: drains claim nothing more, and the worker ends when they have. Its soft stop
    (`REMAP_SIGTERM=SIGQUIT`) would sleep 20 s whenever anything runs, to hand back bells that nobody needs.
    """
    return Program(
        "worker",
        (
            *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "worker"),
            *(
                "--pool",
                "threads",
                "--concurrency",
                str(settings.WORKER_THREADS),
                "--queues",
                ",".join(settings.QUEUES),
            ),
            *("--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", "pult@%h"),
            *("--loglevel", settings.LOG_LEVEL),
        ),
        {**environment(), "PYTHONWARNINGS": SUPERUSER_WARNING},
    )


def beat() -> Program:
    """The one beat, apart from the worker so that it is restarted when it falls."""
    return Program(
        "beat",
        (
            *(sys.executable, "-m", "celery", "-A", "config", "--quiet", "beat"),
            *("--loglevel", settings.LOG_LEVEL, "--pidfile", ""),
        ),
        environment(),
    )


def started_on_demand(program: on_demand.OnDemand) -> Program:
    """A management command that starts once its note is there."""
    return Program(
        program.name, (sys.executable, "manage.py", program.command), environment(), after_file=str(program.note)
    )


def banner(host: str, *, login: Login | None, people: tuple[Login, ...]) -> tuple[str, ...]:
    """Address, login and what to look at."""
    shown = f"[{host}]" if ":" in host else host
    site = f"http://{shown}:{settings.PORT}"
    lines = ["", f"  Pult is ready: {site}/admin/", ""]
    if login:
        lines += [f"    Login      {login.email}", f"    Password   {login.password}   (shown only this once)", ""]
    else:
        lines += ["    The login was shown on the first run; `make password` sets a new one.", ""]
    lines += [f"    Preview    {site}/preview/", f"    Health     {site}/health/ready"]
    if people:
        lines += ["", "    The demo comes to life within a minute: stories, drafts, a published post. Its people:"]
        lines += [f"      {one.email:<28} {one.password}" for one in people]
    return (*lines, "", "  Ctrl-C stops everything.", "")
