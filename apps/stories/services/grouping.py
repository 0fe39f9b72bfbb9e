"""New posts wait here for their story. Light on purpose: intake calls it, and intake runs in the web process too."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise
from apps.core.bulk import values_insert
from apps.core.clock import now
from apps.core.work import bells
from apps.core.work.fields import current_request_id
from apps.core.work.models import WorkRow
from apps.sources.models import Post
from apps.stories.models import Grouping, Story, StoryPost
from apps.stories.services.ranking import stories_rank
from apps.stories.services.watching import sources_changed

DEAD_ALERT = "grouping.dead"


def posts_added(posts: Sequence[Post]) -> None:
    """Have new kept posts grouped; runs in the intake's transaction. A post told of twice is grouped once."""
    moment, request_id = now(), current_request_id()
    lines = [(post.workspace_id, post.pk, moment, request_id) for post in posts]
    values_insert(Grouping, ("workspace", "post", "not_before", "request_id"), lines, ignore_conflicts=True)
    bells.ring_on_commit("grouping")


def posts_changed(posts: Sequence[Post]) -> None:
    """Have changed posts' terms renewed, and mark their stories; runs in the intake's transaction.

    A post whose grouping still waits is read then as it is then.
    """
    Grouping.objects.filter(post__in=posts, state=Grouping.State.DONE).delete()
    posts_added(posts)
    posts_deleted(posts)
    # Their topics may be others now; the stories are held since before the posts were written.
    stories_rank(set(StoryPost.objects.filter(post__in=posts).values_list("story_id", flat=True)))


def posts_changing(posts: Collection[int]) -> None:
    """Hold the stories of posts that are about to be written; editors hold a story first and its posts then."""
    told = StoryPost.objects.filter(post__in=posts).values_list("story_id", flat=True)
    held = Story.objects.select_for_update().filter(pk__in=set(told)).order_by("pk")
    list(held.values_list("pk", flat=True))


def posts_deleted(posts: Sequence[Post]) -> None:
    """Mark the stories of posts that their sources changed or deleted: an editor looks again at what was written."""
    sources_changed(posts)


def grouping_dead(row: WorkRow) -> None:
    """Tell people, once a workspace, that a post has found no story."""
    alert_raise(
        workspace=row.workspace,
        key=DEAD_ALERT,
        message=_("A post found no story: %(why)s. Open the list of failed ones, choose them and press “Try again”.")
        % {"why": row.error.rstrip(".")},
        level=Alert.Level.ERROR,
        url=f"{reverse('admin:stories_grouping_changelist')}?state__exact={Grouping.State.DEAD}",
    )


def grouping_alert_settle(row: Grouping) -> None:
    """Close that alert where no post of the workspace is left behind; call it in the transaction that moved `row`."""
    alerts = Alert.objects.select_for_update().filter(workspace=row.workspace, key=DEAD_ALERT, closed_at=None)
    # Locked before looking: a post that fails meanwhile is either seen here or opens a new alert afterwards.
    if alerts.first() is not None and not Grouping.objects.dead().filter(workspace=row.workspace).exists():
        alert_close(workspace=row.workspace, key=DEAD_ALERT)
