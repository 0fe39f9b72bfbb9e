"""Our own limits of an account: how much in a window, and what a flood wait closes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.telegram.meter import Allowance, Meter

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def most_in(operation: str, window_s: float) -> int:
    """The most requests that a meter lets go in any window, asked as often as possible."""
    meter, at, gone = Meter({}), AT, []
    while at < AT + timedelta(seconds=window_s * 3):
        wait = meter.take(operation, at)
        if wait == 0:
            gone.append(at)
        at += timedelta(seconds=max(wait, 0.001))
    return max(sum(1 for one in gone if start <= one < start + timedelta(seconds=window_s)) for start in gone)


@pytest.mark.parametrize(("operation", "window_s", "most"), [("history", 30, 10), ("resolve", 60, 19)])
def test_no_window_holds_more_than_telegram_takes(operation: str, window_s: float, most: int) -> None:
    assert most_in(operation, window_s) == most


def test_operations_and_accounts_have_limits_of_their_own() -> None:
    first, second = Meter({}), Meter({})
    while first.take("history", AT) == 0:
        pass
    assert first.take("history", AT) > 0
    assert first.take("resolve", AT) == 0
    assert second.take("history", AT) == 0


def test_refused_request_takes_nothing() -> None:
    meter = Meter({})
    meter.take("history", AT)
    meter.take("history", AT)
    before = meter.of("history")
    assert meter.take("history", AT) == pytest.approx(3.5)
    assert meter.of("history") == before
    assert before.spent == 2


def test_flood_closes_its_operation_for_as_long_as_it_says() -> None:
    meter = Meter({})
    meter.flood("history", 100, AT)
    assert meter.take("history", AT + timedelta(seconds=99)) == pytest.approx(1.0)
    assert meter.take("resolve", AT) == 0
    assert meter.of("history").waits_until == AT + timedelta(seconds=100)
    assert meter.take("history", AT + timedelta(seconds=100)) == 0
    told = meter.of("history")
    assert (told.waits_until, told.floods, told.last_flood_s) == (None, 1, 100)


def test_what_was_kept_goes_on_after_a_restart() -> None:
    kept = Allowance("history").flooded(100, AT)
    again = Meter({"history": kept})
    assert again.take("history", AT + timedelta(seconds=50)) == pytest.approx(50.0)


def test_absurd_wait_is_kept_as_far_as_it_can_be() -> None:
    told = Allowance("history").flooded(1e18, AT)
    assert told.waits_until is not None
    assert told.waits_until.year == 9999
    assert told.last_flood_s == 2**31 - 1
