"""Write or check the documents about environment variables."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config.env_docs import documents


class Command(BaseCommand):
    """Print `.env.example` and `docs/configuration.md` from the registry."""

    help = "Write .env.example and docs/configuration.md from config/env.py; --check only looks."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which arguments there are."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail if a file is out of date")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run."""
        wanted = documents(settings.BASE_DIR)
        stale = [path for path, text in wanted.items() if not path.exists() or path.read_text() != text]
        names = ", ".join(str(path.relative_to(settings.BASE_DIR)) for path in stale)
        if options["check"]:
            if stale:
                raise CommandError(f"Out of date: {names}. Run `make env-docs`.")
            self.stdout.write("The documents agree with config/env.py.")
            return
        for path in stale:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted[path])
        self.stdout.write(f"written: {names}" if stale else "nothing to write")
