"""Whether the sources bear out a number, a date or a time."""

from __future__ import annotations

from datetime import timedelta

from apps.stories.factcheck import dates
from apps.stories.factcheck.findings import Why
from apps.stories.factcheck.quantities import Quantity
from apps.stories.factcheck.sources import Place, Sources
from apps.stories.factcheck.words import content_stems

CLOSE = 0.05  # so far from a source's number a round one may be with "почти" or "около" before it
ROUNDED = 0.1  # so close it is told as rounded
SMALL = 10  # numbers that stand for many things: their sentence must be about the same
CLASSED = frozenset(
    {"percent", "rub", "usd", "eur", "money", "degree", "km", "kg", "year", "month", "week", "day", "hour", "minute"}
)


def judge(sources: Sources, quantity: Quantity, sentence: str) -> Why | None:
    """Why the sources do not bear a number out; None where they do."""
    places = [place for value in quantity.values for place in sources.numbers.get(round(value, 6), ())]
    if places:
        return None if _counts_the_same(quantity, sentence, places) else "other_noun"
    if any(value in sources.hints for value in quantity.values):
        return None
    if quantity.is_year and any(int(value) in sources.years for value in quantity.values):
        return None
    if quantity.unit == "hour" and any(value * 60 in sources.minutes for value in quantity.values):
        return None
    if _is_month_day(sources, quantity):
        return None
    return _rounded(sources, quantity)


def _counts_the_same(quantity: Quantity, sentence: str, places: list[Place]) -> bool:
    """Whether one of the places counts what the draft counts, as far as units tell; else the words around do."""
    if quantity.is_year:
        return True
    units = {place.quantity.unit for place in places}
    if quantity.unit in CLASSED and not units & {quantity.unit, ""} and units <= CLASSED:
        return False
    if quantity.unit and quantity.unit in units:
        return True
    about = content_stems(sentence)
    return not about or any(about & content_stems(one) for one in dict.fromkeys(place.sentence for place in places))


def _is_month_day(sources: Sources, quantity: Quantity) -> bool:
    """Whether 12.03 is a date of the sources."""
    value = quantity.values[0]
    return any(day.day and day.month and round(day.day + day.month / 100, 2) == round(value, 2) for day in sources.days)


def _rounded(sources: Sources, quantity: Quantity) -> Why | None:
    """None for "почти 5 тысяч" of 4 970; `rounded` where the draft gives a round number for exact."""
    if quantity.is_word and max(quantity.values) < SMALL:
        return "not_there"
    near = [
        abs(theirs - value) / theirs
        for value in quantity.values
        for theirs, places in sources.numbers.items()
        if theirs >= SMALL and abs(theirs - value) <= ROUNDED * theirs and _is_rounder(value, theirs)
        and any(place.quantity.unit == quantity.unit for place in places)
    ]  # fmt: skip
    if quantity.is_approximate and any(distance <= CLOSE for distance in near):
        return None
    return "rounded" if near else "not_there"


def _is_rounder(value: float, theirs: float) -> bool:
    """Whether a value has fewer digits that tell than another."""
    return _telling(value) < _telling(theirs)


def _telling(value: float) -> int:
    """How many digits of a number are left without the noughts around."""
    return len(f"{value:.4f}".rstrip("0").rstrip(".").strip("0").replace(".", ""))


def has_day(sources: Sources, day: dates.Day) -> bool:
    """Whether a source tells a date, or its day of publication is it."""
    if day.shift is not None:
        return _has_shift(sources, day.shift)
    if day.weekday is not None:
        return any(dates.weekday_of(theirs) == day.weekday for theirs in sources.days) or any(
            published.weekday() == day.weekday for published in sources.published
        )
    if any(_agrees(day, theirs) for theirs in sources.days):
        return True
    return any(
        (day.day in (None, published.day)) and (day.month in (None, published.month))
        and (day.year in (None, published.year)) for published in sources.published
    )  # fmt: skip


def _agrees(day: dates.Day, theirs: dates.Day) -> bool:
    """Whether all that the draft tells of a date is what a source tells."""
    return all(
        ours is None or ours == told
        for ours, told in ((day.year, theirs.year), (day.month, theirs.month), (day.day, theirs.day))
    )


def _has_shift(sources: Sources, shift: int) -> bool:
    """Whether "вчера" is told by a source, or is a day that one tells, seen from a day of publication or the next."""
    if any(theirs.shift == shift for theirs in sources.days) or (shift == 0 and sources.published):
        return True
    told = {(theirs.year, theirs.month, theirs.day) for theirs in sources.days if theirs.day} | {
        (published.year, published.month, published.day) for published in sources.published if shift < 0
    }
    seen = {published + timedelta(days=shift + later) for published in sources.published for later in (0, 1)}
    return any((day.year, day.month, day.day) in told for day in seen)


def has_time(sources: Sources, clock: dates.Clock) -> bool:
    """Whether a source tells a time of day, as 14:00 or as 14 часов."""
    if clock.minutes in sources.minutes:
        return True
    hour = clock.minutes / 60
    return any(place.quantity.unit == "hour" for place in sources.numbers.get(hour, ()))
