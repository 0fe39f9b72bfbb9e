"""What aiogram's failures mean to Pult."""

from __future__ import annotations

import asyncio

import aiohttp
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramEntityTooLarge,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from django.utils.translation import gettext as _

from apps.core.errors import PultError, RetryableError, UnknownOutcomeError
from apps.telegram.refusals import detail, migrated, refusal

# aiohttp's failures before the first byte of the request was written.
NOT_SENT = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL)
STATUSES: dict[type[TelegramAPIError], int] = {
    TelegramBadRequest: 400,
    TelegramUnauthorizedError: 401,
    TelegramForbiddenError: 403,
    TelegramNotFound: 404,
    TelegramConflictError: 409,
    TelegramEntityTooLarge: 413,
}


def failure(exc: TelegramAPIError | ClientDecodeError, *, repeatable: bool, whole: bool = True) -> PultError:
    """What one of aiogram's failures means.

    Args:
        exc: the failure.
        repeatable: doing it twice is the same as once.
        whole: all of the request had been made ready to leave; half a request is never carried out.
    """
    match exc:
        case TelegramRetryAfter():
            return RetryableError(
                _("Telegram asks to wait for %(seconds)s s.") % {"seconds": exc.retry_after},
                retry_after=exc.retry_after,
                code="rate_limited",
            )
        case TelegramMigrateToChat():
            return migrated(exc.migrate_to_chat_id)
        case TelegramNetworkError() if not isinstance(exc, TelegramEntityTooLarge):
            return network_failure(exc, repeatable=repeatable, whole=whole)
        case TelegramServerError() | ClientDecodeError():
            words = (
                _("Telegram has a failure of its own: %(detail)s") % {"detail": detail(exc.message)}
                if isinstance(exc, TelegramServerError)
                else _("Telegram's answer could not be read.")
            )
            return unanswered(words, code="server_error", repeatable=repeatable)
    status = STATUSES.get(type(exc), 400)
    return refusal(status, exc.message)


def network_failure(exc: TelegramNetworkError, *, repeatable: bool, whole: bool) -> PultError:
    """Tell a request that never left, or left by half, from one whose answer never came."""
    cause = exc.__cause__
    if isinstance(cause, NOT_SENT):
        return RetryableError(_("Telegram can't be reached: no connection."), code="no_connection")
    if not whole:
        return RetryableError(_("The file could not be uploaded whole."), code="upload_cut")
    if isinstance(cause, asyncio.TimeoutError):
        return unanswered(_("Telegram did not answer in time."), code="timeout", repeatable=repeatable)
    return unanswered(_("The connection to Telegram broke before its answer."), code="cut", repeatable=repeatable)


def unanswered(words: str, *, code: str, repeatable: bool) -> PultError:
    """The request left: harmless to repeat, or nobody knows what became of it."""
    if repeatable:
        return RetryableError(words, code=code)
    return UnknownOutcomeError(words, code=code)
