"""A topic that is removed: hidden at once, its marks deleted in the background, some thousands at a time.

Each step is a transaction of its own, so a removal that is killed or put off goes on where it was, and repeating a step
changes nothing. Collectors and readings see the topic no more once it is hidden, since they look for topics under the
workspace's lock of copies: no mark is made behind the removal's back.
"""

from __future__ import annotations

import time
import uuid
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.accounts.work_alerts import work_dead_tell
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells, drain, stopping
from apps.core.work.models import WorkRow
from apps.sources import listeners
from apps.sources.models import Topic, TopicRead, TopicRemoval
from apps.sources.models.topic import NAME_MAX
from apps.sources.services.copies import copies_hold
from apps.sources.services.topics import dead_key

MARKS_AT_ONCE = 2_000
ROUND_S = 20.0
APART = timedelta(seconds=1)


@transaction.atomic
def topic_remove(*, topic: Topic, actor: User | None = None) -> None:
    """Forget a topic, and which posts are about it in the background; the posts stay.

    Raises:
        TransitionError: it is being removed already.
    """
    list(TopicRead.objects.live().select_for_update().filter(topic=topic.pk))
    copies_hold(topic.workspace_id)
    # Its name is free from here on.
    if Topic.objects.filter(pk=topic.pk).update(removed_at=now(), name=f"{topic.pk}:{uuid.uuid4()}"[:NAME_MAX]) != 1:
        raise TransitionError(_("Somebody has removed this topic meanwhile."))
    total = sum(
        pointing.related_model._base_manager.filter(**{pointing.field.name: topic.pk}).count()
        for pointing in Topic._meta.related_objects
    )
    TopicRemoval.objects.create(
        workspace_id=topic.workspace_id, topic_id=topic.pk, name=topic.name, total=total, not_before=now()
    )
    audit_record(verb="topic.removed", target=topic, actor=actor)
    listeners.tell_topics(topic.workspace_id, None)
    alert_close(workspace=topic.workspace, key=dead_key(topic.pk))
    bells.ring_on_commit("topic_removal")


def topic_removal_work(row: TopicRemoval) -> None:
    """Delete what is left of a topic; after `ROUND_S` make way for other work."""
    ends = time.monotonic() + ROUND_S
    while _step(row.pk, row.topic_id):
        if stopping.is_asked() or time.monotonic() > ends:
            raise drain.Defer(until=now() + APART, reason="makes way")
        drain.current().renew()
    if Topic._base_manager.filter(pk=row.topic_id).exists():  # marks that somebody else holds at this moment
        raise drain.Defer(until=now() + APART, reason="held elsewhere")


@transaction.atomic
def _step(pk: int, topic_id: int) -> bool:
    """Delete some of what points at the topic, in the end the topic; False where nothing more can be done now."""
    left = False
    for pointing in Topic._meta.related_objects:
        rows = pointing.related_model._base_manager.filter(**{pointing.field.name: topic_id}).order_by()
        # What somebody else holds is left for the next step: they hold several, and waiting could be in a circle.
        free = rows.select_for_update(skip_locked=True).values_list("pk", flat=True)
        if keys := list(free[:MARKS_AT_ONCE]):
            pointing.related_model._base_manager.filter(pk__in=keys).delete()
            TopicRemoval.objects.filter(pk=pk).update(removed=F("removed") + len(keys))
            return True
        left = left or rows.exists()
    if not left:
        Topic._base_manager.filter(pk=topic_id).delete()
    return False


def topic_removal_dead(row: WorkRow) -> None:
    """Tell people that marks of a removed topic are left; nobody sees them, but they take room."""
    words = _(
        "A removed topic could not be cleared away: %(why)s. Open the list of failed ones, choose them and press “Try "
        "again”."
    )
    work_dead_tell(row, words % {"why": row.error.rstrip(".")})
