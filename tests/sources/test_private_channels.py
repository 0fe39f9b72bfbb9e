"""Channels without a public name: looked at by an invitation, joined when a person agrees, or chosen of one's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import AuditEntry
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError, TransitionError
from apps.sources.models import AccountAsk, Invitation, Source
from apps.sources.services import source_archive, source_pause
from apps.sources.services.asking import LOOKS_MOST
from apps.sources.services.channel_accounts import channels_spread
from apps.sources.services.invitations import (
    channel_read_by,
    channels_list,
    invitation_check,
    invitation_drop,
    invitation_join,
    invitation_look,
    invitation_read,
)
from apps.telegram.models import Peer, Session
from tests.sources.channels import SessionFactory, Telegram, another, ask, due, read, texts

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
LINK = "AbCdEf123456"
State = Invitation.State


def checked(telegram: Telegram, account: Session, link: str = LINK) -> Invitation:
    found = invitation_check(session=account, link=link)
    ask(telegram)
    found.refresh_from_db()
    return found


def test_looking_joins_nothing_and_joining_reads(telegram: Telegram, account: Session) -> None:
    channel = telegram.private()
    channel.post("слово")
    telegram.invite(LINK, channel)

    found = checked(telegram, account)
    assert (found.state, found.title, found.members, found.chat_id) == (State.SEEN, "Закрытый вестник", 42, None)
    assert (telegram.count("join"), channel.members, Source.objects.count()) == (0, set(), 0)

    invitation_join(invitation=found)
    ask(telegram)
    found.refresh_from_db()
    source = Source.objects.get()
    assert (found.state, found.chat_id, found.source) == (State.INSIDE, channel.chat_id, source)
    assert (source.name, source.username, source.session, source.chat_id) == (
        "Закрытый вестник",
        "",
        account,
        channel.chat_id,
    )
    read(telegram)
    assert texts() == ["слово"]
    assert telegram.count("resolve") == 0
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {
        "invitation.check_asked",
        "invitation.join_asked",
        "source.created",
    }


def test_link_is_kept_encrypted_and_found_again(telegram: Telegram, account: Session) -> None:
    telegram.invite(LINK, telegram.private())
    first = checked(telegram, account)
    second = invitation_check(session=account, link=LINK)
    assert (first.pk, second.state, Invitation.objects.count()) == (second.pk, State.ASKED, 1)
    stored = Invitation.objects.values_list("digest", "problem", "title").get()
    assert LINK not in " ".join(stored)
    assert LINK not in str(list(AuditEntry.objects.values()))


def test_account_that_is_in_already_has_only_to_read(telegram: Telegram, account: Session) -> None:
    channel = telegram.private(account)
    telegram.invite(LINK, channel)

    found = checked(telegram, account)
    assert (found.state, found.chat_id, telegram.count("join")) == (State.INSIDE, channel.chat_id, 0)
    assert not Source.objects.exists()

    source = invitation_read(invitation=found)
    assert (source.chat_id, source.session) == (channel.chat_id, account)
    assert invitation_read(invitation=found) == source


def test_join_that_was_done_and_not_recorded_is_made_good(telegram: Telegram, account: Session) -> None:
    channel = telegram.private()
    telegram.invite(LINK, channel)
    found = checked(telegram, account)
    invitation_join(invitation=found)
    channel.members.add(account.pk)  # a process that was killed between the answer and its record

    ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.source) == (State.INSIDE, Source.objects.get())


def test_administrators_decide_and_pult_looks_by_itself(telegram: Telegram, account: Session) -> None:
    channel = telegram.private()
    channel.post("слово")
    telegram.invite(LINK, channel, is_request=True)
    found = checked(telegram, account)
    assert (found.state, found.is_request) == (State.SEEN, True)
    invitation_join(invitation=found)
    ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.looks, Source.objects.count()) == (State.WAITING, 1, 0)
    later = AccountAsk.objects.live().get()
    assert (later.what, later.not_before > now() + timedelta(minutes=9)) == ("check", True)

    invitation_look(invitation=found)  # somebody is impatient
    ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.looks, telegram.count("join")) == (State.WAITING, 2, 1)

    channel.members.add(account.pk)
    invitation_look(invitation=found)
    ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.source) == (State.INSIDE, Source.objects.get())
    read(telegram)
    assert texts() == ["слово"]


def test_administrators_who_never_answer_end_the_looking(telegram: Telegram, account: Session) -> None:
    telegram.invite(LINK, telegram.private(), is_request=True)
    found = checked(telegram, account)
    invitation_join(invitation=found)
    ask(telegram)
    for _turn in range(LOOKS_MOST):
        AccountAsk.objects.live().update(not_before=now())
        ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.code) == (State.REFUSED, "unanswered")
    assert not AccountAsk.objects.live().exists()


@pytest.mark.parametrize("code", ["invite_expired", "channels_full", "banned", "small_group"])
def test_refusals_end_in_a_state_and_may_be_tried_again(telegram: Telegram, account: Session, code: str) -> None:
    channel = telegram.private()
    telegram.invite(LINK, channel)
    found = checked(telegram, account)
    telegram.refusals["join"].append(PermanentError("refused", code=code))
    invitation_join(invitation=found)
    ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.code, Source.objects.count()) == (State.REFUSED, code, 0)
    assert not AccountAsk.objects.live().exists()

    invitation_look(invitation=found)
    ask(telegram)
    found.refresh_from_db()
    assert (found.state, found.code) == (State.SEEN, "")


def test_unknown_invitation_and_paid_channel_are_not_joined(telegram: Telegram, account: Session) -> None:
    found = checked(telegram, account, "Unknown-link")
    assert (found.state, found.code) == (State.REFUSED, "invite_wrong")
    with pytest.raises(TransitionError):
        invitation_join(invitation=found)

    telegram.invite(LINK, telegram.private(), is_paid=True)
    paid = checked(telegram, account)
    with pytest.raises(TransitionError):
        invitation_join(invitation=paid)
    assert telegram.count("join") == 0


def test_flood_wait_puts_the_question_off_and_nothing_is_lost(telegram: Telegram, account: Session) -> None:
    telegram.invite(LINK, telegram.private())
    telegram.refusals["invitation"].append(RetryableError("wait", retry_after=600, code="flood"))
    found = checked(telegram, account)
    row = AccountAsk.objects.live().get()
    assert (found.state, row.faults, row.not_before > now() + timedelta(minutes=9)) == (State.ASKED, 0, True)
    AccountAsk.objects.update(not_before=now())
    ask(telegram)
    found.refresh_from_db()
    assert found.state == State.SEEN


def test_lost_login_waits_for_the_next_one(telegram: Telegram, account: Session) -> None:
    telegram.invite(LINK, telegram.private())
    telegram.refusals["invitation"].append(PermanentError("log in again", code="login_lost"))
    found = checked(telegram, account)
    assert (found.state, AccountAsk.objects.live().count()) == (State.ASKED, 1)


def test_accounts_that_are_not_held_here_are_not_asked_for(telegram: Telegram, account: Session) -> None:
    telegram.invite(LINK, telegram.private())
    telegram.accounts.clear()
    found = checked(telegram, account)
    assert (found.state, telegram.asked) == (State.ASKED, [])


def test_account_that_is_logged_out_or_paused_is_refused_in_words(account: Session) -> None:
    account.is_paused = True
    with pytest.raises(TransitionError, match="paused"):
        invitation_check(session=account, link=LINK)
    account.is_paused, account.state = False, Session.State.LOST
    with pytest.raises(TransitionError, match="not logged in"):
        channels_list(session=account)
    assert not Invitation.objects.exists()


def test_own_channels_are_listed_once_and_kept(telegram: Telegram, account: Session) -> None:
    mine, theirs = telegram.private(account), telegram.private(chat_id=1_900_200_999)
    mine.post("слово")
    Peer.objects.create(session=account, chat_id=5, access_hash=1, title="Left long ago", is_member=True)
    channels_list(session=account)
    channels_list(session=account)  # a second press
    ask(telegram)

    assert telegram.count("member_channels") == 1
    row = AccountAsk.objects.get()
    assert (row.state, row.found, row.is_whole) == ("done", 1, True)
    assert list(Peer.objects.filter(is_member=True).values_list("chat_id", flat=True)) == [mine.chat_id]

    source = channel_read_by(session=account, chat_id=mine.chat_id)
    read(telegram)
    assert (source.session, texts()) == (account, ["слово"])
    with pytest.raises(TransitionError):
        channel_read_by(session=account, chat_id=theirs.chat_id)


def test_titles_that_are_taken_get_a_number(telegram: Telegram, account: Session) -> None:
    for chat_id in (1, 2):
        telegram.private(account, chat_id=1_900_000_000 + chat_id)
    channels_list(session=account)
    ask(telegram)
    names = [channel_read_by(session=account, chat_id=1_900_000_000 + one).name for one in (1, 2)]
    assert names == ["Закрытый вестник", "Закрытый вестник 2"]


def test_source_that_stopped_goes_on_with_the_account_that_joined(telegram: Telegram, account: Session) -> None:
    channel = telegram.private(account)
    channel.post("слово")
    telegram.invite(LINK, channel)
    source = invitation_read(invitation=checked(telegram, account))
    read(telegram)
    channel.members.clear()
    due(source)
    read(telegram)
    source.refresh_from_db()
    assert (source.is_active, source.paused_code) == (False, "private")
    assert "Add a private channel" in source.paused_reason

    other = another(telegram, account)
    found = checked(telegram, other)
    invitation_join(invitation=found)
    ask(telegram)
    channel.post("ещё слово")
    source.refresh_from_db()
    assert (source.is_active, source.session, Source.objects.count()) == (True, other, 1)
    read(telegram)
    assert texts() == ["слово", "ещё слово"]


def test_source_in_the_archive_is_left_there_in_words(telegram: Telegram, account: Session) -> None:
    channel = telegram.private(account)
    telegram.invite(LINK, channel)
    found = checked(telegram, account)
    source_archive(source=invitation_read(invitation=found))
    with pytest.raises(TransitionError, match="archive"):
        channel_read_by(session=account, chat_id=channel.chat_id)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "lost"}, "none is logged in"),
        ({"is_paused": True}, "they are paused"),
        (None, "is removed from Pult"),
    ],
)
def test_private_channel_without_its_account_says_what_to_do(
    telegram: Telegram, account: Session, change: dict[str, object] | None, words: str
) -> None:
    channel = telegram.private(account)
    telegram.invite(LINK, channel)
    source = invitation_read(invitation=checked(telegram, account))
    another(telegram, account)  # it is not in the channel, so it is no help
    if change is None:
        account.delete()
    else:
        Session.objects.filter(pk=account.pk).update(**change)

    channels_spread()
    source.refresh_from_db()
    assert words in source.last_error
    assert "Add a private channel" in source.last_error
    assert source.is_active


def test_invitation_is_forgotten_with_its_question(telegram: Telegram, account: Session) -> None:
    found = invitation_check(session=account, link=LINK)
    invitation_drop(invitation=found)
    ask(telegram)
    assert (Invitation.objects.count(), AccountAsk.objects.count(), telegram.asked) == (0, 0, [])


def test_person_who_paused_a_source_keeps_it_paused(telegram: Telegram, account: Session) -> None:
    channel = telegram.private(account)
    telegram.invite(LINK, channel)
    source = invitation_read(invitation=checked(telegram, account))
    source_pause(source=source)
    assert not AccountAsk.objects.live().exists()
    assert source.paused_code == ""


def test_other_workspaces_account_knows_nothing_of_it(telegram: Telegram, account: Session) -> None:
    channel = telegram.private(account)
    telegram.invite(LINK, channel)
    checked(telegram, account)
    stranger = SessionFactory.create()
    with pytest.raises(TransitionError):
        channel_read_by(session=stranger, chat_id=channel.chat_id)
