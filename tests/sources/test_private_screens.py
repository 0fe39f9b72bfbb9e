"""The screens that add private channels: what each state shows, who may, and nothing of another workspace."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.sources.models import AccountAsk, Invitation, Source
from apps.sources.services.invitations import invitation_check, invitation_join
from apps.telegram.models import Peer, Session
from tests.sources.channels import ChannelFactory, SessionFactory, Telegram, ask
from tests.sources.factories import MembershipFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
PAGE = reverse("admin:sources_source_private")
LINK = "AbCdEf123456"


@pytest.fixture
def workspace(account: Session) -> Workspace:
    """The editor's own, with one account."""
    return account.workspace


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> User:
    """An editor of the workspace, logged in, who reads English."""
    user: User = MembershipFactory.create(workspace=workspace, role=Membership.Role.EDITOR, user__language="en").user
    client.force_login(user)
    return user


def page_of(invitation: Invitation) -> str:
    return reverse("admin:sources_source_invitation", args=[invitation.pk])


def shown(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_invitation_is_looked_at_joined_and_read(
    client: Client, editor: User, account: Session, telegram: Telegram
) -> None:
    telegram.invite(LINK, telegram.private())
    answer = client.post(PAGE, {"account": account.pk, "step": "check", "link": f"https://t.me/+{LINK}"})
    found = Invitation.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, page_of(found))
    page = shown(client, page_of(found))
    assert "Telegram is asked what the invitation opens" in page
    assert 'data-live="self"' in page
    assert LINK not in page

    ask(telegram)
    page = shown(client, page_of(found))
    assert "Закрытый вестник" in page
    assert "42 members" in page
    assert "Join and read" in page
    assert 'data-live="self"' not in page

    client.post(page_of(found), {"step": "join"})
    assert "The account is joining" in shown(client, page_of(found))
    ask(telegram)
    assert "The account is in the channel, and it is read." in shown(client, page_of(found))
    source = Source.objects.get()
    assert set(account.workspace.audit_entries.filter(actor=editor).values_list("verb", flat=True)) == {
        "invitation.check_asked",
        "invitation.join_asked",
    }
    page = shown(client, reverse("admin:sources_source_change", args=[source.pk]))
    assert "only accounts that are in it can read it" in page


@pytest.mark.parametrize("typed", ["", "@vestnik", "t.me/vestnik", "https://example.org/+abcdef", "t.me/+79001112233"])
def test_what_is_no_invitation_is_said(client: Client, editor: User, account: Session, typed: str) -> None:
    answer = client.post(PAGE, {"account": account.pk, "step": "check", "link": typed})
    assert answer.status_code == 400
    assert "invitation" in answer.context["problem"]
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    "typed",
    [f"t.me/joinchat/{LINK}", f"tg://join?invite={LINK}", f"https://telegram.me/+{LINK}?x=1", f" t.me/+{LINK}/"],
)
def test_every_form_of_an_invitation_is_understood(
    client: Client, editor: User, account: Session, telegram: Telegram, typed: str
) -> None:
    client.post(PAGE, {"account": account.pk, "step": "check", "link": typed})
    assert Invitation.objects.get().link == LINK


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"state": "seen", "is_request": True}, "Send the request"),
        ({"state": "seen", "is_paid": True}, "costs Telegram Stars"),
        ({"state": "waiting"}, "The request is sent."),
        ({"state": "inside", "chat_id": 5}, "The account is in the channel already."),
        ({"state": "refused", "code": "invite_expired"}, "Ask the channel&#x27;s administrators for a new one."),
        ({"state": "refused", "code": "channels_full"}, "as many channels as Telegram allows"),
        ({"state": "refused", "code": "small_group"}, "This is a small group"),
        ({"state": "refused", "code": "banned"}, "shut out of the channel"),
        ({"state": "refused", "code": "unanswered"}, "have not let the account in"),
    ],
)
def test_each_state_says_what_to_do(
    client: Client, editor: User, account: Session, change: dict[str, object], words: str
) -> None:
    found = invitation_check(session=account, link=LINK)
    AccountAsk.objects.all().delete()
    Invitation.objects.update(title="Закрытый вестник", kind="channel", **change)
    page = shown(client, page_of(found))
    assert words in page
    assert ("Join and read" in page) is False


