"""Making channels, and senders' corner cases."""

from __future__ import annotations

import pytest

from apps.accounts.models import User, Workspace
from apps.core.errors import PermanentError, TransitionError
from apps.delivery import senders
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_create
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, Publication
from apps.publishing.services import channel_check, channel_create
from apps.telegram import buckets
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.factories import bot_of, preview_channel, scheduled, telegram_channel
from tests.servers.bot_api import BotApiServer


def test_second_of_a_name_is_refused(workspace: Workspace) -> None:
    preview_channel(workspace, "News")
    with pytest.raises(TransitionError):
        preview_channel(workspace, "News")
    assert preview_channel(WorkspaceFactory.create(), "News").slug == "news-2"


def test_telegram_channel_without_a_chat_is_refused(workspace: Workspace) -> None:
    with pytest.raises(TransitionError):
        channel_create(workspace=workspace, kind="telegram", name="News", bot=bot_of(workspace))
    assert not Channel.objects.exists()


def test_foreign_bot_is_refused(workspace: Workspace) -> None:
    with pytest.raises(PermanentError, match="another workspace"):
        channel_create(
            workspace=workspace, kind="telegram", name="News", bot=bot_of(WorkspaceFactory.create()), chat_id="-1"
        )


def test_preview_page_is_always_fit(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    assert channel_check(channel=channel, editor=editor).is_fit
    channel.refresh_from_db()
    assert channel.checked_at is not None


def test_bot_that_may_not_post_is_told(
    workspace: Workspace, editor: User, telegram: BotApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.language = "en"
    workspace.save()
    channel = telegram_channel(workspace)
    telegram.chats.add(-1001234567890, kind="channel", refuse="no_rights")
    found = channel_check(channel=channel, editor=editor)
    assert not found.is_fit
    assert "switch on “Post messages”" in found.problem


@pytest.mark.parametrize("sender", ["preview.post", "telegram.post"])
def test_delivery_without_its_publication_is_told(workspace: Workspace, sender: str) -> None:
    delivery = delivery_create(workspace=workspace, sender=sender, destination="News", payload={}, dedupe_key="orphan")
    deliveries_send()
    delivery.refresh_from_db()
    assert (delivery.state, delivery.error_code) == ("dead", "publication_gone")


def test_group_that_is_full_waits_and_nothing_was_tried(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    channel = telegram_channel(workspace)
    Channel.objects.update(chat_kind="supergroup")
    bot = channel.bot
    assert bot is not None
    while buckets.reserve(bot.bot_id, channel.chat_id, is_group=True, max_wait=1.0) <= 1.0:
        pass
    publication = scheduled(channel, editor)
    Delivery.objects.filter(publication=publication).update(attempts=0)
    buckets.penalise(bot.bot_id, channel.chat_id, 60)
    deliveries_send()
    delivery = Delivery.objects.get(publication=publication)
    assert (delivery.state, delivery.attempts, delivery.begun_at) == ("ready", 0, None)
    assert telegram.log.of("sendMessage") == []
    assert Publication.objects.get().status == "scheduled"


def test_senders_of_publishing_are_registered() -> None:
    assert {"telegram.post", "preview.post"} <= set(senders.registered())
    assert senders.sender("preview.post").exactly_once is True
    assert senders.sender("telegram.post").exactly_once is False
