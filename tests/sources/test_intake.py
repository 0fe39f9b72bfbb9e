"""Items become posts once and only once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.sources.models import Post
from apps.sources.ports import IntakeReport, Item
from apps.sources.services import post_take_back, posts_intake
from tests.sources.factories import ExportFactory, FeedFactory, FilterRuleFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db
Told = dict[str, list[list[Post]]]
NEWS = Item(
    external_id="n1",
    title="Мост <b>открыт</b>",
    text="<p>Мост через Студёнку открыли.</p>",
    url="https://news.example/n1",
    published_at=datetime(2026, 11, 20, 9, 0, tzinfo=UTC),
    markup="html",
)


def test_item_becomes_a_post(told: Told) -> None:
    source = FeedFactory.create()

    report = posts_intake(source=source, items=[NEWS])

    assert report == IntakeReport(added=1)
    post = Post.objects.get()
    assert (post.workspace, post.source, post.external_id) == (source.workspace, source, "n1")
    assert (post.title, post.text) == ("Мост открыт", "Мост через Студёнку открыли.")
    assert (post.language, post.revision, post.dropped_by) == ("ru", 1, "")
    assert post.published_at == NEWS.published_at
    assert told == {"added": [[post]], "changed": [], "deleted": []}


def test_same_items_again_change_nothing(told: Told) -> None:
    source = FeedFactory.create()
    posts_intake(source=source, items=[NEWS])
    before = Post.objects.values().get()

    assert posts_intake(source=source, items=[NEWS, NEWS]) == IntakeReport(same=1)
    assert Post.objects.values().get() == before
    assert len(told["added"]) == 1


def test_changed_text_makes_a_revision_of_the_same_post(told: Told) -> None:
    source = FeedFactory.create()
    posts_intake(source=source, items=[NEWS])
    published = Post.objects.get().published_at
    later = replace(NEWS, text="Мост открыли и закрыли.", published_at=now())

    assert posts_intake(source=source, items=[later]) == IntakeReport(changed=1)

    post = Post.objects.get()
    assert (post.text, post.revision, post.published_at) == ("Мост открыли и закрыли.", 2, published)
    assert post.changed_at is not None
    assert told["changed"] == [[post]]
    assert len(told["added"]) == 1


def test_the_first_report_is_stored_and_told_first_whatever_the_order_of_the_feed(told: Told) -> None:
    source = FeedFactory.create()
    minutes = {"3": 30, "2": 20, "1": 10}
    items = [
        replace(NEWS, external_id=name, title=f"Мост {name}", published_at=NEWS.published_at + timedelta(minutes=late))
        for name, late in minutes.items()
        if NEWS.published_at
    ]

    posts_intake(source=source, items=items)

    assert list(Post.objects.order_by("pk").values_list("external_id", flat=True)) == ["1", "2", "3"]
    assert [post.external_id for post in told["added"][0]] == ["1", "2", "3"]


def test_new_address_alone_is_no_change(told: Told) -> None:
    source = FeedFactory.create()
    posts_intake(source=source, items=[NEWS])

    assert posts_intake(source=source, items=[replace(NEWS, url="https://news.example/moved")]).same == 1
    assert told["changed"] == []


@pytest.mark.parametrize(
    ("item", "identity"),
    [
        (replace(NEWS, external_id=" id "), "id"),
        (replace(NEWS, external_id=""), "https://news.example/n1"),
        (replace(NEWS, external_id="", url="javascript:alert(1)"), "text:"),
        (replace(NEWS, external_id="", url=""), "text:"),
        (replace(NEWS, external_id="x" * 500), "hash:"),
    ],
)
def test_identity_is_id_else_address_else_content(item: Item, identity: str) -> None:
    source = FeedFactory.create()
    posts_intake(source=source, items=[item])
    posts_intake(source=source, items=[item])

    assert Post.objects.get().external_id.startswith(identity)


def test_only_web_addresses_become_links() -> None:
    posts_intake(source=FeedFactory.create(), items=[replace(NEWS, url="javascript:alert(1)")])

    assert Post.objects.get().url == ""


def test_first_of_two_entries_with_one_id_is_taken() -> None:
    report = posts_intake(source=FeedFactory.create(), items=[NEWS, replace(NEWS, text="Другое")])

    assert report == IntakeReport(added=1)
    assert Post.objects.get().text == "Мост через Студёнку открыли."


def test_one_id_at_two_sources_is_two_posts() -> None:
    for source in FeedFactory.create_batch(2):
        assert posts_intake(source=source, items=[NEWS]).added == 1


def test_database_refuses_a_double() -> None:
    post = PostFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        PostFactory.create(source=post.source, external_id=post.external_id)


def test_wordless_items_are_left_out() -> None:
    assert posts_intake(source=FeedFactory.create(), items=[replace(NEWS, title="", text="<img src=x>")]).added == 0


def test_what_databases_refuse_is_cleaned() -> None:
    dirty = replace(
        NEWS, external_id="a\x00b", title="х\ud800у", text="т\x00екст \ud83d", author="\x00а", markup="plain"
    )

    posts_intake(source=FeedFactory.create(), items=[dirty])

    post = Post.objects.get()
    assert (post.external_id, post.title, post.text, post.author) == ("ab", "ху", "текст", "а")


@pytest.mark.parametrize("given", [None, datetime(1, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)])
def test_impossible_dates_become_the_time_of_collection(given: datetime | None) -> None:
    at = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

    posts_intake(source=FeedFactory.create(), items=[replace(NEWS, published_at=given)], at=at)

    assert Post.objects.get().published_at == at


def test_slightly_fast_clock_is_believed() -> None:
    soon = now() + timedelta(minutes=5)

    posts_intake(source=FeedFactory.create(), items=[replace(NEWS, published_at=soon)])

    assert Post.objects.get().published_at == soon


def test_dropped_post_is_kept_with_its_rule_and_nobody_is_told(told: Told) -> None:
    source = FeedFactory.create()
    FilterRuleFactory.create(source=source, value="студёнку")

    assert posts_intake(source=source, items=[NEWS]) == IntakeReport(added=1, dropped=1)
    assert Post.objects.get().dropped_by == "words:drop:студёнку"
    assert told["added"] == []


def test_dropped_post_that_changes_for_the_better_is_told_as_new(told: Told) -> None:
    source = FeedFactory.create()
    FilterRuleFactory.create(source=source, value="реклама")
    posts_intake(source=source, items=[replace(NEWS, text="реклама")])

    posts_intake(source=source, items=[replace(NEWS, text="Мост открыт")])

    post = Post.objects.get()
    assert (post.dropped_by, post.revision) == ("", 2)
    assert told == {"added": [[post]], "changed": [], "deleted": []}


def test_kept_post_is_not_dropped_by_a_change(told: Told) -> None:
    source = FeedFactory.create()
    FilterRuleFactory.create(source=source, value="реклама")
    posts_intake(source=source, items=[NEWS])

    posts_intake(source=source, items=[replace(NEWS, text="реклама")])

    post = Post.objects.get()
    assert post.dropped_by == ""
    assert told["changed"] == [[post]]


def test_taken_back_post_is_kept_told_and_audited(told: Told) -> None:
    source = FeedFactory.create()
    FilterRuleFactory.create(source=source, value="студёнку")
    posts_intake(source=source, items=[NEWS])
    post, editor = Post.objects.get(), UserFactory.create()

    post_take_back(post=post, actor=editor)

    post.refresh_from_db()
    assert (post.dropped_by, post.is_taken_back) == ("", True)
    assert told["added"] == [[post]]
    audit = post.workspace.audit_entries.get()
    assert (audit.verb, audit.actor) == ("post.taken_back", editor)
    with pytest.raises(TransitionError):
        post_take_back(post=post, actor=editor)
    assert len(told["added"]) == 1


def test_failing_listener_leaves_nothing_behind(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.listeners._added", ["tests.sources.test_intake.refuse"])
    source = FeedFactory.create()

    with pytest.raises(ZeroDivisionError):
        posts_intake(source=source, items=[NEWS])

    assert Post.objects.count() == 0


def refuse(posts: object) -> None:
    """A listener with a bug."""
    raise ZeroDivisionError


def test_queries_do_not_grow_with_the_number_of_items(
    told: Told, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    source = ExportFactory.create()
    items = [Item(external_id=str(n), text=f"Новость номер {n}") for n in range(2500)]

    with django_assert_max_num_queries(45):
        assert posts_intake(source=source, items=items).added == 2500
    with django_assert_max_num_queries(20):
        assert posts_intake(source=source, items=items).same == 2500
    changed = [replace(item, text=f"{item.text}!") for item in items]
    with django_assert_max_num_queries(60):
        assert posts_intake(source=source, items=changed).changed == 2500
    assert set(Post.objects.values_list("revision", flat=True)) == {2}
    assert [len(posts) for posts in told["added"]] == [1000, 1000, 500]
