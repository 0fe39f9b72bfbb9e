"""Readings of publications: when each is taken, where its numbers come from, and what is not known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import Alert, User, Workspace
from apps.core.clock import now
from apps.core.work.models import WorkRow
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import (
    AccountLook,
    Channel,
    LinkClicks,
    MessageLook,
    MessageReactions,
    PreviewMessage,
    Publication,
    PublicationReading,
    ShortLink,
)
from apps.publishing.services.after import publication_delete
from apps.publishing.services.readings import Counted, bare_chat, reading_keep
from apps.publishing.statistics.ages import AGES_H, is_of_age, next_age
from apps.publishing.tasks import messages_look
from apps.sources.models import Post, Source
from apps.telegram.models import Bot, Peer, Session
from apps.telegram.services.updates import updates_store
from apps.telegram.tasks import updates_work
from tests.publishing.clocks import standing
from tests.publishing.factories import preview_channel, published, scheduled, telegram_channel
from tests.sources.channels import ChannelFactory, SessionFactory
from tests.sources.factories import PostFactory

PERSON = {"user-agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36"}
OUT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def look(publication: Publication, age_h: int) -> MessageLook:
    """A look that is due."""
    due = now() - timedelta(seconds=1)
    return MessageLook.objects.create(
        workspace=publication.workspace, publication=publication, age_h=age_h, not_before=due
    )


def source_of(channel: Channel, chat_id: int = 1234567890) -> Source:
    """The channel as a source that an account reads."""
    account = SessionFactory.create(workspace=channel.workspace)
    found: Source = ChannelFactory.create(workspace=channel.workspace, chat_id=chat_id, session=account)
    return found


def counted(source: Source, publication: Publication, at: datetime, **more: Any) -> Post:
    """The publication's message as the source has it."""
    number = int(publication.message_id)
    told = {"views": 900, "forwards": 12, "reactions": {"👍": 5, "🔥": 2}, "counted_at": at, **more}
    post: Post = PostFactory.create(source=source, workspace=source.workspace, message_id=number, **told)
    return post


def only() -> tuple[Any, ...]:
    """The one reading."""
    fields = ("age_h", "views", "forwards", "reactions", "clicks", "origin")
    return tuple(PublicationReading.objects.values_list(*fields).get())


def test_ages_fall_and_late_ones_are_left_out() -> None:
    day = OUT + timedelta(hours=24)
    assert AGES_H == (1, 3, 6, 12, 24, 48, 96, 168, 336, 720)
    assert next_age(sent_at=OUT, after_h=0, at=OUT) == 1
    assert next_age(sent_at=OUT, after_h=1, at=day) == 24
    assert next_age(sent_at=OUT, after_h=720, at=OUT) is None
    assert next_age(sent_at=OUT, after_h=0, at=OUT + timedelta(days=90)) is None
    assert is_of_age(sent_at=OUT, taken_at=day, age_h=24)
    assert is_of_age(sent_at=OUT, taken_at=OUT + timedelta(hours=21.6), age_h=24)
    assert not is_of_age(sent_at=OUT, taken_at=OUT + timedelta(hours=21.5), age_h=24)
    assert not is_of_age(sent_at=OUT, taken_at=OUT + timedelta(hours=30.1), age_h=24)


def test_a_publication_that_is_out_is_looked_at_once_an_age(workspace: Workspace, editor: User) -> None:
    made = scheduled(preview_channel(workspace), editor)
    assert not MessageLook.objects.exists()
    deliveries_send()
    deliveries_send()
    made.refresh_from_db()
    row = MessageLook.objects.get()
    assert made.sent_at is not None
    assert (row.age_h, row.not_before, row.workspace) == (1, made.sent_at + timedelta(hours=1), workspace)


