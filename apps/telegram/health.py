"""Whether somebody listens to the bots."""

from __future__ import annotations

from apps.core.clock import now
from apps.core.health import UnhealthyError
from apps.telegram.selectors import bots_unheard


def bots_polled() -> str:
    """Say how many bots are listened to.

    Raises:
        UnhealthyError: there are bots whose updates nobody asks for.
    """
    found = bots_unheard(now())
    if found.unheard:
        raise UnhealthyError(
            f"{found.unheard} of {found.active} active bots: nobody asks for their updates; is run_bots running?"
        )
    if not found.active:
        return "no active bots"
    return f"{found.active} listened to" + (f", {found.troubled} with a problem" if found.troubled else "")
