"""What delivery asks of whoever sends: plain values in, plain values out."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from apps.delivery.models import Delivery


@dataclass(frozen=True)
class Parcel:
    """A delivery as coroutines get it: no row, no ORM.

    Attributes:
        payload: what the delivery was made with; JSON.
        after_id: the other side's id of the delivery that this one names; empty where it names none.
        prepared: what the sender's `prepare` read for it, such as a bot's token; never stored or shown.
    """

    delivery_id: int
    sender: str
    destination: str
    payload: Mapping[str, Any]
    prepared: Any = field(default=None, repr=False)
    after_id: str = ""


@dataclass(frozen=True)
class Receipt:
    """What the other side gave for an accepted parcel.

    Attributes:
        vendor_id: its id there, such as a message id.
        url: where a person sees it; empty where nobody can.
    """

    vendor_id: str = ""
    url: str = ""


@dataclass(frozen=True)
class Found:
    """It is there."""

    receipt: Receipt


@dataclass(frozen=True)
class Absent:
    """It is proven that it is not there: sending again cannot double it."""


@dataclass(frozen=True)
class CannotTell:
    """The other side has no way to ask, or did not answer clearly."""

    reason: str = ""


LookUpAnswer = Found | Absent | CannotTell


class Sender(Protocol):
    """One way out. Made once a process; keeps no state of its own between calls.

    Attributes:
        exactly_once: nothing leaves in `send`; the effect is a row made in `recorded`, so a cut is simply tried again.
        looks_up: `look_up` is worth a try after an unknown outcome.
    """

    exactly_once: bool
    looks_up: bool

    def prepare(self, delivery: Delivery) -> Any:
        """Read what `send` needs; may use the ORM, runs outside any transaction.

        Raises:
            PermanentError: a person has to mend something first.
        """
        ...

    def session_key(self, parcel: Parcel) -> Hashable:
        """Parcels with one key share a session, such as one client a bot."""
        ...

    def open(self, parcel: Parcel) -> AbstractAsyncContextManager[Any]:
        """Open the session of this parcel's key; it lives as long as the drain."""
        ...

    async def admit(self, parcel: Parcel) -> float:
        """Ask the rate limits: 0 is "go", a number of seconds is "come back then". May wait shortly itself."""
        ...

    async def send(self, parcel: Parcel, session: Any) -> Receipt:
        """Hand it over.

        Raises:
            RetryableError: it certainly did not arrive; it may later.
            PermanentError: it was refused.
            UnknownOutcomeError: it left and no answer came.
        """
        ...

    async def look_up(self, parcel: Parcel, session: Any) -> LookUpAnswer:
        """Ask whether an earlier `send` arrived."""
        ...

    def recorded(self, delivery: Delivery, outcome: str) -> None:
        """Take note of a changed outcome, inside the transaction that records it. "" means that it waits again."""
        ...


@runtime_checkable
class RepeatableSender(Protocol):
    """A sender some of whose work may be done twice without harm; a cut never leaves that in doubt."""

    def is_repeatable(self, payload: Mapping[str, Any]) -> bool:
        """Whether doing this twice is the same as doing it once."""
        ...


@runtime_checkable
class JoiningSender(Protocol):
    """A sender that may say several waiting things of one kind and one lane in one message."""

    def joined(self, payloads: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
        """The payload that stands for all of these, in their order; None where they don't go together."""
        ...


@runtime_checkable
class AddressedSender(Protocol):
    """A sender that tells where a parcel goes, so that it can be looked for there."""

    def address(self, parcel: Parcel) -> str:
        """Where it goes in the words of the other side, such as a chat's id; kept when the request begins."""
        ...


@runtime_checkable
class SearchingSender(Protocol):
    """A sender that finds out by what is known in the database whether an earlier `send` arrived."""

    def search_begin(self, delivery: Delivery) -> bool:
        """Have the other side looked at, inside the transaction that records the doubt; False where nobody can."""
        ...

    def search(self, delivery: Delivery) -> LookUpAnswer:
        """What is known by now; may use the ORM.

        Raises:
            Defer: more will be known in a moment.
        """
        ...
