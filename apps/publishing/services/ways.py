"""By which sender and in which lane what leaves for a channel goes; a kind that is missing has no such thing."""

from __future__ import annotations

from apps.delivery.services import lanes_hold
from apps.publishing.models import Channel

Kind = Channel.Kind
POST = {Kind.TELEGRAM: "telegram.post", Kind.PREVIEW: "preview.post", Kind.WEBHOOK: "webhook.publication"}
CHANGE = {Kind.TELEGRAM: "telegram.change", Kind.WEBHOOK: "webhook.change"}
TEST = {Kind.TELEGRAM: "telegram.test", Kind.WEBHOOK: "webhook.test"}


def lane_key(channel: Channel) -> str:
    """The order key of a channel's publications."""
    return f"channel:{channel.pk}"


def lanes_held(*channels: Channel) -> None:
    """Lock the lanes of channels of one workspace, in the order given, before a story.

    Recording holds the lane when it marks the story as published.
    """
    lanes_hold(workspace=channels[0].workspace, order_keys=[lane_key(channel) for channel in channels])
