"""The fact check of a story's texts: when it runs, what of it is kept, and what an editor says of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.core.morphology import folded
from apps.sources.models import Post
from apps.stories.factcheck import CheckTooLongError, Draft, Source, examine
from apps.stories.legal import has_notes, without_marks
from apps.stories.models import FactAccepted, Story, StoryVersion
from apps.stories.services.legal import legal_entries

log = structlog.get_logger(__name__)
DRAFT_CHARACTERS = 100_000
SOURCES_CHARACTERS = 400_000
SECONDS = 2.0
FINDINGS_KEPT = 100
COUNT_MOST = 32_767
TEXT_KEPT = 300
# What a slip in the check may raise; the text is saved all the same. A refusal of the database is none of these.
SLIPS = (ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
POST_FIELDS = (
    "title",
    "text",
    "published_at",
    "channel",
    "author",
    "forwarded_from",
    "forwarded_url",
    "url",
    "entities",
)


@dataclass(frozen=True, slots=True)
class Checked:
    """What the fact check says of a text.

    Attributes:
        findings: each as it is kept with a version: kind, field, start, end, text, why, nearest, source (its number in
            the story, from 1), post (its id), key; those that an editor accepted among them.
        count: how many of them nobody accepted; None where the text was not checked.
        checked: how many names, numbers, dates, times, quotations and links were looked at.
    """

    findings: list[dict[str, Any]]
    count: int | None
    checked: int = 0


NOT_CHECKED = Checked([], None)


def facts_check(story: Story, *, title: str, lead: str, body: str) -> Checked:
    """Check a text against the story's posts as they are now.

    A story without posts, texts too long to check at once and a slip of the check itself leave it unchecked.
    """
    draft = Draft(*own_words(story, title, lead, body))
    posts = sources_of(story)
    if not posts or len(draft) > DRAFT_CHARACTERS:
        return NOT_CHECKED
    sources = [source for _post, source in posts]
    if not any(source.whole.strip() for source in sources):
        return NOT_CHECKED
    if sum(len(source.text) + len(source.title) for source in sources) > SOURCES_CHARACTERS:
        return NOT_CHECKED
    try:
        report = examine(draft, sources, seconds=SECONDS)
    except CheckTooLongError:
        log.warning("facts.check_too_long", story=story.pk, characters=len(draft), posts=len(posts))
        return NOT_CHECKED
    except SLIPS:
        log.exception("facts.check_failed", story=story.pk)
        return NOT_CHECKED
    accepted = accepted_keys(story)
    findings = []
    count = 0
    for finding in report.findings:
        key = key_of(finding.kind, finding.text)
        count += key not in accepted
        number = finding.source
        findings.append(
            {
                **asdict(finding),
                "source": None if number is None else number + 1,
                "post": None if number is None else posts[number][0],
                "key": key,
            }
        )
    return Checked(findings[:FINDINGS_KEPT], min(count, COUNT_MOST), report.checked)


def own_words(story: Story, *texts: str) -> list[str]:
    """Texts with footnotes of legal lists and the line of a paid post blanked out: no source has to bear those out."""
    entries = legal_entries(story.workspace) if any(map(has_notes, texts)) else []
    return [without_marks(text, entries) for text in texts]


def sources_of(story: Story) -> list[tuple[int, Source]]:
    """The story's posts with their ids as the check reads them, in the workbench's order; a repeated text once."""
    zone: ZoneInfo = story.workspace.zone
    rows = Post.objects.filter(membership__story=story).select_related("source").order_by("published_at", "pk")
    seen: set[str] = set()
    found = []
    for post in rows.only("source__name", "source__username", *POST_FIELDS):
        text = "" if post.text in seen else post.text
        seen.add(post.text)
        found.append((post.pk, source_of(post, text=text, zone=zone)))
    return found


def source_of(post: Post, *, text: str, zone: ZoneInfo) -> Source:
    """A post as the check reads it, with what is known beside its text."""
    links = (str(entity.get("value") or "") for entity in post.entities if isinstance(entity, dict))
    handle = f"@{post.source.username}" if post.source.username else ""
    known = (post.channel, post.source.name, handle, post.author, post.forwarded_from, post.forwarded_url, post.url)
    return Source(
        text=text,
        title=post.title,
        published_at=post.published_at.astimezone(zone),
        also=(*filter(None, known), *links),
    )


def key_of(kind: str, text: str) -> str:
    """What a place of a text is known by: its kind and words, however they are spaced and capitalised."""
    return hashlib.blake2b(f"{kind}\n{' '.join(folded(text).split())}".encode(), digest_size=16).hexdigest()


def accepted_keys(story: Story) -> set[str]:
    """The places that editors of the story said are right."""
    return set(FactAccepted.objects.filter(story=story.pk).values_list("key", flat=True))


def version_facts(story: Story, fields: dict[str, Any]) -> dict[str, Any]:
    """The fact check of a version that is about to be made, as its fields."""
    text = {name: str(fields.get(name) or "") for name in ("title", "lead", "body")}
    checked = facts_check(story, **text)
    return {"findings": checked.findings, "findings_count": checked.count}


def sources_key(posts: Iterable[Post]) -> str:
    """What a story's posts are known by, as they are: it changes where one comes, goes or is edited."""
    told = ",".join(sorted(f"{post.pk}:{post.revision}" for post in posts))
    return hashlib.blake2b(told.encode(), digest_size=16).hexdigest()


