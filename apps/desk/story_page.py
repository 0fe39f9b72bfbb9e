"""All that the workbench reads of one story."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from apps.ai.services import writer_for
from apps.core.errors import PultError
from apps.desk.story_form import plain_of
from apps.publishing.models import Channel, Publication
from apps.stories.differences import FieldDifference, versions_difference
from apps.stories.models import PageFetch, Preset, Rewrite, Story, StoryPost, StoryVersion
from apps.stories.progress import RewriteProgress, rewrite_progress
from apps.stories.services import warnings_of
from apps.stories.services.by_hand import fetch_of
from apps.stories.services.warnings import PostWarning

POSTS_SHOWN, VERSIONS_SHOWN = 50, 20
# Of the rewrites behind versions: as long as all their sources together, and shown elsewhere.
PROMPTS = tuple(
    f"rewrite__{name}"
    for name in ("system_prompt", "user_prompt", "sources", "revisions", "warnings", "answer", "unusable")
)
# What does not stand in its channel any more, or never did.
GONE = (Publication.Status.CANCELLED, Publication.Status.DELETED)


@dataclass(frozen=True)
class Variant:
    """A text to choose, and what differs from the current one."""

    version: StoryVersion
    fields: list[FieldDifference]

    @property
    def is_same(self) -> bool:
        """Whether it says the very same."""
        return not any(one.is_changed for one in self.fields)


@dataclass(frozen=True)
class Stretch:
    """Which rows of a list are on the page.

    Attributes:
        start: how many of the list come before them.
        size: how many one page takes.
        of: how many the list has.
    """

    start: int
    size: int
    of: int

    @classmethod
    def at(cls, start: int, *, size: int, of: int) -> Stretch:
        """The page that begins there; the first one where nothing does."""
        return cls(start if 0 < start < of else 0, size, of)

    @property
    def end(self) -> int:
        """Where the next page begins."""
        return min(self.start + self.size, self.of)

    @property
    def left(self) -> int:
        """How many rows follow."""
        return self.of - self.end


@dataclass(frozen=True)
class StoryPage:
    """One story with everything around it.

    Attributes:
        posts: memberships with post and source, the earliest post first.
        posts_on: which of them the page lists.
        version: the current text, None where there is none yet.
        versions: the texts that the page lists, the newest first.
        versions_on: which of all texts these are.
        numbers: the numbers of all texts, the newest first.
        writing: a rewrite is waiting or being written.
        fetch: the page that the story is made from, while it is being fetched or where that failed.
        progress: every variant of what was asked for last, as `rewrite_progress` tells it.
        variants: texts to choose one of, with what differs from the current one; empty where nothing is to be chosen.
        landed: what the current text changed of the one before it, where a writer made it; None elsewhere.
        warnings: what in the posts looks like an instruction to the model.
        preset_id: the preset to offer first.
        channels: the active ones in which the story does not stand yet.
        publications: all of them, the latest first.
        writer: who would write a draft now, or why nobody can.
    """

    story: Story
    posts: list[StoryPost]
    posts_on: Stretch
    version: StoryVersion | None
    versions: list[StoryVersion]
    versions_on: Stretch
    numbers: list[int]
    writing: bool
    fetch: PageFetch | None
    progress: list[RewriteProgress]
    variants: list[Variant]
    landed: list[FieldDifference] | None
    warnings: list[PostWarning]
    presets: list[Preset]
    preset_id: int | None
    channels: list[Channel]
    publications: list[Publication]
    writer: str

    @property
    def posts_shown(self) -> list[StoryPost]:
        """The posts that the page lists."""
        return self.posts[self.posts_on.start : self.posts_on.end]

    def numbered(self, number: int) -> StoryVersion | None:
        """The text with this number, on the page or not."""
        if number not in self.numbers:
            return None
        listed = next((one for one in self.versions if one.number == number), None)
        return listed or texts_of(self.story).get(number=number)


def texts_of(story: Story) -> QuerySet[StoryVersion]:
    """The texts of a story, without what its writers were sent."""
    return StoryVersion.objects.filter(story=story).select_related("author", "rewrite").defer(*PROMPTS)


def story_page(story: Story, *, posts_from: int = 0, versions_from: int = 0) -> StoryPage:
    """Read the page of one story; the same number of queries however many posts and versions it has.

    `posts_from` and `versions_from` say how many posts and versions come before those that are listed.
    """
    posts = members_of(story)
    numbers = list(StoryVersion.objects.filter(story=story).order_by("-number").values_list("number", flat=True))
    versions_on = Stretch.at(versions_from, size=VERSIONS_SHOWN, of=len(numbers))
    versions = list(texts_of(story).filter(number__in=numbers[versions_on.start : versions_on.end]).order_by("-number"))
    progress = rewrite_progress(story)
    known = versions + beyond(story, progress, versions)
    version = next((one for one in known if one.pk == story.current_version_id), None)
    asked = Rewrite.objects.filter(story=story).order_by("-pk").values_list("preset_id", flat=True).first()
    presets = list(Preset.objects.filter(workspace=story.workspace_id))
    publications = publications_of(story)
    taken = {one.channel_id for one in publications if one.status not in GONE}
    channels = Channel.objects.filter(workspace=story.workspace_id, is_active=True).order_by("kind", "name")
    preset_id = asked or (presets[0].pk if presets else None)
    return StoryPage(
        story=story,
        posts=posts,
        posts_on=Stretch.at(posts_from, size=POSTS_SHOWN, of=len(posts)),
        version=version,
        versions=versions,
        versions_on=versions_on,
        numbers=numbers,
        writing=any(row["is_live"] for row in progress),
        fetch=fetch_of(story),
        progress=progress,
        variants=variants_of(progress, version, known),
        landed=landed_of(version, known),
        warnings=warnings_of(story),
        presets=presets,
        preset_id=preset_id,
        channels=[channel for channel in channels if channel.pk not in taken],
        publications=publications,
        writer=writer_name(story),
    )


def members_of(story: Story) -> list[StoryPost]:
    """The posts of a story with their sources, the earliest first."""
    rows = StoryPost.objects.filter(story=story).select_related("post__source")
    return list(rows.order_by("post__published_at", "post_id"))


def beyond(story: Story, progress: list[RewriteProgress], listed: list[StoryVersion]) -> list[StoryVersion]:
    """The texts that the page needs and does not list: the current one, the one before it, and variants."""
    wanted = {row["version"] for row in progress if row["version"] is not None}
    if story.current_version is not None:
        wanted |= {story.current_version.number, story.current_version.based_on or 0}
    missing = wanted - {one.number for one in listed} - {0}
    return list(texts_of(story).filter(number__in=missing).order_by("-number")) if missing else []


def publications_of(story: Story) -> list[Publication]:
    """All of a story's publications, the latest first."""
    rows = Publication.objects.filter(story=story).select_related("channel")
    return list(rows.order_by("-publish_at", "-pk"))


def variants_of(
    progress: list[RewriteProgress], current: StoryVersion | None, versions: list[StoryVersion]
) -> list[Variant]:
    """The variants of the last request while the editor has taken none of them and gone on with nothing newer."""
    numbers = [row["version"] for row in progress if row["version"] is not None]
    if len(progress) < 2 or any(row["is_current"] for row in progress):
        return []
    if current is not None and any(number < current.number for number in numbers):
        return []
    texts = sorted((one for one in versions if one.number in numbers), key=lambda one: one.number)
    return [Variant(one, versions_difference(dict(plain_of(current)), dict(plain_of(one)))) for one in texts]


def landed_of(current: StoryVersion | None, versions: list[StoryVersion]) -> list[FieldDifference] | None:
    """What a writer's text changed of the one that it took the place of."""
    if current is None or current.rewrite_id is None or current.based_on is None:
        return None
    before = next((one for one in versions if one.number == current.based_on), None)
    if before is None:
        return None
    return versions_difference(dict(plain_of(before)), dict(plain_of(current)))


def writer_name(story: Story) -> str:
    """Who writes for the story's workspace, or why nobody can."""
    try:
        return writer_for(story.workspace).label
    except PultError as exc:
        return str(exc)
