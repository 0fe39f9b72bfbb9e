"""An export of a channel and its reader give one post."""

from __future__ import annotations

import io
import json
from datetime import timedelta

import pytest

from apps.core.errors import TransitionError
from apps.sources.models import Post, Source
from apps.sources.services import export_import
from apps.telegram.models import Session
from tests.sources.channels import BEGAN, Channel, Telegram, added, again, read

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