def has_given_up(version: StoryVersion, key: str) -> bool:
    """Whether the check of this very text against these very posts came to nothing before."""
    return version.findings_count is None and version.unchecked_against == key


def version_check(*, version: StoryVersion, checked: Checked | None = None, key: str = "") -> Checked:
    """Check a version's text anew against the sources of today, and keep what came of it; nothing else of it changes.

    Args:
        checked: what a check of this very text has just said, where one has.
        key: the `sources_key` of the posts; where the check gives up, it is not tried again until that is another.
    """
    story = version.story
    if checked is None and key and has_given_up(version, key):
        return NOT_CHECKED
    found = checked or facts_check(story, title=version.title, lead=version.lead, body=version.body)
    if (found.findings, found.count) != (version.findings, version.findings_count):
        StoryVersion.objects.filter(pk=version.pk).update(findings=found.findings, findings_count=found.count)
        version.findings, version.findings_count = found.findings, found.count
    gave_up = key if found.count is None else ""
    if gave_up != version.unchecked_against:
        StoryVersion.objects.filter(pk=version.pk).update(unchecked_against=gave_up)
        version.unchecked_against = gave_up
    return found


@transaction.atomic
def fact_accept(*, story: Story, kind: str, text: str, editor: User) -> None:
    """Say that a place is right although no source has it; it is counted no more in any text of the story.

    Raises:
        TransitionError: there is nothing to accept in an empty place.
    """
    if not text.strip():
        raise TransitionError(_("There is nothing to accept here."))
    locked = Story.objects.select_for_update(of=("self",)).get(pk=story.pk)
    _accepted, is_new = FactAccepted.objects.get_or_create(
        story=locked, key=key_of(kind, text), defaults={"kind": kind, "text": text[:TEXT_KEPT], "editor": editor}
    )
    if is_new:
        audit_record(actor=editor, verb="story.fact_accepted", target=locked, details={"text": text[:TEXT_KEPT]})
        _recount(locked, key_of(kind, text), by=-1)


@transaction.atomic
def fact_doubt(*, story: Story, kind: str, text: str, editor: User) -> None:
    """Take back that a place is right: it is counted again."""
    locked = Story.objects.select_for_update(of=("self",)).get(pk=story.pk)
    gone, _each = FactAccepted.objects.filter(story=locked, key=key_of(kind, text)).delete()
    if gone:
        audit_record(actor=editor, verb="story.fact_doubted", target=locked, details={"text": text[:TEXT_KEPT]})
        _recount(locked, key_of(kind, text), by=1)


def _recount(story: Story, key: str, *, by: int) -> None:
    """Count the findings with a key no more, or again; those beyond what is kept with the version stay counted."""
    version: StoryVersion | None = story.current_version
    if version is None or version.findings_count is None:
        return
    same = sum(finding.get("key") == key for finding in version.findings)
    count = min(max(version.findings_count + by * same, 0), COUNT_MOST)
    StoryVersion.objects.filter(pk=version.pk).update(findings_count=count)
