"""A feed that says for good that it lives elsewhere: believed after it said so for a day, then followed."""

from __future__ import annotations

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.sources.models import Source
from apps.sources.services.schedule import moved_key, source_url

CONFIRMATIONS = 3  # collections in a row that were sent to the same address by 301 or 308 only
CONFIRMED_FOR = timedelta(hours=24)  # a mistake of a site's settings rarely lives longer
URL_MAX = 1000
TOLD = 10_000  # stands in `moved_seen` once a person was told that the new address is taken


def move_noticed(source: Source, moved_to: str) -> None:
    """Count what the last answer said of the feed's place, and adopt a new one that has proved itself.

    `moved_to` is where permanent redirects alone led, empty where there were none or one of them was temporary. Call it
    in the transaction that records the answer, with the source's row locked.
    """
    if not moved_to or moved_to == source.url or len(moved_to) > URL_MAX:
        if source.moved_to:
            _note(source, "", 0)
            alert_close(workspace=source.workspace, key=moved_key(source))
        return
    if moved_to != source.moved_to:
        _note(source, moved_to, 1)
        return
    if source.moved_seen < TOLD:
        _note(source, moved_to, min(source.moved_seen + 1, TOLD - 1))
    since = source.moved_since or now()
    if source.moved_seen >= CONFIRMATIONS and now() - since >= CONFIRMED_FOR:
        _adopt(source, moved_to)


def _note(source: Source, moved_to: str, seen: int) -> None:
    if moved_to != source.moved_to:
        source.moved_since = now() if moved_to else None
    source.moved_to, source.moved_seen = moved_to, seen
    source.save(update_fields=["moved_to", "moved_seen", "moved_since"])


def _adopt(source: Source, moved_to: str) -> None:
    old = source.url
    same = Source.objects.filter(workspace=source.workspace_id, kind=source.kind, url=moved_to).exclude(pk=source.pk)
    other = same.first()
    if other is None:
        try:
            with transaction.atomic():  # another may take the address at this moment
                Source.objects.filter(pk=source.pk).update(url=moved_to, moved_to="", moved_seen=0, moved_since=None)
        except IntegrityError:
            other = same.first()
        else:
            source.url, source.moved_to, source.moved_seen, source.moved_since = moved_to, "", 0, None
            audit_record(verb="source.moved", target=source, details={"from": old, "to": moved_to})
            alert_close(workspace=source.workspace, key=moved_key(source))
            return
    if source.moved_seen < TOLD:
        _note(source, moved_to, TOLD)
        alert_raise(
            workspace=source.workspace,
            key=moved_key(source),
            message=_("“%(source)s” has moved to the address that “%(other)s” collects already. Remove one of them.")
            % {"source": source.name, "other": other.name if other else moved_to},
            url=source_url(source),
        )
