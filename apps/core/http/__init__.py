"""The one client for addresses that somebody else chose: feeds, pages, pictures, endpoints.

    async with http.session() as client:            # one per drain
        answer = await client.fetch(url, headers={"If-None-Match": etag})
    answer = await http.fetch(url)                  # a single request

`fetch` returns **every final status**, 304, 404, 410, 429 and 500 included; the caller looks at `answer.status`, or
calls `answer.expect()`, which raises for whatever is neither 2xx nor 304. `fetch` raises only when there is no answer:

- `RetryableError`, code `timed_out`, `name_not_found`, `connect_failed`, `tls_failed`, `cut`, `bad_answer`,
  `host_busy` (its turn is far off: put the row back for `retry_after` seconds, it is not the host's fault);
- `PermanentError`, code `bad_url`, `scheme_refused`, `credentials_refused`, `port_refused`, `address_refused`,
  `downgrade_refused`, `too_many_redirects`, `too_large`, `bad_encoding`;
- `UnknownOutcomeError`, code `timed_out` or `cut`: like those two, for a method that must not be repeated (POST and the
  like), once the request has left.

`docs/fetching.md` has the reasons.
"""

from apps.core.addresses import AllowList, is_public
from apps.core.http.answers import Fetched, retry_after
from apps.core.http.client import Session, fetch, guard_for, session
from apps.core.http.failures import has_left
from apps.core.http.guard import Guard
from apps.core.http.sdk import sdk_client
from apps.core.http.urls import checked_url

__all__ = [
    "AllowList",
    "Fetched",
    "Guard",
    "Session",
    "checked_url",
    "fetch",
    "guard_for",
    "has_left",
    "is_public",
    "retry_after",
    "sdk_client",
    "session",
]
