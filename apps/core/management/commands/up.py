"""Prepare and start everything: what `make run` does."""

from __future__ import annotations

import os
import sys
import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from apps.core.startup import folder, on_demand, plan, servers, steps
from apps.core.startup.errors import StartError
from apps.core.supervisor.plan import Plan, dump
from apps.core.translations import catalogues_compiled


class Command(BaseCommand):
    """Look, prepare, and become the supervisor of the group."""

    help = "Prepare what is missing, then run web, worker and beat as one group."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which arguments there are."""
        parser.add_argument("--prepare-only", action="store_true", help="prepare, start nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run; every refusal is one sentence and exit code 1."""
        began = time.monotonic()
        try:
            made = self.prepared(listen=not options["prepare_only"])
        except StartError as exc:
            self.stderr.write(str(exc))
            sys.exit(1)
        self.say(f"prepared in {time.monotonic() - began:.1f} s")
        connections.close_all()
        if options["prepare_only"]:
            self.stdout.write("\n".join(made.banner))
        else:
            become_supervisor(made)

    def prepared(self, *, listen: bool) -> Plan:
        """Do every step and return what is to run."""
        var: Path = settings.PULT_VAR
        folder.folder_ready(var)
        folder.folder_lock(var)
        if listen:
            servers.port_free(settings.HOST, settings.PORT)
        folder.leftovers_removed(var)
        self.servers_looked_at()
        steps.configuration_checked()
        self.tell(steps.migrated(), "database: {} migrations applied")
        self.tell(catalogues_compiled(), "translations: {} catalogues compiled")
        self.tell(steps.static_collected(var), "static files: {} collected")
        login = steps.admin_made()
        people = steps.demo_loaded(var) if settings.LOAD_DEMO else ()
        self.tell(len(people), "demo workspace loaded, with {} people")
        on_demand.look()
        return plan.plan_made(login=login, people=people)

    def servers_looked_at(self) -> None:
        """Reach the database and, where there are any, Redis and another broker."""
        servers.database_reachable()
        if settings.REDIS_URL:
            servers.redis_reachable(settings.REDIS_URL)
        if settings.CELERY_BROKER_URL not in {"filesystem://", settings.REDIS_URL}:
            servers.broker_reachable(settings.CELERY_BROKER_URL)

    def tell(self, count: int, text: str) -> None:
        """Say what a step did, if it did anything."""
        if count:
            self.say(text.format(count))

    def say(self, text: str) -> None:
        """One line before the group's own log begins."""
        self.stdout.write(f"pult   | {text}")
        self.stdout.flush()


def become_supervisor(made: Plan) -> None:
    """Replace this process, and the memory that Django took, by the small one that watches the group."""
    reader, writer = os.pipe()
    os.set_inheritable(reader, True)
    with os.fdopen(writer, "wb") as pipe:
        pipe.write(dump(made))
    sys.stdout.flush()
    sys.stderr.flush()
    os.chdir(settings.BASE_DIR)
    os.execv(sys.executable, [sys.executable, "-m", "apps.core.supervisor", str(reader)])  # noqa: S606 - our own module
