"""The articles of list pages: which are known, which are due, and how each fared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import Count
from django.utils.translation import gettext as _

from apps.core.clock import now
from apps.sources.models import PageLink, Source

State = PageLink.State
AGAIN = (timedelta(hours=1), timedelta(hours=6), timedelta(days=1))  # after each reading; then it is left alone
RETRIES = (timedelta(minutes=30), timedelta(hours=3), timedelta(days=1))  # after each failure in reading
KEPT_MOST = 3000  # a page; a list that is different at every look would grow for ever
FORGOTTEN = timedelta(days=60)  # no list names it any more
OUTCOMES = {"read": State.READ, "failed": State.FAILED, "refused": State.REFUSED, "gone": State.REFUSED}


def links_due(source: Source, *, limit: int) -> tuple[list[tuple[str, str]], bool]:
    """Addresses and titles of the articles to read now, and whether any of them has never been read.

    New ones come first, the oldest of the list before the newest; then the young ones that are read again.
    """
    due = PageLink.objects.filter(source=source, next_at__lte=now())
    rows = list(due.order_by("next_at", "id").values_list("address", "title", "state")[:limit])
    return [(address, title) for address, title, _state in rows], any(state == State.NEW for *_rest, state in rows)


def links_list(source: Source, listed: Sequence[tuple[str, str]]) -> None:
    """Note what the list names now; what it has not named for long is forgotten, and so are the oldest of too many."""
    moment = now()
    # The list has the newest first: the oldest are read first, so that posts come in their order.
    rows = [
        PageLink(source=source, address=address, title=title, found_at=moment, seen_at=moment, next_at=moment)
        for address, title in reversed(listed)
    ]
    PageLink.objects.bulk_create(rows, ignore_conflicts=True, batch_size=200)
    links = PageLink.objects.filter(source=source)
    links.filter(address__in=[address for address, _title in listed]).update(seen_at=moment)
    links.filter(seen_at__lt=moment - FORGOTTEN).delete()
    too_many = links.order_by("-seen_at", "-id").values_list("pk", flat=True)[KEPT_MOST : KEPT_MOST + len(listed)]
    PageLink.objects.filter(pk__in=list(too_many)).delete()


def link_record(source: Source, *, address: str, outcome: str, problem: str = "") -> None:
    """Note how reading an article went, and when it is read again.

    `outcome` is read, failed (tried again later), refused (no article there) or gone.
    """
    link = PageLink.objects.filter(source=source, address=address).only("pk", "reads", "state").first()
    if link is None:
        return
    waits = AGAIN if outcome == "read" else RETRIES if outcome == "failed" else ()
    times = link.reads if OUTCOMES[outcome] == link.state else 0
    PageLink.objects.filter(pk=link.pk).update(
        state=OUTCOMES[outcome],
        problem=problem,
        reads=times + 1,
        next_at=now() + waits[times] if times < len(waits) else None,
    )


def links_counted(source: Source) -> dict[str, int]:
    """How many articles are in each state."""
    rows = PageLink.objects.filter(source=source).values("state").annotate(number=Count("pk")).order_by("state")
    return {row["state"]: row["number"] for row in rows}


def links_walled(source: Source, *, limit: int = 5) -> list[PageLink]:
    """The latest articles that could not be read."""
    return list(PageLink.objects.filter(source=source, state__in=[State.FAILED, State.REFUSED])[:limit])


def no_links_words(selector: str) -> str:
    """What to say where the selector finds nothing."""
    if not selector:
        return _("Choose which links of the page are articles.")
    return _("The page has no links that match “%(selector)s”. It may have been rebuilt: choose the links anew.") % {
        "selector": selector
    }
