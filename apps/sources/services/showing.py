"""What posts show beside their words: pictures, files, polls; noted at intake, fetched later or never."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from apps.sources.models import Post, PostMedia
from apps.sources.ports import Media
from apps.sources.services.known import Known
from apps.sources.services.preparing import MEDIA_MAX

BATCH = 1000
FIELDS = ("kind", "mime", "size", "name", "caption", "about")


def media_keep(known: Known, moment: datetime) -> list[PostMedia]:
    """Note the media of a batch's items, those of known posts too where they are new or different.

    The answer is what was not known before.
    """
    shown = [(one, post) for one, post in known.pairs if one.media]
    if not shown:
        return []
    before = _stored_of([post for _one, post in shown if post.collected_at != moment])
    new: list[PostMedia] = []
    different: list[PostMedia] = []
    for one, post in shown:
        rows = before.setdefault(post.pk, {})
        fresh: list[PostMedia] = []
        for media in one.media:
            row = rows.get(media.key)
            if row is None:
                if len(rows) < MEDIA_MAX:
                    rows[media.key] = row = _row(post, media, len(rows))
                    fresh.append(row)
            elif one.external_id not in known.outdated and _is_renewed(row, media):
                different.append(row)
        new += fresh
        if fresh:
            different += _placed(rows)
    PostMedia.objects.bulk_create(new, batch_size=BATCH)
    changed = [row for row in {id(row): row for row in different}.values() if row.pk is not None]
    changed = [row for row in changed if row not in new]
    if changed:
        PostMedia.objects.bulk_update(
            changed, [*FIELDS, "remote", "position", "state", "problem", "stored"], batch_size=200
        )
    return new


def _stored_of(posts: Sequence[Post]) -> dict[int, dict[str, PostMedia]]:
    rows: dict[int, dict[str, PostMedia]] = {}
    if posts:
        for row in PostMedia.objects.filter(post__in=[post.pk for post in posts]):
            rows.setdefault(row.post_id, {})[row.key] = row
    return rows


def _row(post: Post, media: Media, position: int) -> PostMedia:
    return PostMedia(
        post=post,
        key=media.key,
        position=position,
        kind=media.kind,
        mime=media.mime,
        size=media.size,
        name=media.name,
        caption=media.caption,
        remote=dict(media.remote),
        about=dict(media.about),
    )


def _is_renewed(row: PostMedia, media: Media) -> bool:
    """Take over what the source says otherwise now; another file under one message has to be fetched again."""
    if all(getattr(row, name) == getattr(media, name) for name in FIELDS):
        return False
    is_other_file = row.key.isdigit() and None not in (row.size, media.size) and row.size != media.size
    if is_other_file and row.state in {PostMedia.State.STORED, PostMedia.State.FAILED}:
        row.state, row.stored, row.problem = PostMedia.State.REMOTE, None, ""
    for name in FIELDS:
        setattr(row, name, getattr(media, name))
    row.remote = dict(media.remote)
    return True


def _placed(rows: dict[str, PostMedia]) -> list[PostMedia]:
    """Messages of an album in their order, whatever order they came in; the answer is those that moved."""
    if not all(key.isdigit() for key in rows):
        return []
    moved = []
    for place, key in enumerate(sorted(rows, key=int)):
        if rows[key].position != place:
            rows[key].position = place
            moved.append(rows[key])
    return moved
