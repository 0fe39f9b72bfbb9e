"""A publication's way: scheduled, then whatever its deliveries say."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_cancel, delivery_create, delivery_move
from apps.delivery.services.following import UNFOLLOWED
from apps.publishing import layout, telegram_text
from apps.publishing.layout import Message
from apps.publishing.models import Channel, Publication, PublicationChange, PublicationPart
from apps.publishing.services import ways
from apps.publishing.services.changes import change_make
from apps.publishing.services.files import credit_of, files_chosen, files_kept
from apps.publishing.services.links import links_put
from apps.publishing.services.moments import publish_moment
from apps.publishing.services.options import PostOptions, options_of
from apps.publishing.telegram_text import Sections
from apps.stories.models import Story, StoryVersion

Status = Publication.Status


def publication_schedule(
    *,
    story: Story,
    channel: Channel,
    editor: User | None,
    at: datetime | None = None,
    options: PostOptions | None = None,
    guard: Callable[[], None] | None = None,
) -> Publication:
    """Publish the story's current version in the channel, now or at a time; asking twice publishes once.

    Without `options` it goes out as the channel's publications do. One that failed earlier gives way to the new one.
    `guard` is called first in the transaction that makes it, when the files are read: it locks, and may refuse.

    Raises:
        TransitionError: the story is not approved, stands in this channel already, or may stand there.
        PermanentError: the text is too long or empty, a file is unfit or gone, the time has passed or is far away, or
            the channel is unfit.
    """
    if story.workspace_id != channel.workspace_id:
        raise PermanentError(_("The channel belongs to another workspace."), code="other_workspace")
    options = options or options_of(channel)
    chosen = files_chosen(story, options.files)
    files = files_kept(channel.workspace, chosen, spoiler=options.spoiler)
    with transaction.atomic():
        if guard is not None:
            guard()
        ways.lanes_held(channel)
        return _scheduled(
            story=story,
            channel=channel,
            editor=editor,
            at=at,
            options=options,
            files=files,
            credit=credit_of(channel.workspace, chosen),
        )


def _scheduled(
    *,
    story: Story,
    channel: Channel,
    editor: User | None,
    at: datetime | None,
    options: PostOptions,
    files: Sequence[Mapping[str, Any]],
    credit: str,
) -> Publication:
    locked = Story.objects.select_for_update().get(pk=story.pk)
    if locked.status not in (Story.Status.APPROVED, Story.Status.PUBLISHED) or locked.current_version is None:
        raise TransitionError(_("Only an approved story can be published. Approve it first."))
    version, at_once = locked.current_version, now()
    publish_at = publish_moment(at, at_once)
    if known := _known(locked, channel, version, at, at_once):
        return known
    text = sections_of(version=version, channel=channel, credit=credit)
    messages = messages_of(text, channel, options, files)
    publication = Publication.objects.create(
        workspace_id=locked.workspace_id,
        channel=channel,
        story=locked,
        version=version,
        title=version.title,
        html=text.html,
        publish_at=publish_at,
        created_by=editor,
        **options.flags(),
    )
    publication_hand_over(publication, messages)
    audit_record(
        actor=editor,
        verb="publication.scheduled",
        target=publication,
        details={"channel": channel.name, "version": version.number, "at": publish_at.isoformat()},
    )
    return publication


def sections_of(*, version: StoryVersion, channel: Channel, credit: str = "", title: str = "") -> Sections:
    """The version as the channel would publish it, in its parts; with another headline where one is given."""
    return telegram_text.sections(
        title=title or version.title,
        lead=version.lead,
        body=version.body,
        credit=credit,
        signature=channel.signature,
        footer=channel.footer,
    )


def messages_of(
    text: Sections, channel: Channel, options: PostOptions, files: Sequence[Mapping[str, Any]]
) -> list[Message]:
    """The messages that a text and its files become in the channel.

    Raises:
        PermanentError: nothing is in it, it is too long, or Telegram would refuse a file; a program takes any.
    """
    if channel.kind == Channel.Kind.WEBHOOK:
        return [layout.whole(text, files, options.buttons)]
    is_page = channel.kind == Channel.Kind.PREVIEW
    return layout.lay_out(text, files, splits=options.splits, buttons=options.buttons, is_page=is_page)


def publication_text(*, version: StoryVersion, channel: Channel) -> str:
    """The version as one message of the channel.

    Raises:
        PermanentError: nothing is in it, or it is longer than Telegram takes.
    """
    return layout.lay_out(sections_of(version=version, channel=channel))[0].html


def publication_cancel(*, publication: Publication, editor: User | None = None, reason: str = "") -> None:
    """Take back a publication that is not out, with all of its messages.

    Raises:
        TransitionError: it is leaving, it is out, or nobody knows.
    """
    with transaction.atomic():
        rows = _deliveries(publication)
        # What is out stays out; of the rest the first says whether it may still be stopped.
        rows = [one for one in rows if one.outcome != Delivery.Outcome.SENT] or rows[:1]
        for number, delivery in enumerate(rows):
            # What follows the first one ends with it; only the first one says whether it may still be stopped.
            if number:
                delivery.refresh_from_db()
            if number == 0 or delivery.state != Delivery.State.DONE:
                delivery_cancel(delivery=delivery, by=editor, reason=reason)
        audit_record(actor=editor, verb="publication.cancelled", target=publication)
    publication.refresh_from_db(fields=["status", "reason"])


def publication_move(
    *, publication: Publication, to: datetime, editor: User | None = None, is_return: bool = False
) -> None:
    """Give a publication that is not out another time; a former time that it returns to may have passed.

    Raises:
        TransitionError: it is leaving, or it is out, failed, cancelled or unknown.
        PermanentError: the time has passed, or is far away.
    """
    moment = to if is_return else publish_moment(to, now())
    with transaction.atomic():
        for delivery in _deliveries(publication):
            if delivery.error_code == UNFOLLOWED:  # it comes back with the one that it names
                continue
            delivery_move(delivery=delivery, to=moment, by=editor)
        Publication.objects.filter(pk=publication.pk).update(publish_at=moment)
        audit_record(
            actor=editor,
            verb="publication.moved",
            target=publication,
            details={"from": publication.publish_at.isoformat(), "to": moment.isoformat()},
        )
    publication.publish_at = moment


def _known(
    story: Story, channel: Channel, version: StoryVersion, at: datetime | None, at_once: datetime
) -> Publication | None:
    """The publication that was asked for before; a failed one is taken back. The story is locked."""
    found = publication_there(story, channel)
    if found is None:
        return None
    if found.status == Status.FAILED:
        give_way(found)
        return None
    if found.status == Status.UNKNOWN:
        text = _("Nobody knows whether the story is already in “%(channel)s”. Say first whether it is there.")
        raise TransitionError(text % {"channel": channel.name})
    if found.status == Status.WITHDRAWN:
        text = _("The story was withdrawn in “%(channel)s”. Delete it there first.")
        raise TransitionError(text % {"channel": channel.name})
    same_time = found.publish_at == at if at else found.publish_at <= at_once
    if found.version_id == version.pk and same_time:
        return found
    if found.status == Status.SCHEDULED:
        when = date_format(found.publish_at.astimezone(channel.workspace.zone), "SHORT_DATETIME_FORMAT")
        text = _("The story is already scheduled in “%(channel)s” for %(when)s. Move or cancel that publication.")
        raise TransitionError(text % {"channel": channel.name, "when": when})
    raise TransitionError(_("The story has already gone out in “%(channel)s”.") % {"channel": channel.name})


def publication_there(story: Story, channel: Channel) -> Publication | None:
    """The story's publication in a channel, whatever became of it, unless it was cancelled or deleted."""
    rows = Publication.objects.filter(story=story, channel=channel, corrects=None, repeats=None)
    rows = rows.exclude(status__in=(Status.CANCELLED, Status.DELETED))
    return rows.select_related("delivery", "workspace", "channel").first()


