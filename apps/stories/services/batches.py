"""A batch of new posts finds its stories. Imported by workers only: it brings the dictionaries with it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from apps.core.clock import now
from apps.sources.models import Post, Source
from apps.sources.services.families import families_of
from apps.stories.grouping.lemmas import Lemmatiser
from apps.stories.grouping.terms import Document, pack
from apps.stories.models import Grouping, PostTerms, StoryPost
from apps.stories.services.keeping import stories_keep
from apps.stories.services.placing import Placing
from apps.stories.services.rewrites import rewrites_automatic
from apps.stories.services.streams import CHECKPOINT_POSTS, Stream, stream_held

_lemmatiser = Lemmatiser()


def groupings_group(rows: Sequence[Grouping]) -> None:
    """Give the posts of these rows their stories, in the order of the rows; a post that has one keeps it.

    Of a post that has one and was changed by its source, the terms are renewed, for those that come after it.

    Runs inside the transaction that finishes the rows.
    """
    fields = ("workspace_id", "source_id", "channel", "title", "text", "boilerplate", "language", "published_at")
    posts = Post.objects.only(*fields, "copy_of_id").in_bulk([row.post_id for row in rows])
    by_workspace: dict[int, list[Post]] = {}
    for row in sorted(rows, key=lambda row: row.pk):
        by_workspace.setdefault(row.workspace_id, []).append(posts[row.post_id])
    for workspace_id in sorted(by_workspace):
        _group(workspace_id, by_workspace[workspace_id])


def document_of(post: Post) -> Document:
    """A post as it is compared, without boilerplate; costly, so done before the workspace's lock is taken."""
    terms, words = _lemmatiser.terms(title=post.title, text=post.told)
    return Document(key=post.pk, at=post.published_at.timestamp(), terms=terms, voice=post.voice, words=words)


def _group(workspace_id: int, posts: Sequence[Post]) -> None:
    documents = {post.pk: document_of(post) for post in posts}
    with stream_held(workspace_id) as (stream, held):
        placed = set(StoryPost.objects.filter(post__in=documents).values_list("post_id", flat=True))
        fresh = [post for post in posts if post.pk not in placed]
        changed = _changed([post for post in posts if post.pk in placed], documents)
        if not fresh and not changed:
            return
        stamp = uuid.uuid4()
        stream.begin(stamp)
        _renew(stream, workspace_id, [documents[post.pk] for post in changed], changed)
        originals = placed_originals(fresh)
        settled, matches = set(originals), []
        for post in fresh:
            document = documents[post.pk]
            # A copy goes where its original is, so nothing needs to be compared with it.
            matches.append([] if post.copy_of_id in settled else stream.window.matches(document, stream.load))
            stream.window.add(document)
            settled.add(post.pk)
        placing = Placing(workspace_id, sources=source_names(fresh), families=families_of(workspace_id))
        placing.learn((match for found in matches for match in found), originals)
        for post, found in zip(fresh, matches, strict=True):
            placing.put(post, found)
        grown = placing.store()
        stories_keep([story.pk for story in grown])
        if fresh:
            _remember(stream, workspace_id, [documents[post.pk] for post in fresh], fresh)
        before, held.posts = held.posts, held.posts + len(fresh)
        if before // CHECKPOINT_POSTS != held.posts // CHECKPOINT_POSTS:
            stream.checkpoint()
        held.stamp = stamp
        held.save(update_fields=["stamp", "posts"])
        rewrites_automatic(grown, at=now())


def placed_originals(posts: Sequence[Post]) -> set[int]:
    """The originals of those that are copies, where they are in a story already."""
    wanted = {post.copy_of_id for post in posts if post.copy_of_id is not None}
    return set(StoryPost.objects.filter(post__in=wanted).values_list("post_id", flat=True)) if wanted else set()


def _changed(posts: Sequence[Post], documents: dict[int, Document]) -> list[Post]:
    """Those whose stored terms are not theirs any more."""
    stored = dict(PostTerms.objects.filter(post__in=posts).values_list("post_id", "terms")) if posts else {}
    return [post for post in posts if bytes(stored.get(post.pk, b"")) != pack(documents[post.pk].terms)]


def _renew(stream: Stream, workspace_id: int, documents: Sequence[Document], posts: Sequence[Post]) -> None:
    """Store other terms in place of the old ones, as the newest rows, where other processes will see them."""
    if posts:
        PostTerms.objects.filter(post__in=posts).delete()
        _remember(stream, workspace_id, documents, posts)
        for document in documents:
            stream.window.add(document)


def source_names(posts: Sequence[Post]) -> dict[int, str]:
    """The names of the sources of some posts."""
    return dict(Source.objects.filter(pk__in={post.source_id for post in posts}).values_list("pk", "name"))


def _remember(stream: Stream, workspace_id: int, documents: Sequence[Document], posts: Sequence[Post]) -> None:
    """Store the terms of the batch, in its order."""
    rows = PostTerms.objects.bulk_create(
        [
            PostTerms(
                workspace_id=workspace_id,
                post_id=document.key,
                published_at=post.published_at,
                terms=pack(document.terms),
            )
            for document, post in zip(documents, posts, strict=True)
        ]
    )
    stream.upto = max(row.pk for row in rows)
