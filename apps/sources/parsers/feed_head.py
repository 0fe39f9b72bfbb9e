"""What the head of a feed says about the feed itself: how often to come, its hub, its own address."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from urllib.parse import urljoin

HEAD_REACH = 200_000  # characters; a head is a few hundred
BODY = re.compile(r"<(?:\w+:)?(?:item|entry)[\s>/]", re.IGNORECASE)
TTL = re.compile(r"<ttl\s*>\s*(\d{1,7})\s*</ttl", re.IGNORECASE)
PERIOD = re.compile(r"<(?:\w+:)?updatePeriod\s*>\s*(\w{1,10})\s*</", re.IGNORECASE)
FREQUENCY = re.compile(r"<(?:\w+:)?updateFrequency\s*>\s*(\d{1,4})\s*</", re.IGNORECASE)
LINK = re.compile(r"<(?:\w+:)?link\b([^<>]{1,3000})>", re.IGNORECASE)
ATTRIBUTE = re.compile(r"""([\w:]{1,30})\s*=\s*(?:"([^"]*)"|'([^']*)')""")
PERIODS_S = {"hourly": 3600, "daily": 86_400, "weekly": 604_800, "monthly": 2_592_000, "yearly": 31_536_000}
ADDRESS_MAX = 1000


@dataclass(frozen=True, slots=True)
class FeedHead:
    """A feed's words about itself.

    Attributes:
        ttl_s: RSS 2.0 `ttl`: it need not be asked again before; 0 where it does not say.
        period_s: the syndication module's usual time between two updates; 0 where it does not say.
        hub, topic: WebSub's `rel=hub` and `rel=self`; empty where there is none.
    """

    ttl_s: int = 0
    period_s: int = 0
    hub: str = ""
    topic: str = ""


def read_head(text: str, *, base_url: str = "") -> FeedHead:
    """Read what stands before the first entry of an XML feed; nonsense counts as nothing said."""
    head = text[:HEAD_REACH]
    entries = BODY.search(head)
    head = head[: entries.start()] if entries else head
    ttl = TTL.search(head)
    links = list(_links(head))
    return FeedHead(
        ttl_s=int(ttl.group(1)) * 60 if ttl else 0,
        period_s=_period(head),
        hub=_of(links, "hub", base_url),
        topic=_of(links, "self", base_url),
    )


def _period(head: str) -> int:
    period = PERIOD.search(head)
    if period is None:
        return 0
    frequency = FREQUENCY.search(head)
    times = max(int(frequency.group(1)), 1) if frequency else 1
    return PERIODS_S.get(period.group(1).lower(), 0) // times


def _links(head: str) -> list[dict[str, str]]:
    return [
        {name.lower(): html.unescape(double or single) for name, double, single in ATTRIBUTE.findall(found)}
        for found in LINK.findall(head)
    ]


def _of(links: list[dict[str, str]], relation: str, base_url: str) -> str:
    """The first link of a relation as a whole web address."""
    for link in links:
        if relation in link.get("rel", "").lower().split():
            try:
                address = urljoin(base_url, link.get("href", "").strip())
            except ValueError:
                continue
            if address.startswith(("http://", "https://")) and len(address) <= ADDRESS_MAX:
                return address
    return ""
