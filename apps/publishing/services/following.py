"""What deliveries say of the publications they carry; inside the transactions that record it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.delivery.models import Delivery
from apps.publishing.models import Channel, Publication, PublicationPart, PublicationRevision
from apps.publishing.services.readings import look_first
from apps.stories.services import story_published

Status = Publication.Status
Outcome = Delivery.Outcome


def publication_followed(delivery: Delivery) -> Publication | None:
    """Take over what became of a part's delivery; None where nothing is left of it."""
    part = PublicationPart.objects.filter(delivery=delivery).first()
    if part is None:
        return None
    rows = Publication.objects.select_related("channel", "workspace", "story", "version")
    publication = rows.get(pk=part.publication_id)
    part.message_ids, part.url = delivery.vendor_id, delivery.url
    if delivery.outcome == Outcome.SENT and not part.chat_id:
        part.chat_id = publication.channel.chat_id
    part.save(update_fields=["message_ids", "url", "chat_id"])
    if publication.status in (Status.WITHDRAWN, Status.DELETED):
        return publication
    parts = list(PublicationPart.objects.filter(publication=publication).select_related("delivery"))
    carried = [one.delivery if one.delivery_id != delivery.pk else delivery for one in parts]
    publication.status, publication.reason = stand_of([one for one in carried if one is not None])
    first = parts[0]
    publication.sent_at = first.delivery.sent_at if first.delivery else None
    publication.message_id, publication.message_url = first.message_ids.partition(",")[0][:64], first.url
    publication.save(update_fields=["status", "reason", "sent_at", "message_id", "message_url"])
    if publication.status == Status.SENT:
        _revision, is_first = PublicationRevision.objects.get_or_create(
            publication=publication,
            number=1,
            defaults={
                "kind": PublicationRevision.Kind.PUBLISHED,
                "html": publication.html,
                "live_from": publication.sent_at,
                "editor_id": publication.created_by_id,
            },
        )
        if is_first:
            look_first(publication)
        if publication.channel.has_feed:
            feed_changed(publication)
        story_published(story=publication.story)
    return publication


def feed_changed(publication: Publication) -> None:
    """Note that a Telegram channel's open feed says something else from now on."""
    Channel.objects.filter(pk=publication.channel_id, has_feed=True, kind=Channel.Kind.TELEGRAM).update(
        page_version=F("page_version") + 1, page_changed_at=now()
    )


def stand_of(deliveries: Sequence[Delivery]) -> tuple[Status, str]:
    """How a publication of these stands, and why: unknown before failed, and out only as a whole."""
    outcomes = [one.outcome for one in deliveries]
    for outcome, status in ((Outcome.UNKNOWN, Status.UNKNOWN), (Outcome.FAILED, Status.FAILED)):
        found = next((one for one in deliveries if one.outcome == outcome), None)
        if found is not None:
            return status, found.error
    if Outcome.CANCELLED in outcomes and Outcome.WAITING not in outcomes:
        sent = outcomes.count(Outcome.SENT)
        if not sent:
            return Status.CANCELLED, ""
        words = _("Only %(sent)s of %(all)s messages came out. Delete what is there, or leave it.")
        return Status.FAILED, words % {"sent": sent, "all": len(outcomes)}
    if all(outcome == Outcome.SENT for outcome in outcomes):
        return Status.SENT, ""
    return Status.SCHEDULED, ""
