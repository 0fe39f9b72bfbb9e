"""What people do to posts."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.sources import filters, listeners
from apps.sources.models import Post, Source
from apps.sources.services.copies import copies_find


@transaction.atomic
def post_take_back(*, post: Post, actor: User | None = None) -> None:
    """Keep a post that a filter had dropped; filters leave it alone from now on.

    Raises:
        TransitionError: it is kept already.
    """
    Source.objects.select_for_update().only("pk").get(pk=post.source_id)  # intake takes turns by this lock
    rule = post.dropped_by
    taken = Post.objects.filter(pk=post.pk).dropped().update(dropped_by="", dropped_rule=None, is_taken_back=True)
    if taken != 1:
        raise TransitionError(_("This post is kept already."))
    post.refresh_from_db()
    audit_record(verb="post.taken_back", target=post, actor=actor, details={"rule": filters.rule_words(rule)})
    copies_find([post])
    listeners.tell_added([post])
