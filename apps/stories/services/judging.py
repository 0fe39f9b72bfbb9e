"""What a correction says of pairs of posts: a handful of telling ones, and what is needed to take it back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from math import log, sqrt
from typing import Any

from django.db.models import Q

from apps.accounts.models import User
from apps.core.clock import now
from apps.sources.models import Post
from apps.sources.services import posts_mark_used
from apps.stories.grouping.terms import unpack
from apps.stories.models import Judgement, PostTerms
from apps.stories.services.quality_rounds import quality_soon

PAIRS = 5
LOOKED_AT = 40  # posts a side
Pair = tuple[int, int]


def judgements_write(
    *, workspace_id: int, pairs: Iterable[Pair], is_same: bool, cause: str, editor: User
) -> dict[str, Any]:
    """Say of these pairs that they are one story, or two; a newer judgement of a pair takes the older one's place.

    Runs in the correction's transaction, which holds their stories. The answer is what taking it back needs.
    """
    at = now()
    wanted = sorted({_ordered(pair) for pair in pairs if pair[0] != pair[1]})
    if not wanted:
        return {}
    before = [_row(each) for each in _of(wanted).select_for_update(of=("self",)).order_by("pk")]
    rows = [
        Judgement(
            workspace_id=workspace_id,
            first_id=first,
            second_id=second,
            is_same=is_same,
            cause=cause,
            editor=editor,
            created_at=at,
        )
        for first, second in wanted
    ]
    Judgement.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["first", "second"],
        update_fields=["is_same", "cause", "editor", "created_at", "score"],
    )
    posts_hold({post for pair in wanted for post in pair})
    quality_soon(workspace_id)
    return {"at": at.isoformat(), "pairs": wanted, "before": before}


def judgements_take_back(told: dict[str, Any]) -> None:
    """Undo what `judgements_write` answered with; a pair that was judged again since keeps the newer judgement."""
    if not told:
        return
    mine = _of([_ordered(pair) for pair in told["pairs"]]).filter(created_at=datetime.fromisoformat(told["at"]))
    back = {(row.first_id, row.second_id): row for row in mine.select_for_update().order_by("pk")}
    for first, second, is_same, cause, editor_id, at in told["before"]:
        row = back.pop((first, second), None)
        if row is not None:
            row.is_same, row.cause, row.editor_id = is_same, cause, editor_id
            row.created_at, row.score = datetime.fromisoformat(at), None
            row.save(update_fields=["is_same", "cause", "editor", "created_at", "score"])
    Judgement.objects.filter(pk__in=[row.pk for row in back.values()]).delete()


def posts_hold(posts: Collection[int]) -> None:
    """Keep judged posts: they are what grouping is tested with."""
    list(Post.objects.select_for_update().filter(pk__in=posts).order_by("pk").values_list("pk", flat=True))
    posts_mark_used(posts)


def contrary(firsts: Collection[int], seconds: Collection[int], *, is_same: bool) -> list[Pair]:
    """The pairs between two sets of posts of which the opposite was said."""
    across = Q(first__in=firsts, second__in=seconds) | Q(first__in=seconds, second__in=firsts)
    return list(Judgement.objects.filter(across, is_same=not is_same).values_list("first_id", "second_id"))


def telling(firsts: Sequence[int], seconds: Sequence[int], *, pairs: int = PAIRS) -> list[Pair]:
    """The pairs across two sets of posts that are most alike; no post is in more of them than it has to be."""
    firsts, seconds = firsts[:LOOKED_AT], seconds[:LOOKED_AT]
    if not firsts or not seconds:
        return []
    weighed = _weighed({*firsts, *seconds})
    ranked = sorted(
        (-_likeness(weighed.get(first, {}), weighed.get(second, {})), first, second)
        for first in firsts
        for second in seconds
        if first != second
    )
    often = max(1, -(-pairs // min(len(firsts), len(seconds))))
    used: Counter[int] = Counter()
    chosen: list[Pair] = []
    for _score, first, second in ranked:
        if len(chosen) < pairs and used[first] < often and used[second] < often:
            chosen.append((first, second))
            used.update((first, second))
    return chosen


def _weighed(posts: Collection[int]) -> dict[int, dict[int, float]]:
    """The terms of posts by their stored weights and their rarity among these posts; each of length one."""
    stored = {
        post: unpack(terms) for post, terms in PostTerms.objects.filter(post__in=posts).values_list("post_id", "terms")
    }
    among = Counter(term for terms in stored.values() for term in terms.hashes)
    weighed = {}
    for post, terms in stored.items():
        raw = {
            term: weight * log(1 + len(stored) / among[term])
            for term, weight in zip(terms.hashes, terms.weights, strict=True)
        }
        length = sqrt(sum(weight * weight for weight in raw.values())) or 1.0
        weighed[post] = {term: weight / length for term, weight in raw.items()}
    return weighed


def _likeness(first: dict[int, float], second: dict[int, float]) -> float:
    return sum(weight * second[term] for term, weight in first.items() if term in second)


def _of(pairs: Collection[Pair]) -> Any:
    """The judgements of these pairs."""
    wanted = Q(pk__in=[])
    for first, second in pairs:
        wanted |= Q(first=first, second=second)
    return Judgement.objects.filter(wanted)


def _ordered(pair: Sequence[int]) -> Pair:
    first, second = sorted(pair)
    return first, second


def _row(judgement: Judgement) -> list[Any]:
    return [
        judgement.first_id,
        judgement.second_id,
        judgement.is_same,
        judgement.cause,
        judgement.editor_id,
        judgement.created_at.isoformat(),
    ]
