"""What a person does with failed work: try it again, give it up, say what became of it; by the owners' services."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import Alert, User
from apps.accounts.reports import Report, each
from apps.accounts.services import alert_close
from apps.accounts.work_again import SUPERSEDED, work_let_go
from apps.core.work.admin import found
from apps.core.work.models import WorkRow
from apps.delivery.services import delivery_arrived, delivery_send_again
from apps.desk.failures.lines import LineKey, Wanted, of_line, stuck
from apps.desk.failures.opened import Opened
from apps.desk.failures.troubles import OF_ROWS

State = WorkRow.State
ONE_BY_ONE = 500  # rows that services take in one request
TOGETHER = 5_000  # rows that are left for good in one request
DEEDS = ("retry", "give_up", "there", "again")
# Kinds whose “Try again” makes other work for the same thing: one try stands for all failed rows about it.
ONCE_FOR = {"poll": "source_id", "channel_read": "source_id"}


@dataclass
class Chosen:
    """Rows of one kind and state that somebody chose; `more` of the same did not fit into one request."""

    kind: Opened
    state: str
    rows: list[Any] = field(default_factory=list)
    more: int = 0


def chosen_rows(opened: Mapping[str, Opened], deed: str, keys: Iterable[str], wanted: Wanted) -> list[Chosen]:
    """The rows behind chosen lines (“kind|workspace|…”) and single ones (“kind#key”) that may be treated so."""
    most = TOGETHER if deed == "give_up" else ONE_BY_ONE
    found_rows: list[Chosen] = []
    for kind, rows in querysets(opened, keys, wanted):
        allowed = rows.filter(workspace__in=kind.changes)
        for state in (State.UNKNOWN, State.DEAD):
            if not any(deed in kind.deeds(state, pk) for pk in kind.changes):
                continue
            of_state = allowed.filter(state=state)
            here = list(of_state.order_by("pk")[:most])
            if here:
                more = of_state.count() - len(here) if len(here) == most else 0
                found_rows.append(Chosen(kind, state, here, more))
                most -= len(here)
            if most <= 0:
                return found_rows
    return found_rows


def querysets(opened: Mapping[str, Opened], keys: Iterable[str], wanted: Wanted) -> list[tuple[Opened, Any]]:
    """The rows meant by keys, by kind; a key that names nothing seen is left out."""
    single: dict[str, list[int]] = defaultdict(list)
    found_rows: list[tuple[Opened, Any]] = []
    for text in dict.fromkeys(keys):
        name, mark, pk = text.partition("#")
        key = LineKey.read(text)
        if mark and name in opened and pk.isdigit() and len(pk) <= 18:
            single[name].append(int(pk))
        elif key is not None and key.kind in opened:
            found_rows.append((opened[key.kind], of_line(opened[key.kind], key, wanted)))
    return found_rows + [(opened[name], stuck(opened[name]).filter(pk__in=pks)) for name, pks in single.items()]


def act(chosen: Iterable[Chosen], deed: str, *, by: User, reason: str = "") -> Report:
    """Do it with all chosen rows; a refusal is counted and the rest goes on. Alerts of what is settled are closed."""
    report = Report()
    for some in chosen:
        done = DOING[deed](some, by, reason)
        report.done += done.done
        report.refused += done.refused
        report.reason = report.reason or done.reason
        alerts_settle(some.kind, {row.workspace_id for row in some.rows})
    return report


def retry(some: Chosen, by: User, _reason: str) -> Report:
    """Try again through the owner's service."""
    service = found(type(some.kind.model_admin).work_retry_service)
    about = ONCE_FOR.get(some.kind.kind.name)
    if about is None:
        return each(some.rows, lambda row: once_more(service, row, by))
    report = Report()
    alike: dict[int, list[Any]] = defaultdict(list)
    for row in some.rows:
        alike[getattr(row, about)].append(row)
    for rows in alike.values():
        tried = each(rows[-1:], partial(once_more, service, by=by))
        report.refused += tried.refused and len(rows)
        report.reason = report.reason or tried.reason
        if tried.done:
            report.done += 1 + work_let_go(
                rows[:-1], reason=_("Tried again with the last one."), by=by, code=SUPERSEDED
            )
    return report


def once_more(service: Callable[..., object], row: Any, by: User) -> None:
    """Try one again; where other work was made for it, the failed row has had its say."""
    service(row, by=by)
    if row.state == WorkRow.State.DEAD:  # not taken up again: other work was made for it
        work_let_go([row], reason=_("Tried again as new work."), by=by, code=SUPERSEDED)


def give_up(some: Chosen, by: User, reason: str) -> Report:
    """End what is in doubt through the owner's service; what has failed already is left for good."""
    service = type(some.kind.model_admin).work_give_up_service
    if some.state == State.DEAD and not some.kind.is_delivery:
        done = work_let_go(some.rows, reason=reason, by=by)
        return Report(done, len(some.rows) - done, _("It was settled meanwhile.") if done < len(some.rows) else "")
    ends = found(service)
    return each(some.rows, lambda row: ends(row, reason=reason, by=by))


def there(some: Chosen, by: User, _reason: str) -> Report:
    """A person has looked: it arrived."""
    return each(some.rows, lambda row: delivery_arrived(delivery=row, by=by))


def again(some: Chosen, by: User, _reason: str) -> Report:
    """A person has looked: it is not there, and leaves again."""
    return each(some.rows, lambda row: delivery_send_again(delivery=row, by=by))


DOING: dict[str, Callable[[Chosen, User, str], Report]] = {
    "retry": retry,
    "give_up": give_up,
    "there": there,
    "again": again,
}


def alerts_settle(kind: Opened, workspaces: set[int]) -> None:
    """Close the open alerts that tell of rows of a kind which wait for nobody any more."""
    rows = stuck(kind)
    for alert in Alert.objects.filter(
        workspace__in=workspaces, closed_at__isnull=True, url__startswith=kind.address
    ).select_related("workspace"):
        told = OF_ROWS.fullmatch(alert.url.removeprefix(kind.address))
        if told is None:
            continue
        about = rows.filter(pk=told["row"]) if told["row"] else rows.filter(workspace=alert.workspace_id)
        if not about.exists():
            alert_close(workspace=alert.workspace, key=alert.key)
