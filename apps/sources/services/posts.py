"""What people do to posts."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.sources import filters, listeners
from apps.sources.models import Post, Source
from apps.sources.services.copies import copies_find, copies_hold
from apps.sources.services.topics import topics_keep


@transaction.atomic
def post_take_back(*, post: Post, actor: User | None = None) -> None:
    """Keep a post that a filter had dropped; filters leave it alone from now on.

    Raises:
        TransitionError: it is kept already.
    """
    Source.objects.select_for_update().only("pk").get(pk=post.source_id)  # intake takes turns by this lock
    copies_hold(post.workspace_id)
    rule = post.dropped_by
    taken = Post.objects.filter(pk=post.pk).dropped().update(dropped_by="", dropped_rule=None, is_taken_back=True)
    if taken != 1:
        raise TransitionError(_("This post is kept already."))
    topics_keep([post.pk])
    post.refresh_from_db()
    audit_record(verb="post.taken_back", target=post, actor=actor, details={"rule": filters.rule_words(rule)})
    copies_find([post])
    listeners.tell_added([post])


def posts_take_back(*, posts: Collection[int], actor: User | None = None) -> int:
    """Keep all of these posts that filters had dropped, one transaction a source; how many there were."""
    sources = Post.objects.filter(pk__in=posts).dropped().order_by("source").values_list("source", flat=True).distinct()
    return sum(_taken_back(source_id, posts, actor) for source_id in list(sources))


@transaction.atomic
def _taken_back(source_id: int, posts: Collection[int], actor: User | None) -> int:
    source = Source.objects.select_for_update().get(pk=source_id)
    copies_hold(source.workspace_id)
    rows = list(Post.objects.filter(source=source, pk__in=posts).dropped().select_related("source"))
    reasons = sorted({filters.rule_words(row.dropped_by) for row in rows})[:20]
    Post.objects.filter(pk__in=[row.pk for row in rows]).update(dropped_by="", dropped_rule=None, is_taken_back=True)
    topics_keep(row.pk for row in rows)
    for row in rows:
        row.dropped_by, row.dropped_rule, row.is_taken_back = "", None, True
    if rows:
        details = {"posts": [row.pk for row in rows][:1000], "rules": reasons}
        audit_record(verb="post.taken_back", target=source, actor=actor, details=details)
        copies_find(rows)
        listeners.tell_added([row for row in rows if row.title or row.text])
    return len(rows)
