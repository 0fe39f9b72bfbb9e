"""Telethon's own TL objects as the port's messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from telethon.tl import types

from apps.telegram.adapters.telethon_media import attachment_from, location_of
from apps.telegram.adapters.telethon_messages import People, message_from
from apps.telegram.reading import ChannelMessage, Formatting
from tests.servers.mtproto_answers import SENT, channel, made, message, user

PLACE = {"id": 9, "hash": 8, "reference": "cmVm", "dc": 2}
NOBODY = People([], [])


def read(**given: Any) -> ChannelMessage:
    """A message of channel 77, as the port tells it."""
    people = People([channel(77), channel(88, title="Port news", username="port_news")], [user(501, last_name="Rey")])
    found = message_from(message(77, 5, **given), people)
    assert found is not None
    return found


def document(*attributes: Any, mime: str = "application/pdf", size: int = 10) -> Any:
    """A document's media."""
    kept = types.Document(
        id=9,
        access_hash=8,
        file_reference=b"ref",
        date=SENT,
        mime_type=mime,
        size=size,
        dc_id=2,
        attributes=list(attributes),
    )
    return types.MessageMediaDocument(document=kept)


def test_text_formatting_and_counts() -> None:
    text = "\U0001f600 Port: https://example.org and more"
    entities = [
        types.MessageEntityBold(offset=3, length=4),
        types.MessageEntityUrl(offset=9, length=19),
        types.MessageEntityTextUrl(offset=29, length=3, url="https://example.org/a"),
        types.MessageEntityPre(offset=33, length=4, language="python"),
        types.MessageEntityCustomEmoji(offset=0, length=2, document_id=42),
        types.MessageEntityBotCommand(offset=0, length=2),
    ]
    counts = [
        types.ReactionCount(reaction=types.ReactionEmoji(emoticon="\U0001f44d"), count=7),
        types.ReactionCount(reaction=types.ReactionCustomEmoji(document_id=42), count=2),
    ]
    found = read(
        text=text,
        entities=entities,
        views=1200,
        forwards=3,
        post_author="Vera",
        grouped_id=777,
        edit_date=SENT,
        reactions=made(types.MessageReactions, results=counts),
    )
    assert found.text == text
    assert found.formatting == (
        Formatting("bold", 3, 4),
        Formatting("link", 9, 19, "https://example.org"),
        Formatting("link", 29, 3, "https://example.org/a"),
        Formatting("pre", 33, 4, "python"),
        Formatting("emoji", 0, 2, "42"),
    )
    assert (found.views, found.forwards, found.author, found.album_id) == (1200, 3, "Vera", 777)
    assert found.reactions == {"\U0001f44d": 7, "custom:42": 2}
    assert (found.date, found.edited_at) == (datetime(2026, 11, 20, 9, 0, tzinfo=UTC), SENT)
    assert (found.attachment, found.is_service, found.migrated_to) == (None, False, None)


def test_hidden_edit_is_none() -> None:
    assert read(edit_date=SENT, edit_hide=True).edited_at is None


def test_forward_names_its_origin() -> None:
    from_channel = types.MessageFwdHeader(date=SENT, from_id=types.PeerChannel(88), channel_post=15)
    found = read(fwd_from=from_channel)
    assert (found.forwarded_from, found.forwarded_url) == ("Port news", "https://t.me/port_news/15")
    unknown = types.MessageFwdHeader(date=SENT, from_id=types.PeerChannel(99), channel_post=15)
    assert read(fwd_from=unknown).forwarded_url == "https://t.me/c/99/15"
    person = types.MessageFwdHeader(date=SENT, from_id=types.PeerUser(501))
    found = read(fwd_from=person)
    assert (found.forwarded_from, found.forwarded_url) == ("Vera Rey", "")
    hidden = types.MessageFwdHeader(date=SENT, from_name="Someone hidden")
    assert read(fwd_from=hidden).forwarded_from == "Someone hidden"


def test_service_message_and_migration() -> None:
    pinned = made(
        types.MessageService, id=6, peer_id=types.PeerChannel(77), date=SENT, action=types.MessageActionPinMessage()
    )
    found = message_from(pinned, NOBODY)
    assert found is not None
    assert (found.is_service, found.migrated_to, found.text) == (True, None, "")
    moved = made(
        types.MessageService,
        id=7,
        peer_id=types.PeerChat(5),
        date=SENT,
        action=types.MessageActionChatMigrateTo(channel_id=99),
    )
    found = message_from(moved, NOBODY)
    assert found is not None
    assert (found.is_service, found.migrated_to) == (True, 99)
    assert message_from(types.MessageEmpty(id=8, peer_id=None), NOBODY) is None


