"""An occurrence of a digest is worked: its text is made, approved where a person has to, and scheduled."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.accounts.work_alerts import work_dead_tell
from apps.core.clock import now
from apps.core.work import drain
from apps.core.work.models import WorkRow
from apps.publishing import slots
from apps.publishing.digests import digest_options, drafted, moment_of, occurs_after, since_of
from apps.publishing.models import Channel, Digest, DigestRun, Publication
from apps.publishing.services.digest_plan import alert_key, digest_next
from apps.publishing.services.schedule import Placed, publication_schedule_at, publication_schedule_next
from apps.publishing.services.schedule_rules import clock, rules_of, taken
from apps.stories.models import Story
from apps.stories.services.by_rule import story_by_rule

# A worker that was busy is no outage.
LATE = timedelta(minutes=15)
ASKED_EVERY, TRIES = timedelta(minutes=1), 3
Outcome = DigestRun.Outcome
LOST = (Publication.Status.CANCELLED, Publication.Status.DELETED)


@dataclass(frozen=True)
class Ended:
    """How an occurrence ended.

    Attributes:
        reason: why it was skipped, for a person.
        is_told: an alert tells of it; where nothing was wrong, the history is enough.
    """

    outcome: str
    publication: int | None = None
    reason: str = ""
    is_told: bool = False


def digest_work(row: DigestRun) -> Ended:
    """Make an occurrence; worked twice, or killed anywhere, it comes to one publication."""
    run = DigestRun.objects.select_related("digest__workspace", "digest__channel__workspace", "story").get(pk=row.pk)
    digest = run.digest
    with translation.override(digest.workspace.language):
        if digest.paused_at is not None:
            return _skipped(_("The digest was paused."))
        if run.story is None:
            ended = _missed(run) or _made(run)
            if ended is not None:
                return ended
        assert run.story is not None  # noqa: S101 - made just now
        return _published(run, run.story)


def digest_record(row: DigestRun, ended: Ended) -> None:
    """Note how it ended and plan the next; in the transaction that finishes the row."""
    DigestRun.objects.filter(pk=row.pk).update(
        outcome=ended.outcome, reason=ended.reason, publication=ended.publication
    )
    run = DigestRun.objects.select_related("digest__workspace", "digest__channel").get(pk=row.pk)
    digest = run.digest
    verb = "digest.made" if ended.outcome == Outcome.MADE else "digest.skipped"
    details = {"day": f"{run.local_date}", "name": digest.name, **({"reason": ended.reason} if ended.reason else {})}
    audit_record(verb=verb, target=digest, details=details)
    if ended.is_told:
        _tell(digest, ended.reason, level=Alert.Level.WARNING)
    elif ended.outcome == Outcome.MADE or run.story_id is not None:  # nobody is asked to approve it any more
        alert_close(workspace=digest.workspace, key=alert_key(digest))
    with translation.override(digest.workspace.language):
        digest_next(run)


def digest_dead(row: WorkRow) -> None:
    """An occurrence that could not be made is told of, and the next one is planned all the same."""
    assert isinstance(row, DigestRun)  # noqa: S101 - registered for nothing else
    words = _("A digest could not be made: %(why)s. Open the list of failed ones and press “Try again”.")
    work_dead_tell(row, words % {"why": row.error.rstrip(".")})
    digest_next(DigestRun.objects.select_related("digest").get(pk=row.pk))


def _skipped(reason: str, *, is_told: bool = False) -> Ended:
    return Ended(Outcome.SKIPPED, reason=reason, is_told=is_told)


def _missed(run: DigestRun) -> Ended | None:
    """What becomes of one that is worked too late; None where it goes on."""
    digest, at = run.digest, now()
    if at - run.due_at <= LATE:
        return None
    zone = digest.workspace.zone
    if moment_of(digest, occurs_after(digest, run.local_date)) <= at:
        return _skipped(_("Its time was missed, and so was the next one, which came out instead."), is_told=True)
    if digest.missed == Digest.Missed.SKIP:
        words = _("It was due at %(time)s and could be made only later; the digest says to skip it then.")
        return _skipped(words % {"time": clock(run.due_at, zone)}, is_told=True)
    return None


def _made(run: DigestRun) -> Ended | None:
    """Choose the stories and make the text, once; None where it goes on."""
    digest = run.digest
    draft = drafted(digest, since=since_of(digest, run.local_date), until=run.due_at)
    if len(draft.told) < digest.least:
        words = ngettext(
            "Only %(found)d story was found, and it comes out with %(least)d or more.",
            "Only %(found)d stories were found, and it comes out with %(least)d or more.",
            len(draft.told),
        )
        return _skipped(words % {"found": len(draft.told), "least": digest.least})
    with transaction.atomic():
        if DigestRun.objects.select_for_update().get(pk=run.pk).story_id is None:
            story = story_by_rule(
                workspace=digest.workspace,
                title=draft.title,
                lead=draft.lead,
                body=draft.body,
                rule=digest.name,
                approved=not digest.needs_approval,
            )
            told = [one.pk for one in draft.told]
            DigestRun.objects.filter(pk=run.pk, story=None).update(story=story, told=told)
            if story.status == Story.Status.REVIEW:
                _ask(digest, story)
    run.refresh_from_db(fields=["story", "told"])
    return None


def _published(run: DigestRun, story: Story) -> Ended:
    """Schedule its story, once it is approved."""
    digest = run.digest
    known = Publication.objects.filter(story=story, channel=digest.channel).exclude(status__in=LOST).first()
    if known is not None:
        return Ended(Outcome.MADE, known.pk)
    if story.status == Story.Status.ASIDE:
        return _skipped(_("It was put aside."))
    if story.status not in (Story.Status.APPROVED, Story.Status.PUBLISHED):
        if moment_of(digest, occurs_after(digest, run.local_date)) <= now():
            return _skipped(_("Nobody approved it before the next one."), is_told=True)
        raise drain.Defer(until=now() + ASKED_EVERY, reason=_("waits for approval"))
    placed = _placed(digest, story)
    if placed.publication is not None:
        return Ended(Outcome.MADE, placed.publication.pk)
    return _skipped(placed.words, is_told=True)


def _placed(digest: Digest, story: Story) -> Placed:
    """Give it its time: the next slot, else now, or as soon as quiet hours and distance let it."""
    channel: Channel = digest.channel
    options = {channel.pk: digest_options(digest)}
    if digest.place == Digest.Place.SLOT:
        [placed] = publication_schedule_next(story=story, channels=[channel], editor=None, options=options)
        return placed
    for _try in range(TRIES):
        rules, at = rules_of(channel), now()
        moment = slots.first_open(rules, at, taken(channel, at))
        [placed] = publication_schedule_at(story=story, channels=[channel], at=moment, editor=None, options=options)
        if not placed.conflicts:
            return placed
    raise drain.Defer(until=now() + ASKED_EVERY, reason=placed.words)


def _ask(digest: Digest, story: Story) -> None:
    words = _("“%(digest)s” is made and waits for approval: “%(title)s”.")
    _tell(digest, words % {"digest": digest.name, "title": story.title}, level=Alert.Level.WARNING, story=story)


def _tell(digest: Digest, words: str, *, level: str, story: Story | None = None) -> None:
    page = (
        reverse("desk:story", args=[story.pk]) if story else reverse("admin:publishing_digest_change", args=[digest.pk])
    )
    message = words if story else _("“%(digest)s”: %(why)s") % {"digest": digest.name, "why": words}
    alert_raise(workspace=digest.workspace, key=alert_key(digest), level=level, message=message, url=page)
