"""Faults strike as planned."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from tests.servers.faults import FaultPlan

ROOT = Path(__file__).resolve().parents[2]


def test_fault_strikes_so_many_times_after_so_many() -> None:
    plan = FaultPlan()
    plan.add("500", method="send*", times=2, after=1, where={"chat_id": "5"})
    strikes = [plan.strike("sendMessage", {"chat_id": 5}) is not None for _ in range(4)]
    assert strikes == [False, True, True, False]
    assert plan.strike("sendMessage", {"chat_id": 6}) is None


def test_chance_repeats_with_its_seed() -> None:
    def run(seed: int) -> list[str]:
        plan = FaultPlan(seed=seed)
        plan.add("cut_before", probability=0.05)
        plan.add("cut_after", probability=0.05)
        return [fault.kind if (fault := plan.strike("m", {})) else "" for _ in range(1000)]

    first = run(1)
    assert first == run(1) != run(2)
    assert 25 < first.count("cut_before") < 80
    assert 25 < first.count("cut_after") < 80


def test_plan_is_loaded_replaced_and_checked() -> None:
    plan = FaultPlan()
    plan.load([{"kind": "500"}, {"kind": "slow"}])
    plan.load({"kind": "429"})
    plan.load({"replace": True, "faults": [{"kind": "malformed"}]})
    struck = plan.strike("m", {})
    assert struck is not None
    assert struck.kind == "malformed"
    with pytest.raises(ValueError, match="earthquake"):
        plan.add("earthquake")
    plan.clear()
    assert plan.strike("m", {}) is None


@pytest.mark.parametrize("module", ["bot_api", "openai_api", "site"])
def test_stand_in_runs_from_a_shell_until_interrupted(module: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", f"tests.servers.{module}", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    url = process.stdout.readline().strip()
    with urllib.request.urlopen(f"{url}/_log") as reply:  # noqa: S310
        assert reply.read() == b"[]"
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=10)
    assert (process.returncode, errors) == (0, "")