def test_the_preview_page_counts_people_and_its_looks_go_on(workspace: Workspace, editor: User, client: Client) -> None:
    with standing(OUT) as clock:
        scheduled(preview_channel(workspace), editor)
        deliveries_send()
        for headers in (PERSON, PERSON, {"user-agent": "TelegramBot (like TwitterBot)"}):
            assert client.get("/preview/showcase/", headers=headers).status_code == 200
        client.head("/preview/showcase/", headers=PERSON)
        assert PreviewMessage.objects.get().views == 2
        clock.move_to(OUT + timedelta(hours=1))
        messages_look()
        messages_look()  # rung twice
        assert only() == (1, 2, None, None, None, "page")
        assert list(MessageLook.objects.order_by("age_h").values_list("age_h", "state")) == [(1, "done"), (3, "ready")]
        clock.move_to(OUT + timedelta(hours=3))
        messages_look()
        assert list(PublicationReading.objects.values_list("age_h", flat=True)) == [1, 3]
        assert MessageLook.objects.filter(state=WorkRow.State.DONE).count() == 1  # the earlier one is not kept


def test_a_look_that_comes_too_late_is_no_reading_and_skips_what_has_passed(workspace: Workspace, editor: User) -> None:
    with standing(OUT) as clock:
        scheduled(preview_channel(workspace), editor)
        deliveries_send()
        clock.move_to(OUT + timedelta(hours=20))
        messages_look()
        assert not PublicationReading.objects.exists()
        assert MessageLook.objects.get(state="ready").age_h == 24


def test_nothing_is_looked_at_after_deleting(workspace: Workspace, editor: User) -> None:
    with standing(OUT) as clock:
        made = scheduled(preview_channel(workspace), editor)
        deliveries_send()
        publication_delete(publication=made, editor=editor)
        clock.move_to(OUT + timedelta(hours=1))
        messages_look()
        assert not PublicationReading.objects.exists()
        assert not MessageLook.objects.filter(state="ready").exists()


