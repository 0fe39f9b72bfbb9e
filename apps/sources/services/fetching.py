"""Pictures and files are fetched when a person asks, or by a source's rule; what came is recorded."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import bells
from apps.core.work.models import WorkRow
from apps.sources.media_bytes import Kept, media_max_bytes
from apps.sources.media_parts import MediaPlan, Part
from apps.sources.models import ChannelFetch, MediaFetch, Post, PostMedia, Source
from apps.sources.services.media_store import media_failed, media_file_of, media_stored
from apps.telegram.services.session_budget import channel_ref

BATCH = 1000
NO_FILE = frozenset({Post.Kind.POLL, Post.Kind.OTHER})
WANTED = frozenset({PostMedia.State.REMOTE, PostMedia.State.FAILED})


def is_fetchable(media: PostMedia, source: Source) -> bool:
    """Whether anybody knows where the file is: an address of the web, or a message of a channel that is read."""
    if media.kind in NO_FILE or media.state not in WANTED:
        return False
    if source.kind == Source.Kind.TELEGRAM:
        return source.session_id is not None and source.chat_id is not None and media.key.isdigit()
    return str(media.remote.get("url", "")).startswith(("http://", "https://"))


@transaction.atomic
def media_fetch_ask(*, media: PostMedia, actor: User | None = None) -> None:
    """Have a picture or file fetched now.

    Raises:
        TransitionError: it is here, on its way, or nobody knows where it is.
    """
    source = media.post.source
    if not is_fetchable(media, source):
        raise TransitionError(_("This file can't be fetched: nobody knows where it is, or it is here already."))
    if not _made(source, [media]):
        raise TransitionError(_("This file is being fetched already."))
    audit_record(verb="media.fetch_asked", target=media.post, actor=actor, details={"media": media.pk})


def media_fetch_by_rule(source: Source, media: Iterable[PostMedia]) -> None:
    """Have new media of kept posts fetched, where the source says so; runs in the intake's transaction."""
    if source.fetch_media:
        wanted = [one for one in media if not one.post.dropped_by and is_fetchable(one, source)]
        if wanted:
            _made(source, wanted)


def _made(source: Source, media: list[PostMedia]) -> int:
    """Make the work rows; how many there are now that were not before."""
    moment = now()
    if source.kind == Source.Kind.TELEGRAM:
        rows = [
            ChannelFetch(workspace_id=source.workspace_id, source=source, media=one, not_before=moment) for one in media
        ]
        live = ChannelFetch.objects.live().filter(media__in=media)
        before = live.count()
        ChannelFetch.objects.bulk_create(rows, batch_size=BATCH, ignore_conflicts=True)
        return live.count() - before
    fetches = [MediaFetch(workspace_id=source.workspace_id, media=one, not_before=moment) for one in media]
    waiting = MediaFetch.objects.live().filter(media__in=media)
    before = waiting.count()
    MediaFetch.objects.bulk_create(fetches, batch_size=BATCH, ignore_conflicts=True)
    bells.ring_on_commit("media_fetch")
    return waiting.count() - before


def fetches_taken_over(session_pk: int) -> int:
    """Let the fetches of an account's former owner be claimed at once; call it on becoming the owner.

    What the former owner still records is refused as soon as the next claim gives another token.
    """
    at = now()
    left = ChannelFetch.objects.filter(state=WorkRow.State.LEASED, not_before__gt=at, source__session=session_pk)
    return ChannelFetch.objects.filter(pk__in=left.values("pk"), state=WorkRow.State.LEASED).update(not_before=at)


def web_fetch_plan(row: MediaFetch) -> MediaPlan:
    """What the fetch needs to know."""
    media = row.media
    url = str(media.remote.get("url", "")) if media.state in WANTED else ""
    return MediaPlan(media.pk, row.workspace_id, media.kind, media_max_bytes(), url=url)


def channel_fetch_plan(row: ChannelFetch) -> MediaPlan:
    """What the fetch needs to know of the account and the message.

    Raises:
        PermanentError: the account does not know the channel.
    """
    media, source = row.media, row.source
    session_pk, chat_id = source.session_id, source.chat_id
    channel = None
    if media.state in WANTED and session_pk is not None and chat_id is not None:
        channel = channel_ref(session_pk=session_pk, chat_id=chat_id)
        if channel is None:
            raise PermanentError(_("The account has not read this channel yet."), code="channel_unknown")
    return MediaPlan(
        media.pk,
        row.workspace_id,
        media.kind,
        media_max_bytes(),
        session_pk=session_pk or 0,
        channel=channel,
        message_id=int(media.key) if media.key.isdigit() else 0,
        remote=dict(media.remote),
    )


def fetch_record(row: MediaFetch | ChannelFetch, kept: Kept | None) -> None:
    """Note what was fetched; nothing came where it was not wanted any more."""
    if kept is not None:
        media_stored(media_id=row.media_id, file=media_file_of(kept))
        type(row)._base_manager.filter(pk=row.pk).update(received=kept.size)
    media_id = row.media_id
    transaction.on_commit(lambda: Part(media_id).forget())


def fetch_dead(row: WorkRow) -> None:
    """Say on the post's media why it can't be had; a person may ask again."""
    if isinstance(row, MediaFetch | ChannelFetch):
        media_id = row.media_id
        media_failed(media_id=media_id, problem=row.error)
        transaction.on_commit(lambda: Part(media_id).forget())
