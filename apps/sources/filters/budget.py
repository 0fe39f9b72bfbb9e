"""How much time rules may take, each and together: what is dear on every post runs into no limit of one post."""

from __future__ import annotations

from collections import Counter
from time import thread_time

SLOW_MAX = 3  # so many posts in a batch may cost a slow expression its whole time; then the batch goes on without it
RULE_S, ALL_S = 2.0, 10.0  # a thousand posts; a sane rule takes hundredths of a second
WORDS = ""  # what the rules of words together are called here; no expression is empty


class Budget:
    """What the rules of one batch of posts have taken; judges of one batch may share it.

    Attributes:
        slow: the posts on which an expression ran out of its time, or `SLOW_MAX` once it is given up.
        total_s: seconds for all rules and all posts; None where it grows with the posts.
    """

    def __init__(self, total_s: float | None = None) -> None:
        self.slow: Counter[str] = Counter()
        self.total_s = total_s
        self.posts = 0
        self._spent: dict[str, float] = {}
        self._all = 0.0

    def left(self, expression: str) -> float:
        """Seconds that an expression may still take; 0.0 once it is given up."""
        thousands = 1 + self.posts // 1000
        whole = ALL_S * thousands if self.total_s is None else self.total_s
        left = min(RULE_S * thousands - self._spent.get(expression, 0.0), whole - self._all)
        if left <= 0:
            self.slow[expression] = max(self.slow[expression], SLOW_MAX)
        return left if left > 0 and self.slow[expression] < SLOW_MAX else 0.0

    def spend(self, expression: str, since: float) -> None:
        """Count what an expression took since then, by `clock`."""
        took = clock() - since
        self._spent[expression] = self._spent.get(expression, 0.0) + took
        self._all += took


def clock() -> float:
    """Seconds of work of this thread: waiting and the work of others do not count."""
    return thread_time()
