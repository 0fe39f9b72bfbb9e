"""Changes of sources and the rows of their collection."""

from __future__ import annotations

from django.db import transaction

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.sources.models import Source


@transaction.atomic
def source_create(
    *, workspace: Workspace, kind: str, name: str, url: str = "", actor: User | None = None, **settings: str | int
) -> Source:
    """Make a source; a feed is collected at once. `settings` are its interval, words and shortest length."""
    source = Source(workspace=workspace, kind=kind, name=name, url=url, **settings)
    source.full_clean()
    source.save()
    audit_record(verb="source.created", target=source, actor=actor)
    return source
