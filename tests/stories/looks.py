"""A workspace that looks twice at close calls, and invented posts whose likeness lies about what is needed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.sources.models import Post
from apps.stories.grouping.meaning import packed
from apps.stories.models import CloseCall, Grouping, PostVector, Story, StoryPost
from apps.stories.services.batches import groupings_group
from apps.stories.services.grouping import posts_added
from tests.stories.factories import PostFactory, SourceFactory, WorkspaceFactory

MODEL = "vectors-1"
BRIDGE = "Мост через реку закрыли на ремонт до весны, автобусы пойдут в объезд."
SCHOOL = "Ремонт школы закончат до весны, учеников возят автобусы."  # 0.41 like the bridge: hardly together
LIGHTS = "Мост через реку украсили огнями к празднику города."  # 0.33: hardly apart
COMET = "Астрономы обсерватории Кедровой увидели новую комету с двумя хвостами."  # like nothing
DIMENSIONS = 16


def direction(place: int, lean: float = 0.0) -> list[float]:
    """A vector along one axis, leaning towards the first by so much of a cosine."""
    vector = [0.0] * DIMENSIONS
    vector[place] = (1 - lean * lean) ** 0.5
    vector[0] += lean
    return vector


def workspace_on(**fields: Any) -> Workspace:
    """A workspace that looks twice, with enough vectors for knowing how alike any two are: not at all."""
    workspace = WorkspaceFactory.create(ai_second_look=True, **fields)
    source = SourceFactory.create(workspace=workspace)
    for place in range(1, 13):
        post = PostFactory.create(source=source, text=f"Наполнитель {place}", published_at=now() - timedelta(days=2))
        PostVector.objects.create(
            workspace=workspace, post=post, model=MODEL, text_hash=b"-" * 16, vector=packed(direction(place))
        )
    return workspace


def grouped(workspace: Workspace, *texts: str, age: timedelta = timedelta(hours=1)) -> list[Post]:
    """Posts of so many channels, a minute apart, grouped in one batch."""
    source = SourceFactory.create(workspace=workspace)
    began = now() - age
    posts = [
        PostFactory.create(
            source=source, channel=f"Голос {number}", text=text, published_at=began + timedelta(minutes=number)
        )
        for number, text in enumerate(texts)
    ]
    posts_added(posts)
    group_waiting(workspace)
    return posts


def group_waiting(workspace: Workspace) -> None:
    """Group what waits, in one batch."""
    rows = Grouping.objects.filter(workspace=workspace, state=Grouping.State.READY).order_by("pk")
    with transaction.atomic():
        held = list(rows)
        groupings_group(held)
        rows.filter(pk__in=[row.pk for row in held]).update(state=Grouping.State.DONE, finished_at=now())


def story_of(post: Post) -> Story:
    """Where a post is now."""
    return StoryPost.objects.select_related("story").get(post=post).story


def together(posts: Sequence[Post]) -> bool:
    """Whether posts stand in one story."""
    return len({story_of(post).pk for post in posts}) == 1


def only_call() -> CloseCall:
    """The one close call there is."""
    return CloseCall.objects.get()
