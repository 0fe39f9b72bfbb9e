"""What is done to a message that is out: a delivery that waits for the one that brought it."""

from __future__ import annotations

from collections.abc import Sequence

from apps.accounts.models import User
from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_cancel, delivery_create
from apps.publishing.models import Channel, Publication, PublicationChange, PublicationPart, PublicationRevision
from apps.publishing.services import ways
from apps.publishing.services.following import feed_changed

Do = PublicationChange.Do
Outcome = Delivery.Outcome
Status = Publication.Status
STATUS_OF = {
    PublicationRevision.Kind.WITHDRAWN: Status.WITHDRAWN,
    PublicationRevision.Kind.DELETED: Status.DELETED,
}


def change_make(
    part: PublicationPart,
    do: PublicationChange.Do,
    *,
    html: str = "",
    revision: PublicationRevision | None = None,
    keeps_buttons: bool = True,
) -> PublicationChange:
    """Ask for a change of a part's message; it waits until that is out. Inside the transaction that decides it."""
    publication = part.publication
    change = PublicationChange.objects.create(part=part, revision=revision, do=do, html=html)
    change.delivery = delivery_create(
        workspace=publication.workspace,
        sender=ways.CHANGE[Channel.Kind(publication.channel.kind)],
        kind="change",
        destination=publication.channel.name,
        payload={
            "publication": publication.pk,
            "do": do.value,
            "html": html,
            "buttons": part.buttons if keeps_buttons else [],
            "link_preview": publication.link_preview,
            "silent": True,
        },
        dedupe_key=f"publication:{publication.pk}:change:{change.pk}",
        # Its own lane: changes of one publication come one after the other and hold up nothing else.
        order_key=f"publication:{publication.pk}",
        after=part.delivery,
    )
    change.save(update_fields=["delivery"])
    return change


def change_followed(delivery: Delivery) -> None:
    """Take over what became of a change, inside the transaction that records it."""
    change = (
        PublicationChange.objects.select_related("part__publication__channel", "revision")
        .filter(delivery=delivery)
        .first()
    )
    if change is None:
        return
    publication = change.part.publication
    if delivery.outcome == Outcome.SENT and change.done_at is None:
        change.done_at = delivery.sent_at or now()
        change.save(update_fields=["done_at"])
        _take_over(change)
    if change.revision is None:
        return
    waiting = change.revision.changes.filter(done_at__isnull=True)
    if not waiting.exists():
        revision_go_live(change.revision, publication)
    elif not waiting.exclude(delivery__state=Delivery.State.DONE).exists():
        # Given up or cancelled, the last one of them.
        revision_drop(change.revision)


def _take_over(change: PublicationChange) -> None:
    """Note in the part, or the publication, what has been done."""
    part, publication = change.part, change.part.publication
    match change.do:
        case Do.EDIT | Do.CAPTION:
            PublicationPart.objects.filter(pk=part.pk).update(html=change.html)
        case Do.DELETE:
            PublicationPart.objects.filter(pk=part.pk).update(deleted_at=change.done_at)
        case Do.PIN | Do.UNPIN:
            Publication.objects.filter(pk=publication.pk).update(is_pinned=change.do == Do.PIN)


def revision_go_live(revision: PublicationRevision, publication: Publication) -> None:
    """Readers see this revision from now on: it ends the one before; inside the caller's transaction."""
    at = now()
    if revision.live_from is not None or revision.dropped_at is not None:
        return
    PublicationRevision.objects.filter(
        publication=publication, live_from__isnull=False, live_until__isnull=True
    ).update(live_until=at)
    PublicationRevision.objects.filter(pk=revision.pk).update(live_from=at)
    revision.live_from = at
    if publication.channel.has_feed:
        feed_changed(publication)
    status = STATUS_OF.get(PublicationRevision.Kind(revision.kind))
    if status is None:
        Publication.objects.filter(pk=publication.pk).update(html=revision.html, edited_at=at)
    elif status == Status.DELETED:
        gone = {"status": status, "ended_at": at, "is_pinned": False, "reason": ""}
        Publication.objects.filter(pk=publication.pk).update(**gone)
    else:
        Publication.objects.filter(pk=publication.pk).update(status=status, ended_at=at, html=revision.html)


def revision_drop(revision: PublicationRevision) -> None:
    """It never went live: what was asked for has been given up."""
    PublicationRevision.objects.filter(pk=revision.pk, live_from__isnull=True).update(dropped_at=now())


def changes_clear(publication: Publication, editor: User | None, reason: str) -> bool:
    """Give up changes that failed, so that another one may be asked for; whether none is on its way any more."""
    pending = PublicationRevision.objects.filter(
        publication=publication, live_from__isnull=True, dropped_at__isnull=True
    ).first()
    if pending is None:
        return True
    rows = list(Delivery.objects.filter(publication_change__revision=pending).select_related("workspace"))
    if any(row.state != Delivery.State.DEAD and row.state != Delivery.State.DONE for row in rows):
        return False
    for row in rows:
        if row.state == Delivery.State.DEAD:
            delivery_cancel(delivery=row, by=editor, reason=reason)
    revision_drop(pending)
    return True


def is_torn(publication: Publication, current: PublicationRevision) -> bool:
    """Whether a later revision was given up after it had reached some of the messages."""
    later = publication.revisions.filter(number__gt=current.number, dropped_at__isnull=False)
    return later.filter(changes__done_at__isnull=False).exists()


def is_out(part: PublicationPart) -> bool:
    """Whether a part's message stands in the channel, its number known or not."""
    return bool(part.message_ids) or (part.delivery is not None and part.delivery.outcome == Outcome.SENT)


def rest_cancel(parts: Sequence[PublicationPart], editor: User | None, reason: str) -> None:
    """Take back those of these parts that failed, so that nobody's "try again" brings them out later."""
    for part in parts:
        if part.delivery is not None and part.delivery.state == Delivery.State.DEAD:
            delivery_cancel(delivery=part.delivery, by=editor, reason=reason)
