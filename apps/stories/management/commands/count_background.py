"""`manage.py count_background FOLDER`: count in how many posts of news each word is found."""

from __future__ import annotations

from argparse import ArgumentParser
from array import array
from collections import Counter
from pathlib import Path
from zoneinfo import ZoneInfo

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.sources.parsers.export import read_export
from apps.stories.grouping.lemmas import Lemmatiser
from apps.stories.grouping.rarity import BACKGROUND

COUNT_LEAST = 5


class Command(BaseCommand):
    """Make the table of common words that every workspace's grouping begins with."""

    help = "Count, over a folder of channels' export files, in how many posts each word is; store hashes and counts."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("folder", type=Path, help="folder of export files (.json)")
        parser.add_argument("--out", type=Path, default=BACKGROUND, help="where the table goes")

    def handle(self, *, folder: Path, out: Path, **_options: object) -> None:
        """Count and store."""
        lemmatiser, counts, posts = Lemmatiser(), Counter[int](), 0
        for path in sorted(folder.glob("*.json")):
            with path.open("rb") as file:
                for item in read_export(file, zone=ZoneInfo("UTC"), skipped=lambda: None):
                    terms, _words = lemmatiser.terms(title=item.title, text=item.text)
                    counts.update(terms.hashes)
                    posts += 1
        if not posts:
            raise CommandError(_("There are no posts in %(folder)s.") % {"folder": folder})
        kept = sorted((term, count) for term, count in counts.items() if count >= COUNT_LEAST)
        hashes, numbers = array("I", [term for term, _count in kept]), array("H", [count for _term, count in kept])
        out.write_bytes(posts.to_bytes(4, "little") + hashes.tobytes() + numbers.tobytes())
        self.stdout.write(
            _("%(posts)d posts, %(kept)d words in at least %(least)d of them")
            % {"posts": posts, "kept": len(kept), "least": COUNT_LEAST}
        )
