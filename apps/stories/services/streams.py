"""A workspace's stream in this process: a cache of rows, brought up to date under the workspace's lock.

The rows are the truth. A batch takes the lock (`Window`), brings the cache in step with what other processes stored,
adds its own posts to it, stores them, and leaves a new stamp in the lock's row. By the stamps the next batch sees
whether the cache still tells what the rows tell; a batch that was rolled back left no stamp: the cache is read anew.
"""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.db import transaction

from apps.core.bulk import rows_insert
from apps.stories.grouping.rarity import DayRarity, Rarity
from apps.stories.grouping.terms import Document, day_start, unpack
from apps.stories.grouping.window import Match, StreamWindow
from apps.stories.models import DayCounts, PostTerms, TermCounts, Window

WORKSPACES_HELD = 16
POSTS_HELD = 80_000  # of all workspaces together; about 5 kB each
DAYS_HELD = 40  # whose rarity is kept at hand
CHECKPOINT_POSTS = 1000
# Whose rarity stays stored: the latest days, for posts that come late, and those that were fixed last, for imports of
# past years, channel after channel. A day of a busy stream takes some 100 kB.
DAYS_LATEST, DAYS_FIXED = 60, 400


class Stream:
    """What one process holds of one workspace's stream.

    Attributes:
        upto: the id of the last row of PostTerms that is counted in.
        rarity: the counts of terms so far.
        window: the days in memory.
    """

    def __init__(self, workspace_id: int) -> None:
        self.workspace_id = workspace_id
        self.lock = threading.Lock()
        self._forget()

    def _forget(self) -> None:
        self.upto = 0
        self.rarity = Rarity()
        self.window = StreamWindow()
        self._days: OrderedDict[int, DayRarity] = OrderedDict()
        self._new_days: dict[int, DayRarity] = {}
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

    def weighed(self, document: Document) -> Document:
        """A document that has just been read, its terms weighed by the rarity of its day, which is known."""
        return replace(document, terms=self._rarity_of(document.day).weighed(document.terms))

    def matches(self, document: Document) -> list[Match]:
        """The stored documents most like this one, the best first."""
        return self.window.matches(document, self.load)

    def add(self, document: Document) -> None:
        """Take in one more document: it is counted, and found by those that come after it."""
        self.rarity.count(document.terms)
        self.window.add(document, self.load)

    def know_days(self, days: Collection[int]) -> None:
        """Read the fixed rarity of the days of a batch, in one query; those used longest ago are forgotten."""
        while len(self._days) > DAYS_HELD:
            self._days.popitem(last=False)
        missing = [day for day in days if day not in self._days]
        for stored in DayCounts.objects.filter(workspace=self.workspace_id, day__in=missing) if missing else ():
            self._days[stored.day] = DayRarity.unpacked(stored.counts, documents=stored.documents)

    def _rarity_of(self, day: int) -> DayRarity:
        """How rare terms are on a day: fixed when the first of its posts is weighed."""
        fixed = self._days.pop(day, None)
        if fixed is None:
            fixed = self.rarity.fixed()
            self._new_days[day] = fixed
        self._days[day] = fixed
        return fixed

    def store_days(self) -> None:
        """Store the rarity of the days that this batch was the first to see."""
        rows_insert(
            [
                DayCounts(workspace_id=self.workspace_id, day=day, documents=fixed.documents, counts=fixed.packed())
                for day, fixed in self._new_days.items()
            ]
        )
        self._new_days.clear()

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
            self.rarity = Rarity.unpacked(stored.counts, documents=stored.documents)
        self._loaded = True
        self._read_rows()

    def _read_rows(self) -> None:
        rows = PostTerms.objects.filter(workspace=self.workspace_id, id__gt=self.upto).order_by("id")
        for pk, post_id, published_at, terms in rows.values_list("id", "post_id", "published_at", "terms").iterator(
            1000
        ):
            document = Document(key=post_id, at=published_at.timestamp(), terms=unpack(terms))
            self.rarity.count(document.terms)
            self.window.heard(document)
            self.upto = pk

    def checkpoint(self) -> None:
        """Store the counts, so that the next process need not count the whole stream; old days go."""
        self._days_drop()
        rarity = self.rarity
        TermCounts.objects.update_or_create(
            workspace_id=self.workspace_id,
            defaults={"upto_id": self.upto, "documents": rarity.documents, "counts": rarity.packed()},
        )

    def _days_drop(self) -> None:
        """Forget the rarity of days that hardly any post comes for; if one does, it is fixed anew."""
        days = DayCounts.objects.filter(workspace=self.workspace_id)
        kept = set(days.order_by("-day").values_list("pk", flat=True)[:DAYS_LATEST])
        kept |= set(days.order_by("-pk").values_list("pk", flat=True)[:DAYS_FIXED])
        old = dict(days.exclude(pk__in=kept).values_list("pk", "day"))
        if old:
            days.filter(pk__in=old).delete()
            for day in old.values():
                self._days.pop(day, None)


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


def rarity_of(workspace_id: int) -> Rarity:
    """The counts of terms of a workspace's stream, as they were last kept; to look, not to add to."""
    stored = TermCounts.objects.filter(workspace=workspace_id).first()
    return Rarity() if stored is None else Rarity.unpacked(stored.counts, documents=stored.documents)


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
