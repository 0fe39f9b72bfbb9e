"""A batch of new posts finds its stories. Imported by workers only: it brings the dictionaries with it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from functools import partial

from apps.core.bulk import values_insert
from apps.core.clock import now
from apps.sources.models import Post, Source, Topic
from apps.sources.services.families import families_of
from apps.stories.grouping.lemmas import Lemmatiser
from apps.stories.grouping.likeness import Told
from apps.stories.grouping.reasons import Reasons, reasons
from apps.stories.grouping.terms import Document, pack
from apps.stories.grouping.window import Match
from apps.stories.models import Grouping, PostTerms, Story, StoryPost
from apps.stories.services.close_calls import close_calls_of
from apps.stories.services.judgements import said_of
from apps.stories.services.keeping import stories_keep
from apps.stories.services.placing import Placing
from apps.stories.services.ranking import stories_rank
from apps.stories.services.rewrites import rewrites_automatic
from apps.stories.services.streams import CHECKPOINT_POSTS, Stream, stream_held

_lemmatiser = Lemmatiser()


def groupings_group(rows: Sequence[Grouping]) -> None:
    """Give the posts of these rows their stories, in the order of the rows; a post that has one keeps it.

    Of a post that has one and was changed by its source, the terms are renewed, for those that come after it.

    Runs inside the transaction that finishes the rows.
    """
    fields = ("workspace_id", "source_id", "channel", "title", "text", "boilerplate", "language", "published_at")
    told = Post.objects.only(*fields, "copy_of_id").filter(pk__among=[row.post_id for row in rows])
    posts = {post.pk: post for post in told}
    by_workspace: dict[int, list[Post]] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        by_workspace.setdefault(row.workspace_id, []).append(posts[row.post_id])
    for workspace_id in sorted(by_workspace):
        _group(workspace_id, by_workspace[workspace_id])


def document_of(post: Post) -> Document:
    """A post's words, without boilerplate; costly, so read before the workspace's lock is taken."""
    terms, words = _lemmatiser.terms(title=post.title, text=post.told)
    return Document(key=post.pk, at=post.published_at.timestamp(), terms=terms, words=words)


def _group(workspace_id: int, posts: Sequence[Post]) -> None:
    read = {post.pk: document_of(post) for post in posts}
    with stream_held(workspace_id) as (stream, held):
        stamp = uuid.uuid4()
        stream.begin(stamp)
        stream.know_days({document.day for document in read.values()})
        placed = set(StoryPost.objects.filter(post__among=read).values_list("post_id", flat=True))
        fresh = [post for post in posts if post.pk not in placed]
        stored = _stored(placed)
        said = said_of(workspace_id, fresh)
        originals = placed_originals(fresh)
        settled, news = set(originals), list[tuple[Post, Document]]()
        matches: list[tuple[Post, Document, list[Match]]] = []
        for post in posts:
            document = stream.weighed(read[post.pk])
            if post.pk not in placed:
                # A copy goes where its original is, so nothing needs to be compared with it.
                follows = post.copy_of_id in settled and post.pk not in said.apart
                matches.append((post, document, [] if follows else stream.matches(document)))
                settled.add(post.pk)
            elif stored.get(post.pk) == pack(document.terms):
                continue
            stream.add(document)
            news.append((post, document))
        placing = Placing(workspace_id, sources=source_names(fresh), families=families_of(workspace_id), said=said)
        placing.learn((match for _post, _document, found in matches for match in found), originals)
        has_topics = Topic.objects.filter(workspace=workspace_id).exists()
        begun, grown = _placed(placing, matches, is_ranked=not has_topics)
        stories_keep([story.pk for story in grown])  # nobody has worked on one that has just begun
        if has_topics:
            stories_rank([story.pk for story in (*begun, *grown)])
        _remember(stream, workspace_id, news, placed)
        stream.store_days()
        before, held.posts = held.posts, held.posts + len(fresh)
        if before // CHECKPOINT_POSTS != held.posts // CHECKPOINT_POSTS:
            stream.checkpoint()
        held.stamp = stamp
        held.save(update_fields=["stamp", "posts"])
        rewrites_automatic([*begun, *grown], at=now())


def _placed(
    placing: Placing, matches: Sequence[tuple[Post, Document, list[Match]]], *, is_ranked: bool
) -> tuple[list[Story], list[Story]]:
    """Put the posts one after the other; the answer is the stories that have begun and those that have grown."""
    calls = close_calls_of(placing.workspace_id)
    for post, document, found in matches:
        if calls is not None:
            calls.see(placing, post, found)
        placing.put(post, found, partial(_why, post, document))
    stored = placing.store(is_ranked=is_ranked)
    if calls is not None:
        calls.store(placing)
    return stored


def reasons_of(post: Post, document: Document, other: Told) -> Reasons:
    """What binds a post, whose weighed words these are, to another."""
    return reasons(_lemmatiser, document, other, title=post.title, text=post.told)


def _why(post: Post, document: Document, match: Match) -> Reasons:
    return reasons_of(post, document, match.other)


def placed_originals(posts: Sequence[Post]) -> set[int]:
    """The originals of those that are copies, where they are in a story already and it takes more posts."""
    wanted = {post.copy_of_id for post in posts if post.copy_of_id is not None}
    open_to = StoryPost.objects.filter(post__among=wanted, story__is_locked=False)
    return set(open_to.values_list("post_id", flat=True)) if wanted else set()


def _stored(posts: Collection[int]) -> dict[int, bytes]:
    """The terms that are stored of posts that have a story; where they are not a post's terms any more, it changed."""
    if not posts:
        return {}
    told = PostTerms.objects.filter(post__in=posts).values_list("post_id", "terms")
    return {post_id: bytes(terms) for post_id, terms in told}


def source_names(posts: Sequence[Post]) -> dict[int, str]:
    """The names of the sources of some posts."""
    return dict(Source.objects.filter(pk__in={post.source_id for post in posts}).values_list("pk", "name"))


def _remember(
    stream: Stream, workspace_id: int, news: Sequence[tuple[Post, Document]], placed: Collection[int]
) -> None:
    """Store the terms of the batch in its order; changed ones as the newest rows, where other processes see them."""
    if not news:
        return
    changed = [post.pk for post, _document in news if post.pk in placed]
    if changed:
        PostTerms.objects.filter(post__in=changed).delete()
    lines = [(workspace_id, document.key, post.published_at, pack(document.terms)) for post, document in news]
    stream.upto = max(values_insert(PostTerms, ("workspace", "post", "published_at", "terms"), lines))
