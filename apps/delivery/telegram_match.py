"""Whether what was sent stands among what was seen. Pure; the rules are told in docs/delivery.md."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from typing import Any

from django.utils.translation import gettext as _

from apps.delivery.ports import Absent, CannotTell, Found, LookUpAnswer, Receipt
from apps.telegram.looking import Seen, Sight
from apps.telegram.plain import Plain, plain

# How far Telegram's clock and ours may differ.
CLOCK_SLACK = timedelta(seconds=5)
# The same words so long before are too near to be sure of anything.
NEAR = timedelta(minutes=10)
# Words of which so much is the same may be the same words, written by Telegram in a way that we did not foresee; it is
# enough to compare their beginnings.
ALIKE, BEGINNING = 0.75, 1000
# As what the other ways of asking may show a file.
LIKE = {"animation": frozenset({"animation", "video", "document"})}


@dataclass(frozen=True)
class Wanted:
    """What was sent: its words, and the kinds of its files in their order."""

    said: Plain
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Doubt:
    """A request that left.

    Attributes:
        until: after this time nothing of it can arrive any more.
        rank, doubts: of so many requests for the same post in the same chat nobody knows the outcome; its place.
        taken: the numbers of messages that are known to be others'.
    """

    wanted: Wanted
    began_at: datetime
    until: datetime
    rank: int = 0
    doubts: int = 1
    taken: Collection[int] = frozenset()

    @property
    def since(self) -> datetime:
        """From when on a chat has to be seen."""
        return self.began_at - NEAR


def wanted_of(payload: Mapping[str, Any]) -> Wanted:
    """What a payload would show."""
    return Wanted(plain(str(payload.get("html", ""))), tuple(str(one["kind"]) for one in payload.get("media", ())))


def posts_of(seen: Iterable[Seen]) -> list[list[Seen]]:
    """Messages in their order, the parts of an album together."""
    posts: dict[str, list[Seen]] = {}
    for one in sorted({one.message_id: one for one in seen}.values(), key=lambda one: one.message_id):
        posts.setdefault(f"album {one.album}" if one.album else str(one.message_id), []).append(one)
    return list(posts.values())


def judged(doubt: Doubt, sight: Sight) -> LookUpAnswer | None:
    """What was seen of the chat says of a request; None where it is too early to say."""
    free = [post for post in posts_of(sight.seen) if not any(one.message_id in doubt.taken for one in post)]
    same = [post for post in free if is_same(post, doubt.wanted)]
    here = [post for post in same if is_within(post, doubt)]
    if here and len(here) == doubt.doubts:
        return Found(Receipt(vendor_id=",".join(str(one.message_id) for one in here[doubt.rank])))
    if here:
        return CannotTell(_("The same text stands there, but it was sent more than once."))
    if same or any(is_near(post, doubt) for post in free):
        return CannotTell(_("Something like it stands there; only a person can say whether it is this one."))
    if not sight.is_whole:
        return CannotTell(_("There is too much in the chat to find it."))
    return Absent() if sight.at >= doubt.until else None


def is_same(post: Sequence[Seen], wanted: Wanted) -> bool:
    """Whether a post says and shows what was sent."""
    return said_by(post) == wanted.said and is_like([one.kind for one in post if one.kind], wanted.kinds)


def is_near(post: Sequence[Seen], doubt: Doubt) -> bool:
    """Whether a post might be it: its words are nearly, or somebody has edited it since."""
    if not is_within(post, doubt):
        return False
    has_words = bool(doubt.wanted.said.text) and is_alike(said_by(post).text, doubt.wanted.said.text)
    shows_part = bool(doubt.wanted.kinds) and not doubt.wanted.said.text and any(one.kind for one in post)
    return has_words or shows_part or any(one.is_edited for one in post)


def is_alike(said: str, wanted: str) -> bool:
    """Whether two texts are nearly the same, so that nothing is proven absent by a single character."""
    both = SequenceMatcher(None, said[:BEGINNING], wanted[:BEGINNING], autojunk=False)
    return both.quick_ratio() >= ALIKE and both.ratio() >= ALIKE


def is_within(post: Sequence[Seen], doubt: Doubt) -> bool:
    """Whether it was sent when the request was under way."""
    return doubt.began_at - CLOCK_SLACK <= post[0].date <= doubt.until


def said_by(post: Sequence[Seen]) -> Plain:
    """The words of a post; an album's stand under one of its parts."""
    return next((one.said for one in post if one.said.text), post[0].said)


def is_like(shown: Sequence[str], wanted: Sequence[str]) -> bool:
    """Whether these kinds of files are those, in their order."""
    pairs = zip(shown, wanted, strict=False)
    return len(shown) == len(wanted) and all(one in LIKE.get(kind, {kind}) for one, kind in pairs)
