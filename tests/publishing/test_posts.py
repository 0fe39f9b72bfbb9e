"""Publications with pictures, files, buttons and several messages, against the Bot API's stand-in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.models import Delivery, Lane
from apps.delivery.services import delivery_arrived, delivery_retry
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, PreviewMessage, Publication, PublicationPart
from apps.publishing.services import publication_cancel, publication_move, publication_schedule
from apps.publishing.services.options import PostOptions, buttons_read, buttons_written, options_of
from apps.stories.models import Illustration, Story
from tests.publishing.factories import approve, approved_story, preview_channel, telegram_channel
from tests.servers.bot_api import BotApiServer
from tests.servers.openai_images import png
from tests.servers.telegram_stored import StoredMessage

LONG = "The port burns and nobody knows why it does so. " * 30
BUTTONS = [[{"text": "Map", "url": "https://port.example/map"}]]


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of its own, and no limits that would have to be waited for."""
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("apps.delivery.telegram.telegram_limits.place", at_once)


async def at_once(*_args: object, **_options: object) -> float:
    """A place in the buckets, always."""
    return 0.0


def picture(story: Story, *, is_chosen: bool = True, **options: object) -> Illustration:
    """A picture of a story."""
    number = story.illustrations.count()
    row = Illustration(
        story=story,
        kind="uploaded",
        mime="image/png",
        width=320,
        height=180,
        is_chosen=is_chosen,
        content_hash=f"{story.pk}-{number}",
        **options,
    )
    row.file.save("picture.png", ContentFile(png(colour=f"#3366{number:02d}")), save=True)
    return row


def sent(story: Story, channel: Channel, editor: User, **options: object) -> Publication:
    """A publication that everything was done for."""
    chosen = options_of(channel, **options)
    made = publication_schedule(story=story, channel=channel, editor=editor, options=chosen)
    drained()
    made.refresh_from_db()
    return made


def drained() -> None:
    """Send all that is due, as if each chat's second were over."""
    for _round in range(6):
        Lane.objects.exclude(next_at=None).update(next_at=now())
        deliveries_send()


def shown(server: BotApiServer) -> list[tuple[str, str, bool]]:
    """Text, kind of file and whether it is part of an album."""
    return [(one.text, one.file.kind if one.file else "", bool(one.album)) for one in server.messages]


def last(server: BotApiServer) -> StoredMessage:
    return server.messages[-1]


