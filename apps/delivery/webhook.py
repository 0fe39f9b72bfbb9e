"""The second way out: a signed POST to an address that a team chose.

Payload: `url`, `event`, `data` (JSON), `sealed_secret` (of `core.crypto.encrypt`). The receiver is given

    Idempotency-Key: <one for each delivery, the same at every try>
    X-Pult-Timestamp: <seconds since 1970>
    X-Pult-Signature: v1=<hex of HMAC-SHA256(secret, timestamp + "." + body)>

and answers 2xx where it has taken it. Because of the key a second try does no harm, so a time-out is tried again like a
refused connection, and a delivery is never in doubt.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Hashable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings
from django.utils.translation import gettext as _

from apps.core import http
from apps.core.clock import now
from apps.core.crypto import decrypt
from apps.core.errors import PermanentError, RetryableError, UnknownOutcomeError
from apps.core.masking import address_masked
from apps.delivery.models import Delivery
from apps.delivery.ports import CannotTell, LookUpAnswer, Parcel, Receipt

TIMEOUT_S = 15.0
ANSWER_MAX_BYTES = 65_536
LATER = frozenset({408, 425, 429})
# Refusals of the client whose words hold the whole address, which may be a secret.
TELLS_ADDRESS = frozenset({"too_many_redirects", "bad_url", "scheme_refused"})
# A POST that is redirected so arrives as a GET without its body (RFC 9110, section 15.4).
LOSES_BODY = frozenset({301, 302, 303})


@dataclass(frozen=True)
class Signing:
    """What a request is signed with; never shown."""

    secret: str = field(repr=False)


class WebhookPost:
    """Posts the event of a payload, signed, with a key by which the receiver knows it again."""

    exactly_once = False
    looks_up = False

    def is_repeatable(self, payload: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """The receiver knows a second one by its key."""
        return True

    def prepare(self, delivery: Delivery) -> Signing:
        """Open the secret.

        Raises:
            PermanentError: there is none, code no_secret.
        """
        secret = decrypt(delivery.payload.get("sealed_secret", ""))
        if not secret:
            raise PermanentError(_("The webhook has no secret to sign with. Set one."), code="no_secret")
        return Signing(secret)

    def session_key(self, parcel: Parcel) -> Hashable:
        """Requests to one host share connections."""
        return str(urlsplit(parcel.payload["url"]).netloc)

    def open(self, parcel: Parcel) -> AbstractAsyncContextManager[http.Session]:  # noqa: ARG002
        """The guarded client: it refuses private addresses at connect time."""
        return http.session()

    async def admit(self, parcel: Parcel) -> float:  # noqa: ARG002
        """The client keeps its own distance between requests to one host."""
        return 0.0

    async def send(self, parcel: Parcel, session: http.Session) -> Receipt:
        """Post it once.

        Raises:
            RetryableError: no answer, 408, 425, 429 or 5xx.
            PermanentError: any other answer than 2xx, or an address that may not be asked.
        """
        body = body_of(parcel.payload)
        stamp = str(int(now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": idempotency_key(parcel.delivery_id),
            "X-Pult-Timestamp": stamp,
            "X-Pult-Signature": signature(parcel.prepared.secret, stamp, body),
        }
        try:
            answer = await session.fetch(
                parcel.payload["url"],
                method="POST",
                headers=headers,
                body=body,
                timeout_s=min(TIMEOUT_S, settings.TELEGRAM_TIMEOUT_S),
                max_bytes=ANSWER_MAX_BYTES,
            )
        except UnknownOutcomeError as exc:
            raise RetryableError(str(exc), code=exc.code) from exc
        except PermanentError as exc:
            if exc.code not in TELLS_ADDRESS:
                raise
            address = address_masked(parcel.payload["url"])
            raise PermanentError(_("%(address)s can't be posted to.") % {"address": address}, code=exc.code) from None
        return receipt_of(answer)

    async def look_up(self, parcel: Parcel, session: http.Session) -> LookUpAnswer:  # noqa: ARG002
        """Receivers can't be asked; trying again is as good."""
        return CannotTell()

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Nothing follows it."""


def body_of(payload: Mapping[str, Any]) -> bytes:
    """What is posted; the same bytes at every try."""
    told = {"event": payload.get("event", ""), "data": payload.get("data")}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def signature(secret: str, stamp: str, body: bytes) -> str:
    """The signature over time and body."""
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"v1={digest.hexdigest()}"


def idempotency_key(delivery_id: int) -> str:
    """The same for every try of a delivery, another for every other delivery anywhere."""
    return str(uuid5(NAMESPACE_URL, f"{settings.BASE_URL}/delivery/{delivery_id}"))


def receipt_of(answer: http.Fetched) -> Receipt:
    """What an answer means.

    Raises:
        RetryableError, PermanentError: it was not taken.
    """
    host = urlsplit(answer.url).hostname
    if any(status in LOSES_BODY for status, _to in answer.redirects):
        words = _("%(host)s redirects the webhook elsewhere. Give the address that it ends at.")
        raise PermanentError(words % {"host": host}, code="redirected")
    if answer.is_success:
        return Receipt(vendor_id=answer.headers.get("X-Message-Id", ""))
    words = _("%(host)s answered %(status)d.") % {"host": host, "status": answer.status}
    if answer.status in LATER or answer.status >= 500:
        raise RetryableError(words, code=f"http_{answer.status}", retry_after=answer.retry_after)
    raise PermanentError(words, code=f"http_{answer.status}")
