"""Lists of feeds: what a list would add, adding it, and the list of what is there.

A folder of a list becomes the beginning of its feeds' names (“City / Harbour news”), and names become folders again
when a list is written. Filters stay out of it: a folder says where somebody kept a feed, and nothing of what to drop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.http import checked_url
from apps.core.http.client import allow_list
from apps.core.http.urls import refuse_literal
from apps.core.work import bells
from apps.sources.models import Poll, Source
from apps.sources.parsers.opml import Outline, write_opml
from apps.sources.parsers.same_address import address_key
from apps.sources.services.upkeep import upkeep_begin

JOINT = " / "
NAME_MAX, URL_MAX = 150, 1000
BATCH = 500
APART_S, SPREAD_MAX_S = 0.2, 1800.0  # first collections of a list begin so far apart
NEW, KNOWN, BROKEN = "new", "known", "broken"
web_address = URLValidator(schemes=["http", "https"])


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed of a list as it would be added.

    Attributes:
        state: new, known (there already, or named twice) or broken.
        note: the source that has the address already, or what is wrong with it.
    """

    name: str
    url: str
    state: str
    note: str = ""


def feeds_compare(*, workspace: Workspace, outlines: Iterable[Outline]) -> list[ListedFeed]:
    """What a list would add to a workspace; nothing is changed."""
    sources = Source.objects.filter(workspace=workspace)
    taken = {name.casefold() for name in sources.values_list("name", flat=True)}
    known = {_key(url): name for url, name in sources.filter(kind=Source.Kind.FEED).values_list("url", "name")}
    found: list[ListedFeed] = []
    numbers: dict[str, int] = {}
    for outline in outlines:
        problem = address_problem(outline.url)
        key = _key(outline.url)
        if problem:
            found.append(ListedFeed(outline.title[:NAME_MAX], outline.url[:URL_MAX], BROKEN, problem))
        elif key in known:
            found.append(ListedFeed(_name(outline), outline.url, KNOWN, known[key]))
        else:
            name = _free(_name(outline), taken, numbers)
            known[key] = name
            found.append(ListedFeed(name, outline.url, NEW))
    return found


@transaction.atomic
def feeds_add(*, workspace: Workspace, outlines: Sequence[Outline], actor: User | None = None) -> int:
    """Add what is new of a list, to be collected one after another; how many. The same list again adds nothing."""
    Workspace.objects.select_for_update(no_key=True).get(pk=workspace.pk)  # two imports at once would add a feed twice
    new = [feed for feed in feeds_compare(workspace=workspace, outlines=outlines) if feed.state == NEW]
    if not new:
        return 0
    sources = Source.objects.bulk_create(
        [Source(workspace=workspace, kind=Source.Kind.FEED, name=feed.name, url=feed.url) for feed in new],
        batch_size=BATCH,
    )
    moment, apart_s = now(), min(APART_S, SPREAD_MAX_S / len(sources))
    Poll.objects.bulk_create(
        [
            Poll(workspace=workspace, source=source, not_before=moment + timedelta(seconds=apart_s * number))
            for number, source in enumerate(sources)
        ],
        batch_size=BATCH,
    )
    upkeep_begin(workspace)
    audit_record(
        verb="source.list_imported",
        target=workspace,
        actor=actor,
        details={"added": len(sources), "first": [source.name for source in sources[:10]]},
    )
    bells.ring_on_commit("poll")
    return len(sources)


def feeds_list(*, workspaces: Sequence[Workspace], title: str) -> bytes:
    """All feeds of these workspaces as OPML 2.0; with several of them, each is a folder."""
    rows = Source.objects.filter(workspace__in=list(workspaces), kind=Source.Kind.FEED)
    outlines = []
    for name, url, home in rows.order_by("workspace", "name").values_list("name", "url", "workspace__name"):
        *folders, own = name.split(JOINT)
        place = [home, *folders] if len(workspaces) > 1 else folders
        outlines.append(Outline(own, url, tuple(place)))
    return write_opml(outlines, title=title, at=now())


def address_problem(url: str) -> str:
    """Why an address can't be that of a feed; empty where it can."""
    if len(url) > URL_MAX:
        return _("The address is longer than %(limit)d characters.") % {"limit": URL_MAX}
    allow = allow_list()
    try:
        refuse_literal(checked_url(url, allow=allow), allow=allow)
    except PermanentError as exc:
        return str(exc)
    try:
        web_address(url)
    except ValidationError:
        return _("“%(url)s” is not an address.") % {"url": url[:200]}
    return ""


def _key(url: str) -> str:
    return address_key(url) or url


def _name(outline: Outline) -> str:
    own = outline.title or (urlsplit(outline.url).hostname or outline.url)
    return JOINT.join([*outline.folders, own])[:NAME_MAX].strip()


def _free(name: str, taken: set[str], numbers: dict[str, int]) -> str:
    """The name, or the first with a number that no source has; it counts as taken from now on.

    `numbers` remembers where the search for a name ended, or a list with one title only would begin it anew each time.
    """
    stem = name[: NAME_MAX - 6]
    key, free = stem.casefold(), name
    number = numbers.get(key, 2)
    while free.casefold() in taken:
        free = f"{stem} {number}"
        number += 1
    numbers[key] = number
    taken.add(free.casefold())
    return free