def give_way(failed: Publication) -> None:
    """Take back what is left of a publication that failed, for a new one.

    Raises:
        TransitionError: some of its messages are out.
    """
    deliveries = _deliveries(failed)
    if any(one.outcome == Delivery.Outcome.SENT for one in deliveries):
        text = _("Some messages of this story are in “%(channel)s” already. Try the rest again, or delete them there.")
        raise TransitionError(text % {"channel": failed.channel.name})
    for delivery in deliveries:
        delivery.refresh_from_db()
        if delivery.state != Delivery.State.DONE:
            delivery_cancel(delivery=delivery, reason=_("published anew"))
    Publication.objects.filter(pk=failed.pk, status=Status.FAILED).update(status=Status.CANCELLED)


def publication_hand_over(publication: Publication, messages: Sequence[Message]) -> None:
    """Put its messages in the outbox, each behind the one before it; inside the transaction that makes it.

    Publications of one channel leave in the order of their times. One that is to be pinned is pinned when it is out.
    """
    before: Delivery | None = None
    first: PublicationPart | None = None
    for position, message in enumerate(links_put(publication, messages)):
        part = PublicationPart.objects.create(
            publication=publication,
            position=position,
            kind=message.kind,
            html=message.html,
            media=list(message.media),
            buttons=list(message.buttons),
        )
        before = part.delivery = _delivery_of(part, publication, after=before)
        part.save(update_fields=["delivery"])
        if first is None:
            first, publication.delivery = part, part.delivery
    publication.save(update_fields=["delivery"])
    if first is not None and publication.pin and publication.channel.kind == Channel.Kind.TELEGRAM:
        change_make(first, PublicationChange.Do.PIN)


def _delivery_of(part: PublicationPart, publication: Publication, *, after: Delivery | None) -> Delivery:
    channel = publication.channel
    name = f"publication:{publication.pk}"
    return delivery_create(
        workspace=publication.workspace,
        sender=ways.POST[Channel.Kind(channel.kind)],
        kind="post",
        destination=channel.name,
        payload={
            "publication": publication.pk,
            "html": part.html,
            "buttons": part.buttons,
            "silent": publication.silent,
            "protect": publication.protect,
            "link_preview": publication.link_preview,
            "media": part.media,
        },
        dedupe_key=name if part.position == 0 else f"{name}:{part.position}",
        order_key=ways.lane_key(channel),
        not_before=publication.publish_at,
        after=after,
    )


def _deliveries(publication: Publication) -> list[Delivery]:
    """Its messages' deliveries in their order."""
    rows = Delivery.objects.filter(publication_part__publication=publication).select_related("workspace")
    return list(rows.order_by("publication_part__position"))
