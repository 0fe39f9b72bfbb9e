"""`manage.py evaluate_grouping [--pairs FILE.tsv | --workspace SLUG] [--threshold 0.38] [--embeddings] [--json]`."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.errors import PultError
from apps.stories.grouping.judged import Pair, judged, pairs_read, similarities
from apps.stories.grouping.rarity import Rarity
from apps.stories.selectors import judged_pairs
from apps.stories.services.placing import THRESHOLD
from apps.stories.services.second_opinion import Opinion, second_opinion
from apps.stories.services.streams import rarity_of

PAIRS_MAX = 5000


class Command(BaseCommand):
    """Compare the grouping's judgement with people's."""

    help = "Say how well grouping tells pairs of texts that people judged: precision, recall, F1, AUC."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the command line."""
        parser.add_argument("--pairs", type=Path, help="tab-separated file of judged pairs; else editors' corrections")
        parser.add_argument("--workspace", default="", help="whose corrections, by its short name; else the only one's")
        parser.add_argument("--threshold", type=float, default=THRESHOLD, help="likeness of one story")
        parser.add_argument(
            "--embeddings", action="store_true", help="also with vectors of close calls, by the workspace's embedder"
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="print one JSON object")

    def handle(
        self,
        *,
        pairs: Path | None,
        workspace: str,
        threshold: float,
        embeddings: bool,
        as_json: bool,
        **_options: object,
    ) -> None:
        """Print the quality, and with vectors beside it."""
        rarity = None
        if pairs is not None:
            known = pairs_of(pairs)
        else:
            known, rarity = corrections_of(workspace)
        scores = similarities(known, rarity=rarity)
        told = asdict(judged(known, scores, threshold=threshold))
        opinion = opinion_of(known, scores, threshold=threshold, slug=workspace) if embeddings else None
        if as_json:
            more = {} if opinion is None else {"with_vectors": asdict(opinion)}
            self.stdout.write(json.dumps({**told, **more}))
            return
        self.stdout.write(
            _(
                "%(pairs)d pairs at %(threshold).2f: F1 %(f1).3f, precision %(precision).3f, recall %(recall).3f,"
                " AUC %(auc)s"
            )
            % shown(told)
        )
        if opinion is not None:
            self.stdout.write(
                _(
                    "With vectors of %(model)s: F1 %(f1).3f, precision %(precision).3f, recall %(recall).3f, AUC"
                    " %(auc)s; %(close)d close calls, %(turned)d turned, %(turned_right)d of them rightly"
                )
                % {**asdict(opinion), **shown(asdict(opinion.quality))}
            )


def shown(told: dict[str, Any]) -> dict[str, Any]:
    """A quality for people."""
    return told | {"auc": "-" if told["auc"] is None else f"{told['auc']:.3f}"}


def opinion_of(pairs: list[Pair], scores: list[float], *, threshold: float, slug: str) -> Opinion:
    """What a workspace's vectors add.

    Raises:
        CommandError: no workspace is named, or its embedder does not answer.
    """
    try:
        return second_opinion(pairs, scores, threshold=threshold, workspace=workspace_of(slug))
    except PultError as exc:
        raise CommandError(str(exc)) from exc


def workspace_of(slug: str) -> Workspace:
    """The named workspace, or the only one.

    Raises:
        CommandError: there is no such workspace, or it must be named.
    """
    found = Workspace.objects.filter(slug=slug) if slug else Workspace.objects.all()
    if len(found) != 1:
        raise CommandError(_("Name a workspace: --workspace SLUG."))
    return found[0]


def pairs_of(path: Path) -> list[Pair]:
    """The pairs of a file.

    Raises:
        CommandError: it can't be read, or lacks a column.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return pairs_read(file)
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(_("%(path)s can't be read: %(why)s") % {"path": path, "why": exc}) from exc
    except KeyError as exc:
        raise CommandError(_("%(path)s has no column %(column)s.") % {"path": path, "column": exc}) from exc


def corrections_of(slug: str) -> tuple[list[Pair], Rarity]:
    """What the editors of a workspace said of pairs of posts, and how rare terms are there.

    Raises:
        CommandError: there is no such workspace, it must be named, or nothing was corrected in it.
    """
    workspace = workspace_of(slug)
    told = judged_pairs(workspace.pk, newest=PAIRS_MAX)
    if not told:
        raise CommandError(_("Nobody has corrected the grouping of this workspace yet."))
    return [Pair(one.first, one.second, one.is_same, one.hours) for one in told], rarity_of(workspace.pk)
