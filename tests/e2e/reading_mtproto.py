"""What the test of reading over MTProto does beside the processes: `python -m tests.e2e.reading_mtproto ACT`."""

from __future__ import annotations

import json
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from apps.accounts.models import Workspace  # noqa: E402 - Django must be set up first
from apps.sources.models import Post, Source  # noqa: E402
from apps.sources.services import source_create  # noqa: E402
from apps.telegram.models import Session  # noqa: E402
from apps.telegram.services import session_login  # noqa: E402
from apps.telegram.services.sessions import session_create  # noqa: E402


def seed() -> dict[str, object]:
    """Log an account in, as its page does, and add the channel."""
    workspace = Workspace.objects.create(name="Harbour", slug="harbour")
    session = session_create(workspace=workspace, name="Reader", phone="+79001112233")
    session_login.session_code_send(session=session)
    session_login.session_code_enter(session=session, code="24680")
    source_create(
        workspace=workspace, kind="telegram", name="Port", username="port_news", interval_s=60, backfill_posts=30
    )
    return {"state": session.state}


def report() -> dict[str, object]:
    """What has been read, and how the account stands."""
    source, session = Source.objects.get(), Session.objects.get()
    return {
        "posts": Post.objects.count(),
        "read_to": source.read_to_id,
        "problem": source.last_error,
        "state": session.state,
        "owner": session.lease_owner,
    }


def leave() -> dict[str, object]:
    """Log the account out, as its page does."""
    return {"told": session_login.session_log_out(session=Session.objects.get())}


if __name__ == "__main__":
    print(json.dumps({"seed": seed, "report": report, "leave": leave}[sys.argv[1]]()))
