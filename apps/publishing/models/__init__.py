"""Channels, what is published in them and when, and the messages of the preview channel."""

from apps.publishing.models.channel import Channel
from apps.publishing.models.digest import Digest, DigestRun
from apps.publishing.models.experiments import Experiment
from apps.publishing.models.health import ChannelCheck, ChannelTest
from apps.publishing.models.links import LinkClicks, ShortLink
from apps.publishing.models.parts import PublicationChange, PublicationPart, PublicationRevision
from apps.publishing.models.preview import PreviewMessage
from apps.publishing.models.publication import Publication
from apps.publishing.models.readings import AccountLook, MessageLook, MessageReactions, PublicationReading
from apps.publishing.models.schedule import ChannelSchedule, QueueResume, Slot

__all__ = [
    "AccountLook",
    "Channel",
    "ChannelCheck",
    "ChannelSchedule",
    "ChannelTest",
    "Digest",
    "DigestRun",
    "Experiment",
    "LinkClicks",
    "MessageLook",
    "MessageReactions",
    "PreviewMessage",
    "Publication",
    "PublicationChange",
    "PublicationPart",
    "PublicationReading",
    "PublicationRevision",
    "QueueResume",
    "ShortLink",
    "Slot",
]
