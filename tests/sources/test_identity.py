"""One entry is one post, however its feed changes ids, links and titles."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.sources.filters import Rules
from apps.sources.models import Post, Source, Tombstone
from apps.sources.parsers.feed import parse_feed
from apps.sources.parsers.same_address import address_key
from apps.sources.ports import IntakeReport, Item
from apps.sources.services import post_remove
from apps.sources.services.identity import LOOKED_BACK, items_named, recognised
from apps.sources.services.intake import items_prepare, posts_record
from tests.sources.factories import FeedFactory, PostFactory
from tests.sources.payloads import rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


def item(guid: str = "", url: str = "", title: str = "Мост открыт", text: str = "Мост открыли.") -> Item:
    return Item(external_id=guid, url=url, title=title, text=text)


def store(source: Source, *items: Item) -> IntakeReport:
    prepared = items_prepare(items_named(items), Rules())
    return posts_record(source=source, prepared=recognised(source, prepared))


def counts(report: IntakeReport) -> tuple[int, int, int]:
    return report.added, report.changed, report.same


@pytest.fixture
def source() -> Source:
    return FeedFactory.create()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://a.example/1", "https://a.example/1"),
        ("http://www.a.example/1", "https://a.example/1/"),
        ("https://a.example/1?utm_source=rss&utm_medium=x", "https://a.example/1"),
        ("https://a.example/1?b=2&a=1#top", "https://A.example/1?a=1&b=2&fbclid=zz"),
        ("https://a.example:443/1", "https://a.example/1"),
    ],
)
def test_addresses_of_one_page(one: str, other: str) -> None:
    assert address_key(one) == address_key(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://a.example/1", "https://a.example/2"),
        ("https://a.example/1?id=1", "https://a.example/1?id=2"),
        ("https://a.example/1", "https://b.example/1"),
        ("https://a.example:8000/1", "https://a.example/1"),
    ],
)
def test_addresses_of_two_pages(one: str, other: str) -> None:
    assert address_key(one) != address_key(other)


@pytest.mark.parametrize(
    "address",
    ["", "guid-1", "tag:a.example,2026:1", "https://a.example/", "https://a.example", "http://[", "ftp://a/1"],
)
def test_what_names_no_page_has_no_key(address: str) -> None:
    assert address_key(address) == ""


def test_changed_title_is_one_post_with_a_revision(source: Source) -> None:
    store(source, item("g1", "https://a.example/1", title="Было"))

    assert counts(store(source, item("g1", "https://a.example/1", title="Стало"))) == (0, 1, 0)
    assert (Post.objects.get().title, Post.objects.get().revision) == ("Стало", 2)


def test_guid_given_to_several_entries_is_told_apart_by_address(source: Source) -> None:
    items = [item("news", f"https://a.example/{n}", title=f"Новость {n}") for n in range(3)]

    assert counts(store(source, *items)) == (3, 0, 0)
    assert counts(store(source, *items)) == (0, 0, 3)
    items[1] = item("news", "https://a.example/1", title="Новость исправлена")
    assert counts(store(source, *items)) == (0, 1, 2)


def test_guid_that_comes_to_be_shared_does_not_double_its_first_post(source: Source) -> None:
    first, second = (
        item("news", "https://a.example/1", title="Первая"),
        item("news", "https://a.example/2", title="Вторая"),
    )
    store(source, first)

    assert counts(store(source, first, second)) == (1, 0, 1)
    assert counts(store(source, first, second)) == (0, 0, 2)


def test_shared_guid_without_addresses_is_told_apart_by_words(source: Source) -> None:
    items = [item("news", title=f"Новость {n}") for n in range(3)]

    assert counts(store(source, *items)) == (3, 0, 0)
    assert counts(store(source, *items)) == (0, 0, 3)


def test_entry_repeated_in_one_feed_is_one_post(source: Source) -> None:
    assert counts(store(source, item("g1", "https://a.example/1"), item("g1", "https://a.example/1"))) == (1, 0, 0)


def test_guids_made_anew_each_time_bring_nothing_twice(source: Source) -> None:
    def fetched(time: int, *titles: str) -> list[Item]:
        return [item(f"{time}-{n}", f"https://a.example/{n}", title=title) for n, title in enumerate(titles)]

    assert counts(store(source, *fetched(1, "Мост", "Паром", "Рынок"))) == (3, 0, 0)
    assert counts(store(source, *fetched(2, "Мост", "Паром", "Рынок"))) == (0, 0, 3)
    assert counts(store(source, *fetched(3, "Мост", "Паром отменён", "Рынок", "Школа"))) == (1, 1, 2)
    assert set(Post.objects.values_list("external_id", flat=True)) == {"1-0", "1-1", "1-2", "3-3"}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("http://a.example/1", "https://a.example/1"),
        ("https://a.example/1", "https://a.example/1?utm_source=rss"),
        ("https://a.example/1?utm_campaign=a", "https://www.a.example/1/?utm_campaign=b"),
    ],
)
@pytest.mark.parametrize("has_guid", [True, False])
def test_moved_or_marked_link_is_the_same_post(source: Source, before: str, after: str, has_guid: bool) -> None:
    store(source, item(before if has_guid else "", before))

    report = store(source, item(after if has_guid else "", after, title="Мост закрыт"))

    assert counts(report) == ((0, 1, 0) if has_guid or before != after else (0, 0, 1))
    assert Post.objects.get().external_id == before
    assert Post.objects.get().title == "Мост закрыт"


def test_entries_that_all_lead_to_one_page_stay_apart(source: Source) -> None:
    store(source, item("g1", "https://a.example/live", title="10:00 Начало"))

    report = store(source, item("g2", "https://a.example/live", title="10:05 Продолжение"))

    assert counts(report) == (1, 0, 0)
    both = [item(f"h{n}", "https://a.example/live", title=f"11:0{n}") for n in range(3)]
    assert counts(store(source, *both)) == (3, 0, 0)


def test_front_page_as_a_link_says_nothing(source: Source) -> None:
    store(source, item("g1", "https://a.example/", title="Погода"))

    assert counts(store(source, item("g2", "https://a.example/", title="Погода"))) == (1, 0, 0)


def test_post_that_another_entry_is_stays_its_own(source: Source) -> None:
    store(source, item("g1", "https://a.example/1"))

    report = store(source, item("g1", "https://a.example/1"), item("g2", "http://a.example/1?utm_source=x"))

    assert counts(report) == (1, 0, 1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (item("g1", "https://a.example/1"), item("g2", "https://a.example/1?utm_source=rss")),
        (item("http://a.example/1", "https://a.example/1"), item("https://www.a.example/1", title="Мост закрыт")),
        (item("", "http://a.example/1"), item("", "https://a.example/1")),
    ],
)
def test_removed_post_stays_out_under_a_new_guid(source: Source, before: Item, after: Item) -> None:
    store(source, before)
    post_remove(post=Post.objects.get(), reason="Персональные данные")

    assert counts(store(source, before)) == (0, 0, 0)
    assert counts(store(source, after)) == (0, 0, 0)
    assert counts(store(source, item("g3", "https://a.example/1", title="Паром"))) == (1, 0, 0)
    assert Tombstone.objects.count() == 1


def test_page_that_shows_something_each_day_is_not_silenced_by_what_was_removed(source: Source) -> None:
    store(source, item("g1", "https://a.example/weather", title="Погода"))
    post_remove(post=Post.objects.get(), reason="Старое")
    tomorrow = replace(item("g2", "https://a.example/weather", title="Погода"), published_at=now() + timedelta(days=1))

    assert counts(store(source, tomorrow)) == (1, 0, 0)


def test_posts_of_another_source_are_not_looked_at(source: Source) -> None:
    store(FeedFactory.create(), item("g1", "https://a.example/1"))

    assert counts(store(source, item("g2", "https://a.example/1"))) == (1, 0, 0)


def test_looking_back_is_bounded_and_costs_three_queries(source: Source, django_assert_num_queries: object) -> None:
    PostFactory.create_batch(20, source=source, workspace=source.workspace)
    known = items_prepare([item(one) for one in Post.objects.values_list("external_id", flat=True)], Rules())
    new = items_prepare([item("new", "https://a.example/9")], Rules())

    with django_assert_num_queries(1):  # type: ignore[operator]
        assert recognised(source, known) == known
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert recognised(source, [*known, *new]) == [*known, *new]
    assert LOOKED_BACK <= 1000


def test_whole_feed_that_moves_to_https_brings_nothing_twice(source: Source) -> None:
    def page(scheme: str) -> tuple[Item, ...]:
        items = [
            f"<item><guid>{scheme}://a.example/{n}</guid><title>Новость {n}</title><link>{scheme}://a.example/{n}</link>"
            f"<description>Текст {n}</description></item>"
            for n in range(10)
        ]
        return parse_feed(rss(*items).encode()).items

    store(source, *page("http"))

    assert counts(store(source, *page("https"))) == (0, 0, 10)
