"""Faults that a stand-in is told to have: so many times, or by chance from a seed."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

KINDS = (
    "429",  # too many requests, with retry_after
    "500",  # the server's own failure; `stored=True` after the request was carried out
    "error",  # any refusal: `status` and `description`
    "slow",  # `seconds` before the request is carried out
    "slow_after",  # `seconds` between carrying it out and answering
    "cut_before",  # the connection is closed, nothing was carried out
    "cut_after",  # carried out, then the connection is closed without an answer
    "malformed",  # carried out, but the answer can't be read
    "refusal",  # of a model: it will not write this
    "incomplete",  # of a model: it stopped at its longest answer
    "foreign",  # of a model: the answer is in a language that nobody asked for
    "garbled",  # of a model: the answer is not the JSON that was asked for
)


@dataclass
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: one of `KINDS`.
        method: which method or path, with `*` and `?`.
        times: how often it happens; None is always.
        after: how many matching requests pass unharmed before it.
        probability: of happening to a matching request.
        where: parameters that a request must have, as text.
    """

    kind: str
    method: str = "*"
    times: int | None = None
    after: int = 0
    probability: float = 1.0
    where: dict[str, str] = field(default_factory=dict)
    seconds: float = 5.0
    retry_after: float = 3
    status: int = 400
    description: str = ""
    code: str = ""
    stored: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no fault; there are {', '.join(KINDS)}")

    def concerns(self, method: str, params: Mapping[str, Any]) -> bool:
        """Whether it may happen to this request."""
        return fnmatchcase(method, self.method) and all(str(params.get(k)) == str(v) for k, v in self.where.items())


class FaultPlan:
    """The faults that a server is to have, in order; the first that strikes is the one."""

    def __init__(self, *, seed: int = 0) -> None:
        self._faults: list[Fault] = []
        self._shares: list[tuple[Fault, float]] = []
        self._chance = random.Random(seed)

    def add(self, kind: str, **options: Any) -> Fault:
        """Plan one more fault; see `Fault` for the options."""
        fault = Fault(kind, **options)
        self._faults.append(fault)
        return fault

    def share(self, shares: Mapping[str, float], *, method: str = "*", **options: Any) -> None:
        """Let faults happen by chance, each to its share of the matching requests; one draw of the seed a request.

        Raises:
            ValueError: the shares are more than all.
        """
        if sum(shares.values()) > 1:
            raise ValueError("the shares of the faults are more than 1 together")
        self._shares = [(Fault(kind, method=method, **options), share) for kind, share in shares.items()]

    def load(self, plan: Mapping[str, Any] | list[Any]) -> None:
        """Plan what a POST to /_faults says: one fault, a list, or {"faults": [...], "seed": 1, "replace": true}.

        Also by shares: {"shares": {"429": 0.1, "cut_after": 0.03}, "method": "send*", "retry_after": 1, "seed": 1}.
        """
        if isinstance(plan, list):
            plan = {"faults": plan}
        elif "kind" in plan:
            plan = {"faults": [plan]}
        if plan.get("replace"):
            self.clear()
        if "seed" in plan:
            self._chance = random.Random(plan["seed"])
        for options in plan.get("faults", []):
            self.add(**options)
        if "shares" in plan:
            self.share(**{key: value for key, value in plan.items() if key not in {"replace", "seed", "faults"}})

    def clear(self) -> None:
        """Go on without faults."""
        self._faults.clear()
        self._shares.clear()

    def strike(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        """The fault that happens to this request, if one does."""
        for fault in list(self._faults):
            if not fault.concerns(method, params):
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            if fault.probability < 1 and self._chance.random() >= fault.probability:
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
            return fault
        return self._shared(method, params)

    def _shared(self, method: str, params: Mapping[str, Any]) -> Fault | None:
        """The fault whose share one draw falls into."""
        shares = [(fault, share) for fault, share in self._shares if fault.concerns(method, params)]
        drawn = self._chance.random() if shares else 1.0
        for fault, share in shares:
            if drawn < share:
                return fault
            drawn -= share
        return None
