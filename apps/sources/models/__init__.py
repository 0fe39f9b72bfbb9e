"""Sources, the posts they gave, and the work rows that collect and import them."""

from apps.sources.models.copies import CopyCheck, CopyKeys, CopyLock
from apps.sources.models.filter import FilterRule, FilterSet
from apps.sources.models.invitation import AccountAsk, Invitation
from apps.sources.models.media import ChannelFetch, MediaFetch, MediaFile, PostMedia
from apps.sources.models.page import PageLink
from apps.sources.models.post import PastCount, Post, PostQuerySet, Revision, Tombstone
from apps.sources.models.source import INTERVAL_MAX_S, INTERVAL_MIN_S, Source, Subscription
from apps.sources.models.topic import PostTopic, Topic, TopicRead, TopicRemoval
from apps.sources.models.upkeep import HealthCheck, Retention
from apps.sources.models.voice import Family, Kinship, KinshipReview, Signature, Voice
from apps.sources.models.websub import HubAsk, HubPush
from apps.sources.models.work import ChannelRead, ImportFile, Poll

__all__ = [
    "INTERVAL_MAX_S",
    "INTERVAL_MIN_S",
    "AccountAsk",
    "ChannelFetch",
    "ChannelRead",
    "CopyCheck",
    "CopyKeys",
    "CopyLock",
    "Family",
    "FilterRule",
    "FilterSet",
    "HealthCheck",
    "HubAsk",
    "HubPush",
    "ImportFile",
    "Invitation",
    "Kinship",
    "KinshipReview",
    "MediaFetch",
    "MediaFile",
    "PageLink",
    "PastCount",
    "Poll",
    "Post",
    "PostMedia",
    "PostQuerySet",
    "PostTopic",
    "Retention",
    "Revision",
    "Signature",
    "Source",
    "Subscription",
    "Tombstone",
    "Topic",
    "TopicRead",
    "TopicRemoval",
    "Voice",
]
