"""Close calls of grouping, noted for a second look where a workspace wants one; light, for it runs with every batch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.accounts.work_alerts import GIVEN_UP, work_dead_tell
from apps.ai.embedders import embedder_name
from apps.ai.services import spend_release
from apps.core.bulk import rows_insert
from apps.core.clock import now
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.sources.models import Post
from apps.stories.grouping.meaning import is_close
from apps.stories.grouping.window import Match
from apps.stories.models import CloseCall, SecondLook
from apps.stories.services.placing import Placing

FRESH = timedelta(hours=72)  # an imported year is grouped by its words alone
SOON = timedelta(seconds=30)


@dataclass(slots=True)
class CloseCalls:
    """The close calls of one batch.

    Attributes:
        seen: of a post, by how much it exceeds what is needed, how alike it is, and to which post.
    """

    workspace_id: int
    seen: dict[int, tuple[float, float, int]] = field(default_factory=dict)

    def see(self, placing: Placing, post: Post, matches: Sequence[Match]) -> None:
        """Look at a post that is about to be put: whether it is a close call."""
        if not matches or post.pk in placing.said.same or now() - post.published_at > FRESH:
            return
        nearest = placing.nearest(post, matches)
        if nearest is not None and is_close(nearest[0]):
            margin, match, score = nearest
            self.seen[post.pk] = (margin, score, match.key)

    def store(self, placing: Placing) -> None:
        """Note those that were decided as they looked, and have them looked at; the stories are stored."""
        rows = []
        for place, post_id, _score, reasons in placing.memberships:
            margin, score, other = self.seen.get(post_id, (0.0, 0.0, 0))
            is_together = margin >= 0
            if not other or (reasons.get("post") != other if is_together else bool(reasons)):
                continue
            rows.append(
                CloseCall(
                    workspace_id=self.workspace_id,
                    post_id=post_id,
                    other_id=other,
                    story_id=place.story.pk,
                    other_story_id=placing.story_of(other),
                    is_together=is_together,
                    score=score,
                    needed=score - margin,
                )
            )
        rows_insert(rows, ignore_conflicts=True)
        if rows:
            second_look_soon(self.workspace_id)


def close_calls_of(workspace_id: int) -> CloseCalls | None:
    """What notes the close calls of a batch; None where the workspace wants no second look, or it does not work."""
    wanted = Workspace.objects.filter(pk=workspace_id, ai_second_look=True).only("ai_api_url", "ai_api_key").first()
    if wanted is None or embedder_name(wanted) == "none":
        return None
    failed = SecondLook.objects.dead().filter(workspace=wanted).exclude(error_code__in=(GIVEN_UP, "superseded"))
    return None if failed.exists() else CloseCalls(workspace_id)


def second_look_soon(workspace_id: int, *, at: datetime | None = None) -> None:
    """Have what waits in a workspace looked at, now or then; runs in the transaction that made it wait.

    A look that is put off takes along what waits when its time comes. One that is due may have begun already, so it
    does not count: those that find nothing to do end at once.
    """
    later = SecondLook.objects.filter(workspace=workspace_id, state=WorkRow.State.READY, not_before__gt=now() + SOON)
    if not later.exists():
        SecondLook.objects.create(workspace_id=workspace_id, not_before=at or now())
        bells.ring_on_commit("second_look")


def second_look_dead(row: WorkRow) -> None:
    """Free what was reserved, and tell people that close calls are not looked at any more."""
    spend_release(workspace=row.workspace, target=row)
    words = _(
        "Close calls of grouping are not looked at twice any more: %(why)s. Posts are grouped by their words alone. "
        "Open the list of failed looks, choose it and press “Try again”."
    )
    work_dead_tell(row, words % {"why": row.error.rstrip(".")})
