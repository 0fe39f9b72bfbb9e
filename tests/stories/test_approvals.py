"""A text is approved or returned outside the desk: by buttons in Telegram, or by a link."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from apps.accounts.models import AuditEntry, Membership, User, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery
from apps.delivery.tasks import deliveries_send
from apps.stories.models import ApprovalAsk, Story
from apps.stories.services import approvals
from apps.stories.services.approvals import approval_answer, approval_ask
from apps.stories.services.versions import version_save
from apps.telegram.models import Update
from tests.notifications.conftest import telegram
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_chats import ChatRow
from tests.servers.telegram_updates import message
from tests.stories.approvers import TALK, colleague, connected, link_in, pressed, story_of, tell
from tests.stories.factories import (
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["telegram"]


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory.create()


def test_a_button_approves(workspace: Workspace, telegram: BotApiServer) -> None:
    anna = colleague(workspace)
    chat, story = connected(workspace, anna), story_of(workspace, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    deliveries_send()
    (asked,) = telegram.messages
    assert "Trams cross it <today>." in asked.text
    rows = (asked.markup or {})["inline_keyboard"]
    assert [[one["text"] for one in row] for row in rows] == [["✅ Approve", "↩ Return"], ["Open"]]

    pressed(chat.bot, rows[0][0]["callback_data"])

    story.refresh_from_db()
    assert (story.status, story.approved_by) == ("approved", anna)
    assert telegram.messages[-1].text == "Approved: “The bridge is open”."
    assert AuditEntry.objects.get(verb="story.approval_answered", actor=anna).details["way"] == "telegram"

    pressed(chat.bot, rows[0][0]["callback_data"], number=2)
    assert telegram.messages[-1].text == "You have answered already."


def test_returning_asks_what_to_change(workspace: Workspace, telegram: BotApiServer) -> None:
    anna = colleague(workspace)
    chat, story = connected(workspace, anna), story_of(workspace, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    ask = ApprovalAsk.objects.get()
    deliveries_send()

    pressed(chat.bot, f"approval:no:{ask.pk}")
    question = telegram.messages[-1]
    assert question.markup == {"force_reply": True}
    story.refresh_from_db()
    assert story.status == "review", "nothing is decided before the reply"
    more = {"reply_to_message": {"message_id": question.message_id}, "from": {"id": TALK.id, "first_name": "Anna"}}
    reply = message(TALK, "Without the last sentence", **more)
    tell(chat.bot, 2, message=reply)

    story.refresh_from_db()
    ask.refresh_from_db()
    assert (story.status, ask.answer, ask.comment) == ("draft", "returned", "Without the last sentence")


def test_nobody_else_can_press(workspace: Workspace, telegram: BotApiServer) -> None:
    anna, boris = colleague(workspace), colleague(workspace)
    chat, story = connected(workspace, anna), story_of(workspace, anna)
    connected(workspace, boris, chat_id=888)
    elsewhere = WorkspaceFactory.create()
    other = connected(elsewhere, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    word = f"approval:yes:{ApprovalAsk.objects.get().pk}"

    pressed(chat.bot, word, chat=ChatRow(888, "private", "Boris"))
    pressed(chat.bot, word, chat=ChatRow(999, "private", "Stranger"), number=2)
    pressed(chat.bot, word, chat=ChatRow(-5, "group", "Group"), number=3, by=TALK.id)
    pressed(other.bot, word, number=4)

    assert Story.objects.get(pk=story.pk).status == "review"
    assert not Delivery.objects.filter(dedupe_key__contains=":told:").exists()


def test_words_that_are_no_numbers_are_nothing(workspace: Workspace, telegram: BotApiServer) -> None:
    anna = colleague(workspace)
    chat = connected(workspace, anna)
    story = story_of(workspace, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    ask = ApprovalAsk.objects.get().pk
    words = ["approval", "approval:yes", "approval:yes:", "approval:yes:x", "approval:yes:" + "9" * 30]
    for number, word in enumerate([*words, f"approval::{ask}", f"approval:maybe:{ask}"]):
        pressed(chat.bot, word, number=number)
    assert len(telegram.messages) == 1, "the question alone"
    assert Story.objects.get(pk=story.pk).status == "review"


def test_a_link_works_without_logging_in(workspace: Workspace, client: Client) -> None:
    anna = colleague(workspace)
    story = story_of(workspace, anna)
    address = link_in(approval_ask(story=story, asked=anna, editor=anna))
    shown = client.get(address)
    assert "Trams cross it &lt;today&gt;." in shown.content.decode()
    assert shown["Referrer-Policy"] == "strict-origin", "with no-referrer a browser's answer is refused"
    assert "no-store" in shown["Cache-Control"]

    empty = client.post(address, {"answer": "return", "comment": " "})
    assert (empty.status_code, Story.objects.get(pk=story.pk).status) == (400, "review")
    answered = client.post(address, {"answer": "approve"}, follow=True)

    assert "You have approved this text." in answered.content.decode()
    assert Story.objects.get(pk=story.pk).status == "approved"
    again = client.post(address, {"answer": "return", "comment": "no"})
    assert (again.status_code, Story.objects.get(pk=story.pk).status) == (409, "approved")


def test_an_unknown_link_is_not_found(client: Client) -> None:
    assert client.get("/approve/nothing-of-ours/").status_code == 404


def test_the_link_is_kept_nowhere(workspace: Workspace, telegram: BotApiServer) -> None:
    anna = colleague(workspace)
    chat = connected(workspace, anna)
    link = approval_ask(story=story_of(workspace, anna), asked=anna, editor=anna)
    deliveries_send()
    (asked,) = telegram.messages
    rows = (asked.markup or {})["inline_keyboard"]
    assert rows[1][0]["url"] == link
    who = {"id": TALK.id, "is_bot": False, "first_name": "Anna"}
    word, shown = rows[0][1]["callback_data"], message(TALK, "…", reply_markup=asked.markup)
    tell(chat.bot, 1, callback_query={"id": "1", "from": who, "data": word, "message": shown})

    token = link_in(link).split("/")[2]
    for model in (ApprovalAsk, AuditEntry, Delivery, Update):
        assert model.objects.exists()
        assert token not in str(list(model.objects.values()))


def test_the_link_reaches_no_log(workspace: Workspace, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    anna = colleague(workspace)
    address = link_in(approval_ask(story=story_of(workspace, anna), asked=anna, editor=anna))
    with caplog.at_level("DEBUG"):
        client.get(address)
        client.post(address, {"answer": "return", "comment": ""})
    assert "status" in caplog.text
    assert address.split("/")[2] not in caplog.text


@pytest.mark.parametrize("why", ["expired", "no right"])
def test_what_is_over_is_not_shown(workspace: Workspace, client: Client, why: str) -> None:
    anna = colleague(workspace)
    address = link_in(approval_ask(story=story_of(workspace, anna), asked=anna, editor=anna))
    assert "Trams cross it" in client.get(address).content.decode()
    if why == "expired":
        ApprovalAsk.objects.update(expires_at=now())
    else:
        Membership.objects.filter(user=anna).delete()
    answer = client.get(address)
    assert answer.status_code == 200
    assert "Trams cross it" not in answer.content.decode()


@pytest.mark.parametrize("body", ["😀" * 4000, "<&>" * 2000, "короткий"], ids=["pairs", "escaped", "short"])
def test_a_long_text_fits_into_a_message(workspace: Workspace, telegram: BotApiServer, body: str) -> None:
    anna = colleague(workspace)
    connected(workspace, anna)
    story = story_of(workspace, anna)
    version_save(story=story, title="😀" * 300, lead="", body=body, tags=[], editor=anna, based_on=1)
    approval_ask(story=story, asked=anna, editor=anna)
    deliveries_send()
    (asked,) = telegram.messages
    assert len(asked.text.encode("utf-16-le")) // 2 <= 4096
    assert asked.text.endswith("…") == (len(body) > 100)


def test_a_button_that_telegram_refuses_is_left_out(workspace: Workspace, settings: Settings) -> None:
    settings.BASE_URL = "http://localhost:8000"
    anna = colleague(workspace)
    connected(workspace, anna)
    approval_ask(story=story_of(workspace, anna), asked=anna, editor=anna)
    assert len(Delivery.objects.get().payload["buttons"]) == 1


def test_a_reply_without_words_is_asked_again(workspace: Workspace, telegram: BotApiServer) -> None:
    anna = colleague(workspace)
    chat, story = connected(workspace, anna), story_of(workspace, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    ask = ApprovalAsk.objects.get()
    pressed(chat.bot, f"approval:no:{ask.pk}")
    question = telegram.messages[-1].message_id
    told = message(TALK, "", reply_to_message={"message_id": question}, **{"from": {"id": TALK.id, "first_name": "A"}})
    tell(chat.bot, 2, message=told)
    assert (Story.objects.get(pk=story.pk).status, ApprovalAsk.objects.get().answer) == ("review", "waiting")
    assert telegram.messages[-1].markup == {"force_reply": True}
    assert telegram.messages[-1].message_id > question


def test_who_may_be_asked_costs_the_same_for_many(
    workspace: Workspace, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    people = [colleague(workspace) for _ in range(5)]
    with django_assert_num_queries(1):
        assert {one.pk for one in approvals.people_to_ask(workspace)} == {one.pk for one in people}


@pytest.mark.parametrize("why", ["expired", "other text", "decided", "no right", "gone"])
def test_what_is_over_is_not_taken(workspace: Workspace, client: Client, why: str) -> None:
    anna = colleague(workspace)
    story = story_of(workspace, anna)
    address = link_in(approval_ask(story=story, asked=anna, editor=anna))
    ask = ApprovalAsk.objects.get()
    if why == "expired":
        ApprovalAsk.objects.update(expires_at=ask.created_at - timedelta(seconds=1))
    elif why == "other text":
        version_save(story=story, title="Other", lead="", body="b", tags=[], editor=anna, based_on=1)
        Story.objects.update(status="review")
    elif why == "decided":
        Story.objects.update(status="draft")
    elif why == "no right":
        Membership.objects.filter(user=anna).update(role="viewer")
    else:
        User.objects.filter(pk=anna.pk).update(is_active=False)

    status = client.post(address, {"answer": "approve"}).status_code

    assert status == (404 if why == "gone" else 409)
    assert not Story.objects.filter(status="approved").exists()


def test_who_may_not_approve_is_not_asked(workspace: Workspace) -> None:
    anna, viewer = colleague(workspace), colleague(workspace, "viewer")
    stranger = colleague(WorkspaceFactory.create())
    story = story_of(workspace, anna)
    assert approvals.people_to_ask(workspace) == [anna]
    for person in (viewer, stranger):
        with pytest.raises(TransitionError, match="may not approve"):
            approval_ask(story=story, asked=person, editor=anna)
    assert not ApprovalAsk.objects.exists()


def test_asking_anew_takes_the_earlier_link_back(workspace: Workspace, client: Client) -> None:
    anna = colleague(workspace)
    story = story_of(workspace, anna)
    first = link_in(approval_ask(story=story, asked=anna, editor=anna))
    second = link_in(approval_ask(story=story, asked=anna, editor=anna))
    assert client.post(first, {"answer": "approve"}).status_code == 409
    assert client.post(second, {"answer": "approve"}).status_code == 302


def test_one_answer_settles_it_for_all(workspace: Workspace) -> None:
    anna, boris = colleague(workspace), colleague(workspace)
    story = story_of(workspace, anna)
    for person in (anna, boris):
        approval_ask(story=story, asked=person, editor=anna)
    approval_answer(ask=ApprovalAsk.objects.get(asked=anna), is_approved=True)
    with pytest.raises(TransitionError, match="decided already"):
        approval_answer(ask=ApprovalAsk.objects.get(asked=boris), is_approved=False, comment="no")
    story.refresh_from_db()
    assert story.status == "approved"
