"""Intervals and verdicts, against values from the literature."""

from __future__ import annotations

from math import isclose
from random import Random

import pytest

from apps.publishing.statistics.intervals import Seen, difference, needed, ratio, t_of, wilson
from apps.publishing.statistics.verdicts import Arm, Said, by_clicks, by_views


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17, 1998, 857-872, table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilsons_interval(hits: int, of: int, low: float, high: float) -> None:
    found = wilson(hits, of)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [  # R. G. Newcombe, Statistics in Medicine 17, 1998, 873-890, table II, method 10
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0),
        ((10, 10), (0, 10), 0.6075, 1.0),
    ],
)
def test_newcombes_interval(first: tuple[int, int], second: tuple[int, int], low: float, high: float) -> None:
    found = difference(first, second)
    assert (round(found.low, 4), round(found.high, 4)) == (low, high)


@pytest.mark.parametrize(("hits", "of"), [(0, 0), (2, 1), (-1, 5)])
def test_what_is_no_proportion_is_refused(hits: int, of: int) -> None:
    with pytest.raises(ValueError, match="no proportion"):
        wilson(hits, of)


def test_how_many_views_a_difference_needs() -> None:
    assert needed(0.10, 0.10) == 14749  # 0.10 against 0.11, two-sided 5 %, power 80 %
    assert needed(0.05, 0.20) == 8155
    assert needed(0.10, 0.50) < needed(0.10, 0.20) < needed(0.10, 0.10)
    assert [needed(0, 0.1), needed(1, 0.1), needed(0.95, 0.1), needed(0.1, 0)] == [0, 0, 0, 0]


@pytest.mark.parametrize(("freedom", "value"), [(5, 2.571), (7, 2.365), (10, 2.228), (30, 2.042), (1000, 1.962)])
def test_students_quantile(freedom: int, value: float) -> None:
    assert isclose(t_of(freedom), value, abs_tol=0.01)


USUAL = [100, 120, 90, 110, 95, 105, 130, 85, 100, 115]


def test_a_ratio_is_against_what_is_usual() -> None:
    found = ratio(Seen(200, USUAL), Seen(1000, [10 * one for one in USUAL]))
    assert isclose(found.found, 2.0, rel_tol=1e-9)
    assert found.low < 2 < found.high
    turned = ratio(Seen(1000, [10 * one for one in USUAL]), Seen(200, USUAL))
    assert isclose(turned.low, 1 / found.high)
    calm = ratio(Seen(200, [100, 101] * 8), Seen(100, [100, 101] * 8))
    assert 1.9 < calm.low < calm.high < 2.1
    assert Seen(200, USUAL).against_usual == pytest.approx(200 / 102.5)
    with pytest.raises(ValueError, match="above zero"):
        ratio(Seen(0, USUAL), Seen(1, USUAL))
    with pytest.raises(ValueError, match="two earlier"):
        ratio(Seen(1, [1]), Seen(1, USUAL))


# Verdicts


def test_no_winner_while_the_interval_holds_zero() -> None:
    found = by_clicks(Arm(1000, 50), Arm(1000, 60), least=0.1)
    assert found.said == Said.OPEN
    assert found.interval is not None
    assert found.interval.low < 0 < found.interval.high
    assert found.more_views == 2 * (needed(0.055, 0.1) - 1000)


def test_a_winner_where_it_does_not() -> None:
    assert by_clicks(Arm(5000, 400), Arm(5000, 200), least=0.1).said == Said.FIRST
    assert by_clicks(Arm(5000, 200), Arm(5000, 400), least=0.1).said == Said.SECOND


def test_what_cannot_be_compared_is_not() -> None:
    assert by_clicks(Arm(None, 5), Arm(10, 5), least=0.1).said == Said.UNKNOWN
    assert by_clicks(Arm(10, 5), Arm(10, None), least=0.1).said == Said.UNKNOWN
    assert by_clicks(Arm(10, 11), Arm(10, 5), least=0.1).said == Said.ODD
    assert by_clicks(Arm(0, 0), Arm(10, 5), least=0.1).said == Said.TOO_FEW
    assert by_clicks(Arm(40, 4), Arm(400, 0), least=0.1).said == Said.TOO_FEW  # four clicks in all


def test_views_need_a_past_and_swing() -> None:
    assert by_views(Arm(None, None, USUAL), Arm(1, None, USUAL)).said == Said.UNKNOWN
    assert by_views(Arm(100, None, USUAL[:7]), Arm(100, None, USUAL)).said == Said.TOO_FEW
    assert by_views(Arm(0, None, USUAL), Arm(100, None, USUAL)).said == Said.TOO_FEW
    assert by_views(Arm(110, None, USUAL), Arm(100, None, USUAL)).said == Said.OPEN
    assert by_views(Arm(400, None, USUAL), Arm(100, None, USUAL)).said == Said.FIRST
    assert by_views(Arm(100, None, USUAL), Arm(400, None, USUAL)).said == Said.SECOND


def test_false_alarms_are_as_rare_as_they_should_be() -> None:
    """Two that do not differ, once each at the end: the interval leaves zero out in about one of twenty."""

    chance = Random(7)
    alarms = 0
    for _round in range(400):
        clicks = [sum(chance.random() < 0.08 for _view in range(500)) for _arm in range(2)]
        alarms += by_clicks(Arm(500, clicks[0]), Arm(500, clicks[1]), least=0.1).said != Said.OPEN
    assert 4 <= alarms <= 36  # 20 expected; three standard deviations are 13
