"""Sources that change after a story's text was written: a published text is out, so a person is told at once."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Post
from apps.stories.models import Story

ALERT = "story.sources_changed:{}"


def sources_changed(posts: Sequence[Post]) -> None:
    """Mark the stories of posts that their sources changed or deleted; tell people of those that are published.

    Runs in the transaction that writes the posts, which holds the stories.
    """
    stories = Story.objects.filter(memberships__post__in=posts)
    stories.update(sources_changed_at=now())
    out = stories.filter(published_at__isnull=False).select_related("workspace", "current_version").distinct()
    for story in out.order_by("pk"):
        if story.is_behind_sources:
            alert_raise(
                workspace=story.workspace,
                key=ALERT.format(story.pk),
                message=_("“%(story)s” is published, and a source has changed or deleted its post since. Look again.")
                % {"story": story.title},
                url=reverse("admin:stories_story_change", args=[story.pk]),
            )


def sources_settle(story: Story) -> None:
    """Close the alert of a story that got a new text."""
    if story.published_at is not None and story.sources_changed_at is not None:
        alert_close(workspace=story.workspace, key=ALERT.format(story.pk))


@transaction.atomic
def story_sources_seen(*, story: Story, editor: User) -> None:
    """Note that an editor has looked at what the sources changed, and leaves the text as it is.

    Raises:
        TransitionError: nothing has changed, or another has changed it meanwhile.
    """
    seen = Story.objects.filter(pk=story.pk, sources_changed_at__isnull=False)
    if story.sources_changed_at is not None:
        # What changed after the page was opened has not been seen.
        seen = seen.filter(sources_changed_at__lte=story.sources_changed_at)
    if seen.update(sources_changed_at=None) != 1:
        raise TransitionError(
            _("The sources have changed again meanwhile, or somebody else has looked. Open it again.")
        )
    story.sources_changed_at = None
    alert_close(workspace=story.workspace, key=ALERT.format(story.pk))
    audit_record(actor=editor, verb="story.sources_seen", target=story)
