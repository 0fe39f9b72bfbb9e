"""`manage.py run_bots` as it is, but for a test that wants to kill it at a certain moment: `HOLD` names the moment.

`stored`: after a batch is committed and before the question that confirms it; `fetched`: after a batch came and before
it is stored. It then says so on its output and stands still.
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - Django must be set up first

from apps.telegram.services import updates  # noqa: E402


def held(store: Any, moment: str) -> Any:
    """The store, which stops at the moment."""

    def holding(**options: Any) -> int:
        if moment == "stored":
            store(**options)
        print("held", flush=True)
        time.sleep(600)
        return 0

    return holding


if __name__ == "__main__":
    if moment := os.environ.get("HOLD", ""):
        updates.updates_store = held(updates.updates_store, moment)
    sys.exit(call_command("run_bots"))
