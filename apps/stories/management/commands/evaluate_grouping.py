"""`manage.py evaluate_grouping --pairs FILE.tsv [--threshold 0.38] [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.stories.grouping.judged import judged, pairs_read, similarities
from apps.stories.services.placing import THRESHOLD


class Command(BaseCommand):
    """Compare the grouping's judgement with people's."""

    help = "Say how well grouping tells pairs of texts that people judged: precision, recall, F1."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("--pairs", type=Path, required=True, help="tab-separated file of judged pairs")
        parser.add_argument("--threshold", type=float, default=THRESHOLD, help="similarity of one story")
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(self, *, pairs: Path, threshold: float, as_json: bool, **_options: object) -> None:
        """Print the quality."""
        try:
            with pairs.open(encoding="utf-8", newline="") as file:
                known = pairs_read(file)
        except (OSError, UnicodeDecodeError) as exc:
            raise CommandError(_("%(path)s can't be read: %(why)s") % {"path": pairs, "why": exc}) from exc
        except KeyError as exc:
            raise CommandError(_("%(path)s has no column %(column)s.") % {"path": pairs, "column": exc}) from exc
        quality = judged(known, similarities(known), threshold=threshold)
        if as_json:
            self.stdout.write(json.dumps(asdict(quality)))
            return
        self.stdout.write(
            _("%(pairs)d pairs at %(threshold).2f: F1 %(f1).3f, precision %(precision).3f, recall %(recall).3f")
            % asdict(quality)
        )
