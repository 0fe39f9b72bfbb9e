"""What editors said of pairs of posts: read by grouping, which holds to it.

A judgement of a post holds for its copies too: they say the same. It does not hold for the original of a copy, which an
editor may have left where it is on purpose.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from apps.sources.models import Post
from apps.stories.models import Judgement


@dataclass(frozen=True, slots=True)
class Said:
    """What editors said of some posts.

    Attributes:
        apart: by post, those that it must not stand beside in one story; from its original too.
        same: by post, those that it belongs to; only what was said of the post itself, a copy follows its original.
    """

    apart: dict[int, set[int]] = field(default_factory=dict)
    same: dict[int, set[int]] = field(default_factory=dict)

    def parts(self, post: int, others: Collection[int]) -> bool:
        """Whether the post must not join these; for copies among them their originals have to be named as well."""
        return not self.apart.get(post, set()).isdisjoint(others)


def said_of(workspace_id: int, posts: Sequence[Post]) -> Said:
    """What holds for posts that are about to find their story; one query, and no rows where nothing was said."""
    bearers: dict[int, list[int]] = {}
    for post in posts:
        bearers.setdefault(post.pk, []).append(post.pk)
        if post.copy_of_id is not None:
            bearers.setdefault(post.copy_of_id, []).append(post.pk)
    said = Said()
    told = Judgement.objects.filter(
        Q(first__among=bearers) | Q(second__among=bearers), workspace=workspace_id
    ).order_by()
    for first, second, is_same in told.values_list("first_id", "second_id", "is_same"):
        for bearer, other in ((first, second), (second, first)):
            for post_id in bearers.get(bearer, ()):
                if is_same and bearer == post_id:
                    said.same.setdefault(post_id, set()).add(other)
                # Of a copy and its own original only the two themselves are meant.
                if not is_same and other != post_id:
                    said.apart.setdefault(post_id, set()).add(other)
    return said