def test_page_says_that_the_account_has_to_pause(client: Client, editor: User, account: Session) -> None:
    found = invitation_check(session=account, link=LINK)
    AccountAsk.objects.update(not_before=now() + timedelta(hours=1))
    page = shown(client, page_of(found))
    assert "it goes on by itself at" in page
    assert "is the program “reader” running?" in page


def test_own_channels_are_asked_for_by_a_press_and_chosen(
    client: Client, editor: User, account: Session, telegram: Telegram
) -> None:
    mine = telegram.private(account)
    assert telegram.count("member_channels") == 0
    page = shown(client, PAGE)
    assert "Ask Telegram for them" in page
    assert not AccountAsk.objects.exists()  # looking at the page asks nothing

    client.post(PAGE, {"account": account.pk, "step": "list"})
    assert "Telegram is being asked" in shown(client, PAGE)
    ask(telegram)
    page = shown(client, PAGE)
    assert "Закрытый вестник" in page
    assert "private channel" in page

    answer = client.post(PAGE, {"account": account.pk, "step": "read", "chat": mine.chat_id})
    source = Source.objects.get()
    assert answer["Location"] == reverse("admin:sources_source_change", args=[source.pk])
    assert "is a source" in shown(client, PAGE)


@pytest.mark.parametrize("chat", ["", "x", "-5", "²", "9" * 30])
def test_nonsense_in_place_of_a_channel_is_refused(client: Client, editor: User, account: Session, chat: str) -> None:
    answer = client.post(PAGE, {"account": account.pk, "step": "read", "chat": chat})
    assert (answer.status_code, Source.objects.count()) == (400, 0)


def test_without_an_account_it_says_who_adds_one(client: Client, editor: User, account: Session) -> None:
    Session.objects.update(state="lost")
    page = shown(client, PAGE)
    assert "A manager or the owner of the workspace adds one" in page
    assert client.post(PAGE, {"step": "check", "link": f"t.me/+{LINK}"}).status_code == 400


def test_viewers_and_strangers_may_not(client: Client, account: Session, telegram: Telegram) -> None:
    found = invitation_check(session=account, link=LINK)
    viewer = MembershipFactory.create(workspace=account.workspace, role=Membership.Role.VIEWER).user
    client.force_login(viewer)
    for address in (PAGE, page_of(found)):
        assert client.get(address).status_code == 403
        assert client.post(address, {"step": "drop"}).status_code == 403

    client.force_login(MembershipFactory.create(role=Membership.Role.OWNER).user)
    assert client.get(page_of(found)).status_code == 404
    for step in ("join", "look", "read", "drop"):
        assert client.post(page_of(found), {"step": step}).status_code == 404
    assert Invitation.objects.get().state == "asked"


def test_another_workspaces_account_can_not_be_asked_through(client: Client, editor: User, account: Session) -> None:
    theirs = SessionFactory.create(name="Narwhal")
    Peer.objects.create(session=theirs, chat_id=55, access_hash=1, title="Narwhal", is_member=True)
    assert "Narwhal" not in shown(client, f"{PAGE}?account={theirs.pk}")
    client.post(PAGE, {"account": theirs.pk, "step": "list"})
    assert not AccountAsk.objects.filter(session=theirs).exists()
    client.post(PAGE, {"account": theirs.pk, "step": "read", "chat": 55})
    assert not Source.objects.exists()


def test_pages_do_not_grow_with_rows(client: Client, editor: User, account: Session) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            client.get(PAGE)
        return len(seen)

    counts = []
    for start in (0, 30):
        for number in range(start, start + 30 if start else 3):
            Peer.objects.create(session=account, chat_id=number + 1, access_hash=1, title=f"C{number}", is_member=True)
            ChannelFactory.create(workspace=account.workspace, username="", chat_id=number + 1, session=account)
            invitation_check(session=account, link=f"link-number-{number}")
        queries()
        counts.append(queries())
    assert counts[0] == counts[1]


def test_press_of_somebody_else_meanwhile_is_said(
    client: Client, editor: User, account: Session, telegram: Telegram
) -> None:
    telegram.invite(LINK, telegram.private())
    found = invitation_check(session=account, link=LINK)
    ask(telegram)
    found.refresh_from_db()
    invitation_join(invitation=found)
    answer = client.post(page_of(found), {"step": "join"}, follow=True)
    assert "stands otherwise by now" in answer.content.decode()
    assert AccountAsk.objects.live().count() == 1
