"""One row of every kind in a workspace, for the walk that proves isolation.

A model that is registered in the admin must be made here, or have a factory `<Model>Factory` in
`tests/<app>/factories.py`; the walk fails for a model that has neither.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import pytest
from django.db import models

from apps.accounts.access import workspace_path
from apps.accounts.models import Alert, AuditEntry, Membership, User, Workspace
from apps.ai.models import Spend
from apps.delivery.models import Delivery, Lane
from apps.publishing.models import Channel, Experiment, Publication
from apps.sources.models import ChannelRead, ImportFile, Poll, Post, Source
from apps.stories.models import Grouping, Preset, Rewrite, Story, StoryVersion
from apps.telegram.models import Bot, Update
from tests.accounts.factories import AlertFactory, AuditEntryFactory, member
from tests.accounts.rows_work import WORK_MAKERS

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


class Rows:
    """The rows of one workspace, made when asked for and then kept. `mark` makes their words its own."""

    def __init__(self, workspace: Workspace, mark: str) -> None:
        self.workspace, self.mark = workspace, mark
        self.kept: dict[type[models.Model], models.Model] = {}

    def one(self, model: type[models.Model]) -> Any:
        """The workspace's row of this model."""
        if model not in self.kept:
            maker = MAKERS.get(model)
            self.kept[model] = maker(self) if maker else self.from_factory(model)
        return self.kept[model]

    def kept_private(self) -> None:
        """Close the workspace's preview page, which is open to all unless its owner says otherwise."""
        Channel.objects.filter(pk=self.one(Channel).pk).update(is_public=False)

    def from_factory(self, model: type[models.Model]) -> models.Model:
        """A row from the app's factories, put into the workspace."""
        app, path = model._meta.app_label, workspace_path(model)
        try:
            made_by = getattr(import_module(f"tests.{app}.factories"), f"{model.__name__}Factory")
        except (ModuleNotFoundError, AttributeError):
            pytest.fail(
                f"{model._meta.label} has an admin and the isolation walk can't make a row of it: add "
                f"{model.__name__}Factory to tests/{app}/factories.py, or a maker to tests/accounts/rows.py."
            )
        row: models.Model = made_by.create(**({path: self.workspace} if path else {}))
        return row


def make_user(rows: Rows) -> User:
    return member(rows.workspace, "viewer", name=f"User {rows.mark}", email=f"{rows.mark}@example.org")


def make_membership(rows: Rows) -> Membership:
    return Membership.objects.get(user=rows.one(User), workspace=rows.workspace)


def make_source(rows: Rows) -> Source:
    return Source.objects.create(
        workspace=rows.workspace, name=f"Source {rows.mark}", url=f"https://{rows.mark}.example.org/feed"
    )


def make_post(rows: Rows) -> Post:
    return Post.objects.create(
        workspace=rows.workspace,
        source=rows.one(Source),
        external_id=rows.mark,
        title=f"Post {rows.mark}",
        text="Text",
        published_at=AT,
        content_hash=rows.mark[:32],
    )


def make_version(rows: Rows) -> StoryVersion:
    return StoryVersion.objects.create(story=rows.one(Story), number=1, title=f"Version {rows.mark}", body="Body")


def make_story(rows: Rows) -> Story:
    return Story.objects.create(
        workspace=rows.workspace, title=f"Story {rows.mark}", first_at=AT, last_at=AT, status=Story.Status.REVIEW
    )


def make_delivery(rows: Rows) -> Delivery:
    lane = Lane.objects.create(workspace=rows.workspace, key=rows.mark)
    return Delivery.objects.create(
        workspace=rows.workspace, lane=lane, sender="test", destination=f"To {rows.mark}", dedupe_key=rows.mark
    )


def make_bot(rows: Rows) -> Bot:
    number = 9_000_000 + rows.workspace.pk
    return Bot.objects.create(
        workspace=rows.workspace, name=f"Bot {rows.mark}", bot_id=number, token=f"{number}:{'A' * 35}"
    )


def make_update(rows: Rows) -> Update:
    return Update.objects.create(
        workspace=rows.workspace,
        bot=rows.one(Bot),
        update_id=1,
        kind="message",
        payload={"text": f"Update {rows.mark}"},
    )


def make_channel(rows: Rows) -> Channel:
    return Channel.objects.create(
        workspace=rows.workspace, kind=Channel.Kind.PREVIEW, name=f"Channel {rows.mark}", slug=rows.mark
    )


def make_experiment(rows: Rows) -> Experiment:
    first = rows.one(Publication)
    second = Publication.objects.create(
        workspace=rows.workspace,
        channel=first.channel,
        story=first.story,
        version=first.version,
        title=f"Other {rows.mark}",
        html="Other text",
        publish_at=AT,
        status=Publication.Status.CANCELLED,
    )
    return Experiment.objects.create(workspace=rows.workspace, story=first.story, first=first, second=second)


def make_publication(rows: Rows) -> Publication:
    return Publication.objects.create(
        workspace=rows.workspace,
        channel=rows.one(Channel),
        story=rows.one(Story),
        version=rows.one(StoryVersion),
        title=f"Publication {rows.mark}",
        html="Text",
        delivery=rows.one(Delivery),
        publish_at=AT,
    )


MAKERS: dict[type[models.Model], Callable[[Rows], models.Model]] = {
    Workspace: lambda rows: rows.workspace,
    User: make_user,
    Membership: make_membership,
    AuditEntry: lambda rows: AuditEntryFactory.create(workspace=rows.workspace, target_label=f"Audit {rows.mark}"),
    Alert: lambda rows: AlertFactory.create(workspace=rows.workspace, message=f"Alert {rows.mark}"),
    Spend: lambda rows: Spend.objects.create(workspace=rows.workspace, purpose=f"Spend {rows.mark}"),
    Source: make_source,
    Post: make_post,
    Poll: lambda rows: Poll.objects.create(workspace=rows.workspace, source=rows.one(Source)),
    ChannelRead: lambda rows: ChannelRead.objects.create(workspace=rows.workspace, source=rows.one(Source)),
    ImportFile: lambda rows: ImportFile.objects.create(workspace=rows.workspace, source=rows.one(Source)),
    Story: make_story,
    StoryVersion: make_version,
    Preset: lambda rows: Preset.objects.create(workspace=rows.workspace, name=f"Preset {rows.mark}"),
    Rewrite: lambda rows: Rewrite.objects.create(workspace=rows.workspace, story=rows.one(Story)),
    Grouping: lambda rows: Grouping.objects.create(workspace=rows.workspace, post=rows.one(Post)),
    Bot: make_bot,
    Update: make_update,
    Channel: make_channel,
    Publication: make_publication,
    Experiment: make_experiment,
    Delivery: make_delivery,
    **WORK_MAKERS,
}
