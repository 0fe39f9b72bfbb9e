"""What a status means, and when a server wants to be asked again."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from apps.core.errors import PermanentError, RetryableError
from apps.core.http import Fetched, retry_after

NOON = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def answer(
    status: int, *, headers: dict[str, str] | None = None, redirects: tuple[tuple[int, str], ...] = ()
) -> Fetched:
    return Fetched(status, "https://example.org/new", headers or {}, b"", redirects, NOON)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("1.5", 1.5),
        ("-3", 0.0),
        ("1000000", 86_400.0),
        ("Sat, 21 Nov 2026 12:01:30 GMT", 90.0),
        ("Sat, 21 Nov 2026 11:00:00 GMT", 0.0),
        ("Sat, 21 Nov 2026 12:01:30 -0000", 90.0),
        ("soon", None),
        ("inf", None),
        ("nan", None),
        ("Sat, 21 Nov 99999 12:01:30 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(value, seconds):
    assert retry_after(value, at=NOON) == seconds


@pytest.mark.parametrize("status", [200, 204, 226, 304])
def test_a_good_answer_is_returned(status):
    one = answer(status)
    assert one.expect() is one


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503])
def test_a_status_that_says_later_is_retryable(status):
    with pytest.raises(RetryableError) as caught:
        answer(status, headers={"Retry-After": "7"}).expect()
    assert (caught.value.code, caught.value.retry_after) == (f"http_{status}", 7.0)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 410, 451])
def test_a_status_that_says_no_is_permanent(status):
    with pytest.raises(PermanentError) as caught:
        answer(status).expect()
    assert caught.value.code == f"http_{status}"
    assert str(status) in str(caught.value)


def test_success_is_2xx_only():
    assert [status for status in (199, 200, 299, 300, 304) if answer(status).is_success] == [200, 299]


def test_only_permanent_redirects_move_an_address():
    assert answer(200).moved_to is None
    assert answer(200, redirects=((301, "https://example.org/new"),)).moved_to == "https://example.org/new"
    assert answer(200, redirects=((308, "x"), (301, "y"))).moved_to == "https://example.org/new"
    assert answer(200, redirects=((301, "x"), (302, "y"))).moved_to is None
