"""What a digest says: the stories that its rule finds, in its words. Reads only."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urljoin

from django.conf import settings
from django.db.models import Q
from django.utils.formats import date_format

from apps.core.errors import PermanentError
from apps.publishing import slots, telegram_text
from apps.publishing.models import Channel, Digest, DigestRun, Publication
from apps.publishing.services.options import PostOptions, options_of
from apps.publishing.services.publications import messages_of
from apps.publishing.slots import DAY
from apps.stories.models import TITLE_LENGTH, Story

PLACES = ("title", "link", "lead", "number", "voices")
PLACE = re.compile(r"\{(\w*)\}")
# What earlier occurrences told is not told again; older ones are out of every span anyway.
REMEMBERED = timedelta(days=8)
Status = Story.Status


@dataclass(frozen=True)
class Told:
    """A story as the digest tells of it; `link` is empty where readers can't see it anywhere."""

    pk: int
    title: str
    lead: str
    link: str
    voices: int


@dataclass(frozen=True)
class Drafted:
    """A digest's text."""

    title: str
    lead: str
    body: str
    told: list[Told]


def occurs_before(digest: Digest, day: date) -> date:
    """The last day before this one on which it comes out."""
    return next(day - step * DAY for step in range(1, 8) if (day - step * DAY).weekday() in digest.weekdays)


def occurs_after(digest: Digest, day: date) -> date:
    """The first day after this one on which it comes out."""
    return next(day + step * DAY for step in range(1, 8) if (day + step * DAY).weekday() in digest.weekdays)


def moment_of(digest: Digest, day: date) -> datetime:
    """When it comes out on a day; once, whatever the clocks do."""
    return slots.moment_at(day, digest.at, digest.workspace.zone)


def since_of(digest: Digest, day: date) -> datetime:
    """From when on its stories count: from the occurrence before, so that none is left out and none comes twice."""
    return moment_of(digest, occurs_before(digest, day))


def drafted(digest: Digest, *, since: datetime, until: datetime) -> Drafted:
    """The digest as it would be for the stories between two moments."""
    told = stories_told(digest, since=since, until=until)
    day = until.astimezone(digest.workspace.zone).date()
    named = {"name": digest.name, "date": date_format(day, "j E")}
    title = filled(digest.title or "{name}, {date}", named)[:TITLE_LENGTH]
    lines = [line_of(digest.line, one, number) for number, one in enumerate(told, 1)]
    body = "\n\n".join(part for part in ("\n".join(lines), digest.footer.strip()) if part)
    return Drafted(title, filled(digest.header, named).strip(), body, told)


def messages_shown(digest: Digest, draft: Drafted) -> tuple[list[dict[str, Any]], str]:
    """The messages that a draft becomes in its channel, as `publishing/post.html` wants them; else why it can't."""
    channel = digest.channel
    if not draft.told:
        return [], ""
    text = telegram_text.sections(
        title=draft.title,
        lead=draft.lead,
        body=draft.body,
        credit="",
        signature=channel.signature,
        footer=channel.footer,
    )
    try:
        messages = messages_of(text, channel, digest_options(digest), ())
    except PermanentError as exc:
        return [], str(exc)
    return [{"html": one.html, "media": (), "buttons": one.buttons} for one in messages], ""


def digest_options(digest: Digest) -> PostOptions:
    """How it goes out: as the channel does, without pictures, and in several messages where it is long."""
    return options_of(digest.channel, splits=True, files=())


def filled(text: str, values: dict[str, str]) -> str:
    """The text with its places filled in; what is no place stays as it is."""
    return PLACE.sub(lambda found: values.get(found[1], found[0]), text)


def line_of(line: str, story: Told, number: int) -> str:
    """A story's line."""
    values = {"title": story.title, "link": story.link, "lead": story.lead}
    return " ".join(filled(line, {**values, "number": str(number), "voices": str(story.voices)}).split())


def stories_told(digest: Digest, *, since: datetime, until: datetime) -> list[Told]:
    """The stories that the rule finds, the most important first."""
    rows = Story.objects.filter(workspace=digest.workspace_id, sources_count__gte=digest.voices_min)
    rows = rows.exclude(pk__in=made_by_digests(digest)).exclude(pk__in=told_before(digest, until))
    within = {"gt": since, "lte": until}
    if digest.which == Digest.Which.PUBLISHED:
        rows = rows.filter(status=Status.PUBLISHED, **{f"published_at__{how}": at for how, at in within.items()})
    else:
        rows = rows.filter(**{f"last_at__{how}": at for how, at in within.items()})
        if digest.which == Digest.Which.APPROVED:
            rows = rows.filter(status__in=(Status.APPROVED, Status.PUBLISHED))
        else:
            rows = rows.exclude(status=Status.ASIDE)
    topics = list(digest.topics.values_list("pk", flat=True))
    if topics:
        rows = rows.filter(topics__topic__in=topics).distinct()
    found = list(rows.select_related("current_version").order_by("-rank", "-pk")[: digest.count])
    links = links_of(digest, [story.pk for story in found])
    return [_told(story, links.get(story.pk, "")) for story in found]


def made_by_digests(digest: Digest) -> list[int]:
    """Stories that are digests themselves."""
    runs = DigestRun.objects.filter(workspace=digest.workspace_id, story__isnull=False)
    return list(runs.order_by("-pk").values_list("story", flat=True)[:500])


def told_before(digest: Digest, until: datetime) -> set[int]:
    """Stories that this digest has told of lately."""
    runs = digest.runs.filter(due_at__gt=until - REMEMBERED, outcome=DigestRun.Outcome.MADE)
    return {pk for told in runs.values_list("told", flat=True) for pk in told}


def links_of(digest: Digest, stories: Collection[int]) -> dict[int, str]:
    """Where readers see each of the stories, in the digest's own channel if it is there; one query.

    A correction is not the story, and a closed page is for those who have its address, unless the digest stands there.
    """
    closed = Q(channel__kind=Channel.Kind.PREVIEW, channel__is_public=False) & ~Q(channel=digest.channel_id)
    rows = Publication.objects.filter(story__in=stories, corrects=None, status=Publication.Status.SENT)
    rows = rows.exclude(closed).exclude(message_url="")
    links: dict[int, str] = {}
    for story, channel, url in rows.order_by("pk").values_list("story", "channel", "message_url"):
        if channel == digest.channel_id or story not in links:
            links[story] = urljoin(f"{settings.BASE_URL.rstrip('/')}/", url)
    return links


def _told(story: Story, link: str) -> Told:
    version = story.current_version
    title = version.title if version is not None and version.title else story.title
    return Told(story.pk, title, version.lead if version is not None else "", link, story.sources_count)
