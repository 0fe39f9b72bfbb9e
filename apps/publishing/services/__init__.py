"""The verbs of channels and publications."""

from apps.publishing.services.channels import (
    ChannelHealth,
    channel_changed,
    channel_chat_moved,
    channel_check,
    channel_create,
    channel_failed,
    channel_right_changed,
    channel_worked,
)
from apps.publishing.services.publications import (
    publication_cancel,
    publication_followed,
    publication_move,
    publication_schedule,
    publication_text,
)

__all__ = [
    "ChannelHealth",
    "channel_changed",
    "channel_chat_moved",
    "channel_check",
    "channel_create",
    "channel_failed",
    "channel_right_changed",
    "channel_worked",
    "publication_cancel",
    "publication_followed",
    "publication_move",
    "publication_schedule",
    "publication_text",
]
