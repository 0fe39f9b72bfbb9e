"""Renamed, migrated, private, banning and deleted channels, lost logins: each ends in a clear state."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work import verbs
from apps.sources.models import ChannelRead, Post, Source
from apps.sources.services import source_create, source_resume
from apps.sources.services.reads import read_record
from apps.telegram.models import Peer, Session
from tests.sources.channels import Channel, SessionFactory, Telegram, added, again, another, due, read, texts, wait_of
from tests.sources.factories import WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


def test_a_renamed_channel_is_followed_by_its_id(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel(title="Вестник")
    channel.post("слово")
    source = added(account)
    read(telegram)
    channel.username, channel.title = "vestnik_new", "Новый вестник"
    channel.post("второе")
    Source.objects.update(described_at=now() - timedelta(days=2))

    again(telegram, source)

    assert (source.username, source.name) == ("vestnik_new", "Новый вестник")
    assert Post.objects.latest("message_id").url == "https://t.me/vestnik_new/2"
    assert telegram.count("resolve") == 1


def test_a_name_that_an_editor_gave_is_kept(telegram: Telegram, account: Session) -> None:
    telegram.channel(title="Вестник").post("слово")
    source = added(account, name="Главный по городу")

    read(telegram)

    source.refresh_from_db()
    assert source.name == "Главный по городу"


def test_a_migrated_chat_goes_on_under_its_new_id(telegram: Telegram, account: Session) -> None:
    old = telegram.channel()
    old.post("слово")
    source = added(account)
    read(telegram)
    new = telegram.channel("vestnik", chat_id=1_100_200_999)
    new.post(is_service=True)
    new.post("на новом месте")
    old.username = ""
    old.post(is_service=True, migrated_to=new.chat_id)

    again(telegram, source)
    assert (source.chat_id, source.read_to_id) == (new.chat_id, 1)
    again(telegram, source)

    assert texts() == ["слово", "на новом месте"]
    assert source.last_error == ""


def test_a_migrated_chat_that_another_source_reads_is_paused_in_words(telegram: Telegram, account: Session) -> None:
    old = telegram.channel("gruppa", title="Группа")
    old.post("слово")
    source = added(account, "gruppa", name="Первый")
    read(telegram)
    new = telegram.channel("vestnik", chat_id=1_100_200_999)
    new.post("на новом месте")
    other = added(account, name="Второй")
    read(telegram)
    old.post("последнее")
    old.post(is_service=True, migrated_to=new.chat_id)

    again(telegram, source)

    source.refresh_from_db()
    assert not source.is_active
    assert "“Второй”" in source.paused_reason
    assert (source.chat_id, ChannelRead.objects.filter(source=source).live().exists()) == (old.chat_id, False)
    assert not ChannelRead.objects.dead().exists()
    assert "последнее" in texts()

    other.delete()
    source_resume(source=source)
    again(telegram, source)
    assert source.chat_id == new.chat_id


def test_a_channel_that_bans_an_account_goes_to_another(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    other = another(telegram, account)
    channel.banned.add(account.pk)
    channel.post("второе")

    again(telegram, source)
    assert (source.session_id, source.refused_by) == (other.pk, [account.pk])
    assert source.is_active
    again(telegram, source)

    assert texts() == ["слово", "второе"]
    assert (source.last_error, Alert.objects.count()) == ("", 0)
    assert (other.pk, "resolve", "vestnik") in telegram.asked


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ({"is_private": True}, "private"),
        ({"banned": True}, "banned"),
        ({"is_gone": True}, "deleted or blocked"),
    ],
)
def test_a_channel_that_nobody_may_read_is_paused_with_what_to_do(
    telegram: Telegram, account: Session, trouble: dict[str, bool], words: str
) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    if trouble.pop("banned", False):
        channel.banned.add(account.pk)
    for name, value in trouble.items():
        setattr(channel, name, value)

    due(source)
    read(telegram)

    source.refresh_from_db()
    assert not source.is_active
    assert words in source.paused_reason
    alert = Alert.objects.get(key=f"source.gone:{source.pk}")
    assert words in alert.message
    assert not ChannelRead.objects.filter(state="ready").exists()

    channel.is_private = channel.is_gone = False
    channel.banned.clear()
    source_resume(source=source)
    read(telegram)
    alert.refresh_from_db()
    source.refresh_from_db()
    assert alert.closed_at is not None
    assert (source.last_error, source.refused_by) == ("", [])


def test_a_name_that_nobody_has_is_said_at_once(telegram: Telegram, account: Session) -> None:
    another(telegram, account)
    source = added(account, "nobody_has_it")

    read(telegram)

    source.refresh_from_db()
    assert not source.is_active
    assert "There is no channel @nobody_has_it" in source.paused_reason
    assert telegram.count("resolve") == 1


def test_the_same_channel_under_another_name_is_said(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account, name="Первый")
    read(telegram)
    twin = added(account, "VESTNIK", name="Второй")

    read(telegram)

    twin.refresh_from_db()
    assert not twin.is_active
    assert "“Первый”" in twin.paused_reason
    assert (twin.posts.count(), source.posts.count()) == (0, 1)


def test_another_channel_that_took_the_name_is_not_read(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    Peer.objects.all().delete()
    channel.username = ""
    telegram.channel("vestnik", chat_id=1_100_200_777).post("чужое")

    due(source)
    read(telegram)

    source.refresh_from_db()
    assert not source.is_active
    assert texts() == ["слово"]


def test_a_lost_login_hands_its_channels_to_another_account(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    reading = read(telegram)
    channel.post("второе")
    telegram.refusals["newer"] = [PermanentError("logged out", code="login_lost")]
    again(telegram, source, reading)
    assert "logged out" in source.last_error
    assert source.failures == 0
    Session.objects.filter(pk=account.pk).update(state="lost")
    telegram.accounts.clear()
    other = another(telegram, account)

    due(source)
    reading._spreads.again()
    read(telegram, reading=reading)
    read(telegram, reading=reading)

    source.refresh_from_db()
    assert source.session_id == other.pk
    assert texts() == ["слово", "второе"]
    assert source.last_error == ""


def test_without_any_account_the_channel_says_so_and_waits(telegram: Telegram) -> None:
    workspace = WorkspaceFactory.create(language="en")
    source = source_create(workspace=workspace, kind="telegram", name="@vestnik", username="vestnik")
    assert source.session_id is None

    read(telegram)

    source.refresh_from_db()
    assert "No Telegram account" in source.last_error
    assert timedelta(seconds=50) < wait_of(source) <= timedelta(minutes=1)
    assert source.is_active


def test_channels_are_spread_over_accounts_and_stay(telegram: Telegram, account: Session) -> None:
    other = another(telegram, account)
    outsider: Session = SessionFactory.create()
    sources = [added(account, f"channel_{n}") for n in range(6)]

    by_account = {pk: sum(one.session_id == pk for one in sources) for pk in (account.pk, other.pk, outsider.pk)}
    assert by_account == {account.pk: 3, other.pk: 3, outsider.pk: 0}
    read(telegram)
    assert [one.session_id for one in Source.objects.order_by("pk")] == [one.session_id for one in sources]


def test_an_access_hash_is_never_used_with_another_account(telegram: Telegram, account: Session) -> None:
    channel: Channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    other = another(telegram, account)
    Source.objects.filter(pk=source.pk).update(session=other)

    again(telegram, source)

    assert source.last_error == ""
    assert (other.pk, "resolve", "vestnik") in telegram.asked
    assert set(Peer.objects.values_list("session", flat=True)) == {account.pk, other.pk}


def test_a_late_result_changes_nothing_once_the_reading_is_done(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    read(telegram)
    done = ChannelRead.objects.get(state="done")

    with pytest.raises(verbs.LeaseLost):
        verbs.finish(done, effect=lambda: read_record(done, None))  # type: ignore[arg-type]

    assert source.reads.filter(state="ready").count() == 1
