"""Rows and prompts for the tests of writing."""

from __future__ import annotations

from decimal import Decimal

import factory

from apps.accounts.models import Workspace
from apps.ai.endpoints import Endpoint
from apps.ai.ports import Prompt, SourceText


class WorkspaceFactory(factory.django.DjangoModelFactory):
    """A workspace in Moscow's zone."""

    class Meta:
        model = Workspace

    name = factory.Sequence(lambda number: f"Редакция {number}")
    slug = factory.Sequence(lambda number: f"desk-{number}")


def endpoint(url: str, **changes: object) -> Endpoint:
    """An endpoint of the installation with round prices."""
    fields = {
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
    return Endpoint(**{**fields, **changes})  # type: ignore[arg-type]


def prompt(*texts: str, max_chars: int | None = None) -> Prompt:
    """A prompt over posts."""
    sources = tuple(SourceText(title="", text=text, label=f"Канал {n}") for n, text in enumerate(texts, start=1))
    return Prompt(
        system="Ты — редактор.",
        user="\n\n".join(texts) or "Напиши заметку о мосте. Он открыт.",
        sources=sources,
        max_chars=max_chars,
    )
