"""The verbs of channels and publications."""

from apps.publishing.services.channels import (
    channel_changed,
    channel_chat_moved,
    channel_create,
    channel_failed,
    channel_right_changed,
    channel_worked,
)
from apps.publishing.services.checks import check_soon
from apps.publishing.services.following import publication_followed
from apps.publishing.services.health import ChannelHealth, channel_check
from apps.publishing.services.publications import (
    publication_cancel,
    publication_move,
    publication_schedule,
    publication_text,
)
from apps.publishing.services.queue_undo import queue_undo, resume_standing, resumes_open
from apps.publishing.services.rechannel import UnfitError, publication_rechannel
from apps.publishing.services.repeats import Terms, publication_repeat
from apps.publishing.services.schedule import (
    Placed,
    publication_place,
    publication_schedule_at,
    publication_schedule_next,
    schedule_save,
)
from apps.publishing.services.schedule_queue import (
    queue_overdue,
    queue_pause,
    queue_plan,
    queue_resume,
)
from apps.publishing.services.schedule_rules import Conflict, ConflictError, conflicts_at, rules_by_channel

__all__ = [
    "ChannelHealth",
    "Conflict",
    "ConflictError",
    "Placed",
    "Terms",
    "UnfitError",
    "channel_changed",
    "channel_chat_moved",
    "channel_check",
    "channel_create",
    "channel_failed",
    "channel_right_changed",
    "channel_worked",
    "check_soon",
    "conflicts_at",
    "publication_cancel",
    "publication_followed",
    "publication_move",
    "publication_place",
    "publication_rechannel",
    "publication_repeat",
    "publication_schedule",
    "publication_schedule_at",
    "publication_schedule_next",
    "publication_text",
    "queue_overdue",
    "queue_pause",
    "queue_plan",
    "queue_resume",
    "queue_undo",
    "resume_standing",
    "resumes_open",
    "rules_by_channel",
    "schedule_save",
]
