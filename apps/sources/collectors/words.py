"""What an answer means for the one who added the source."""

from __future__ import annotations

from django.utils.translation import gettext as _


def status_words(status: int) -> str:
    """What an HTTP status means for the one who added the feed."""
    if status == 410:
        words = _("The site says that this feed is gone for good. Remove it or give its new address.")
    elif status == 404:
        words = _("There is nothing at this address any more. Check the address of the feed.")
    elif status in {401, 402, 403, 407, 451}:
        words = _("The site refuses to give this feed. It may want a login or block robots.")
    elif status == 429:
        words = _("The site asks to come less often.")
    elif status >= 500:
        words = _("The site has trouble of its own. Pult will try again.")
    else:
        words = _("The site answered with something other than the feed.")
    return f"{words} ({status})"
