"""Approval outside the desk asks for a reason where legal marks are missing, and holds for one stay in review."""

from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.errors import TransitionError
from apps.delivery.tasks import deliveries_send
from apps.stories.models import ApprovalAsk, Story
from apps.stories.services.approvals import approval_answer, approval_ask
from apps.stories.services.states import (
    story_approve,
    story_bring_back,
    story_put_aside,
    story_return,
    story_submit,
)
from apps.stories.services.versions import version_save
from apps.telegram.models import Bot
from tests.notifications.conftest import telegram
from tests.servers.bot_api import BotApiServer
from tests.servers.telegram_updates import message
from tests.stories.approvers import TALK, colleague, connected, link_in, pressed, story_of, tell
from tests.stories.factories import LegalEntryFactory, LegalListFactory, StoryFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["telegram"]


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory.create()


def unmarked_story(workspace: Workspace, editor: User) -> Story:
    """A story whose text mentions somebody whom a list wants marked."""
    LegalEntryFactory.create(list=LegalListFactory.create(workspace=workspace), name="Тестов Иван Петрович")
    story = StoryFactory.create(workspace=workspace)
    version_save(story=story, title="Порт", lead="", body="Видели Ивана Тестова.", tags=[], editor=editor, based_on=0)
    story.refresh_from_db()
    return story


def replied(bot: Bot, words: str, *, to: int, number: int) -> None:
    who = {"id": TALK.id, "first_name": "Anna"}
    tell(bot, number, message=message(TALK, words, reply_to_message={"message_id": to}, **{"from": who}))


def test_approving_without_marks_asks_for_the_reason_in_a_reply(workspace: Workspace, telegram: BotApiServer) -> None:
    anna = colleague(workspace)
    chat, story = connected(workspace, anna), unmarked_story(workspace, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    ask = ApprovalAsk.objects.get()
    deliveries_send()

    pressed(chat.bot, f"approval:yes:{ask.pk}")
    question = telegram.messages[-1]
    assert question.text.startswith("“Порт” lacks: the mark of “Тестов Иван Петрович”.")
    assert question.markup == {"force_reply": True}
    assert (Story.objects.get().status, ApprovalAsk.objects.get().answer) == ("review", "waiting")

    replied(chat.bot, "  ", to=question.message_id, number=2)
    assert telegram.messages[-1].message_id > question.message_id
    assert Story.objects.get().status == "review", "no words are no reason"
    replied(chat.bot, "Another person", to=question.message_id, number=3)

    assert Story.objects.get().status == "approved"
    assert AuditEntry.objects.get(verb="story.approved").details == {
        "lacks": ["the mark of “Тестов Иван Петрович”"],
        "reason": "Another person",
    }
    assert telegram.messages[-1].text == "Approved: “Порт”."
    replied(chat.bot, "Once more", to=question.message_id, number=4)
    assert AuditEntry.objects.filter(verb="story.approved").count() == 1


def test_the_link_asks_for_the_reason_too(workspace: Workspace, client: Client) -> None:
    anna = colleague(workspace)
    address = link_in(approval_ask(story=unmarked_story(workspace, anna), asked=anna, editor=anna))
    kind = client.post(address, {"answer": "approve", "comment": "Well written"})
    assert (kind.status_code, Story.objects.get().status) == (409, "review"), "a kind word is no reason"
    page = kind.content.decode()
    assert "the mark of “Тестов Иван Петрович”" in page
    assert 'name="reason_asked"' in page
    assert client.post(address, {"answer": "approve", "comment": " ", "reason_asked": "1"}).status_code == 409
    told = {"answer": "approve", "comment": "Another person", "reason_asked": "1"}
    assert client.post(address, told).status_code == 302
    assert AuditEntry.objects.get(verb="story.approved").details["reason"] == "Another person"


@pytest.mark.parametrize("between", ["returned", "aside", "approved"])
def test_a_request_does_not_come_back_with_the_same_text(workspace: Workspace, client: Client, between: str) -> None:
    anna = colleague(workspace)
    story = story_of(workspace, anna)
    first = link_in(approval_ask(story=story, asked=anna, editor=anna))
    if between == "aside":
        story_put_aside(story=story, editor=anna)
        story_bring_back(story=story, editor=anna)
    else:
        if between == "approved":
            story_approve(story=story, editor=anna)
        story_return(story=story, editor=anna)
        story_submit(story=story, editor=anna)
    assert Story.objects.get(pk=story.pk).status == "review"

    assert client.post(first, {"answer": "approve"}).status_code == 409
    assert Story.objects.get(pk=story.pk).status == "review"
    second = link_in(approval_ask(story=story, asked=anna, editor=anna))
    assert client.post(first, {"answer": "approve"}).status_code == 409
    assert client.post(second, {"answer": "approve"}).status_code == 302


def test_a_request_from_before_is_void_once_the_story_is_handed_over_again(workspace: Workspace) -> None:
    anna = colleague(workspace)
    story = story_of(workspace, anna)
    approval_ask(story=story, asked=anna, editor=anna)
    Story.objects.update(status="draft")  # as it was returned before requests lapsed by that
    story_submit(story=Story.objects.get(), editor=anna)
    with pytest.raises(TransitionError, match="decided already"):
        approval_answer(ask=ApprovalAsk.objects.get(), is_approved=True)
