"""What is done to publications that are out: edited, withdrawn, deleted, pinned, corrected; what was live when."""

from __future__ import annotations

from itertools import pairwise

import pytest
from pytest_django import Settings

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery
from apps.delivery.services import delivery_give_up, delivery_retry
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import PreviewMessage, Publication
from apps.publishing.services import publication_schedule
from apps.publishing.services.after import (
    publication_correct,
    publication_delete,
    publication_edit,
    publication_pin,
    publication_withdraw,
)
from tests.publishing.factories import approved_story, preview_channel, scheduled, telegram_channel
from tests.publishing.test_posts import LONG, at_once, drained, picture, sent
from tests.servers.bot_api import BotApiServer


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("apps.delivery.telegram.telegram_limits.place", at_once)


def reloaded(publication: Publication) -> Publication:
    return Publication.objects.select_related("channel", "delivery").get(pk=publication.pk)


def history(publication: Publication) -> list[tuple[str, str, bool, bool]]:
    """Kind, text, whether it was ever live and whether it still is."""
    return [
        (row.kind, row.html, row.live_from is not None, row.live_from is not None and row.live_until is None)
        for row in publication.revisions.order_by("number")
    ]


def test_edited_in_telegram_once_however_often_it_is_pressed(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor)
    before = made.html
    publication_edit(publication=made, html="<b>New</b> words", editor=editor)
    with pytest.raises(TransitionError, match="on its way"):
        publication_edit(publication=made, html="<b>New</b> words", editor=editor)
    assert history(made) == [("published", before, True, True), ("edited", "<b>New</b> words", False, False)]
    drained()
    assert [message.source for message in telegram.messages] == ["<b>New</b> words"]
    assert len(telegram.log.of("editMessageText")) == 1
    done = reloaded(made)
    assert (done.status, done.html) == ("sent", "<b>New</b> words")
    assert done.edited_at is not None
    assert history(made) == [("published", before, True, False), ("edited", "<b>New</b> words", True, True)]
    publication_edit(publication=made, html="<b>New</b> words", editor=editor)
    drained()
    assert len(telegram.log.of("editMessageText")) == 1
    rows = list(made.revisions.order_by("number"))
    assert all(one.live_until == other.live_from for one, other in pairwise(rows))


def test_caption_is_edited_and_a_text_that_is_left_over_is_deleted(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story = approved_story(workspace, body=LONG)
    picture(story)
    made = sent(story, telegram_channel(workspace), editor)
    publication_edit(publication=made, html="Short now.", editor=editor)
    drained()
    assert (telegram.messages[0].text, telegram.messages[0].deleted) == ("Short now.", False)
    assert telegram.messages[1].deleted
    assert made.parts.get(position=1).deleted_at is not None
    with pytest.raises(PermanentError, match="needs 2 messages, and 1 are there"):
        publication_edit(publication=made, html=LONG, editor=editor)
    assert reloaded(made).html == "Short now."


@pytest.mark.parametrize(("html", "code"), [("<b>open", "markup"), ("x" * 4097, "too_long"), (" ", "empty")])
def test_unfit_text_is_refused_before_anything_leaves(
    workspace: Workspace, editor: User, telegram: BotApiServer, html: str, code: str
) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor)
    with pytest.raises(PermanentError) as caught:
        publication_edit(publication=made, html=html, editor=editor)
    assert caught.value.code == code
    assert made.revisions.count() == 1
    drained()
    assert telegram.log.of("editMessageText") == []


def test_failed_edit_is_told_can_be_tried_again_or_given_up(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor)
    fault = "Bad Request: message can't be edited"
    telegram.faults.add("error", method="editMessageText", times=2, description=fault)
    first = publication_edit(publication=made, html="One", editor=editor)
    drained()
    row = Delivery.objects.get(publication_change__revision=first)
    assert (row.outcome, Alert.objects.filter(closed_at=None).count()) == ("failed", 1)
    delivery_give_up(delivery=row, reason="never mind", by=editor)
    first.refresh_from_db()
    assert (first.live_from, first.dropped_at is not None) == (None, True)
    second = publication_edit(publication=made, html="Two", editor=editor)
    drained()
    row = Delivery.objects.get(publication_change__revision=second)
    delivery_retry(delivery=row, by=editor)
    drained()
    assert reloaded(made).html == "Two"
    assert [kind for kind, _html, _was, is_live in history(made) if is_live] == ["edited"]


def test_new_edit_takes_the_place_of_one_that_failed(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor)
    telegram.faults.add("error", method="editMessageText", times=1, description="Bad Request: message can't be edited")
    publication_edit(publication=made, html="One", editor=editor)
    drained()
    publication_edit(publication=made, html="Two", editor=editor)
    drained()
    assert [message.source for message in telegram.messages] == ["Two"]
    assert [(kind, html, was) for kind, html, was, _is in history(made)[1:]] == [
        ("edited", "One", False),
        ("edited", "Two", True),
    ]
    assert not Alert.objects.filter(closed_at=None).exists()


