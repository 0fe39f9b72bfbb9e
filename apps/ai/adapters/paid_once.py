"""Telling a request that certainly came to nothing from one that may have been carried out, and paid."""

from __future__ import annotations

from apps.core import http
from apps.core.errors import PultError, RetryableError, UnknownOutcomeError

# Statuses of whoever stands between: what is behind gave no answer, and may have done the work all the same.
SILENT = frozenset({502, 504, 524})
# `core.http`'s codes of answers that did not come, or not whole.
UNHEARD = frozenset({"timed_out", "cut", "bad_answer", "too_large", "bad_encoding"})


def unless_left(told: PultError, cause: BaseException | None) -> PultError:
    """The failure as it is where the request never left; else of unknown outcome."""
    if not isinstance(told, RetryableError) or not http.has_left(cause):
        return told
    return UnknownOutcomeError(str(told), code=told.code)


def unheard(told: PultError) -> PultError:
    """A failure of `core.http`, of unknown outcome where the request may have left and its answer is not there."""
    code = str(getattr(told, "code", ""))
    if code not in UNHEARD or not http.has_left(told.__cause__ or TimeoutError()):
        return told
    return UnknownOutcomeError(str(told), code=code)
