"""How sure one may be of a difference. Pure.

Wilson's interval of a proportion; Newcombe's of a difference of two (method 10 of R. G. Newcombe, “Interval estimation
for the difference between independent proportions”, Statistics in Medicine 17, 1998, 873-890).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, exp, log, sqrt
from statistics import NormalDist, fmean, median, stdev

SURE = 0.95
POWER = 0.8
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Interval:
    """What was found, and between which values the truth is, as surely as `SURE`."""

    found: float
    low: float
    high: float


def z_of(sure: float = SURE) -> float:
    """How many standard deviations hold so much of a normal distribution, both sides."""
    return _NORMAL.inv_cdf(0.5 + sure / 2)


def wilson(hits: int, of: int, *, sure: float = SURE) -> Interval:
    """A proportion.

    Raises:
        ValueError: there are more hits than there could be, or nothing was tried.
    """
    if not 0 <= hits <= of or of == 0:
        raise ValueError(f"{hits} of {of} is no proportion")
    z = z_of(sure)
    part = hits / of
    middle = (part + z * z / (2 * of)) / (1 + z * z / of)
    half = z * sqrt(part * (1 - part) / of + z * z / (4 * of * of)) / (1 + z * z / of)
    return Interval(part, max(0.0, middle - half), min(1.0, middle + half))


def difference(first: tuple[int, int], second: tuple[int, int], *, sure: float = SURE) -> Interval:
    """The first proportion less the second, each as (hits, of)."""
    one, two = wilson(*first, sure=sure), wilson(*second, sure=sure)
    found = one.found - two.found
    low = found - sqrt((one.found - one.low) ** 2 + (two.high - two.found) ** 2)
    high = found + sqrt((one.high - one.found) ** 2 + (two.found - two.low) ** 2)
    return Interval(found, low, high)


def needed(rate: float, more: float, *, sure: float = SURE, power: float = POWER) -> int:
    """How many views each of two needs, so that a rate that is greater by this part of itself would mostly be told.

    The usual formula of two proportions, without pooling; 0 where the rate leaves nothing to tell.
    """
    other = rate * (1 + more)
    if not 0 < rate < 1 or not 0 < other < 1 or more <= 0:
        return 0
    width = z_of(sure) + _NORMAL.inv_cdf(power)
    return ceil(width * width * (rate * (1 - rate) + other * (1 - other)) / (other - rate) ** 2)


def t_of(freedom: int, *, sure: float = SURE) -> float:
    """Student's quantile, both sides, by Cornish and Fisher's expansion; right to 0.01 from 5 degrees of freedom on."""
    z: float = z_of(sure)
    terms: tuple[float, ...] = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92160,
    )
    more: float = sum(term / float(freedom) ** power for power, term in enumerate(terms, start=1))
    return z + more


@dataclass(frozen=True, slots=True)
class Seen:
    """A publication's views, and those that earlier ones of its channel had at the same age."""

    views: int
    usual: Sequence[int]

    @property
    def against_usual(self) -> float:
        """How many times the usual."""
        return self.views / median(self.usual)


def ratio(first: Seen, second: Seen, *, sure: float = SURE) -> Interval:
    """How many times as often the first was seen as the second, each against what is usual in its channel.

    One publication is one draw: how far single ones swing in each channel (of the logarithms of their views) says how
    far this difference could come by itself.

    Raises:
        ValueError: somebody was seen by nobody, or fewer than two earlier ones are known.
    """
    if min(first.views, second.views, *first.usual, *second.usual) <= 0:
        raise ValueError("views have to be above zero")
    if min(len(first.usual), len(second.usual)) < 2:
        raise ValueError("two earlier ones are the least")
    logs = [[log(views) for views in one.usual] for one in (first, second)]
    found = (log(first.views) - fmean(logs[0])) - (log(second.views) - fmean(logs[1]))
    variance = sum(stdev(one) ** 2 * (1 + 1 / len(one)) for one in logs)
    half = t_of(min(len(one) for one in logs) - 1, sure=sure) * sqrt(variance)
    return Interval(exp(found), exp(found - half), exp(found + half))
