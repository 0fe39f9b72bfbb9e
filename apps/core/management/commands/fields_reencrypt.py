"""Re-encrypt every secret with the first key."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.rotation import BATCH, FieldReport, reencrypt_all


class Command(BaseCommand):
    """Writes every encrypted field with the first of FIELD_ENCRYPTION_KEYS."""

    help = (
        "Write every encrypted field with the first of FIELD_ENCRYPTION_KEYS. Run it after putting a new key first; "
        "when it reports nothing unreadable, the older keys can go. It can be stopped and run again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Say which arguments there are."""
        parser.add_argument("--batch", type=int, default=BATCH, help="rows held in memory at a time")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Run."""
        if options["batch"] < 1:
            raise CommandError("--batch must be at least 1.")
        reports = []
        for report in reencrypt_all(batch=options["batch"]):
            reports.append(report)
            self.stdout.write(line(report))
        unreadable = sum(len(report.unreadable) for report in reports)
        if unreadable:
            raise CommandError(
                f"{unreadable} value(s) can't be read with the keys of FIELD_ENCRYPTION_KEYS and were left as they "
                "are. Put the key that wrote them back into the list, or enter those secrets anew."
            )


def line(report: FieldReport) -> str:
    """What became of one field, in a line."""
    text = f"{report.name}: {report.rewritten} re-encrypted, {report.current + report.changed} already current"
    if report.unreadable:
        text += f", {len(report.unreadable)} unreadable (id {', '.join(str(key) for key in report.unreadable)})"
    return text
