"""One row of every kind of work that has a list, for the walk that proves isolation."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.db import models

from apps.publishing.models import AccountLook, Channel, ChannelCheck, Digest, DigestRun, MessageLook, Publication
from apps.sources.models import (
    AccountAsk,
    ChannelFetch,
    CopyCheck,
    HealthCheck,
    HubAsk,
    HubPush,
    KinshipReview,
    MediaFetch,
    Post,
    PostMedia,
    Retention,
    Source,
    Subscription,
    Topic,
    TopicRead,
    TopicRemoval,
)
from apps.stories.models import Illustrating, PageFetch, QualityCheck, Ranking, Recount, SecondLook, Story
from apps.telegram.models import Session

if TYPE_CHECKING:
    from tests.accounts.rows import Rows


def make_session(rows: Rows) -> Session:
    return Session.objects.create(
        workspace=rows.workspace,
        name=f"Account {rows.mark}",
        state="active",
        user_id=rows.workspace.pk,
        string="made up",
    )


def make_media(rows: Rows) -> PostMedia:
    return PostMedia.objects.create(post=rows.one(Post), key=rows.mark, name=f"Picture {rows.mark}")


def make_subscription(rows: Rows) -> Subscription:
    return Subscription.objects.create(
        source=rows.one(Source),
        hub=f"https://{rows.mark}.example.org/hub",
        topic="topic",
        key=rows.mark,
        secret="made up",
    )


def make_fetch(rows: Rows) -> ChannelFetch:
    media = rows.one(PostMedia)
    return ChannelFetch.objects.create(workspace=rows.workspace, source=rows.one(Source), media=media)


def make_removal(rows: Rows) -> TopicRemoval:
    return TopicRemoval.objects.create(workspace=rows.workspace, topic_id=rows.one(Topic).pk, name=rows.mark)


def made(model: type[models.Model], **parts: type[models.Model]) -> Callable[[Rows], models.Model]:
    """How a row of work is made of other rows of the workspace."""

    def make(rows: Rows) -> models.Model:
        given: dict[str, Any] = {name: rows.one(part) for name, part in parts.items()}
        return model._default_manager.create(workspace=rows.workspace, **given)

    return make


def make_digest(rows: Rows) -> Digest:
    channel = rows.one(Channel)
    return Digest.objects.create(
        workspace=rows.workspace, channel=channel, name=f"Digest {rows.mark}", at=datetime.time(20)
    )


def make_run(rows: Rows) -> DigestRun:
    at = datetime.datetime(2030, 1, 31, 17, 0, tzinfo=datetime.UTC)
    return DigestRun.objects.create(
        workspace=rows.workspace, digest=rows.one(Digest), local_date=at.date(), due_at=at, not_before=at
    )


WORK_MAKERS: dict[type[models.Model], Callable[[Rows], models.Model]] = {
    Session: make_session,
    Digest: make_digest,
    DigestRun: make_run,
    PostMedia: make_media,
    Subscription: make_subscription,
    ChannelCheck: lambda rows: ChannelCheck.objects.create(workspace=rows.workspace, channel=rows.one(Channel)),
    ChannelFetch: make_fetch,
    MediaFetch: made(MediaFetch, media=PostMedia),
    CopyCheck: made(CopyCheck, post=Post),
    HubAsk: made(HubAsk, subscription=Subscription),
    HubPush: lambda rows: HubPush.objects.create(workspace=rows.workspace, source=rows.one(Source), body=b"<rss/>"),
    KinshipReview: made(KinshipReview),
    HealthCheck: made(HealthCheck),
    Retention: made(Retention),
    TopicRead: made(TopicRead, topic=Topic),
    TopicRemoval: make_removal,
    Recount: made(Recount),
    Ranking: made(Ranking),
    QualityCheck: made(QualityCheck),
    SecondLook: made(SecondLook),
    PageFetch: made(PageFetch, story=Story),
    Illustrating: made(Illustrating, story=Story),
    MessageLook: lambda rows: MessageLook.objects.create(
        workspace=rows.workspace, publication=rows.one(Publication), age_h=1
    ),
    AccountLook: lambda rows: AccountLook.objects.create(
        workspace=rows.workspace, publication=rows.one(Publication), session=rows.one(Session), age_h=1
    ),
    AccountAsk: lambda rows: AccountAsk.objects.create(
        workspace=rows.workspace, session=rows.one(Session), what=AccountAsk.What.CHANNELS
    ),
}
