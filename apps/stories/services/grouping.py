"""New posts wait here for their story. Light on purpose: intake calls it, and intake runs in the web process too."""

from __future__ import annotations

from collections.abc import Sequence

from apps.core.clock import now
from apps.core.work import bells
from apps.sources.models import Post
from apps.stories.models import Grouping

BATCH = 1000


def posts_added(posts: Sequence[Post]) -> None:
    """Have new kept posts grouped; runs in the intake's transaction. A post told of twice is grouped once."""
    moment = now()
    Grouping.objects.bulk_create(
        [Grouping(workspace_id=post.workspace_id, post=post, not_before=moment) for post in posts],
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    bells.ring_on_commit("grouping")
