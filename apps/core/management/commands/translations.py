"""Keep the catalogues of translations."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core import translations


class Command(BaseCommand):
    """Take texts from the code into the catalogues and compile them, or only look whether they are complete."""

    help = "Update and compile config/locale/*/LC_MESSAGES/django.po; --check only looks."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which arguments there are."""
        parser.add_argument("--check", action="store_true", help="change nothing; fail if anything is missing")
        parser.add_argument("--compile", action="store_true", help="only compile")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run."""
        if options["check"]:
            self.check_only()
            return
        if not options["compile"]:
            for language, missing in translations.catalogues_updated().items():
                self.stdout.write(f"{translations.catalogue_path(language)}: {missing} texts without a translation")
        self.stdout.write(f"{translations.catalogues_compiled()} catalogues compiled")

    def check_only(self) -> None:
        """List what is wrong and fail if there is anything."""
        found = translations.problems()
        for problem in found:
            self.stdout.write(problem)
        if found:
            raise CommandError(f"{len(found)} problems; `make translations` takes new texts into the catalogues.")
        self.stdout.write("Translations are complete.")
