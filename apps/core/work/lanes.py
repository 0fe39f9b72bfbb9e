"""Lanes: rows with one order key wait for each other, one in flight at a time.

A lane row knows its head (the row whose turn it is) and when the claim should look at it. Claims only ever look at
lanes, so what waits behind a blocked head costs nothing. Every change of a laned row happens under its lane's lock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import models, transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.clock import now
from apps.core.work.fields import Among
from apps.core.work.models import LIVE, WorkRow

UNKNOWN_HOLDS = timedelta(seconds=60)
LANE_FIELD: str = "lane"


class Priority(models.IntegerChoices):
    """Which lanes go first where there is more to do than can be started; within a lane it changes nothing."""

    URGENT = 0, _("Somebody waits for it")
    NORMAL = 1, _("Usual")
    LOW = 2, _("Can wait")


class Lane(models.Model):
    """One order key.

    Attributes:
        head: id of the row whose turn it is.
        priority: the head's.
        next_at: when the claim should look at the lane; null where there is nothing to do.
        unknown_until: how long a head with an unknown outcome still holds the lane.
        tail_at: the place in time of the last row that was appended to go at once.
    """

    workspace = models.ForeignKey(
        "accounts.Workspace", on_delete=models.CASCADE, related_name="+", verbose_name=_("workspace")
    )
    key = models.CharField(_("order key"), max_length=200)
    head = models.BigIntegerField(null=True, editable=False)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL, editable=False
    )
    next_at = models.DateTimeField(_("next"), null=True, editable=False)
    unknown_until = models.DateTimeField(null=True, editable=False)
    tail_at = models.DateTimeField(null=True, editable=False)
    paused_reason = models.CharField(_("paused because"), max_length=300, blank=True, default="", editable=False)

    class Meta:
        abstract = True
        indexes = [
            models.Index(
                fields=["next_at", "id"], name="%(app_label)s_%(class)s_due", condition=Q(next_at__isnull=False)
            ),
            models.Index(
                fields=["workspace", "priority", "next_at", "id"],
                name="%(app_label)s_%(class)s_fair",
                condition=Q(next_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "key"], name="%(app_label)s_%(class)s_key_once"),
            models.CheckConstraint(condition=Q(priority__range=(0, 2)), name="%(app_label)s_%(class)s_priority_known"),
        ]

    def __str__(self) -> str:
        return self.key


class LanedRow(WorkRow):
    """A work row that waits for those before it in its lane; the concrete model adds `lane = ForeignKey(...)`.

    Attributes:
        order_at: its place in the lane; with the id it never changes through retries.
        is_held: it waits for something outside its lane: its turn does not come, and it holds nobody.
    """

    order_at = models.DateTimeField(default=now, editable=False)
    priority = models.PositiveSmallIntegerField(
        _("priority"), choices=Priority.choices, default=Priority.NORMAL, editable=False
    )
    is_held = models.BooleanField(_("waits for another"), default=False, editable=False)

    class Meta(WorkRow.Meta):
        abstract = True
        indexes = [
            *WorkRow.Meta.indexes,
            models.Index(
                fields=["lane", "order_at", "id"],
                name="%(app_label)s_%(class)s_lane",
                condition=Q(state__in=["ready", "leased"], is_held=False),
            ),
        ]
        constraints = [
            *WorkRow.Meta.constraints,
            models.CheckConstraint(condition=Q(priority__range=(0, 2)), name="%(app_label)s_%(class)s_priority_known"),
            models.CheckConstraint(
                condition=Q(is_held=False) | ~Q(state="leased"), name="%(app_label)s_%(class)s_held_not_leased"
            ),
        ]


def hold(row: WorkRow) -> Lane | None:
    """Lock the lane of a row, where it has one. Always before the row itself, so that nothing deadlocks."""
    if not isinstance(row, LanedRow):
        return None
    lane_model: Any = row._meta.get_field(LANE_FIELD).related_model
    lane: Lane = lane_model._base_manager.select_for_update().get(pk=getattr(row, f"{LANE_FIELD}_id"))
    return lane


def settle(lane: Lane, row_model: type[WorkRow], *, at: datetime, ended: int | None = None) -> None:
    """Recompute whose turn it is; the lane is locked by this transaction. `ended` is a row that is surely over."""
    rows: models.QuerySet[Any] = row_model._base_manager.filter(**{LANE_FIELD: lane})
    has_head = lane.head is not None and lane.head != ended
    head = rows.filter(pk=lane.head).only("pk", "state", "not_before", "priority").first() if has_head else None
    holds = (
        head is not None
        and head.state == WorkRow.State.UNKNOWN
        and lane.unknown_until is not None
        and lane.unknown_until > at
    )
    if holds:
        next_at = lane.unknown_until
    else:
        if head is None or head.state != WorkRow.State.LEASED:
            head = waiting(rows).only("pk", "state", "not_before", "priority").first()
        lane.unknown_until = None
        next_at = head.not_before if head else None
    if head is not None and head.state == WorkRow.State.READY and lane.paused_reason:
        next_at = None
    lane.head = head.pk if head else None
    lane.next_at = next_at
    if head is not None:
        lane.priority = getattr(head, "priority", Priority.NORMAL)
    turn = {name: getattr(lane, name) for name in ("head", "priority", "next_at", "unknown_until")}
    type(lane)._base_manager.filter(pk=lane.pk).update(**turn)


def waiting(rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
    """Rows of one lane whose turn may come, in their order."""
    return rows.filter(Among("state", LIVE), is_held=False).order_by("order_at", "id")


def is_passed(row: LanedRow, *, besides: Q | None = None) -> bool:
    """Whether rows that stand behind this one in its lane have been worked before it.

    Args:
        besides: rows that ended without anything having come of them, such as cancelled ones: they passed nobody.
    """
    behind = Q(order_at__gt=row.order_at) | Q(order_at=row.order_at, pk__gt=row.pk)
    others = type(row)._base_manager.filter(behind, **{f"{LANE_FIELD}_id": getattr(row, f"{LANE_FIELD}_id")})
    return others.exclude(state=WorkRow.State.READY).exclude(besides or Q(pk__in=())).exists()


def last_place(row: LanedRow) -> datetime:
    """The place behind all of a row's lane that are due now; inside a transaction that holds the lane."""
    lane, at = hold(row), now()
    assert lane is not None  # noqa: S101
    lane.tail_at = max(at, lane.tail_at or at)
    lane.save(update_fields=["tail_at"])
    return lane.tail_at