def test_a_source_that_counted_at_this_age_tells(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    made = published(channel, editor, age_h=24.2)
    counted(source_of(channel), made, now())
    look(made, 24)
    messages_look()
    assert only() == (24, 900, 12, 7, None, "source")
    assert not AccountLook.objects.exists()


def test_another_workspaces_source_tells_nothing(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    made = published(channel, editor, age_h=24.2)
    stranger: Source = ChannelFactory.create(chat_id=1234567890, session=SessionFactory.create())
    counted(stranger, made, now())
    look(made, 24)
    messages_look()
    assert not PublicationReading.objects.exists()
    assert MessageLook.objects.get(age_h=24).state == "done"


def test_a_source_that_has_not_counted_yet_is_waited_for(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    made = published(channel, editor, age_h=24.1)
    source = source_of(channel)
    Session.objects.update(is_paused=True)  # no account can be asked instead
    post = counted(source, made, now() - timedelta(hours=18))
    row = look(made, 24)
    messages_look()
    row.refresh_from_db()
    assert (row.state, row.attempts, PublicationReading.objects.count()) == ("ready", 0, 0)
    assert timedelta(hours=1) < row.not_before - now() < timedelta(hours=1.3)
    Post.objects.filter(pk=post.pk).update(counted_at=now(), views=950)
    MessageLook.objects.filter(pk=row.pk).update(not_before=now())
    messages_look()
    assert only()[:2] == (24, 950)


def test_an_account_that_knows_the_channel_is_asked(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    made = published(channel, editor, age_h=3.1)
    account = SessionFactory.create(workspace=workspace)
    Peer.objects.create(session=account, chat_id=1234567890, access_hash=5)
    look(made, 3)
    messages_look()
    row = AccountLook.objects.get()
    assert (row.session, row.age_h, row.state) == (account, 3, "ready")
    assert not PublicationReading.objects.exists()
    assert MessageLook.objects.get(state="ready").age_h == 6


def test_what_is_known_here_is_kept_before_the_account_answers(workspace: Workspace, editor: User) -> None:
    made = published(telegram_channel(workspace), editor, age_h=3.1)
    Peer.objects.create(session=SessionFactory.create(workspace=workspace), chat_id=1234567890, access_hash=5)
    link = ShortLink.objects.create(publication=made, code="a", target="https://a.test", address="https://a.test")
    LinkClicks.objects.create(link=link, hour=OUT, shard=0, people=3)
    MessageReactions.objects.create(publication=made, total=4)
    look(made, 3)
    messages_look()
    assert AccountLook.objects.get().age_h == 3
    assert only() == (3, None, None, 4, 3, "bot")
    LinkClicks.objects.update(people=5)
    reading_keep(made, 3, None)  # it says nothing new
    assert only() == (3, None, None, 4, 3, "bot")
    for views in (900, 950):  # told once
        reading_keep(made, 3, Counted(now(), views, 12, 7, PublicationReading.Origin.ACCOUNT))
        assert only() == (3, 900, 12, 7, 5, "account")


def test_where_nobody_knows_nothing_is_said(workspace: Workspace, editor: User) -> None:
    made = published(telegram_channel(workspace), editor, age_h=1)
    look(made, 1)
    messages_look()
    assert not PublicationReading.objects.exists()
    assert not AccountLook.objects.exists()


def test_clicks_alone_are_a_reading_without_views(workspace: Workspace, editor: User) -> None:
    made = published(telegram_channel(workspace), editor, age_h=1)
    link = ShortLink.objects.create(publication=made, code="a", target="https://a.test", address="https://a.test")
    look(made, 1)
    LinkClicks.objects.create(link=link, hour=OUT, shard=0, people=3, machines=9)
    LinkClicks.objects.create(link=link, hour=OUT, shard=5, people=4)
    messages_look()
    assert only() == (1, None, None, None, 7, "")


def test_a_fault_ends_one_look_and_tells(workspace: Workspace, editor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    Workspace.objects.update(language="en")
    made = published(preview_channel(workspace), editor, age_h=1)
    row = look(made, 1)
    MessageLook.objects.filter(pk=row.pk).update(faults=2)

    def broken(*_given: object, **_more: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("apps.publishing.services.readings.clicks_of", broken)
    messages_look()
    assert list(MessageLook.objects.order_by("age_h").values_list("age_h", "state")) == [(1, "dead"), (3, "ready")]
    assert "could not be looked at" in Alert.objects.get().message


# Reactions that the bot is told of


def told(bot: Bot, number: int, message_id: int, counts: list[tuple[dict[str, Any], int]], date: int) -> None:
    """Let the bot be told of reactions, and work it off."""
    content = {
        "chat": {"id": -1001234567890, "type": "channel", "title": "Port news"},
        "message_id": message_id,
        "date": date,
        "reactions": [{"type": kind, "total_count": count} for kind, count in counts],
    }
    updates_store(rows=[(bot.pk, bot.workspace_id)], raws=[{"update_id": number, "message_reaction_count": content}])
    updates_work()


LIKE, OWN, PAID = {"type": "emoji", "emoji": "👍"}, {"type": "custom_emoji", "custom_emoji_id": "77"}, {"type": "paid"}


@pytest.mark.django_db(transaction=True)
def test_reactions_that_the_bot_is_told_of_are_kept_newest_first_or_last(workspace: Workspace, editor: User) -> None:
    channel = telegram_channel(workspace)
    made = published(channel, editor, age_h=1, message_id=41)
    assert channel.bot is not None
    told(channel.bot, 2, 41, [(LIKE, 5), (OWN, 2), (PAID, 1)], 1_780_000_100)
    told(channel.bot, 1, 41, [(LIKE, 4)], 1_780_000_000)  # an older word, worked later
    told(channel.bot, 3, 42, [(LIKE, 9)], 1_780_000_200)  # of a message that is not ours
    row = MessageReactions.objects.get()
    assert (row.publication, row.total, row.by_kind) == (made, 8, {"👍": 5, "77": 2, "paid": 1})
    look(made, 1)
    messages_look()
    assert only() == (1, None, None, 8, None, "bot")


@pytest.mark.parametrize(
    ("chat_id", "bare"), [("-1001234567890", 1234567890), ("@port", None), ("-555", None), ("-100x", None), ("", None)]
)
def test_the_id_by_which_accounts_know_a_channel(chat_id: str, bare: int | None) -> None:
    assert bare_chat(chat_id) == bare