def test_withdrawn_with_a_note_and_then_deleted(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    made = sent(story, channel, editor, buttons=[[{"text": "Map", "url": "https://port.example/"}]])
    publication_withdraw(publication=made, note="Withdrawn: <wrong> address.", editor=editor)
    drained()
    assert reloaded(made).status == "withdrawn"
    assert telegram.messages[0].text == "Withdrawn: <wrong> address."
    assert telegram.messages[0].markup in (None, {"inline_keyboard": []})
    with pytest.raises(TransitionError, match="Withdrawn"):
        publication_edit(publication=made, html="x", editor=editor)
    with pytest.raises(TransitionError, match="withdrawn in “Port news”"):
        publication_schedule(story=story, channel=channel, editor=editor)
    publication_delete(publication=made, editor=editor)
    drained()
    done = reloaded(made)
    assert (done.status, telegram.messages[0].deleted) == ("deleted", True)
    with pytest.raises(TransitionError):
        publication_delete(publication=made, editor=editor)
    again = publication_schedule(story=story, channel=channel, editor=editor)
    drained()
    assert (reloaded(again).status, reloaded(made).status) == ("sent", "deleted")
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"publication.withdrawn", "publication.deleted"}


def test_album_is_deleted_whole(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    story = approved_story(workspace)
    refs = [f"picture:{picture(story, is_chosen=False).pk}" for _number in range(3)]
    made = sent(story, telegram_channel(workspace), editor, files=refs)
    publication_delete(publication=made, editor=editor)
    drained()
    assert [one.deleted for one in telegram.messages] == [True, True, True]
    assert [row.kind for row in made.revisions.filter(live_until=None, live_from__isnull=False)] == ["deleted"]


def test_pinned_and_unpinned(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor)
    publication_pin(publication=made, editor=editor)
    with pytest.raises(TransitionError, match="so already"):
        publication_pin(publication=made, editor=editor)
    drained()
    assert (reloaded(made).is_pinned, telegram.messages[0].pinned) == (True, True)
    publication_pin(publication=made, editor=editor, is_pinned=False)
    drained()
    assert (reloaded(made).is_pinned, telegram.messages[0].pinned) == (False, False)
    assert len(telegram.log.of("pinChatMessage")) == 1


def test_correction_links_back_and_is_published_once(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story = approved_story(workspace)
    made = sent(story, telegram_channel(workspace), editor)
    first = publication_correct(publication=made, text="It was the <old> port.", editor=editor)
    assert publication_correct(publication=made, text="It was the <old> port.", editor=editor) == first
    with pytest.raises(TransitionError, match="has a correction already"):
        publication_correct(publication=made, text="Another.", editor=editor)
    drained()
    assert len(telegram.messages) == 2
    assert f'<a href="{reloaded(made).message_url}">' in telegram.messages[1].source
    assert "It was the &lt;old&gt; port." in telegram.messages[1].source
    assert (reloaded(first).status, reloaded(first).corrects) == ("sent", made)
    second = publication_correct(publication=reloaded(first), text="No, the new one.", editor=editor)
    assert second.corrects == first


def test_what_is_not_out_is_not_changed(workspace: Workspace, editor: User) -> None:
    waiting = scheduled(telegram_channel(workspace), editor)
    for act in (
        lambda: publication_edit(publication=waiting, html="x", editor=editor),
        lambda: publication_withdraw(publication=waiting, note="x", editor=editor),
        lambda: publication_delete(publication=waiting, editor=editor),
        lambda: publication_pin(publication=waiting, editor=editor),
        lambda: publication_correct(publication=waiting, text="x", editor=editor),
    ):
        with pytest.raises(TransitionError, match="Scheduled"):
            act()
    assert Delivery.objects.count() == 1
    assert not waiting.revisions.exists()


def test_preview_page_follows_at_once(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    made = scheduled(channel, editor)
    deliveries_send()
    publication_edit(publication=made, html="<i>New</i>", editor=editor)
    message = PreviewMessage.objects.get()
    assert (message.html, message.edited_at is not None) == ("<i>New</i>", True)
    publication_withdraw(publication=made, note="Gone", editor=editor)
    message.refresh_from_db()
    assert (message.html, reloaded(made).status) == ("Gone", "withdrawn")
    publication_delete(publication=made, editor=editor)
    assert not PreviewMessage.objects.exists()
    channel.refresh_from_db()
    assert (channel.posts_count, channel.page_version) == (0, 4)
    assert [(kind, is_live) for kind, _html, _was, is_live in history(made)] == [
        ("published", False),
        ("edited", False),
        ("withdrawn", False),
        ("deleted", False),
    ]
    with pytest.raises(TransitionError, match="status"):
        publication_pin(publication=made, editor=editor)
