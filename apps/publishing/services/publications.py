"""A publication's way: scheduled, then whatever its delivery says."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_cancel, delivery_create, delivery_move
from apps.publishing import telegram_text
from apps.publishing.models import Channel, Publication
from apps.stories.models import Story, StoryVersion
from apps.stories.services import story_published

Status = Publication.Status
SENDERS = {Channel.Kind.TELEGRAM: "telegram.post", Channel.Kind.PREVIEW: "preview.post"}
# A form that was filled in a moment ago may ask for a minute that has just passed.
LATE = timedelta(minutes=5)
# Further ahead it is a slip of the finger, and the last years of the calendar can't be shown in every zone.
AHEAD = timedelta(days=20 * 366)
FOLLOWED = {
    Delivery.Outcome.WAITING: Status.SCHEDULED,
    Delivery.Outcome.SENT: Status.SENT,
    Delivery.Outcome.FAILED: Status.FAILED,
    Delivery.Outcome.UNKNOWN: Status.UNKNOWN,
    Delivery.Outcome.CANCELLED: Status.CANCELLED,
}


@transaction.atomic
def publication_schedule(
    *, story: Story, channel: Channel, editor: User | None, at: datetime | None = None
) -> Publication:
    """Publish the story's current version in the channel, now or at a time; asking twice publishes once.

    One that failed earlier gives way to the new one.

    Raises:
        TransitionError: the story is not approved, stands in this channel already, or may stand there.
        PermanentError: the text is too long or empty, the time has passed or is far away, or the channel is unfit.
    """
    locked = Story.objects.select_for_update().get(pk=story.pk)
    if locked.workspace_id != channel.workspace_id:
        raise PermanentError(_("The channel belongs to another workspace."), code="other_workspace")
    if locked.status not in (Story.Status.APPROVED, Story.Status.PUBLISHED) or locked.current_version is None:
        raise TransitionError(_("Only an approved story can be published. Approve it first."))
    version, at_once = locked.current_version, now()
    publish_at = _moment(at, at_once)
    if known := _known(locked, channel, version, at, at_once):
        return known
    publication = Publication.objects.create(
        workspace_id=locked.workspace_id,
        channel=channel,
        story=locked,
        version=version,
        title=version.title,
        html=publication_text(version=version, channel=channel),
        publish_at=publish_at,
        created_by=editor,
    )
    publication.delivery = _handed_over(publication)
    publication.save(update_fields=["delivery"])
    audit_record(
        actor=editor,
        verb="publication.scheduled",
        target=publication,
        details={"channel": channel.name, "version": version.number, "at": publish_at.isoformat()},
    )
    return publication


def publication_text(*, version: StoryVersion, channel: Channel) -> str:
    """The version as the channel would publish it.

    Raises:
        PermanentError: nothing is in it, or it is longer than Telegram takes.
    """
    html = telegram_text.compose(title=version.title, lead=version.lead, body=version.body, footer=channel.footer)
    if not html:
        raise PermanentError(_("The text is empty. Write it first."), code="empty")
    length = telegram_text.length(html)
    if length > telegram_text.MESSAGE_LIMIT:
        message = _(
            "The text is too long for a Telegram message: %(length)s characters with the title and the footer, at most "
            "%(limit)s. Shorten it by %(over)s."
        )
        numbers = {"length": length, "limit": telegram_text.MESSAGE_LIMIT, "over": length - telegram_text.MESSAGE_LIMIT}
        words = {name: number_format(number, force_grouping=True) for name, number in numbers.items()}
        raise PermanentError(message % words, code="too_long")
    return html


def publication_cancel(*, publication: Publication, editor: User | None = None, reason: str = "") -> None:
    """Take back a publication that is not out.

    Raises:
        TransitionError: it is leaving, it is out, or nobody knows.
    """
    with transaction.atomic():
        delivery_cancel(delivery=_delivery(publication), by=editor, reason=reason)
        audit_record(actor=editor, verb="publication.cancelled", target=publication)
    publication.refresh_from_db(fields=["status", "reason"])


def publication_move(*, publication: Publication, to: datetime, editor: User | None = None) -> None:
    """Give a publication that is not out another time.

    Raises:
        TransitionError: it is leaving, or it is out, failed, cancelled or unknown.
        PermanentError: the time has passed, or is far away.
    """
    moment = _moment(to, now())
    with transaction.atomic():
        delivery_move(delivery=_delivery(publication), to=moment, by=editor)
        Publication.objects.filter(pk=publication.pk).update(publish_at=moment)
        audit_record(
            actor=editor,
            verb="publication.moved",
            target=publication,
            details={"from": publication.publish_at.isoformat(), "to": moment.isoformat()},
        )
    publication.publish_at = moment


def publication_followed(delivery: Delivery) -> Publication | None:
    """Take over what became of the delivery, inside the transaction that records it; None where nothing is left."""
    publication = (
        Publication.objects.select_related("channel", "workspace", "story", "version").filter(delivery=delivery).first()
    )
    if publication is None:
        return None
    publication.status = FOLLOWED[Delivery.Outcome(delivery.outcome)]
    publication.reason = delivery.error if publication.status in (Status.FAILED, Status.UNKNOWN) else ""
    publication.sent_at = delivery.sent_at
    publication.message_id, publication.message_url = delivery.vendor_id[:64], delivery.url
    publication.save(update_fields=["status", "reason", "sent_at", "message_id", "message_url"])
    if publication.status == Status.SENT:
        story_published(story=publication.story)
    return publication


def _known(
    story: Story, channel: Channel, version: StoryVersion, at: datetime | None, at_once: datetime
) -> Publication | None:
    """The publication that was asked for before; a failed one is taken back. The story is locked."""
    found = (
        Publication.objects.filter(story=story, channel=channel)
        .exclude(status=Status.CANCELLED)
        .select_related("delivery", "workspace", "channel")
        .first()
    )
    if found is None:
        return None
    if found.status == Status.FAILED:
        if found.delivery and found.delivery.state == Delivery.State.DEAD:
            delivery_cancel(delivery=found.delivery, reason=_("published anew"))
        else:
            Publication.objects.filter(pk=found.pk).update(status=Status.CANCELLED)
        return None
    if found.status == Status.UNKNOWN:
        text = _("Nobody knows whether the story is already in “%(channel)s”. Say first whether it is there.")
        raise TransitionError(text % {"channel": channel.name})
    same_time = found.publish_at == at if at else found.publish_at <= at_once
    if found.version_id == version.pk and same_time:
        return found
    if found.status == Status.SCHEDULED:
        when = date_format(found.publish_at.astimezone(channel.workspace.zone), "SHORT_DATETIME_FORMAT")
        text = _("The story is already scheduled in “%(channel)s” for %(when)s. Move or cancel that publication.")
        raise TransitionError(text % {"channel": channel.name, "when": when})
    raise TransitionError(_("The story has already gone out in “%(channel)s”.") % {"channel": channel.name})


def _handed_over(publication: Publication) -> Delivery:
    """Put it in the outbox; publications of one channel leave in the order of their times."""
    channel = publication.channel
    return delivery_create(
        workspace=publication.workspace,
        sender=SENDERS[Channel.Kind(channel.kind)],
        destination=channel.name,
        payload={"publication": publication.pk, "html": publication.html},
        dedupe_key=f"publication:{publication.pk}",
        order_key=f"channel:{channel.pk}",
        not_before=publication.publish_at,
    )


def _moment(at: datetime | None, at_once: datetime) -> datetime:
    if at is None:
        return at_once
    if at < at_once - LATE:
        raise PermanentError(_("This time has already passed. Choose a later one."), code="in_past")
    if at > at_once + AHEAD:
        raise PermanentError(_("This time is more than twenty years away. Check the year."), code="too_far")
    return at


def _delivery(publication: Publication) -> Delivery:
    delivery = publication.delivery
    assert delivery is not None  # noqa: S101 - made in the transaction that made the publication
    return delivery
