"""Posts are stored with all that their source says: formatting, media, forwards, counts, and what they said before."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from apps.core.clock import now
from apps.sources.models import Post, PostMedia, Revision, Tombstone
from apps.sources.ports import Counts, Entity, IntakeReport, Item, Media
from apps.sources.services import post_remove, posts_intake, posts_mark_deleted
from apps.sources.services.known import REVISIONS_MAX
from tests.sources.factories import ExportFactory, MediaFileFactory, PostFactory

pytestmark = pytest.mark.django_db
Told = dict[str, list[list[Post]]]
PUBLISHED = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def photo(number: int, **more: Any) -> Media:
    return Media("photo", str(number), remote={"id": number}, **more)


def message(number: int, text: str = "", *media: Media, **more: Any) -> Item:
    return Item(
        external_id=f"77:{number}",
        text=text,
        channel="Чайка",
        media=media,
        message_id=number,
        published_at=PUBLISHED,
        kind=media[0].kind if media else "text",
        **more,
    )


def part(number: int, text: str = "") -> Item:
    """One message of an album of the messages 10 to 19."""
    return message(number, text, photo(number, caption=text), album_id=500)


def shown(post: Post) -> list[str]:
    return list(post.media.order_by("position").values_list("key", flat=True))


def test_everything_that_is_said_is_stored() -> None:
    item = message(
        5,
        "  Мост открыт",
        Media("video", "5", mime="video/mp4", size=9, name="а\x00.mp4", about={"width": 640, "title": "\ud800м"}),
        entities=(Entity("bold", 2, 4),),
        forwarded_from="Гавань",
        forwarded_url="https://t.me/gavan/1",
        reply_to=3,
        counts=Counts(10, 2, {"👍": 4}),
        edited_at=PUBLISHED + timedelta(hours=1),
    )

    posts_intake(source=ExportFactory.create(), items=[item])

    post = Post.objects.get()
    assert (post.kind, post.text, post.entities) == ("video", "Мост открыт", [["bold", 0, 4]])
    assert (post.forwarded_from, post.forwarded_url) == ("Гавань", "https://t.me/gavan/1")
    assert (post.message_id, post.reply_to) == (5, 3)
    assert (post.views, post.forwards, post.reactions) == (10, 2, {"👍": 4})
    assert (post.changed_at, post.revision) == (item.edited_at, 1)
    media = post.media.get()
    assert (media.kind, media.mime, media.size, media.name) == ("video", "video/mp4", 9, "а.mp4")
    assert (media.about, media.state, media.stored) == ({"width": 640, "title": "м"}, "remote", None)


def test_what_a_post_said_before_is_kept(told: Told) -> None:
    source = ExportFactory.create()
    first = message(5, "Мост **открыт**", markup="markdown")
    posts_intake(source=source, items=[first])
    for text in ("Мост закрыт", "Мост разведён"):
        posts_intake(source=source, items=[replace(first, text=text)])

    post = Post.objects.get()
    assert (post.text, post.entities, post.revision) == ("Мост разведён", [], 3)
    before = post.revisions.order_by("number").values_list("number", "text", "entities")
    assert list(before) == [(1, "Мост открыт", [["bold", 5, 6]]), (2, "Мост закрыт", [])]
    assert [len(posts) for posts in told["changed"]] == [1, 1]


def test_long_histories_keep_the_first_and_the_latest() -> None:
    source = ExportFactory.create()
    for number in range(REVISIONS_MAX + 5):
        posts_intake(source=source, items=[message(5, f"Счёт {number}")])

    numbers = list(Revision.objects.order_by("number").values_list("number", flat=True))
    assert numbers[0] == 1
    assert numbers[-1] == REVISIONS_MAX + 4
    assert len(numbers) == REVISIONS_MAX


def test_counts_change_without_a_revision(told: Told) -> None:
    source = ExportFactory.create()
    item = message(5, "Мост открыт", counts=Counts(10, 2, {"👍": 4}))
    posts_intake(source=source, items=[item], at=PUBLISHED)
    later = PUBLISHED + timedelta(hours=1)

    report = posts_intake(source=source, items=[replace(item, counts=Counts(90, 2, {"👍": 7}))], at=later)

    assert report == IntakeReport(same=1)
    post = Post.objects.get()
    assert (post.views, post.reactions, post.counted_at, post.revision) == (90, {"👍": 7}, later, 1)
    assert not Revision.objects.exists()
    assert told["changed"] == []


def test_same_counts_write_nothing(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    source = ExportFactory.create()
    items = [message(number, f"Мост {number}", counts=Counts(number, 2, {"👍": 4})) for number in range(50)]
    posts_intake(source=source, items=items)

    with django_assert_max_num_queries(12) as asked:
        posts_intake(source=source, items=items)

    assert not [query for query in asked if query["sql"].startswith(("UPDATE", "INSERT"))]


def test_formatting_alone_is_no_change(told: Told) -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[message(5, "Мост открыт")])

    posts_intake(source=source, items=[message(5, "Мост **открыт**", markup="markdown")])

    post = Post.objects.get()
    assert (post.entities, post.revision) == ([["bold", 5, 6]], 1)
    assert told["changed"] == []


def test_pictures_without_words_are_posts_of_which_nobody_is_told(told: Told) -> None:
    report = posts_intake(source=ExportFactory.create(), items=[message(5, "", photo(5))])

    assert report == IntakeReport(added=1)
    assert (Post.objects.get().kind, told["added"]) == ("photo", [])


def test_parts_of_an_album_in_one_batch_are_one_post(told: Told) -> None:
    source = ExportFactory.create()

    posts_intake(source=source, items=[part(12), part(11, "Мост открыт"), part(10), message(9, "Раньше")])

    post = Post.objects.get(album_id=500)
    assert (post.external_id, post.kind, post.text, shown(post)) == (
        "77:10",
        "album",
        "Мост открыт",
        ["10", "11", "12"],
    )
    assert Post.objects.count() == 2
    assert [len(posts) for posts in told["added"]] == [2]


def test_late_parts_join_the_album_and_bring_it_its_words(told: Told) -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[part(11)])
    assert told["added"] == []

    assert posts_intake(source=source, items=[part(12, "Мост открыт")]) == IntakeReport(same=1)
    posts_intake(source=source, items=[part(10), part(13)])

    post = Post.objects.get()
    assert (post.external_id, post.kind, post.text, post.revision) == ("77:11", "album", "Мост открыт", 1)
    assert shown(post) == ["10", "11", "12", "13"]
    assert told == {"added": [[post]], "changed": [], "deleted": []}


def test_album_delivered_twice_is_the_same() -> None:
    source = ExportFactory.create()
    album = [part(10, "Мост открыт"), part(11), part(12)]
    posts_intake(source=source, items=album)
    before = [list(model.objects.order_by("pk").values()) for model in (Post, PostMedia)]

    assert posts_intake(source=source, items=album) == IntakeReport(same=1)
    assert posts_intake(source=source, items=album[1:]) == IntakeReport(same=1)

    assert [list(model.objects.order_by("pk").values()) for model in (Post, PostMedia)] == before


def test_part_of_an_album_does_not_take_the_words_of_another() -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[part(10, "Мост открыт"), part(11)])

    posts_intake(source=source, items=[part(12, "Подпись под третьим")])
    posts_intake(source=source, items=[part(10)])

    post = Post.objects.get()
    assert (post.text, post.revision) == ("Мост открыт", 1)
    assert post.media.get(key="12").caption == "Подпись под третьим"


def test_edited_caption_of_an_album_is_a_change(told: Told) -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[part(10, "Мост открыт"), part(11)])

    assert posts_intake(source=source, items=[part(10, "Мост закрыт"), part(11)]) == IntakeReport(changed=1)

    assert Revision.objects.get().text == "Мост открыт"
    assert len(told["changed"]) == 1


def test_one_album_number_in_two_channels_is_two_posts() -> None:
    source = ExportFactory.create()
    others = [replace(part(10), channel="Буревестник", external_id="78:10")]

    posts_intake(source=source, items=[part(10), *others])
    posts_intake(source=source, items=[part(11)])

    assert sorted(post.media.count() for post in Post.objects.all()) == [1, 2]


def test_post_known_by_a_former_id_is_found() -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[message(11, "Мост открыт")])
    album = replace(message(10, "Мост открыт", photo(10), photo(11)), also_known=("77:11",))

    assert posts_intake(source=source, items=[album]) == IntakeReport(same=1)

    assert shown(Post.objects.get()) == ["10", "11"]


def test_other_file_under_one_message_is_fetched_again() -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[message(10, "Мост", photo(10, size=5))])
    file = MediaFileFactory.create(workspace=source.workspace)
    PostMedia.objects.update(state="stored", stored=file)
    posts_intake(source=source, items=[message(10, "Мост", photo(10, size=5, caption="Подпись"))])
    assert PostMedia.objects.get().state == "stored"

    posts_intake(source=source, items=[message(10, "Мост", photo(10, size=6))])

    media = PostMedia.objects.get()
    assert (media.state, media.stored, media.size) == ("remote", None, 6)


def test_removed_post_does_not_come_back(told: Told) -> None:
    source = ExportFactory.create()
    Tombstone.objects.create(source=source, external_id="77:5")
    Tombstone.objects.create(source=ExportFactory.create(), external_id="77:6")

    report = posts_intake(source=source, items=[message(5, "Мост"), message(6, "Паром")])

    assert report == IntakeReport(added=1)
    assert Post.objects.get().external_id == "77:6"


def test_late_part_of_a_removed_album_stays_out() -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[message(5, "Мост", album_id=70)])
    post_remove(post=Post.objects.get(), reason="Персональные данные")

    late = [message(6, "", photo(6), album_id=70), message(7, "", photo(7), album_id=71)]
    assert posts_intake(source=source, items=late) == IntakeReport(added=1)
    assert Post.objects.get().album_id == 71


def test_deleted_posts_are_marked_once_told_and_audited(told: Told) -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[message(5, "Мост"), message(6, "Паром")])
    PostFactory.create(external_id="77:5")
    at = now()

    assert posts_mark_deleted(source=source, external_ids=["77:5", "77:99"], at=at) == 1
    assert posts_mark_deleted(source=source, external_ids=["77:5"]) == 0

    gone = Post.objects.get(source=source, external_id="77:5")
    assert list(Post.objects.exclude(deleted_at=None)) == [gone]
    assert gone.deleted_at == at
    assert told["deleted"] == [[gone]]
    assert source.workspace.audit_entries.filter(verb="source.posts_deleted").count() == 1


def test_deleted_post_that_is_shown_again_is_there() -> None:
    source = ExportFactory.create()
    posts_intake(source=source, items=[message(5, "Мост")])
    posts_mark_deleted(source=source, external_ids=["77:5"])

    posts_intake(source=source, items=[message(5, "Мост")])

    assert Post.objects.get().deleted_at is None


def test_queries_do_not_grow_with_media(told: Told, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    source = ExportFactory.create()
    items = [
        message(number, f"Мост {number}", photo(number), counts=Counts(1, 1, {}), album_id=number)
        for number in range(1000)
    ]

    with django_assert_max_num_queries(40):
        posts_intake(source=source, items=items)
    with django_assert_max_num_queries(20):
        posts_intake(source=source, items=items)

    assert PostMedia.objects.count() == 1000
