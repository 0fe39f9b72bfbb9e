"""Topics of posts: noted as posts come in, followed as posts fare, and what people do to topics.

Whoever notes topics holds the workspace's lock of copies, as collectors do, so that no post slips between the old words
of a topic and its new ones: either the collector sees the new words, or the reading of past posts sees the post.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import alert_close, audit_record
from apps.core.bulk import rows_insert
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells
from apps.sources import filters, listeners
from apps.sources.models import Post, PostTopic, Topic, TopicRead
from apps.sources.services.copies import copies_hold
from apps.sources.topics import topics_of, topics_told

TOPICS_MAX = 100  # of a workspace
FRESH = {"upto_at": None, "upto_id": None, "is_through": False, "looked": 0, "found": 0, "total": 0}


def topics_note(*, workspace_id: int, new: Sequence[Post], changed: Sequence[Post] = ()) -> None:
    """Note the topics of posts that were just stored, or say something else now; in the transaction that stored them.

    Posts that filters dropped are noted too, so that numbers by topic know the share that was kept.
    """
    if not new and not changed:
        return
    index = topics_of(workspace_id)
    if changed:
        PostTopic.objects.filter(post__in=[post.pk for post in changed]).delete()
    if not index:
        return
    posts = [post for post in (*new, *changed) if post.title or post.text]
    told = topics_told(index, posts)
    rows_insert([row_of(post, topic) for post in posts for topic in told[post.pk]])


def row_of(post: Post, topic_id: int) -> PostTopic:
    """The row that says that a post is about a topic."""
    return PostTopic(
        topic_id=topic_id,
        post_id=post.pk,
        published_at=post.published_at,
        is_kept=not post.dropped_by,
        is_used=post.is_used,
    )


def topics_keep(posts: Iterable[int], *, kept: bool = True) -> None:
    """Note that these posts pass the filters now, or no longer do; in the transaction that changed that."""
    PostTopic.objects.filter(post__in=list(posts), is_kept=not kept).update(is_kept=kept)


def topics_use(posts: Iterable[int], *, used: bool) -> None:
    """Note that a worked story holds these posts, or no longer does; in the transaction that changed that."""
    rows = PostTopic.objects.filter(post__in=list(posts), is_used=not used)
    # Whoever else holds marks of posts that the caller has written is removing their topic, and holds more of them:
    # those go anyway, and waiting could be in a circle.
    free = rows.select_for_update(skip_locked=True).order_by("pk").values_list("pk", flat=True)
    PostTopic.objects.filter(pk__in=list(free)).update(is_used=used)


def words_checked(words: str, *, is_needed: bool = True) -> str:
    """The words of a topic, tidied.

    Raises:
        ValueError: they can't be understood; the text tells the editor how to write them.
    """
    if not words.strip() and not is_needed:
        return ""
    return filters.value_checked(filters.Kind.WORDS, filters.Effect.DROP, words)


@transaction.atomic
def topic_save(*, topic: Topic, actor: User | None = None) -> bool:
    """Store a topic that is new or was changed; whether its past posts are being read for it now.

    Raises:
        ValidationError: its words can't be understood, or the workspace has too many topics.
        TransitionError: it was removed meanwhile.
    """
    try:
        topic.words, topic.but_not = words_checked(topic.words), words_checked(topic.but_not, is_needed=False)
    except ValueError as exc:
        raise ValidationError(str(exc)) from exc
    is_new = topic.pk is None
    if not is_new:
        list(TopicRead.objects.live().select_for_update().filter(topic=topic.pk))
    copies_hold(topic.workspace_id)
    before = None if is_new else Topic.objects.filter(pk=topic.pk).values("words", "but_not", "weight").first()
    if is_new and Topic.objects.filter(workspace=topic.workspace_id).count() >= TOPICS_MAX:
        raise ValidationError(_("Too many topics: %(max)s at most. Join some of them.") % {"max": TOPICS_MAX})
    if not is_new and before is None:
        raise TransitionError(_("Somebody has removed this topic meanwhile."))
    topic.save()
    audit_record(verb="topic.added" if is_new else "topic.changed", target=topic, actor=actor)
    if before is None or (before["words"], before["but_not"]) != (topic.words, topic.but_not):
        _read_anew(topic)
        return True
    if before["weight"] != topic.weight:
        listeners.tell_topics(topic.workspace_id, topic.pk)
    return False


@transaction.atomic
def topic_reread(*, topic: Topic, actor: User | None = None) -> None:
    """Have the past posts read for a topic once more: after a failure, or since signatures were learnt.

    Raises:
        TransitionError: they are being read, or the topic was removed meanwhile.
    """
    if TopicRead.objects.live().filter(topic=topic.pk).exists():
        raise TransitionError(_("Past posts are being read for this topic already."))
    if not Topic.objects.filter(pk=topic.pk).exists():
        raise TransitionError(_("Somebody has removed this topic meanwhile."))
    audit_record(verb="topic.reread", target=topic, actor=actor)
    _read_anew(topic)


def dead_key(topic_id: int) -> str:
    """Under which an alert tells that the past posts could not be read for a topic."""
    return f"sources.topic_read:{topic_id}"


def _read_anew(topic: Topic) -> None:
    """Have past posts read from the newest on; a reading that is under way begins again."""
    if not TopicRead.objects.live().filter(topic=topic.pk).update(**FRESH):
        TopicRead.objects.create(workspace_id=topic.workspace_id, topic=topic, not_before=now())
    alert_close(workspace=topic.workspace, key=dead_key(topic.pk))
    bells.ring_on_commit("topic_read")


def topics_named(posts: Collection[int]) -> dict[int, list[str]]:
    """The names of the topics of these posts, by post; one query."""
    named: dict[int, list[str]] = {}
    rows = PostTopic.objects.filter(post__in=posts, topic__removed_at__isnull=True).order_by(
        "-topic__weight", "topic__name"
    )
    for post_id, name in rows.values_list("post_id", F("topic__name")):
        named.setdefault(post_id, []).append(name)
    return named
