"""What people do to sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import alert_close, audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.sources.collectors import is_collected
from apps.sources.models import ChannelRead, Poll, Source
from apps.sources.services.asks import regains_forget
from apps.sources.services.channel_accounts import account_for
from apps.sources.services.read_schedule import read_due_now
from apps.sources.services.schedule import failing_key, gone_key, poll_next
from apps.sources.services.upkeep import upkeep_begin
from apps.telegram.models import Session

# A change of these makes the marks of the last answer worthless: all has to be read again.
REREAD = frozenset({"url", "link_selector", "username", "backfill_from", "backfill_posts"})


@transaction.atomic
def source_create(
    *,
    workspace: Workspace,
    kind: str,
    name: str,
    url: str = "",
    actor: User | None = None,
    **settings: str | int | Session,
) -> Source:
    """Make a source; what is collected by itself is collected at once. `settings` are further fields of it.

    Raises:
        ValidationError: the name or address is taken, or a field is malformed.
    """
    source = Source(workspace=workspace, kind=kind, name=name, url=url, **settings)
    source.full_clean()
    source_save(source=source, changed=(), actor=actor)
    return source


@transaction.atomic
def source_save(*, source: Source, changed: Sequence[str], actor: User | None = None) -> None:
    """Store a validated source, new or changed; where it is new or reads another place, it is collected at once."""
    is_new = source.pk is None
    if is_new or REREAD & set(changed):
        source.etag = source.last_modified = ""
    if is_new:
        source.save()
        upkeep_begin(source.workspace)
        audit_record(verb="source.created", target=source, actor=actor)
    elif changed:
        source.save(update_fields=[*changed, "etag", "last_modified"])
        audit_record(verb="source.changed", target=source, actor=actor, details={"fields": list(changed)})
    if is_new and source.kind == Source.Kind.TELEGRAM and source.session_id is None:
        _account_chosen(source)
    if source.is_active and is_timed(source.kind) and (is_new or REREAD & set(changed)):
        _due_now(source)


@transaction.atomic
def source_poll_now(*, source: Source, actor: User | None = None) -> None:
    """Collect a feed, web page or channel without waiting for its time.

    Raises:
        TransitionError: it is paused, is an export, or is being collected at this moment.
    """
    fresh = Source.objects.select_for_update().get(pk=source.pk)
    if fresh.kind == Source.Kind.HAND:
        raise TransitionError(_("Nothing is collected here: it holds what editors bring in themselves."))
    if not is_timed(fresh.kind):
        raise TransitionError(_("An export is not collected by itself; upload a newer one instead."))
    if not fresh.is_active:
        raise TransitionError(_("“%(source)s” is paused. Resume it first.") % {"source": fresh.name})
    rows = _rows_of(fresh)
    if rows.filter(state=WorkRow.State.LEASED, not_before__gt=now()).exists():
        raise TransitionError(_("“%(source)s” is being collected right now.") % {"source": fresh.name})
    _due_now(fresh)
    audit_record(verb="source.poll_asked", target=fresh, actor=actor)


@transaction.atomic
def source_pause(*, source: Source, actor: User | None = None, reason: str = "") -> None:
    """Stop collecting a source until it is resumed.

    Raises:
        TransitionError: it is paused already.
    """
    paused = Source.objects.filter(pk=source.pk, is_active=True).update(is_active=False, paused_reason=reason[:300])
    if paused != 1:
        raise TransitionError(_("“%(source)s” is paused already.") % {"source": source.name})
    _rows_of(source).filter(state=WorkRow.State.READY).delete()
    alert_close(workspace=source.workspace, key=failing_key(source))
    audit_record(verb="source.paused", target=source, actor=actor, details={"reason": reason})
    source.refresh_from_db()


@transaction.atomic
def source_resume(*, source: Source, actor: User | None = None) -> None:
    """Collect a paused source again, at once.

    Raises:
        TransitionError: it is not paused.
    """
    resumed = Source.objects.filter(pk=source.pk, is_active=False).update(
        is_active=True, paused_reason="", paused_code="", failures=0, last_error="", refused_by=[]
    )
    if resumed != 1:
        raise TransitionError(_("“%(source)s” is not paused.") % {"source": source.name})
    source.refresh_from_db()
    regains_forget(source)
    alert_close(workspace=source.workspace, key=gone_key(source))
    if is_timed(source.kind):
        _due_now(source)
    audit_record(verb="source.resumed", target=source, actor=actor)


def _due_now(source: Source) -> None:
    """Bring the waiting collection or reading forward, or make one."""
    if source.kind == Source.Kind.TELEGRAM:
        read_due_now(source)
        return
    moment = now()
    waiting = Poll.objects.filter(source=source, state=WorkRow.State.READY)
    waiting.filter(not_before__gt=moment).update(not_before=moment)
    poll_next(source)
    bells.ring_on_commit("poll")


def is_timed(kind: str) -> bool:
    """Whether sources of this kind are asked for new posts by themselves."""
    return kind == Source.Kind.TELEGRAM or is_collected(kind)


def _rows_of(source: Source) -> QuerySet[Any]:
    """The work rows that ask the source for new posts."""
    rows: QuerySet[Any] = (ChannelRead if source.kind == Source.Kind.TELEGRAM else Poll)._base_manager.all()
    return rows.filter(source=source)


def _account_chosen(source: Source) -> None:
    """Give a new channel the account with the fewest; where there is none yet, the reading waits for one."""
    source.session_id = account_for(source)
    Source.objects.filter(pk=source.pk).update(session=source.session_id)
