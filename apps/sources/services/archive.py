"""A source that is wanted no longer goes into the archive with its posts; it can be taken out again."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Source
from apps.sources.services.health import quiet_key
from apps.sources.services.schedule import failing_key, gone_key
from apps.sources.services.sources import source_pause, source_resume


@transaction.atomic
def source_archive(*, source: Source, actor: User | None = None) -> None:
    """Stop collecting a source and take it out of sight; its posts stay as long as posts are kept.

    Raises:
        TransitionError: it is in the archive already.
    """
    fresh = Source.objects.select_for_update().get(pk=source.pk)
    if fresh.is_active:
        source_pause(source=fresh, actor=actor)
    changes = {"archived_at": now(), "last_error": "", "failures": 0, "quiet_since": None}
    if Source.objects.filter(pk=source.pk, archived_at=None).update(**changes) != 1:
        raise TransitionError(_("“%(source)s” is in the archive already.") % {"source": source.name})
    for key in (failing_key(source), gone_key(source), quiet_key(source)):
        alert_close(workspace=source.workspace, key=key)
    audit_record(verb="source.archived", target=source, actor=actor)
    source.refresh_from_db()


@transaction.atomic
def source_restore(*, source: Source, actor: User | None = None) -> None:
    """Take a source out of the archive and collect it again.

    Raises:
        TransitionError: it is not in the archive.
    """
    if Source.objects.exclude(archived_at=None).filter(pk=source.pk).update(archived_at=None) != 1:
        raise TransitionError(_("“%(source)s” is not in the archive.") % {"source": source.name})
    audit_record(verb="source.restored", target=source, actor=actor)
    source_resume(source=source, actor=actor)
