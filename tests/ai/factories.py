"""Rows, endpoints and prompts for the tests of writing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import factory

from apps.ai.endpoints import Endpoint
from apps.ai.models import PromptVersion, Spend
from apps.ai.ports import Prompt, SourceText
from tests.accounts.factories import WorkspaceFactory


class SpendFactory(factory.django.DjangoModelFactory[Spend]):
    """An answer that has been paid for."""

    class Meta:
        model = Spend

    workspace = factory.SubFactory(WorkspaceFactory)
    purpose = "rewrite"
    writer = "openai"
    model = "gpt-4o-mini"
    input_tokens = 1000
    output_tokens = 200
    cost_usd = Decimal("0.5")
    target = factory.Sequence(lambda number: f"stories.rewrite:{number}")


class PromptVersionFactory(factory.django.DjangoModelFactory[PromptVersion]):
    """A workspace's own text of a prompt."""

    class Meta:
        model = PromptVersion

    workspace = factory.SubFactory(WorkspaceFactory)
    name = "stories/calmer"
    number = 1
    text = "{{ story }} {{ draft }} {{ comment }} {{ sources }}"


def endpoint(url: str, **changes: Any) -> Endpoint:
    """An endpoint of the installation with round prices."""
    fields: dict[str, Any] = {
        "url": url,
        "key": "sk-test",
        "model": "gpt-4o-mini",
        "temperature": 0.4,
        "is_own": False,
        "proxy": "",
        "timeout_s": 5.0,
        "price_input_usd": Decimal(1),
        "price_output_usd": Decimal(2),
    }
    return Endpoint(**{**fields, **changes})


def prompt(*texts: str, max_chars: int | None = None) -> Prompt:
    """A prompt over posts."""
    sources = tuple(SourceText(title="", text=text, label=f"Канал {n}") for n, text in enumerate(texts, start=1))
    return Prompt(
        system="Ты — редактор.",
        user="\n\n".join(texts) or "Напиши заметку о мосте. Он открыт.",
        sources=sources,
        max_chars=max_chars,
    )