@transaction.atomic
def append(row: LanedRow) -> None:
    """Save a new row at its place in its lane: by its time where it is due later, else behind all that are due now."""
    append_many([row])


@transaction.atomic
def append_many(rows: Sequence[LanedRow]) -> None:
    """Save new rows of one lane in the order given."""
    if not rows:
        return
    at = now()
    lane = hold(rows[0])
    assert lane is not None  # noqa: S101
    for row in rows:
        if row.not_before > at:
            row.order_at = row.not_before
        else:
            row.order_at = lane.tail_at = max(at, lane.tail_at or at)
    if len(rows) == 1:
        rows[0].save(force_insert=True)
    else:
        type(rows[0])._base_manager.bulk_create(rows, batch_size=1000)
    lane.save(update_fields=["tail_at"])
    settle(lane, type(rows[0]), at=at)


@transaction.atomic
def pause(lane: Lane, reason: str) -> None:
    """Stop claiming from a lane; what is in flight is let finish."""
    _set_paused(lane, reason[:300] or "paused")


@transaction.atomic
def resume(lane: Lane) -> None:
    """Let a paused lane go on."""
    _set_paused(lane, "")


def _set_paused(lane: Lane, reason: str) -> None:
    locked = type(lane)._base_manager.select_for_update().get(pk=lane.pk)
    locked.paused_reason = reason
    locked.save(update_fields=["paused_reason"])
    settle(locked, row_model_of(type(lane)), at=now())
    for name in ("paused_reason", "head", "next_at", "unknown_until"):
        setattr(lane, name, getattr(locked, name))


def row_model_of(lane_model: type[Lane]) -> type[LanedRow]:
    """The table of the rows that wait in lanes of this table."""
    found: list[Any] = [
        relation.related_model
        for relation in lane_model._meta.related_objects
        if isinstance(relation.related_model, type)
        and issubclass(relation.related_model, LanedRow)
        and relation.field.name == LANE_FIELD
    ]
    model: type[LanedRow] = found[0]
    return model
