"""What the queue of stories says: its tabs, and the small line under each title."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from apps.accounts.models import Workspace
from apps.ai.ports import OFFLINE_DRAFT
from apps.core.clock import now
from apps.stories.models import Story, StoryVersion
from apps.stories.selectors import status_counts

Status = Story.Status
QUEUE = (Status.NEW, Status.DRAFT, Status.REVIEW, Status.APPROVED)
NAMES = {
    Status.NEW: pgettext_lazy("stories", "New"),
    Status.DRAFT: pgettext_lazy("stories", "In work"),
    Status.REVIEW: pgettext_lazy("stories", "In review"),
    Status.APPROVED: pgettext_lazy("stories", "Approved"),
    Status.PUBLISHED: pgettext_lazy("stories", "Published"),
    Status.ASIDE: pgettext_lazy("stories", "Put aside"),
}


@dataclass(frozen=True)
class Tab:
    """One tab of the queue.

    Attributes:
        address: the list's own, with the tab's filter.
        waits: it waits for a person.
    """

    title: str | Promise
    count: int
    address: str
    is_chosen: bool
    waits: bool = False

    @property
    def shown(self) -> str:
        """The count, its thousands parted by a thin space."""
        return f"{self.count:,}".replace(",", "\u202f")


def tabs_of(workspaces: Iterable[Workspace], *, chosen: str, is_search: bool, topic: str = "") -> list[Tab]:
    """The tabs with their counts, the whole queue first.

    Args:
        topic: the key of the one that the list is narrowed to, as the address has it; the tabs are too.
    """
    counts = status_counts(workspaces, topic=topic)
    narrowed = {"topic": topic} if topic else {}
    whole = Tab(
        title=gettext_lazy("Queue"),
        count=sum(counts[status] for status in QUEUE),
        address=f"?{urlencode(narrowed)}",
        is_chosen=not chosen and not is_search,
    )
    return [
        whole,
        *(
            Tab(
                title=NAMES[status],
                count=counts[status],
                address=f"?{urlencode({'status__exact': status.value, **narrowed})}",
                is_chosen=chosen == status.value,
                waits=status == Status.REVIEW and counts[status] > 0,
            )
            for status in NAMES
        ),
    ]


def second_line(story: Story) -> str:
    """Where a story came from and how far its text is: "first: Channel 12:04 · 5 posts · draft"."""
    first = _("first: %(voice)s %(time)s") % {
        "voice": story.first_voice or "—",
        "time": moment_words(story.first_at, zone=story.workspace.zone),
    }
    parts = [first]
    if story.posts_count > story.sources_count:
        parts.append(ngettext("%d post", "%d posts", story.posts_count) % story.posts_count)
    if story.current_version is not None:
        parts.append(text_words(story.current_version) + doubts_words(story.current_version))
        if story.is_behind_sources:
            parts.append(changed_words(story))
    return " · ".join(parts)


def changed_words(story: Story) -> str:
    """How many sources changed since the text, where the list has counted them; also after it was published."""
    changed: int = getattr(story, "sources_changed", 0)
    if not changed:
        return _("a source changed since")
    text = ngettext("%(changed)d of %(posts)d sources changed", "%(changed)d of %(posts)d sources changed", changed)
    return text % {"changed": changed, "posts": story.posts_count}


def text_words(version: StoryVersion) -> str:
    """Whose the current text is."""
    if version.author is not None:
        return _("text by %(who)s") % {"who": version.author}
    return _(OFFLINE_DRAFT) if version.writer == OFFLINE_DRAFT else _("draft")


def doubts_words(version: StoryVersion) -> str:
    """How many places of the text no source has: ", 1 ⚠"; nothing where there are none or it was not checked."""
    return f", {version.findings_count} ⚠" if version.findings_count else ""


def moment_words(moment: datetime, *, zone: ZoneInfo) -> str:
    """A time of day for today, with the date before it otherwise."""
    local = moment.astimezone(zone)
    clock = date_format(local, "H:i")
    return clock if local.date() == now().astimezone(zone).date() else f"{date_format(local, 'j E')} {clock}"


def time_tag(moment: datetime, *, zone: ZoneInfo) -> SafeString:
    """How long ago, with the exact time on hover."""
    local = moment.astimezone(zone)
    ago = _("%(time)s ago") % {"time": timesince(moment, now(), depth=1)}
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', local.isoformat(), date_format(local, "j E Y H:i"), ago
    )
