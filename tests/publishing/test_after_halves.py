"""What is half out, stands in another chat than the channel's now, or was changed in part: nothing is done to the wrong
message, nothing leaves unasked, and there is a way on."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_give_up, delivery_retry
from apps.publishing.feeds import _of_publication
from apps.publishing.models import Channel, Publication
from apps.publishing.services import publication_cancel
from apps.publishing.services.after import publication_correct, publication_delete, publication_edit
from apps.publishing.services.schedule_queue import queue_overdue, queue_pause, queue_resume
from tests.publishing.factories import approved_story, telegram_channel
from tests.publishing.test_posts import LONG, at_once, drained, picture, sent
from tests.servers.bot_api import BotApiServer

REFUSED = "Bad Request: message can't be edited"


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("apps.delivery.telegram.telegram_limits.place", at_once)


def reloaded(publication: Publication) -> Publication:
    return Publication.objects.select_related("channel", "workspace").get(pk=publication.pk)


def half_out(workspace: Workspace, editor: User, telegram: BotApiServer) -> Publication:
    """A picture that is out, and a text after it that Telegram refused."""
    story = approved_story(workspace, body=LONG)
    picture(story)
    telegram.faults.add("error", method="sendMessage", times=1, description="Bad Request: message is too long")
    made = reloaded(sent(story, telegram_channel(workspace), editor))
    assert (made.status, len(telegram.messages)) == ("failed", 1)
    return made


def test_a_message_is_changed_where_it_stands_not_where_the_channel_posts_now(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor)
    [stands] = telegram.messages
    Channel.objects.filter(pk=made.channel_id).update(chat_id="-1009999999999")
    publication_edit(publication=reloaded(made), html="New words", editor=editor)
    drained()
    publication_delete(publication=reloaded(made), editor=editor)
    drained()
    assert (stands.source, stands.deleted) == ("New words", True)
    assert "-1009999999999" not in str([entry.params for entry in telegram.log])


def test_what_is_deleted_half_out_can_not_come_out_later(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = half_out(workspace, editor, telegram)
    publication_delete(publication=made, editor=editor)
    rest = Delivery.objects.get(publication_part__publication=made, publication_part__position=1)
    with pytest.raises(TransitionError):
        delivery_retry(delivery=rest)
    drained()
    assert reloaded(made).status == "deleted"
    assert [message.deleted for message in telegram.messages] == [True]


def test_a_paused_queue_goes_on_although_something_is_half_out(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = half_out(workspace, editor, telegram)
    queue_pause(channel=made.channel, editor=editor, reason="")
    rest = Delivery.objects.get(publication_part__publication=made, publication_part__position=1)
    delivery_retry(delivery=rest)
    assert reloaded(made).status == "scheduled"
    assert not queue_overdue(made.channel).exists()
    assert queue_resume(channel=made.channel, editor=editor) == 0
    drained()
    assert (reloaded(made).status, len(telegram.messages)) == ("sent", 2)


def test_the_rest_of_what_is_half_out_can_be_taken_back(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = half_out(workspace, editor, telegram)
    queue_pause(channel=made.channel, editor=editor, reason="")
    delivery_retry(delivery=Delivery.objects.get(publication_part__publication=made, publication_part__position=1))
    publication_cancel(publication=reloaded(made), editor=editor)
    assert reloaded(made).status == "failed"
    assert "1 of 2" in reloaded(made).reason or "1 из 2" in reloaded(made).reason
    assert len(telegram.messages) == 1


def test_the_old_text_can_be_restored_after_an_edit_that_reached_a_part(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story = approved_story(workspace, body=LONG)
    picture(story)
    made = sent(story, telegram_channel(workspace), editor)
    before = made.html
    telegram.faults.add("error", method="editMessageText", times=1, description=REFUSED)
    torn = publication_edit(publication=made, html=LONG.replace("a", "o"), editor=editor)
    drained()
    for row in Delivery.objects.filter(publication_change__revision=torn, outcome="failed"):
        delivery_give_up(delivery=row, reason="never mind", by=editor)
    torn.refresh_from_db()
    assert torn.dropped_at is not None
    again = publication_edit(publication=reloaded(made), html=before, editor=editor)
    assert again.number > torn.number
    drained()
    assert reloaded(made).html == before


def test_a_failed_correction_gives_way_to_another(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace, chat_id="@port"), editor)
    telegram.faults.add("error", method="sendMessage", times=1, description="Bad Request: message is too long")
    failed = publication_correct(publication=reloaded(made), text="It was two.", editor=editor)
    drained()
    assert reloaded(failed).status == "failed"
    again = publication_correct(publication=reloaded(made), text="It was three.", editor=editor)
    drained()
    assert again.pk != failed.pk
    assert (reloaded(failed).status, reloaded(again).status) == ("cancelled", "sent")


def test_buttons_are_not_lost_unsaid(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    story = approved_story(workspace, body=LONG)
    picture(story)
    rows = [[{"text": "Map", "url": "https://port.example/map"}]]
    made = sent(story, telegram_channel(workspace), editor, buttons=rows)
    with pytest.raises(PermanentError) as caught:
        publication_edit(publication=reloaded(made), html="Short.", editor=editor)
    assert caught.value.code == "buttons"
    drained()
    assert telegram.log.of("editMessageText") == []


def test_a_feed_does_not_keep_the_headline_that_was_taken_back(workspace: Workspace, editor: User) -> None:
    row = Publication(title="Fire in the port", html="There was no fire.", status="withdrawn")
    row.channel = telegram_channel(workspace)
    row.pk, row.publish_at = 1, workspace.created_at
    assert _of_publication(row.channel, row).title == "There was no fire."
    row.status = "sent"
    assert _of_publication(row.channel, row).title == "Fire in the port"
