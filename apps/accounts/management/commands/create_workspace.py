"""Make a workspace."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.members import workspace_create


class Command(BaseCommand):
    """`manage.py create_workspace "City news" --slug city`."""

    help = "Make a workspace: a team's own space."

    def add_arguments(self, parser: CommandParser) -> None:
        """Name and address."""
        parser.add_argument("name", help="Its name, for example “City news”.")
        parser.add_argument("--slug", required=True, help="Its address: Latin letters, digits and dashes.")
        parser.add_argument("--time-zone", default="Europe/Moscow", help="Zone of its screens and schedules.")
        parser.add_argument("--language", default="ru", choices=["ru", "en"], help="Language of its texts.")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Make it, or say why not."""
        try:
            made = workspace_create(
                name=options["name"],
                slug=options["slug"],
                time_zone=options["time_zone"],
                language=options["language"],
            )
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        self.stdout.write(f"Workspace “{made.name}” ({made.slug}) is ready.")
