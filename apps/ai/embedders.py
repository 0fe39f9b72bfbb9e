"""Choosing a workspace's embedder, and keeping what vectors cost within its day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.utils.module_loading import import_string

from apps.accounts.models import Workspace
from apps.ai.embedding_ports import Embedder
from apps.ai.endpoints import Endpoint, cost_of, endpoint_of
from apps.ai.ports import Usage
from apps.ai.services import budget_reserve, spend_record

PURPOSE = "vectors"
EMBEDDERS = {
    "offline": "apps.ai.adapters.offline_embeddings.OfflineEmbedder",
    "openai": "apps.ai.adapters.openai_embeddings.OpenAIEmbedder",
}
# A text of n characters is reckoned to have n / 2 tokens: Cyrillic takes more than Latin letters do.
CHARACTERS_A_TOKEN = 2


def embedder_name(workspace: Workspace) -> str:
    """Who makes a workspace's vectors: its own key or address turns to it, else the installation decides."""
    if workspace.ai_api_url or workspace.ai_api_key:
        return "openai"
    return str(settings.AI_EMBEDDER)


def embedding_endpoint_of(workspace: Workspace) -> Endpoint:
    """The endpoint of a workspace with the model of its vectors and the price of that."""
    return replace(
        endpoint_of(workspace),
        model=workspace.ai_embedding_model or settings.AI_EMBEDDING_MODEL,
        price_input_usd=Decimal(str(settings.AI_EMBEDDING_PRICE_USD)),
        price_output_usd=Decimal(0),
    )


def embedder_for(workspace: Workspace) -> Embedder | None:
    """Who makes vectors for a workspace; None where nobody is set up. It holds all that it needs, so no ORM later."""
    name = embedder_name(workspace)
    if name not in EMBEDDERS:
        return None
    adapter = import_string(EMBEDDERS[name])
    made: Embedder = adapter(embedding_endpoint_of(workspace)) if name == "openai" else adapter()
    return made


def vectors_budget_check(
    *, workspace: Workspace, embedder: Embedder, texts: Sequence[str], target: models.Model | str
) -> None:
    """Let texts be sent only while the workspace's day has money for their vectors; what they may cost is reserved.

    Raises:
        PermanentError: the budget of the day is spent, code budget_spent.
    """
    if embedder.is_free or not texts:
        return
    tokens = sum(len(text) for text in texts) // CHARACTERS_A_TOKEN + len(texts)
    endpoint = embedding_endpoint_of(workspace)
    cost = cost_of(endpoint, input_tokens=tokens, output_tokens=0)
    budget_reserve(workspace=workspace, target=target, cost=cost, purpose=PURPOSE, model=endpoint.model)


def vectors_paid(*, workspace: Workspace, usage: Usage, writer: str, model: str, target: models.Model | str) -> None:
    """Write into the ledger what vectors took, in place of what was reserved for them."""
    spend_record(workspace=workspace, usage=usage, purpose=PURPOSE, writer=writer, model=model, target=target)