def test_picture_goes_out_with_the_text_as_its_caption(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    Workspace.objects.filter(pk=workspace.pk).update(language="en")
    workspace.refresh_from_db()
    story = approved_story(workspace)
    picture(story, credit="Port watch", alt="A burning warehouse")
    made = sent(story, telegram_channel(workspace), editor, spoiler=True, silent=True, protect=True, buttons=BUTTONS)
    assert shown(telegram) == [
        ("Fire in the port\n\nA warehouse burns.\n\nAll is well.\n\nPhoto: Port watch", "photo", False)
    ]
    message = last(telegram)
    assert (message.spoiler, message.silent, message.protect) == (True, True, True)
    assert message.markup is not None
    assert message.markup["inline_keyboard"][0][0]["url"] == "https://port.example/map"
    part = made.parts.get()
    assert (made.status, part.kind, part.message_ids) == ("sent", "media", made.message_id)
    assert part.media[0]["alt"] == "A burning warehouse"
    assert made.revisions.get().live_from == made.sent_at


def test_publication_keeps_a_copy_when_the_picture_is_removed(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story = approved_story(workspace)
    row = picture(story, crop=[0, 0, 0.5, 1])
    channel = telegram_channel(workspace)
    publication_schedule(story=story, channel=channel, editor=editor)
    row.file.delete(save=False)
    row.delete()
    drained()
    assert [kind for _text, kind, _album in shown(telegram)] == ["photo"]


def test_channel_without_pictures_publishes_text(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    picture(story)
    Channel.objects.update(with_picture=False)
    channel.refresh_from_db()
    sent(story, channel, editor)
    assert [kind for _text, kind, _album in shown(telegram)] == [""]


def test_several_pictures_are_an_album_and_buttons_make_the_text_stand_alone(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story = approved_story(workspace)
    refs = [f"picture:{picture(story, is_chosen=not number).pk}" for number in range(3)]
    made = sent(story, telegram_channel(workspace), editor, files=refs, buttons=BUTTONS)
    assert [(kind, album) for _text, kind, album in shown(telegram)] == [("photo", True)] * 3 + [("", False)]
    assert [bool(text) for text, _kind, _album in shown(telegram)] == [False, False, False, True]
    album = made.parts.get(position=0)
    assert album.message_ids == ",".join(str(one.message_id) for one in telegram.messages[:3])
    assert made.message_id == str(telegram.messages[0].message_id)


def test_long_caption_goes_on_in_a_text_of_its_own(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    story = approved_story(workspace, body=LONG)
    picture(story)
    sent(story, telegram_channel(workspace), editor)
    assert [(text[:40], kind) for text, kind, _album in shown(telegram)] == [
        ("Fire in the port\n\nA warehouse burns.", "photo"),
        (LONG[:40], ""),
    ]


def test_long_text_is_split_where_that_is_wanted_and_the_footer_ends_it(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story, channel = approved_story(workspace, body=LONG * 4), telegram_channel(workspace)
    Channel.objects.update(footer='<a href="https://port.example/">Port</a>', signature="Port news")
    channel.refresh_from_db()
    with pytest.raises(PermanentError) as caught:
        publication_schedule(story=story, channel=channel, editor=editor)
    assert caught.value.code == "too_long"
    assert not Publication.objects.exists()
    made = sent(story, channel, editor, splits=True)
    assert made.status == "sent"
    assert len(telegram.messages) == 2
    assert all(message.text.endswith(".") for message in telegram.messages[:-1])
    assert last(telegram).source.endswith('Port news\n\n<a href="https://port.example/">Port</a>')


def test_further_parts_wait_for_the_first_and_come_out_when_it_is_mended(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    telegram.chats.add(-1001234567890, refuse="no_rights")
    story = approved_story(workspace, body=LONG)
    picture(story)
    channel = telegram_channel(workspace)
    made = sent(story, channel, editor)
    assert (made.status, len(telegram.messages)) == ("failed", 0)
    telegram.chats.add(-1001234567890)
    assert made.delivery is not None
    delivery_retry(delivery=made.delivery, by=editor)
    drained()
    made.refresh_from_db()
    assert made.status == "sent"
    assert [kind for _text, kind, _album in shown(telegram)] == ["photo", ""]


def test_partly_out_is_never_published_anew(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    telegram.faults.add("error", method="sendMessage", times=1, description="Bad Request: message is too long")
    story, channel = approved_story(workspace, body=LONG), telegram_channel(workspace)
    picture(story)
    made = sent(story, channel, editor)
    assert (made.status, len(telegram.messages)) == ("failed", 1)
    with pytest.raises(TransitionError, match="Some messages of this story are in “Port news” already"):
        publication_schedule(story=story, channel=channel, editor=editor)
    assert Publication.objects.count() == 1


def test_cancelling_and_moving_take_all_messages(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    story, channel = approved_story(workspace, body=LONG), telegram_channel(workspace)
    picture(story)
    at = now() + timedelta(hours=1)
    made = publication_schedule(story=story, channel=channel, editor=editor, at=at)
    publication_move(publication=made, to=at + timedelta(hours=1), editor=editor)
    assert set(Delivery.objects.values_list("not_before", flat=True)) == {at + timedelta(hours=1)}
    publication_cancel(publication=made, editor=editor)
    assert set(Delivery.objects.values_list("outcome", flat=True)) == {"cancelled"}
    drained()
    assert (made.status, telegram.messages) == ("cancelled", [])


def test_killed_between_two_messages_sends_neither_twice(
    workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    story, channel = approved_story(workspace, body=LONG), telegram_channel(workspace)
    picture(story)
    made = publication_schedule(story=story, channel=channel, editor=editor)
    telegram.faults.add("cut_after", method="sendPhoto", times=1)
    drained()
    made.refresh_from_db()
    assert (made.status, len(telegram.messages)) == ("unknown", 1)
    assert made.delivery is not None
    delivery_arrived(delivery=made.delivery, by=editor, vendor_id=str(telegram.messages[0].message_id))
    drained()
    made.refresh_from_db()
    assert made.status == "sent"
    assert [kind for _text, kind, _album in shown(telegram)] == ["photo", ""]


def test_it_is_pinned_when_it_is_out(workspace: Workspace, editor: User, telegram: BotApiServer) -> None:
    made = sent(approved_story(workspace), telegram_channel(workspace), editor, pin=True)
    assert made.is_pinned
    assert last(telegram).pinned


def test_preview_page_gets_picture_and_buttons_in_one_message(workspace: Workspace, editor: User) -> None:
    story, channel = approved_story(workspace, body=LONG), preview_channel(workspace)
    picture(story, alt="A burning warehouse")
    sent(story, channel, editor, buttons=BUTTONS)
    message = PreviewMessage.objects.get()
    assert (message.media[0]["alt"], message.buttons) == ("A burning warehouse", BUTTONS)
    assert PublicationPart.objects.count() == 1


def test_too_many_and_unknown_files_are_refused(workspace: Workspace, editor: User) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    refs = [f"picture:{picture(story, is_chosen=False).pk}" for _number in range(11)]
    for files, code in ((refs, "too_many_media"), (["picture:999999"], "media_gone")):
        with pytest.raises(PermanentError) as caught:
            publication_schedule(story=story, channel=channel, editor=editor, options=PostOptions(files=files))
        assert caught.value.code == code
    assert not Publication.objects.exists()


def test_story_of_another_text_may_not_take_this_ones_picture(workspace: Workspace, editor: User) -> None:
    other = approved_story(workspace, "Other")
    foreign = picture(other)
    story = approve(Story.objects.get(pk=approved_story(workspace, "Mine").pk), "Mine")
    with pytest.raises(PermanentError, match="not there any more"):
        publication_schedule(
            story=story,
            channel=telegram_channel(workspace),
            editor=editor,
            options=PostOptions(files=[f"picture:{foreign.pk}"]),
        )


def test_buttons_are_read_as_they_are_written() -> None:
    typed = "Map | https://port.example/map || Chat | t.me/port\n\nMore | https://port.example/"
    rows = buttons_read(typed)
    assert [[one["text"] for one in row] for row in rows] == [["Map", "Chat"], ["More"]]
    assert rows[0][1]["url"] == "https://t.me/port"
    assert buttons_read(buttons_written(rows)) == rows
    for wrong in ("Map", "Map | javascript:x()", "| https://a.test/", "Map | port", "x" * 65 + " | https://a.test/"):
        with pytest.raises(PermanentError):
            buttons_read(wrong)
