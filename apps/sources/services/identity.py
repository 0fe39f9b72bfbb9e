"""Which stored post an entry of a feed is, where the feed's own ids can't be relied upon.

An entry is known by its GUID; by GUID and address where the feed gives one GUID to several entries; without a GUID by
its address, and without that by its words. Stored posts keep the id that they were stored with: an entry whose id is
new is looked up among the source's latest posts by its address, so that a feed that moves to https, adds marks to its
links or makes new GUIDs each time brings nothing twice, and nothing that was removed here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.db.models import Q

from apps.sources.models import Post, Source, Tombstone
from apps.sources.parsers.same_address import address_key
from apps.sources.ports import Item
from apps.sources.services.intake import Prepared
from apps.sources.services.preparing import digest_of, shortened

LOOKED_BACK = 500  # latest posts of the source that an unknown entry is compared with
VOLATILE_LEAST = 2  # unknown entries at known addresses from which on a feed's GUIDs are not to be relied upon


@dataclass(frozen=True, slots=True)
class Stored:
    """What is compared of a stored post, or of what is left of a removed one."""

    external_id: str
    title_hash: str
    removed_at: datetime | None = None


def items_named(items: Iterable[Item]) -> list[Item]:
    """Entries of one feed, each with an id of its own: where a GUID is given to several, the address is added."""
    items = list(items)
    places: dict[str, set[str]] = {}
    for item in items:
        if item.external_id:
            places.setdefault(item.external_id, set()).add(address_key(item.url) or item.url or _words(item))
    return [
        replace(item, external_id=f"{item.external_id} {address_key(item.url) or item.url}".strip() if item.url else "")
        if len(places.get(item.external_id, ())) > 1
        else item
        for item in items
    ]


def recognised(source: Source, prepared: Sequence[Prepared]) -> list[Prepared]:
    """The same entries, those that were stored before under the id that they were stored with.

    One query where every entry is known by its id, two more where some are not.
    """
    ids = [one.external_id for one in prepared]
    known = set(Post.objects.filter(source=source, external_id__in=ids).values_list("external_id", flat=True))
    unknown = [one for one in prepared if one.external_id not in known]
    if not unknown:
        return list(prepared)
    stones = _stones_of(source, unknown)
    removed = {stone.external_id for stone in stones}
    posts = {**_removed_by_key(stones), **_posts_by_key(source, taken=known)}
    names = _names([one for one in unknown if one.external_id not in removed], posts, _keys_once(prepared))
    taken: dict[str, Prepared] = {}
    for one in prepared:
        name = names.get(one.external_id, one.external_id)
        taken.setdefault(name, one if name == one.external_id else replace(one, external_id=name))
    return list(taken.values())


def _words(item: Item) -> str:
    return f"{item.title}\n{item.text}"


def _posts_by_key(source: Source, *, taken: set[str]) -> dict[str, Stored]:
    """The latest posts by what their id and address come to; keys that several posts share are left out."""
    found: dict[str, Stored] = {}
    shared: set[str] = set()
    posts = Post.objects.filter(source=source).order_by("-published_at", "-id")[:LOOKED_BACK]
    for external_id, url, title in posts.values_list("external_id", "url", "title"):
        stored = Stored(external_id, digest_of(title, ""))
        for key in {shortened(address_key(name)) for name in (external_id, url)} - {""}:
            if key in found:
                shared.add(key)
            found[key] = stored
    return {key: post for key, post in found.items() if key not in shared and post.external_id not in taken}


def _stones_of(source: Source, unknown: Sequence[Prepared]) -> list[Tombstone]:
    """What is left of removed posts that these entries may be."""
    keys = {shortened(address_key(name)) for one in unknown for name in (one.external_id, one.url)} - {""}
    said = Q(external_id__in=[one.external_id for one in unknown]) | Q(address__in=keys)
    return list(Tombstone.objects.filter(said, source=source))


def _removed_by_key(stones: Iterable[Tombstone]) -> dict[str, Stored]:
    """Removed posts by their address; addresses that several share are left out."""
    counted = Counter(stone.address for stone in stones)
    return {
        stone.address: Stored(stone.external_id, stone.title_hash, removed_at=stone.at)
        for stone in stones
        if stone.address and counted[stone.address] == 1
    }


def _keys_once(prepared: Sequence[Prepared]) -> set[str]:
    """Addresses that one entry of the feed has alone."""
    counted = Counter(address_key(one.url) for one in prepared)
    return {key for key, number in counted.items() if key and number == 1}


def _names(unknown: list[Prepared], posts: dict[str, Stored], once: set[str]) -> dict[str, str]:
    """The stored id of each unknown entry that is stored.

    An id that is an address says for itself which post it is. A mere link may lead many entries to one page, so the
    title has to be the same too, unless so many entries changed their ids that the feed makes new ones each time.
    """
    names: dict[str, str] = {}
    linked: list[tuple[Prepared, Stored]] = []
    for one in unknown:
        own, key = shortened(address_key(one.external_id)), address_key(one.url)
        if own and own in posts:
            names[one.external_id] = posts[own].external_id
        elif key in once and (post := posts.get(shortened(key))) and not _is_later(one, post):
            linked.append((one, post))
    volatile = len(linked) >= VOLATILE_LEAST and 2 * len(linked) >= len(unknown)
    for one, post in linked:
        if volatile or digest_of(one.title, "") == post.title_hash:
            names[one.external_id] = post.external_id
    return names


def _is_later(one: Prepared, post: Stored) -> bool:
    """Whether an entry came out after what its page showed before was removed: a page may show something each day."""
    return post.removed_at is not None and one.published_at is not None and one.published_at > post.removed_at
