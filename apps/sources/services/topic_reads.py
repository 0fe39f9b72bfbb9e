"""Past posts are read for a topic that was made or changed: newest first, some hundreds at a time.

Each step is a transaction of its own and notes how far it came, so a reading that is killed, put off or asked for again
goes on where it was, and repeating a step changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from apps.accounts.models import Alert
from apps.accounts.services import alert_raise
from apps.core.bulk import rows_insert
from apps.core.clock import now
from apps.core.work import drain, stopping
from apps.core.work.models import WorkRow
from apps.sources import listeners
from apps.sources.models import Post, PostTopic, Topic, TopicRead
from apps.sources.services.copies import copies_hold
from apps.sources.services.topics import dead_key, row_of
from apps.sources.topics import TopicIndex, TopicWords, topics_told

POSTS_AT_ONCE = 500  # collectors of the workspace wait meanwhile: some hundredths of a second
ROUND_S = 20.0


def topic_read(row: TopicRead) -> None:
    """Go on through the posts; after `ROUND_S` make way for other work."""
    ends = time.monotonic() + ROUND_S
    while _step(row):
        if stopping.is_asked() or time.monotonic() > ends:
            raise drain.Defer(until=now() + timedelta(seconds=1), reason="makes way")
        drain.current().renew()


def topic_read_record(row: TopicRead, _read: None) -> None:
    """Tell whom it concerns; where the topic was changed at the last moment, past posts are read again."""
    done = TopicRead.objects.filter(pk=row.pk).first()
    if done is None:
        return
    if not Topic.objects.filter(pk=row.topic_id).exists():
        return
    if not done.is_through:
        TopicRead.objects.create(workspace_id=row.workspace_id, topic_id=row.topic_id, not_before=now())
    ended = (WorkRow.State.DONE, WorkRow.State.DEAD)
    TopicRead.objects.filter(topic=row.topic_id, pk__lt=row.pk, state__in=ended).delete()
    listeners.tell_topics(row.workspace_id, row.topic_id)


def topic_read_dead(row: WorkRow) -> None:
    """Tell people that a topic lacks past posts."""
    topic = Topic.objects.filter(reads=row.pk).first()  # none where it is being removed
    if topic is None:
        return
    alert_raise(
        workspace=row.workspace,
        key=dead_key(topic.pk),
        message=_("Past posts could not be read for the topic “%(topic)s”. Open it and press “Read past posts again”.")
        % {"topic": topic.name},
        level=Alert.Level.ERROR,
        url=reverse("admin:sources_topic_change", args=[topic.pk]),
    )


@transaction.atomic
def _step(row: TopicRead) -> bool:
    """Look at the next posts; False where there are none. Locks as docs/collection.md orders them."""
    held = TopicRead.objects.select_for_update().filter(pk=row.pk).first()
    if held is None:
        return False  # the topic was removed
    copies_hold(held.workspace_id)
    topic = Topic.objects.filter(pk=held.topic_id).first()
    if topic is None:
        return False  # it is being removed
    if held.upto_id is None:
        held.total = Post.objects.filter(workspace=held.workspace_id).order_by().count()
    posts = list(_next(held))
    if posts:
        _note(topic, posts)
        held.upto_at, held.upto_id = posts[-1].published_at, posts[-1].pk
        held.looked += len(posts)
        held.found = F("found") + PostTopic.objects.filter(topic=topic, post__in=[post.pk for post in posts]).count()
    held.is_through = len(posts) < POSTS_AT_ONCE
    held.save(update_fields=["total", "looked", "found", "upto_at", "upto_id", "is_through"])
    return not held.is_through


def _next(row: TopicRead) -> QuerySet[Post]:
    posts = Post.objects.filter(workspace=row.workspace_id).order_by("-published_at", "-pk")
    if row.upto_id is not None:
        before = Q(published_at__lt=row.upto_at) | Q(published_at=row.upto_at, pk__lt=row.upto_id)
        posts = posts.filter(before, published_at__lte=row.upto_at)
    return posts.only("title", "text", "boilerplate", "published_at")[:POSTS_AT_ONCE]


def _note(topic: Topic, posts: Sequence[Post]) -> None:
    """Make the rows of these posts say whether they are about the topic."""
    index = TopicIndex((TopicWords(topic.pk, topic.words, topic.but_not),))
    about = {pk for pk, topics in topics_told(index, posts).items() if topics}
    keys = [post.pk for post in posts]
    known = set(PostTopic.objects.filter(topic=topic, post__in=keys).values_list("post_id", flat=True))
    # Held first: whoever marks posts as used or dropped holds them when asking for the rows.
    others = Post.objects.select_for_update().filter(pk__in=about ^ known).order_by("pk")
    held = list(others.only("published_at", "dropped_by", "is_used"))
    PostTopic.objects.filter(topic=topic, post__in=known - about).delete()
    rows_insert([row_of(post, topic.pk) for post in held if post.pk in about])
