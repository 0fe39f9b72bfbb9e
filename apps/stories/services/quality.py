"""How well grouping agrees with a workspace's editors: tested with their corrections. For workers: it reads words."""

from __future__ import annotations

from django.db import transaction

from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.stories.grouping.judged import Pair, Quality, judged, similarities
from apps.stories.models import Judgement, QualityCheck, QualityReading
from apps.stories.selectors import judged_pairs
from apps.stories.services.placing import THRESHOLD
from apps.stories.services.quality_rounds import quality_next, quality_soon
from apps.stories.services.streams import rarity_of

PAIRS_MAX = 5000  # the newest; about ten seconds' work


def quality_measure(row: QualityCheck) -> Quality | None:
    """Compare the judged pairs as grouping does today, and note on each how alike it finds them; None without pairs."""
    told = judged_pairs(row.workspace_id, newest=PAIRS_MAX)
    if not told:
        return None
    pairs = [Pair(one.first, one.second, one.is_same, one.hours) for one in told]
    scores = similarities(pairs, rarity=rarity_of(row.workspace_id))
    _note({one.judgement: score for one, score in zip(told, scores, strict=True)})
    return judged(pairs, scores, threshold=THRESHOLD)


def quality_record(row: QualityCheck, quality: Quality | None) -> None:
    """Keep the day's reading, and make the next test: soon where corrections came meanwhile, else in a day."""
    if quality is not None:
        QualityReading.objects.update_or_create(
            workspace_id=row.workspace_id,
            day=now().astimezone(row.workspace.zone).date(),
            defaults={
                "pairs": quality.pairs,
                "precision": quality.precision,
                "recall": quality.recall,
                "f1": quality.f1,
                "auc": quality.auc,
                "threshold": quality.threshold,
            },
        )
    ended = (WorkRow.State.DONE, WorkRow.State.DEAD)
    QualityCheck.objects.filter(workspace_id=row.workspace_id, pk__lt=row.pk, state__in=ended).delete()
    newest = Judgement.objects.filter(workspace=row.workspace_id).order_by("-created_at", "-pk")[:PAIRS_MAX]
    if any(score is None for score in newest.values_list("score", flat=True)):
        quality_soon(row.workspace_id)
    else:
        quality_next(row.workspace_id)


@transaction.atomic
def _note(scores: dict[int, float]) -> None:
    """Keep the scores; rows that an editor is changing are waited for in the order in which editors take them."""
    rows = list(Judgement.objects.select_for_update().filter(pk__in=scores).only("pk").order_by("pk"))
    for row in rows:
        row.score = round(scores[row.pk], 4)
    Judgement.objects.bulk_update(rows, ["score"], batch_size=500)
