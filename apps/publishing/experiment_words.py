"""What came of a comparison, in words that promise no more than the numbers hold."""

from __future__ import annotations

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.publishing.models import Experiment
from apps.publishing.services.experiments import Outcome
from apps.publishing.statistics.intervals import Interval
from apps.publishing.statistics.verdicts import USUAL_LEAST, Said

TONES = {Said.WAITS: "waiting", Said.FIRST: "done", Said.SECOND: "done", Said.OPEN: "waiting"}


def short(outcome: Outcome) -> str:
    """For the list."""
    return {
        Said.WAITS: _("Not judged yet"),
        Said.UNKNOWN: _("Not known"),
        Said.ODD: _("Not comparable"),
        Said.TOO_FEW: _("Too few"),
        Said.OPEN: _("No difference told"),
        Said.FIRST: _("The first did better"),
        Said.SECOND: _("The second did better"),
    }[outcome.verdict.said]


def sentence(experiment: Experiment, outcome: Outcome) -> str:
    """What may be said."""
    said, by_clicks = outcome.verdict.said, experiment.measure == Experiment.Measure.CLICKS
    if said == Said.WAITS:
        return _(
            "Judged once both are that old. Until then no numbers are shown here: who looks often and stops when it "
            "looks good finds differences that are not there."
        )
    if said == Said.UNKNOWN and outcome.ready_at is None:
        return _("One of them did not come out, so there is nothing to compare.")
    if said == Said.UNKNOWN:
        return _("Not known at this age: nobody told the views, or nothing was counted.")
    if said == Said.ODD:
        return _("More clicks than views: people followed links repeatedly, so clicks per view tell nothing.")
    if said == Said.TOO_FEW and by_clicks:
        return _("There are too few clicks to tell anything.")
    if said == Said.TOO_FEW:
        words = _("Each channel needs at least %(count)s earlier publications with views of this age.")
        return words % {"count": USUAL_LEAST}
    if said == Said.OPEN:
        return _("No winner: the difference may just as well be chance.")
    name = experiment.first.title if said == Said.FIRST else experiment.second.title
    return _("“%(title)s” did better than chance alone would explain.") % {"title": name}


def interval_words(experiment: Experiment, found: Interval | None) -> str:
    """The difference, and how far off the truth may be."""
    if found is None:
        return ""
    if experiment.measure == Experiment.Measure.CLICKS:
        numbers = {name: points(getattr(found, name)) for name in ("found", "low", "high")}
        return (
            _(
                "The first less the second: %(found)s percentage points of clicks per view; with 95 %% certainty "
                "between %(low)s and %(high)s."
            )
            % numbers
        )
    numbers = {name: number_format(round(getattr(found, name), 2), 2) for name in ("found", "low", "high")}
    return (
        _(
            "Against the usual of its channel the first was seen %(found)s times as often as the second; with 95 %% "
            "certainty between %(low)s and %(high)s times. One publication swings by itself: this range counts that in."
        )
        % numbers
    )


def needed_words(experiment: Experiment, outcome: Outcome) -> str:
    """How much is missing to tell the difference that would matter; empty where it is not that."""
    verdict = outcome.verdict
    if verdict.said not in (Said.OPEN, Said.TOO_FEW) or not verdict.more_views:
        return ""
    words = _("Not enough to tell a difference of %(part)s %%: about %(views)s more views would be needed in all.")
    views = number_format(round_up(verdict.more_views), force_grouping=True)
    return words % {"part": experiment.least_pct, "views": views}


def warning(experiment: Experiment) -> str:
    """Why the headline may not be the reason."""
    if experiment.first.channel_id != experiment.second.channel_id:
        return _(
            "Two channels have different readers, so a difference may come from them and not from the headline. "
            "Try it the other way round with other stories before you believe it."
        )
    return _("They came out at different times, so a difference may come from the hour and not from the headline.")


def points(part: float) -> str:
    """A difference of shares in percentage points, with its sign."""
    number = round(100 * part, 2)
    return f"{'+' if number > 0 else ''}{number_format(number, 2)}"


def round_up(views: int) -> int:
    """To two figures: more would be a promise."""
    unit: int = 10 ** max(0, len(str(views)) - 2)
    return -(-views // unit) * unit
