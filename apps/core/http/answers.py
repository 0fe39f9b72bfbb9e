"""What a server answered, and what its status means for trying again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError

LONGEST_RETRY_AFTER_S = 86_400.0
# Statuses below 500 that say "later": request timeout, too early, too many requests.
LATER = frozenset({408, 425, 429})
MAX_AGE = re.compile(r"(?<![\w-])max-age\s*=\s*\"?(\d{1,9})")


@dataclass(frozen=True)
class Fetched:
    """An answer.

    Attributes:
        status: any final HTTP status.
        url: where the answer came from, after redirects.
        headers: by name, whatever its case.
        body: decompressed.
        redirects: (status, address it pointed to), in order; all 301 or 308 means that the address has moved for good.
        received_at: when it came; a Retry-After that names a date is counted from here.
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes
    redirects: tuple[tuple[int, str], ...] = ()
    received_at: datetime = field(default_factory=now)

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @property
    def moved_to(self) -> str | None:
        """The new address, where every redirect on the way was a permanent one."""
        if self.redirects and all(status in (301, 308) for status, _url in self.redirects):
            return self.url
        return None

    @property
    def retry_after(self) -> float | None:
        """Seconds that the server asks to wait, if it says so."""
        return retry_after(self.headers.get("Retry-After"), at=self.received_at)

    @property
    def charset(self) -> str:
        """The encoding that Content-Type names; empty where it names none."""
        kind = self.headers.get("Content-Type") or ""
        return kind.partition("charset=")[2].split(";")[0].strip(" \"'")

    @property
    def fresh_s(self) -> int:
        """Seconds for which the answer says that it holds: max-age, else Expires; 0 where it does not say."""
        control = (self.headers.get("Cache-Control") or "").lower()
        if "no-cache" in control or "no-store" in control:
            return 0
        age = MAX_AGE.search(control)
        if age:
            return int(age.group(1))
        until = retry_after(self.headers.get("Expires"), at=self.received_at)
        return int(until) if until is not None and not (self.headers.get("Expires") or "").strip().isdigit() else 0

    def mark(self, name: str, limit: int) -> str:
        """A header to send back next time; one that does not fit is forgotten rather than cut."""
        value = self.headers.get(name) or ""
        return value if len(value) <= limit and value.isprintable() else ""

    def expect(self) -> Fetched:
        """This answer if it is 2xx or 304.

        Raises:
            RetryableError: 408, 425, 429 and 5xx, with the server's own Retry-After; code like http_503.
            PermanentError: any other status; code like http_404.
        """
        if self.is_success or self.status == 304:
            return self
        message = _("%(url)s answered with status %(status)d.") % {"url": self.url, "status": self.status}
        code = f"http_{self.status}"
        if self.status >= 500 or self.status in LATER:
            raise RetryableError(message, retry_after=self.retry_after, code=code)
        raise PermanentError(message, code=code)


def retry_after(value: str | None, *, at: datetime) -> float | None:
    """Read a Retry-After header, seconds or a date (RFC 9110, section 10.2.3); nonsense is None, a day at most."""
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, OverflowError):
            return None
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=UTC)
        seconds = (moment - at).total_seconds()
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_S) if math.isfinite(seconds) else None
