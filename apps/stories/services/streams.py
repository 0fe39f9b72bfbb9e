"""A workspace's stream in this process: a cache of rows, brought up to date under the workspace's lock.

The rows are the truth. A batch takes the lock (`Window`), brings the cache in step with what other processes stored,
adds its own posts to it, stores them, and leaves a new stamp in the lock's row. By the stamps the next batch sees
whether the cache still tells what the rows tell; a batch that was rolled back left no stamp: the cache is read anew.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from apps.stories.grouping.rarity import Rarity
from apps.stories.grouping.terms import Document, day_start, unpack
from apps.stories.grouping.window import StreamWindow
from apps.stories.models import PostTerms, TermCounts, Window

WORKSPACES_HELD = 16
POSTS_HELD = 40_000  # of all workspaces together; about 10 kB each
CHECKPOINT_POSTS = 1000


class Stream:
    """What one process holds of one workspace's stream.

    Attributes:
        upto: the id of the last row of PostTerms that is counted in.
        window: the days in memory and the rarity of terms.
    """

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id
        self.lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self.upto = 0
        self.window = StreamWindow(rarity=Rarity())
        self._loaded = False
        self._stamp: uuid.UUID | None = None
        self._pending: uuid.UUID | None = None
        self._confirmed: uuid.UUID | None = None

    def catch_up(self, held: Window) -> None:
        """Bring the cache in step with the rows; the caller holds the workspace's lock row."""
        if self._pending is not None:
            if self._pending in (held.stamp, self._confirmed):
                self._stamp, self._pending = self._pending, None
            else:
                self._forget()
        if not self._loaded:
            self._read_counts()
        elif self._stamp != held.stamp:
            self._read_rows()
        self._stamp = held.stamp
        self.window.shrink()

    def begin(self, stamp: uuid.UUID) -> None:
        """From here on the cache is ahead of the rows, until this stamp is seen in them."""
        self._pending = stamp
        transaction.on_commit(lambda: self._confirm(stamp))

    def _confirm(self, stamp: uuid.UUID) -> None:
        self._confirmed = stamp

    def load(self, first: int, last: int) -> Iterator[Document]:
        """The stored documents of some days, in the order of grouping."""
        rows = PostTerms.objects.filter(
            workspace=self.workspace_id,
            published_at__gte=day_start(first),
            published_at__lt=day_start(last + 1),
            id__lte=self.upto,
        )
        for post_id, published_at, terms in rows.order_by("id").values_list("post_id", "published_at", "terms"):
            yield Document(key=post_id, at=published_at.timestamp(), terms=unpack(terms))

    def _read_counts(self) -> None:
        stored = TermCounts.objects.filter(workspace=self.workspace_id).first()
        if stored is not None:
            self.upto = stored.upto_id
            self.window = StreamWindow(rarity=Rarity.unpacked(stored.counts, documents=stored.documents))
        self._loaded = True
        self._read_rows()

    def _read_rows(self) -> None:
        rows = PostTerms.objects.filter(workspace=self.workspace_id, id__gt=self.upto).order_by("id")
        for pk, post_id, published_at, terms in rows.values_list("id", "post_id", "published_at", "terms").iterator(
            1000
        ):
            self.window.add(Document(key=post_id, at=published_at.timestamp(), terms=unpack(terms)))
            self.upto = pk

    def checkpoint(self) -> None:
        """Store the counts, so that the next process need not count the whole stream."""
        rarity = self.window.rarity
        TermCounts.objects.update_or_create(
            workspace_id=self.workspace_id,
            defaults={"upto_id": self.upto, "documents": rarity.documents, "counts": rarity.packed()},
        )


_streams: OrderedDict[int, Stream] = OrderedDict()
_streams_lock = threading.Lock()


def stream_of(workspace_id: int) -> Stream:
    """This process's stream of a workspace; of many workspaces the least used are forgotten."""
    with _streams_lock:
        stream = _streams.pop(workspace_id, None) or Stream(workspace_id)
        _streams[workspace_id] = stream
        while len(_streams) > 1 and (
            len(_streams) > WORKSPACES_HELD or sum(len(held.window) for held in _streams.values()) > POSTS_HELD
        ):
            _streams.popitem(last=False)
        return stream


def streams_forget() -> None:
    """Drop every cache of this process; the next batch reads what it needs."""
    with _streams_lock:
        _streams.clear()


@contextmanager
def stream_held(workspace_id: int) -> Iterator[tuple[Stream, Window]]:
    """A workspace's stream in step with the rows, to itself until the transaction ends."""
    Window.objects.get_or_create(workspace_id=workspace_id)
    held = Window.objects.select_for_update().get(workspace_id=workspace_id)
    stream = stream_of(workspace_id)
    with stream.lock:
        stream.catch_up(held)
        yield stream, held