def test_photo_is_the_largest_of_its_sizes() -> None:
    sizes = [
        types.PhotoStrippedSize(type="i", bytes=b"x"),
        types.PhotoSize(type="m", w=320, h=180, size=9_000),
        types.PhotoSizeProgressive(type="y", w=1280, h=720, sizes=[9_000, 90_000]),
    ]
    photo = types.Photo(id=9, access_hash=8, file_reference=b"ref", date=SENT, dc_id=2, sizes=sizes)
    found = attachment_from(types.MessageMediaPhoto(photo=photo))
    assert found is not None
    assert (found.kind, found.mime, found.size) == ("photo", "image/jpeg", 90_000)
    assert found.about == {"width": 1280, "height": 720}
    assert found.remote == {**PLACE, "what": "photo", "thumb": "y"}
    location = location_of(found.remote)
    assert (location.id, location.file_reference, location.thumb_size) == (9, b"ref", "y")


@pytest.mark.parametrize(
    ("attributes", "mime", "kind", "about"),
    [
        (
            [types.DocumentAttributeVideo(duration=12.4, w=640, h=360)],
            "video/mp4",
            "video",
            {"width": 640, "height": 360, "duration": 12},
        ),
        (
            [types.DocumentAttributeVideo(duration=5.0, w=240, h=240, round_message=True)],
            "video/mp4",
            "video",
            {"width": 240, "height": 240, "duration": 5, "round": True},
        ),
        (
            [types.DocumentAttributeVideo(duration=3.0, w=320, h=240), types.DocumentAttributeAnimated()],
            "video/mp4",
            "video",
            {"width": 320, "height": 240, "duration": 3, "animation": True},
        ),
        ([types.DocumentAttributeAudio(duration=7, voice=True)], "audio/ogg", "voice", {"duration": 7}),
        (
            [types.DocumentAttributeAudio(duration=200, title="Song", performer="Band")],
            "audio/mpeg",
            "audio",
            {"duration": 200, "title": "Song", "performer": "Band"},
        ),
        (
            [
                types.DocumentAttributeImageSize(w=512, h=512),
                types.DocumentAttributeSticker(alt="\U0001f600", stickerset=types.InputStickerSetEmpty()),
            ],
            "image/webp",
            "sticker",
            {"width": 512, "height": 512, "emoji": "\U0001f600"},
        ),
        ([], "application/pdf", "document", {}),
    ],
)
def test_document_is_told_by_its_attributes(attributes: list[Any], mime: str, kind: str, about: dict[str, Any]) -> None:
    named = types.DocumentAttributeFilename(file_name="name.bin")
    found = attachment_from(document(*attributes, named, mime=mime, size=123))
    assert found is not None
    assert (found.kind, found.mime, found.size, found.name) == (kind, mime, 123, "name.bin")
    assert found.about == about
    assert found.remote == {**PLACE, "what": "document"}


def test_poll_with_votes() -> None:
    def words(text: str) -> Any:
        return types.TextWithEntities(text=text, entities=[])

    answers = [types.PollAnswer(text=words("Yes"), option=b"0"), types.PollAnswer(text=words("No"), option=b"1")]
    poll = made(types.Poll, id=1, question=words("Is it open?"), answers=answers, closed=True)
    votes = [made(types.PollAnswerVoters, option=b"0", voters=10)]
    results = made(types.PollResults, results=votes, total_voters=12)
    found = attachment_from(made(types.MessageMediaPoll, poll=poll, results=results))
    assert found is not None
    assert found.kind == "poll"
    assert found.about == {
        "question": "Is it open?",
        "options": [{"text": "Yes", "votes": 10}, {"text": "No"}],
        "voters": 12,
        "closed": True,
        "quiz": False,
        "multiple": False,
    }


@pytest.mark.parametrize(
    ("media", "about"),
    [
        (
            made(types.MessageMediaContact, first_name="Vera", last_name="Rey", phone_number="+79000000000"),
            {"what": "contact", "name": "Vera Rey"},
        ),
        (
            types.MessageMediaGeo(geo=made(types.GeoPoint, lat=59.9, long=30.3)),
            {"what": "place", "latitude": 59.9, "longitude": 30.3},
        ),
        (
            made(types.MessageMediaDice, value=4, emoticon="\U0001f3b2"),
            {"what": "dice", "emoji": "\U0001f3b2", "value": 4},
        ),
        (types.MessageMediaUnsupported(), {"what": "unknown"}),
        (types.MessageMediaPhoto(photo=None, ttl_seconds=5), {"what": "expired"}),
    ],
)
def test_what_can_not_be_shown_is_told_of(media: Any, about: dict[str, Any]) -> None:
    found = attachment_from(media)
    assert found is not None
    assert (found.kind, found.about, found.remote) == ("other", about, {})


def test_preview_of_a_page_is_nothing_of_its_own() -> None:
    page = types.MessageMediaWebPage(webpage=types.WebPageEmpty(id=1))
    assert attachment_from(page) is None
    assert read(media=page).attachment is None


@pytest.mark.parametrize("remote", [{}, {"id": "x", "hash": 1, "reference": "", "what": "photo"}, {"id": 1}])
def test_place_that_names_no_file_is_gone(remote: dict[str, Any]) -> None:
    from apps.core.errors import PermanentError

    with pytest.raises(PermanentError) as gone:
        location_of(remote)
    assert gone.value.code == "media_gone"
