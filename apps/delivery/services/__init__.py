"""The verbs of deliveries."""

from apps.delivery.services.outbox import delivery_cancel, delivery_create, delivery_move, lanes_hold
from apps.delivery.services.outcomes import (
    delivery_attempted,
    delivery_back,
    delivery_dead,
    delivery_sent,
    delivery_unknown,
    look_up_dead,
    look_up_settle,
)
from apps.delivery.services.people import (
    delivery_absent,
    delivery_arrived,
    delivery_give_up,
    delivery_retry,
    delivery_send_again,
)

__all__ = [
    "delivery_absent",
    "delivery_arrived",
    "delivery_attempted",
    "delivery_back",
    "delivery_cancel",
    "delivery_create",
    "delivery_dead",
    "delivery_give_up",
    "delivery_move",
    "delivery_retry",
    "delivery_send_again",
    "delivery_sent",
    "delivery_unknown",
    "lanes_hold",
    "look_up_dead",
    "look_up_settle",
]
