"""Which stored post an entry of a feed is, where the feed's own ids can't be relied upon.

An entry is known by its GUID; by GUID and address where the feed gives one GUID to several entries; without a GUID by
its address, and without that by its words. Stored posts keep the id that they were stored with: an entry whose id is
new is looked up among the source's latest posts by its address, so that a feed that moves to https, adds marks to its
links or makes new GUIDs each time brings nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from apps.sources.models import Post, Source
from apps.sources.parsers.same_address import address_key
from apps.sources.ports import Item
from apps.sources.services.intake import Prepared

LOOKED_BACK = 500  # latest posts of the source that an unknown entry is compared with
VOLATILE_LEAST = 2  # unknown entries at known addresses from which on a feed's GUIDs are not to be relied upon


@dataclass(frozen=True, slots=True)
class Stored:
    """What is compared of a stored post."""

    external_id: str
    title: str


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
    """The same entries, those that are stored already under the id that they were stored with.

    One query where every entry is known by its id, one more where some are not.
    """
    ids = [one.external_id for one in prepared]
    known = set(Post.objects.filter(source=source, external_id__in=ids).values_list("external_id", flat=True))
    unknown = [one for one in prepared if one.external_id not in known]
    if not unknown:
        return list(prepared)
    names = _names(unknown, _posts_by_key(source, taken=known), _keys_once(prepared))
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
        for key in {address_key(external_id), address_key(url)} - {""}:
            if key in found:
                shared.add(key)
            found[key] = Stored(external_id, title)
    return {key: post for key, post in found.items() if key not in shared and post.external_id not in taken}


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
        own, key = address_key(one.external_id), address_key(one.url)
        if own and own in posts:
            names[one.external_id] = posts[own].external_id
        elif key in once and key in posts:
            linked.append((one, posts[key]))
    volatile = len(linked) >= VOLATILE_LEAST and 2 * len(linked) >= len(unknown)
    for one, post in linked:
        if volatile or one.title == post.title:
            names[one.external_id] = post.external_id
    return names
