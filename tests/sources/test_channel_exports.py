"""An export of a channel and its reader give one post."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Post, Revision, Source
from apps.sources.services import export_import
from apps.telegram.models import Session
from tests.sources.channels import BEGAN, Channel, Telegram, added, again, read, travelled

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


def exported(channel: Channel, *, chat_id: int | None = None) -> bytes:
    """The channel as Telegram Desktop exports it."""
    messages = [
        {
            "id": one.message_id,
            "type": "message",
            "date": one.date.isoformat()[:19],
            "date_unixtime": str(int(one.date.timestamp())),
            "from": channel.title,
            "from_id": f"channel{channel.chat_id}",
            "text": one.text,
            "text_entities": [{"type": "plain", "text": one.text}] if one.text else [],
            **({"edited_unixtime": str(int(one.edited_at.timestamp()))} if one.edited_at else {}),
            **({"photo": "(File not included.)", "width": 10, "height": 10} if one.attachment else {}),
        }
        for one in channel.messages.values()
    ]
    head = {"name": channel.title, "type": "public_channel", "id": chat_id or channel.chat_id}
    return json.dumps({**head, "messages": messages}).encode()


def test_an_export_and_the_reader_give_one_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(1, 41):
        channel.post(f"слово {number}")
    channel.album(7, "Подпись", "", "", at=BEGAN + timedelta(hours=2))
    source = added(account)
    read(telegram)
    before = set(Post.objects.values_list("external_id", "text", "revision"))
    source.refresh_from_db()

    export_import(source=source, file=io.BytesIO(exported(channel)))

    assert before <= set(Post.objects.values_list("external_id", "text", "revision"))
    assert Post.objects.count() == 41
    assert Post.objects.exclude(channel="").count() == 0
    again(telegram, source)
    assert Post.objects.count() == 41


def test_an_export_before_the_first_reading_is_joined_by_the_reader(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    channel.album(7, "Подпись", "", "", at=BEGAN + timedelta(hours=2))
    channel.post("другое")
    source = added(account)
    Source.objects.filter(pk=source.pk).update(chat_id=channel.chat_id)
    source.refresh_from_db()
    export_import(source=source, file=io.BytesIO(exported(channel)))
    channel.post("новое")

    read(telegram)
    Source.objects.filter(pk=source.pk).update(backfill_posts=100, backfill_id=6, read_to_id=5)
    again(telegram, source)

    assert Post.objects.count() == 4
    assert Post.objects.get(text="Подпись").media.count() == 3
    assert not Post.objects.filter(revision__gt=1).exists()


def test_an_older_export_takes_nothing_back(
    telegram: Telegram, account: Session, told: dict[str, list[object]]
) -> None:
    channel = telegram.channel()
    with travelled(BEGAN + timedelta(minutes=1)):
        kept, gone = (channel.post(word, at=BEGAN, views=10) for word in ("было", "уйдёт"))
        source = added(account)
        read(telegram)
    old = exported(channel)
    del channel.messages[gone]
    with travelled(BEGAN + timedelta(minutes=11)):
        channel.edit(kept, text="стало", edited_at=now(), views=500, reactions={"👍": 3})
        again(telegram, source)
    source.refresh_from_db()
    before = list(Post.objects.order_by("message_id").values())
    assert [(post["text"], post["revision"], bool(post["deleted_at"])) for post in before] == [
        ("стало", 2, False),
        ("уйдёт", 1, True),
    ]
    told["changed"].clear()

    with travelled(BEGAN + timedelta(minutes=20)):
        report = export_import(source=source, file=io.BytesIO(old))

    assert (report.intake.changed, report.intake.same) == (0, 2)
    assert list(Post.objects.order_by("message_id").values()) == before
    assert Revision.objects.count() == 1
    assert told["changed"] == []


def test_a_newer_export_brings_its_changes(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN + timedelta(minutes=1)):
        number = channel.post("было", at=BEGAN)
        source = added(account)
        read(telegram)
    source.refresh_from_db()
    for minute, text in ((5, "стало"), (9, "стало иначе")):
        channel.edit(number, text=text, edited_at=BEGAN + timedelta(minutes=minute))
        export_import(source=source, file=io.BytesIO(exported(channel)))

    post = Post.objects.get()
    assert (post.text, post.revision, post.views) == ("стало иначе", 3, 1)


def test_an_export_of_another_channel_is_left_out(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    with pytest.raises(TransitionError, match="was not read yet"):
        export_import(source=source, file=io.BytesIO(exported(channel)))
    read(telegram)
    source.refresh_from_db()

    report = export_import(source=source, file=io.BytesIO(exported(channel, chat_id=42)))

    assert (report.read, report.skipped, Post.objects.count()) == (0, 1, 1)
