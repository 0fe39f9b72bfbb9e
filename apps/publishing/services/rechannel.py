"""A publication that is not out goes to another channel of its workspace, with that channel's text and schedule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery
from apps.publishing.models import Channel, Publication
from apps.publishing.preflight import ERROR, SPLIT, WARNING, Checked, Finding, preflight
from apps.publishing.services.files import Offered, credit_of, files_offered
from apps.publishing.services.moments import publish_moment
from apps.publishing.services.options import FLAGS, PostOptions, options_of
from apps.publishing.services.publications import (
    give_way,
    messages_of,
    publication_cancel,
    publication_hand_over,
    publication_there,
    sections_of,
)
from apps.publishing.services.schedule import publication_movable, schedule_locked
from apps.publishing.services.schedule_rules import ConflictError, conflicts_at
from apps.publishing.services.ways import lanes_held
from apps.stories.legal import DraftText
from apps.stories.models import Story


class UnfitError(PermanentError):
    """The text, as it is, does not fit the other channel, or there is something to know before.

    Attributes:
        findings: what the channel's preflight says.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(" ".join(one.text for one in findings), code="unfit")
        self.findings = tuple(findings)

    @property
    def is_final(self) -> bool:
        """Whether nobody can insist."""
        return any(one.level == ERROR and SPLIT not in one.do for one in self.findings)

    @property
    def splits(self) -> bool:
        """Whether it fits once it is split into messages."""
        return any(SPLIT in one.do for one in self.findings)


def publication_rechannel(
    *,
    publication: Publication,
    channel: Channel,
    to: datetime,
    editor: User | None,
    seen: datetime | None = None,
    anyway: bool = False,
    split: bool = False,
) -> Publication:
    """Take a publication back from its channel and schedule it in another one, in one transaction.

    Its version, pictures and files go with it. What it does otherwise than its channel, it does otherwise there too.

    Args:
        anyway: although the schedule speaks against the time, or the preflight warns.
        split: into messages, where the text is too long for one.

    Raises:
        UnfitError: the other channel's preflight refuses the text, or warns and nobody said `anyway`.
        ConflictError: the other channel's schedule speaks against the time.
        TransitionError: it has left, in part or whole, has ended or was moved meanwhile, it is a correction, or the
            story stands there.
        PermanentError: the channel is of another workspace, or the time has passed.
    """
    if channel.workspace_id != publication.workspace_id:
        raise PermanentError(_("The channel belongs to another workspace."), code="other_workspace")
    with transaction.atomic():
        stored = _held(publication, channel, seen)
        moment = publish_moment(to, now())
        options = options_there(stored, channel, split=split)
        _refuse_unfit(stored, channel, options, anyway=anyway)
        if not anyway and (found := conflicts_at(channel, moment)):
            raise ConflictError(found)
        _make_place(stored, channel)
        reason = _("moved to “%(channel)s”") % {"channel": channel.name}
        publication_cancel(publication=stored, editor=editor, reason=reason)
        made = publication_copied(stored, channel, moment, editor, options)
        _moved_record(stored, made, editor)
        return made


def options_there(row: Publication, channel: Channel, *, split: bool = False) -> PostOptions:
    """How it goes out there: as that channel does, and otherwise where it does otherwise than its own channel."""
    chosen: dict[str, Any] = {
        name: getattr(row, name) for name in FLAGS[:-1] if getattr(row, name) != getattr(row.channel, name)
    }
    if row.buttons != row.channel.buttons:
        chosen["buttons"] = row.buttons
    options = options_of(channel, **chosen)
    return replace(options, splits=True) if split else options


def checked_there(row: Publication, channel: Channel, options: PostOptions) -> Checked:
    """What the channel's preflight says of its text and files."""
    version = row.version
    text = DraftText(version.title, version.lead, version.body)
    return preflight(story=row.story, text=text, channel=channel, options=options, chosen=_offered(row))


def _held(publication: Publication, channel: Channel, seen: datetime | None) -> Publication:
    """The publication as it stands, if it may go elsewhere; nothing of it leaves until the transaction ends."""
    both = sorted((channel, publication.channel), key=lambda one: one.pk)
    for each in both:
        schedule_locked(each)
    lanes_held(*both)
    stored = publication_movable(publication, seen)
    if stored.corrects_id is not None:
        raise TransitionError(_("A correction stays in the channel of what it puts right."))
    if stored.repeats_id is not None:
        raise TransitionError(_("Another headline stays in the channel of the first one."))
    if stored.parts.filter(delivery__outcome=Delivery.Outcome.SENT).exists():
        raise TransitionError(_("Some of its messages are out already. Nothing is changed."))
    return stored


def _make_place(row: Publication, channel: Channel) -> None:
    """Let one of the story that failed there give way; the story is held, so that nobody publishes it there meanwhile.

    Raises:
        TransitionError: the story stands there, or some of its messages do.
    """
    story = Story.objects.select_for_update().get(pk=row.story_id)
    there = publication_there(story, channel)
    if there is None:
        return
    if there.status != Publication.Status.FAILED:
        raise TransitionError(_("The story is in this channel already."))
    give_way(there)


def _refuse_unfit(row: Publication, channel: Channel, options: PostOptions, *, anyway: bool) -> None:
    """Refuse what the preflight refuses; ask about its warnings, as far as its own channel has not the same."""
    found = checked_there(row, channel, options).findings
    errors = [one for one in found if one.level == ERROR]
    warnings = [one for one in found if one.level == WARNING]
    if warnings and not errors and not anyway:
        known = {one.text for one in checked_there(row, row.channel, options_there(row, row.channel)).findings}
        errors = [one for one in warnings if one.text not in known]
    if errors:
        raise UnfitError(errors)


def _offered(row: Publication) -> list[Offered]:
    """The story's files that the publication keeps copies of; those that are gone from the story are not among them."""
    names = [one["name"] for one in _media(row)]
    by_name = {one.name: one for one in files_offered(row.story)}
    return [by_name[name] for name in names if name in by_name]


def _media(row: Publication) -> list[Mapping[str, Any]]:
    return [one for part in row.parts.order_by("position") for one in part.media]


def publication_copied(
    row: Publication,
    channel: Channel,
    moment: datetime,
    editor: User | None,
    options: PostOptions,
    *,
    title: str = "",
    repeats: Publication | None = None,
) -> Publication:
    """The same version and files, scheduled in a channel; inside the caller's transaction.

    Raises:
        PermanentError: it is longer than Telegram takes, or a file is unfit.
    """
    credit = credit_of(channel.workspace, _offered(row))
    text = sections_of(version=row.version, channel=channel, credit=credit, title=title)
    messages = messages_of(text, channel, options, _media(row))
    made = Publication.objects.create(
        workspace_id=row.workspace_id,
        channel=channel,
        story_id=row.story_id,
        version_id=row.version_id,
        title=title or row.title,
        html=text.html,
        publish_at=moment,
        created_by=editor,
        repeats=repeats,
        **options.flags(),
    )
    publication_hand_over(made, messages)
    return made


def _moved_record(was: Publication, made: Publication, editor: User | None) -> None:
    told = {"from": was.channel.name, "to": made.channel.name}
    times = {"was": was.publish_at.isoformat(), "at": str(made.publish_at)}
    audit_record(actor=editor, verb="publication.rechanneled", target=made, details=told | times)
