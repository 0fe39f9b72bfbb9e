"""A channel is added by what a person types, and its page says how far it is read."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import ChannelRead, Source
from apps.sources.services.work import read_give_up, read_retry
from apps.telegram.models import Budget, Peer, Session
from tests.sources.channels import BEGAN, ChannelFactory, ReadFactory, SessionFactory
from tests.sources.factories import MembershipFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
ADD = reverse("admin:sources_source_add")


@pytest.fixture
def workspace() -> Workspace:
    """The editor's own."""
    return WorkspaceFactory.create()


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> User:
    """An editor of the workspace, logged in, who reads English."""
    user: User = MembershipFactory.create(workspace=workspace, role=Membership.Role.EDITOR, user__language="en").user
    client.force_login(user)
    return user


def form(channel: str, **fields: object) -> dict[str, object]:
    return {"name": "", "kind": "telegram", "channel": channel, "interval_s": 600, "backfill_posts": 0} | fields


def page_of(source: Source) -> str:
    return reverse("admin:sources_source_change", args=[source.pk])


def errors(client: Client, url: str, fields: dict[str, object]) -> str:
    answer = client.post(url, fields)
    assert answer.status_code == 200
    return " ".join(str(words) for found in answer.context["errors"] for words in found)


@pytest.mark.parametrize("typed", ["@vestnik", "https://t.me/s/vestnik", "t.me/vestnik/42"])
def test_a_channel_is_added_by_its_name_alone(client: Client, editor: User, workspace: Workspace, typed: str) -> None:
    account = SessionFactory.create(workspace=workspace)

    assert client.post(ADD, form(typed)).status_code == 302

    source = Source.objects.get()
    assert (source.kind, source.name, source.username, source.url) == ("telegram", "@vestnik", "vestnik", "")
    assert source.session == account
    assert ChannelRead.objects.get().source == source
    assert list(workspace.audit_entries.values_list("verb", "actor")) == [("source.created", editor.pk)]


def test_a_channel_may_be_given_a_name_and_a_depth(client: Client, editor: User) -> None:
    client.post(ADD, form("@vestnik", name="Главный", backfill_posts=500))

    source = Source.objects.get()
    assert (source.name, source.backfill_posts, source.session) == ("Главный", 500, None)


def test_a_channel_that_is_there_already_is_said(client: Client, editor: User, workspace: Workspace) -> None:
    ChannelFactory.create(workspace=workspace, name="Вестник", username="Vestnik")
    ChannelFactory.create(username="lenta")  # another workspace's

    assert "“Вестник” reads this channel already" in errors(client, ADD, form("t.me/vestnik"))
    assert client.post(ADD, form("@lenta")).status_code == 302


@pytest.mark.parametrize("typed", ["", "https://t.me/+AbCdEf", "https://example.org/x", "t.me/c/1100200300/5"])
def test_what_can_not_be_read_is_refused(client: Client, editor: User, typed: str) -> None:
    assert errors(client, ADD, form(typed))
    assert not Source.objects.exists()


def test_a_link_without_a_name_is_taken_of_a_channel_that_an_account_knows(
    client: Client, editor: User, workspace: Workspace
) -> None:
    account: Session = SessionFactory.create(workspace=workspace)
    SessionFactory.create(workspace=workspace)
    Peer.objects.create(session=account, chat_id=1_100_200_300, access_hash=5, title="Закрытый клуб")

    client.post(ADD, form("https://t.me/c/1100200300/5"))

    source = Source.objects.get()
    assert (source.chat_id, source.username, source.name, source.session) == (
        1_100_200_300,
        "",
        "Закрытый клуб",
        account,
    )


def test_other_kinds_still_need_a_name(client: Client, editor: User) -> None:
    fields = {"name": "", "kind": "feed", "url": "https://a.example/rss", "interval_s": 600, "backfill_posts": 0}

    assert "Give it a name" in errors(client, ADD, fields)


def test_the_new_name_of_a_renamed_channel_is_saved_and_read_at_once(
    client: Client, editor: User, workspace: Workspace
) -> None:
    source = ChannelFactory.create(workspace=workspace, username="old_name", chat_id=1_100_200_300)
    row = ReadFactory.create(source=source, not_before=now() + timedelta(hours=1))

    answer = client.post(page_of(source), form("@new_name", name=source.name))

    assert answer.status_code == 302
    source.refresh_from_db()
    row.refresh_from_db()
    assert (source.username, source.chat_id) == ("new_name", 1_100_200_300)
    assert row.not_before <= now()


def test_saving_without_changes_changes_nothing(client: Client, editor: User, workspace: Workspace) -> None:
    source = ChannelFactory.create(workspace=workspace)

    assert client.post(page_of(source), form(f"@{source.username}", name=source.name)).status_code == 302

    assert not workspace.audit_entries.exists()


def test_the_page_says_who_reads_and_how_far(client: Client, editor: User, workspace: Workspace) -> None:
    account = SessionFactory.create(workspace=workspace, name="Читатель Анна")
    source = ChannelFactory.create(
        workspace=workspace,
        session=account,
        read_to_id=900,
        last_ok_at=now(),
        last_tried_at=now(),
        backfill_posts=2000,
        backfilled_posts=1240,
        backfilled_to=BEGAN,
        backfill_id=300,
    )

    shown = client.get(page_of(source)).content.decode()

    assert "Читатель Анна" in shown
    assert "Read back to Nov. 20, 2026" in shown
    assert "going on" in shown
    assert "Collect now" in shown


def test_the_page_says_that_telegram_asked_to_wait(client: Client, editor: User, workspace: Workspace) -> None:
    account = SessionFactory.create(workspace=workspace)
    Budget.objects.create(session=account, operation="history", waits_until=now() + timedelta(hours=2))
    source = ChannelFactory.create(workspace=workspace, session=account)

    assert "Telegram asked it to wait until" in client.get(page_of(source)).content.decode()


def test_a_channel_without_an_account_says_what_is_missing(client: Client, editor: User, workspace: Workspace) -> None:
    source = ChannelFactory.create(workspace=workspace)

    assert "Waits for a Telegram account" in client.get(page_of(source)).content.decode()


def test_a_reading_is_tried_again_and_given_up_by_a_person(client: Client, editor: User, workspace: Workspace) -> None:
    source = ChannelFactory.create(workspace=workspace, name="Вестник")
    row = ReadFactory.create(source=source)
    assert "Вестник" in client.get(reverse("admin:sources_channelread_changelist")).content.decode()

    read_give_up(row, reason="Не сейчас", by=editor)

    following = ChannelRead.objects.live().get()
    assert following.not_before > now() + timedelta(minutes=8)
    with pytest.raises(TransitionError):
        read_give_up(row, reason="Ещё раз", by=editor)
    read_retry(row, by=editor)
    following.refresh_from_db()
    assert following.not_before <= now()
    verbs = list(workspace.audit_entries.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["source.read_given_up", "source.poll_asked"]
    source.refresh_from_db()
    assert (source.failures, source.last_error) == (0, "")
