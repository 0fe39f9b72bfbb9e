"""The client's errors as failures that a person can read."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
from django.utils.translation import gettext as _

from apps.core.errors import PultError, RetryableError, UnknownOutcomeError

# Repeating them changes nothing on the other side (RFC 9110, section 9.2.2).
REPEATABLE = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})


@contextmanager
def plain_words(request: httpx2.Request) -> Iterator[None]:
    """Map what the transport raises while a request is on its way."""
    host = request.url.host
    try:
        yield
    except (httpx2.ConnectTimeout, httpx2.PoolTimeout) as exc:
        raise RetryableError(_("%(host)s does not answer.") % {"host": host}, code="timed_out") from exc
    except (httpx2.TimeoutException, TimeoutError) as exc:
        raise no_answer(request, _("%(host)s did not answer in time.") % {"host": host}, code="timed_out") from exc
    except httpx2.ConnectError as exc:
        raise not_connected(host, exc) from exc
    except httpx2.NetworkError as exc:
        raise no_answer(request, _("%(host)s broke the connection off.") % {"host": host}, code="cut") from exc
    except httpx2.ProtocolError as exc:
        message = _("%(host)s broke off or did not speak HTTP: %(reason)s.") % {"host": host, "reason": exc}
        raise no_answer(request, message, code="bad_answer") from exc


def no_answer(request: httpx2.Request, message: str, *, code: str) -> PultError:
    """The failure of a request that has left: safe to repeat, or of unknown outcome."""
    if request.method in REPEATABLE:
        return RetryableError(message, code=code)
    return UnknownOutcomeError(message, code=code)


def has_left(cause: BaseException | None) -> bool:
    """May the other side have got a request that failed for this cause? Where it is not certain, it may."""
    unsent = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.ProxyError)
    if isinstance(cause, (*unsent, httpx2.LocalProtocolError, httpx2.UnsupportedProtocol)):
        return False
    # The guard's own refusals come before anything is sent; these are of an answer.
    return not isinstance(cause, PultError) or getattr(cause, "code", "") in {"too_large", "bad_encoding"}


def not_connected(host: str, exc: BaseException) -> RetryableError:
    """The failure of a connection that was never made."""
    cause: BaseException | None = exc
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return RetryableError(
                _("The certificate of %(host)s is not accepted: %(reason)s.")
                % {"host": host, "reason": cause.verify_message},
                code="tls_failed",
            )
        if isinstance(cause, ssl.SSLError):
            return RetryableError(_("%(host)s and Pult share no TLS.") % {"host": host}, code="tls_failed")
        cause = cause.__cause__ or cause.__context__
    return RetryableError(_("%(host)s refuses connections.") % {"host": host}, code="connect_failed")
