"""The failures that Pult expects. Anything else is a bug."""

from __future__ import annotations


class PultError(Exception):
    """An expected failure; its text is written for a person."""


class RetryableError(PultError):
    """It may work later.

    Attributes:
        retry_after: seconds that the other side asked for; wins over the backoff.
        code: a short machine word for lists and metrics.
    """

    def __init__(self, message: str, *, retry_after: float | None = None, code: str = "") -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.code = code


class PermanentError(PultError):
    """It will not work until a person changes something."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class UnknownOutcomeError(PultError):
    """The request left and no answer came: it may or may not have been carried out."""

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class TransitionError(PultError):
    """The row has already left the state that the change starts from."""
