"""Bursts to one chat: what waits in a lane and may be said in one message leaves inside the first of it.

Joined ones are held by the first (`after`, `is_joined`) before its request begins, so that nobody can take them back
while they are on their way; whatever becomes of it becomes of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from apps.core.clock import now
from apps.core.work import lanes
from apps.delivery.models import Delivery
from apps.delivery.ports import JoiningSender
from apps.delivery.services.following import joined_part, sender_of

JOINED_MAX = 20


def joined_payload(delivery: Delivery) -> Mapping[str, Any]:
    """The payload of one that is about to leave, together with those that leave inside it."""
    way: object = sender_of(delivery)
    if not isinstance(way, JoiningSender):
        whole: Mapping[str, Any] = delivery.payload
        return whole
    with transaction.atomic():
        return _joined(delivery, way)


def payload_sent(delivery: Delivery) -> Mapping[str, Any]:
    """The payload of one that has left, with those that left inside it."""
    return payloads_sent([delivery])[delivery.pk]


def payloads_sent(deliveries: Collection[Delivery]) -> dict[int, Mapping[str, Any]]:
    """The payloads of some that have left, by their keys, each with those that left inside it."""
    inside: dict[int, list[Mapping[str, Any]]] = defaultdict(list)
    joined = Delivery.objects.filter(after__in=deliveries, is_joined=True).order_by("order_at", "id")
    for first, payload in joined.values_list("after_id", "payload"):
        inside[first].append(payload)
    return {row.pk: _whole(row, inside[row.pk]) for row in deliveries}


def _whole(delivery: Delivery, inside: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    way: object = sender_of(delivery) if inside else None
    whole = way.joined([delivery.payload, *inside]) if isinstance(way, JoiningSender) else None
    return whole or delivery.payload


def _joined(delivery: Delivery, way: JoiningSender) -> Mapping[str, Any]:
    lane = lanes.hold(delivery)
    rows = Delivery.objects.filter(lane=delivery.lane_id)
    inside = list(rows.filter(after=delivery, is_joined=True).order_by("order_at", "id"))
    parts = [delivery.payload, *(row.payload for row in inside)]
    whole = way.joined(parts) if inside else delivery.payload
    if whole is None:  # they do not go together any more, as after a new release
        joined_part(delivery)
        kept: Mapping[str, Any] = delivery.payload
        return kept
    is_ours = rows.filter(pk=delivery.pk, token=delivery.token, state=Delivery.State.LEASED).exists()
    if lane is None or not is_ours or delivery.after_id:
        return whole
    at = now()
    for row in lanes.waiting(rows).exclude(pk=delivery.pk)[: JOINED_MAX - len(parts)]:
        more = way.joined([*parts, row.payload]) if fits(row, delivery) and row.not_before <= at else None
        if more is None:
            break
        whole = more
        parts.append(row.payload)
        rows.filter(pk=row.pk).update(is_held=True, is_joined=True, after=delivery)
    return whole


def fits(row: Delivery, first: Delivery) -> bool:
    """Whether a waiting one is of the same kind as the one that is about to leave."""
    same = (row.sender, row.kind) == (first.sender, first.kind)
    return same and row.state == Delivery.State.READY and row.after_id is None
