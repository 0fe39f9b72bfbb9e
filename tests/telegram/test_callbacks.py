"""Pressed buttons stop turning, whatever else Telegram says."""

from __future__ import annotations

import asyncio
import time

import pytest

from apps.core.errors import PermanentError
from apps.telegram import polling as module
from apps.telegram.polling import callbacks_answered


class Answering:
    """Takes answers to pressed buttons; refuses some, and never answers others."""

    def __init__(self) -> None:
        self.answered: list[str] = []

    async def callback_answered(self, callback_id: str) -> None:
        if callback_id == "old":
            raise PermanentError("query is too old", code="refused")
        if callback_id == "hangs":
            await asyncio.sleep(60)
        self.answered.append(callback_id)


def answered(*ids: str) -> list[str]:
    api = Answering()
    updates: list[object] = [{"update_id": number, "callback_query": {"id": one}} for number, one in enumerate(ids)]
    asyncio.run(callbacks_answered(api, [*updates, {"update_id": 99, "message": {}}, "nonsense"]))  # type: ignore[arg-type] # asks one method of it
    return api.answered


def test_each_pressed_button_is_answered() -> None:
    assert sorted(answered("a", "b")) == ["a", "b"]
    assert answered() == []


def test_one_that_is_refused_keeps_nobody_else_waiting() -> None:
    assert sorted(answered("a", "old", "b")) == ["a", "b"]


def test_many_that_hang_cost_one_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CALLBACK_S", 0.2)
    began = time.monotonic()
    assert answered(*["hangs"] * 50, "a") == ["a"]
    assert time.monotonic() - began < 5, "fifty waits would be ten seconds"
