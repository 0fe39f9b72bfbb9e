"""Voices joined or left a family: the stories they speak in are counted anew, in the background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import Q

from apps.core.bulk import rows_update
from apps.core.work import bells
from apps.sources.models import Source, Voice
from apps.sources.services.families import families_of
from apps.stories.models import Recount, Story, StoryPost
from apps.stories.services.placing import voice_of
from apps.stories.services.ranking import stories_rank

STORIES_AT_ONCE = 500


def voices_moved(voices: Sequence[Voice]) -> None:
    """Have the stories of these voices counted anew; runs in the transaction that moved them."""
    owners = dict(Source.objects.filter(pk__in={voice.source_id for voice in voices}).values_list("pk", "workspace_id"))
    by_workspace: dict[int, list[list[object]]] = {}
    for voice in voices:
        by_workspace.setdefault(owners[voice.source_id], []).append([voice.source_id, voice.channel])
    Recount.objects.bulk_create(
        [Recount(workspace_id=workspace_id, voices=told) for workspace_id, told in by_workspace.items()]
    )
    bells.ring_on_commit("recount")


def recount_work(row: Recount) -> None:
    """Count the stories of a row's voices, some hundreds at a time; repeated, it comes to the same."""
    for stories in _chunks(row):
        stories_recount(row.workspace_id, stories)


def _chunks(row: Recount) -> Iterator[Sequence[int]]:
    spoken = Q()
    for source_id, channel in row.voices:
        spoken |= Q(post__source=source_id, post__channel=channel)
    if row.voices:
        told = StoryPost.objects.filter(spoken, story__workspace=row.workspace_id)
        yield from _batched(sorted(set(told.values_list("story_id", flat=True))))


def _batched(stories: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(stories), STORIES_AT_ONCE):
        yield stories[start : start + STORIES_AT_ONCE]


@transaction.atomic
def stories_recount(workspace_id: int, stories: Sequence[int]) -> None:
    """Count the voices of these stories of a workspace as its families stand now."""
    # Held like grouping holds them, so that nobody joins between the counting and the writing.
    held = list(Story.objects.select_for_update().filter(pk__in=stories, workspace=workspace_id).order_by("pk"))
    families = families_of(workspace_id)
    voices: dict[int, set[str]] = {}
    told = StoryPost.objects.filter(story__in=held).values_list("story_id", "post__source_id", "post__channel")
    for story_id, source_id, channel in told:
        voices.setdefault(story_id, set()).add(voice_of(source_id, channel, families))
    changed = []
    for story in held:
        count = len(voices.get(story.pk, ()))
        if story.sources_count != count:
            story.sources_count = count
            changed.append(story)
    rows_update(changed, ["sources_count"])
    stories_rank([story.pk for story in changed])
