"""`manage.py demo_load [--reset] [--move] [--passwords]`."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from apps.desk.services import demo
from apps.desk.services.demo_content import demo_content


class Command(BaseCommand):
    """Load the demo workspace; a second run leaves it as it is."""

    help = "Load the demo workspace: an invented town with feeds, an export, presets, people and a preview channel."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("--reset", action="store_true", help="throw the demo away first")
        parser.add_argument("--move", action="store_true", help="only point its feeds at the site's present address")
        parser.add_argument("--passwords", action="store_true", help="give its people new passwords and show them once")

    def handle(self, *, reset: bool, move: bool, passwords: bool, **_options: object) -> None:
        """Load, move or reset."""
        if move:
            demo.demo_move()
            return
        workspace = demo.demo_reset() if reset else demo.demo_load()
        content = demo_content()
        self.stdout.write(f"{workspace.name}: {len(content.posts)} posts in {len(content.feeds)} feeds and one export")
        if passwords:
            for email, password in demo.demo_passwords():
                self.stdout.write(f"  {email}  {password}")
