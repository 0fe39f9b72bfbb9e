"""What vectors would add on pairs that people judged: the rule of the second look, measured side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.ai.embedders import embedder_for, vectors_budget_check, vectors_paid
from apps.ai.embedding_ports import TEXTS_MAX, Embedder
from apps.ai.ports import PaidError, Usage
from apps.core.errors import PermanentError
from apps.stories.grouping.judged import Pair, Quality, judged
from apps.stories.grouping.meaning import background_of, cosine, is_close, margin_with, packed, unpacked
from apps.stories.services.second_look import text_of

TARGET = "evaluate_grouping"
Vector = Sequence[float]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What vectors say of judged pairs.

    Attributes:
        quality: of all pairs, the vectors of the close calls weighed in.
        close: how many pairs were close calls.
        turned, turned_right: how many of them vectors turned, and how many of those as people had said.
        background: how alike any two of the texts are.
        model: whose vectors.
    """

    quality: Quality
    close: int
    turned: int
    turned_right: int
    background: float
    model: str


def second_opinion(
    pairs: Sequence[Pair], scores: Sequence[float], *, threshold: float, workspace: Workspace
) -> Opinion:
    """Ask a workspace's embedder of the close calls among judged pairs, within the budget of its day.

    Raises:
        PermanentError: nobody makes vectors, the budget is spent, or too few pairs are close calls to judge by.
        PultError: what the embedder raises.
    """
    embedder = embedder_for(workspace)
    if embedder is None:
        raise PermanentError(_("Nobody is set up to make vectors: see AI_EMBEDDER."), code="no_embedder")
    close = [place for place, score in enumerate(scores) if is_close(score - threshold)]
    told = [(_sent(pairs[place].first), _sent(pairs[place].second)) for place in close]
    vectors = vectors_of(sorted({text for pair in told for text in pair}), embedder=embedder, workspace=workspace)
    background = background_of(list(vectors.values()))
    if background is None:
        raise PermanentError(
            _("Only %d pairs are close calls: too few to know how alike any two texts are.") % len(close),
            code="too_few",
        )
    blended = list(scores)
    for place, (first, second) in zip(close, told, strict=True):
        alike = cosine(vectors[first], vectors[second])
        blended[place] = threshold + margin_with(scores[place] - threshold, cosine=alike, background=background)
    turned = [place for place in close if (blended[place] >= threshold) != (scores[place] >= threshold)]
    return Opinion(
        quality=judged(pairs, blended, threshold=threshold),
        close=len(close),
        turned=len(turned),
        turned_right=sum((blended[place] >= threshold) == pairs[place].is_same for place in turned),
        background=round(background, 3),
        model=embedder.model,
    )


def vectors_of(texts: Sequence[str], *, embedder: Embedder, workspace: Workspace) -> dict[str, Vector]:
    """The vectors of some texts, many a request, each paid for as it comes."""
    found: dict[str, Vector] = {}
    for begin in range(0, len(texts), TEXTS_MAX):
        some = texts[begin : begin + TEXTS_MAX]
        vectors_budget_check(workspace=workspace, embedder=embedder, texts=some, target=TARGET)
        usage, model, writer = Usage(), embedder.model, ""
        try:
            came = asyncio.run(embedder.embed(some))
            usage, model, writer = came.usage, came.model, came.writer
        except PaidError as error:
            usage, model, writer = error.usage, error.model, error.writer
            raise
        finally:
            vectors_paid(workspace=workspace, usage=usage, writer=writer, model=model, target=TARGET)
        found |= {text: unpacked(packed(vector)) for text, vector in zip(some, came.vectors, strict=True)}
    return found


def _sent(told: tuple[str, str]) -> str:
    """What would be sent of a text."""
    return text_of(title=told[0], text=told[1])
