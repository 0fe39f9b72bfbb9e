"""A writer for tests: answers at once, with what it was asked kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from apps.ai.ports import Draft, Prompt, Usage


@dataclass
class FakeWriter:
    """Writes the same draft each time, or fails as it is told."""

    error: Exception | None = None
    asked: list[Prompt] = field(default_factory=list)

    @property
    def label(self) -> str:
        """How it is named."""
        return "fake"

    async def write(self, prompt: Prompt) -> Draft:
        """Keep the prompt and answer."""
        self.asked.append(prompt)
        if self.error is not None:
            raise self.error
        return Draft(
            title="Склад потушили",
            lead="Коротко.",
            body="Пожар потушили к утру.",
            tags=("порт", "пожар"),
            writer="openai",
            model="test-model",
            usage=Usage(1000, 200, Decimal("0.0123")),
        )
