"""`manage.py demo_play`."""

from __future__ import annotations

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from apps.desk.services import demo


class Command(BaseCommand):
    """Approve and publish the demo's first good draft, as its editor would; once."""

    help = "Wait for a draft in the demo workspace, approve and publish it, once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("--wait", type=float, default=demo.PLAY_WAIT_S, help="longest wait, seconds")

    def handle(self, *, wait: float, **_options: object) -> None:
        """Play once."""
        self.stdout.write(demo.demo_words(demo.demo_play(wait_s=wait)))
