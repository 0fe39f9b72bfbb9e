"""Albums that come in parts; edits, deletions and counts found by reading again."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from apps.core.clock import now
from apps.sources.models import Post, Revision, Source
from apps.telegram.models import Session
from tests.sources.channels import BEGAN, Telegram, added, again, read, travelled, wait_of

pytestmark = [pytest.mark.django_db]


# Albums


@pytest.fixture(autouse=True)
def _nobody_above(told: dict[str, list[list[Post]]]) -> None:
    """Listeners of the test in place of the apps above."""


def test_a_late_part_of_an_album_joins_its_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.album(7, "", "")
    source = added(account)
    read(telegram)
    channel.album(7, "Подпись")
    channel.post("другое")

    again(telegram, source)

    album = Post.objects.get(album_id=7)
    assert (album.text, album.kind, album.media.count(), album.revision) == ("Подпись", "album", 3, 1)
    assert Post.objects.count() == 2


def test_an_earlier_part_that_comes_later_joins_the_same_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(1, 4):
        channel.post(f"слово {number}")
    channel.album(7, "Подпись", "", "")
    source = added(account, backfill_posts=1)
    first = channel.messages.pop(4)
    read(telegram)
    post = Post.objects.get()
    assert (post.external_id, post.text) == (f"{channel.chat_id}:5", "")
    channel.messages[4] = first
    Source.objects.update(backfill_posts=3)

    again(telegram, source)

    post.refresh_from_db()
    assert (post.external_id, post.text, post.media.count()) == (f"{channel.chat_id}:5", "Подпись", 3)


def test_an_album_over_the_edge_of_a_page_is_one_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("первое")
    source = added(account)
    read(telegram)
    for number in range(98):
        channel.post(f"слово {number}")
    channel.album(7, "", "Подпись", "", "")
    channel.post("последнее")

    again(telegram, source)
    again(telegram, source)

    album = Post.objects.get(album_id=7)
    assert (album.media.count(), album.text, album.revision) == (4, "Подпись", 1)
    assert Post.objects.count() == 101


# Edits, deletions, counts


def at_age(age: timedelta) -> datetime:
    return BEGAN + timedelta(minutes=1) + age + timedelta(seconds=1)


def test_edits_deletions_and_counts_are_found_as_posts_grow_older(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN + timedelta(minutes=2)):
        kept, gone = channel.post("было", at=BEGAN + timedelta(minutes=1)), channel.post("уйдёт", at=BEGAN)
        source = added(account, interval_s=600)
        read(telegram)
    with travelled(at_age(timedelta(minutes=5))):
        channel.edit(kept, text="стало", views=500, forwards=7, reactions={"👍": 3}, edited_at=now())
        again(telegram, source)
        assert telegram.count("by_ids") == 0
    with travelled(at_age(timedelta(minutes=11))):
        again(telegram, source)
    post = Post.objects.get(message_id=kept)
    assert (post.text, post.revision, post.views, post.forwards, post.reactions) == ("стало", 2, 500, 7, {"👍": 3})
    assert list(Revision.objects.values_list("number", "text")) == [(1, "было")]

    del channel.messages[gone]
    with travelled(at_age(timedelta(minutes=30))):
        again(telegram, source)
        assert not Post.objects.filter(deleted_at__isnull=False).exists()
    with travelled(at_age(timedelta(hours=1))):
        again(telegram, source)
        assert Post.objects.get(message_id=gone).deleted_at == now()
    assert Post.objects.get(message_id=kept).deleted_at is None
    assert telegram.count("by_ids") == 2


def test_a_post_is_read_again_five_times_and_then_left_alone(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN + timedelta(minutes=1)):
        channel.post("слово", at=BEGAN + timedelta(minutes=1))
        source = added(account)
        read(telegram)
    for hour in range(1, 24 * 9):
        with travelled(BEGAN + timedelta(hours=hour)):
            again(telegram, source)

    assert telegram.count("by_ids") == 5
    assert Post.objects.get().counted_at is not None


def test_a_deleted_album_is_marked_and_one_that_lost_a_part_is_not(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN):
        whole, part = channel.album(7, "а", "б", at=BEGAN), channel.album(8, "в", "г", at=BEGAN)
        source = added(account)
        read(telegram)
    for number in (*whole, part[0]):
        del channel.messages[number]
    with travelled(BEGAN + timedelta(minutes=11)):
        again(telegram, source)

    assert Post.objects.get(album_id=7).deleted_at is not None
    left = Post.objects.get(album_id=8)
    assert (left.deleted_at, left.text) == (None, "г")


def test_one_request_reads_a_hundred_posts_again_and_the_rest_soon(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN):
        for _each in range(150):
            channel.post("слово", at=BEGAN)
        source = added(account, backfill_posts=150)
        read(telegram)
        again(telegram, source)
    with travelled(BEGAN + timedelta(minutes=11)):
        again(telegram, source)
        assert wait_of(source) <= timedelta(seconds=20)
        again(telegram, source)
        assert telegram.count("by_ids") == 2
        again(telegram, source)
    assert telegram.count("by_ids") == 2


def test_listeners_are_told_of_what_is_new_changed_and_deleted(
    telegram: Telegram, account: Session, told: dict[str, list[list[Post]]]
) -> None:
    channel = telegram.channel()
    with travelled(BEGAN):
        one, two = channel.post("было", at=BEGAN), channel.post("уйдёт", at=BEGAN)
        source = added(account)
        read(telegram)
    channel.edit(one, text="стало")
    del channel.messages[two]
    with travelled(BEGAN + timedelta(minutes=11)):
        again(telegram, source)

    assert {kind: [[post.message_id for post in posts] for posts in calls] for kind, calls in told.items()} == {
        "added": [[one, two]],
        "changed": [[one]],
        "deleted": [[two]],
    }
