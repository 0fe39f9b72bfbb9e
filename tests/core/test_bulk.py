"""Many rows at once are the same rows as `bulk_create` would make."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from pytest_django import DjangoAssertNumQueries

from apps.core.bulk import rows_insert, rows_put, rows_update, values_insert, values_put
from apps.sources.models import CopyKeys, Post
from apps.sources.services.copies import KEYS
from apps.stories.models import Grouping, PostTerms
from tests.sources.factories import FeedFactory, PostFactory

pytestmark = pytest.mark.django_db


def posts(number: int, **more: object) -> list[Post]:
    source = FeedFactory.create()
    return [
        PostFactory.build(
            source=source,
            workspace=source.workspace,
            external_id=str(place),
            entities=[["bold", 0, 4, "мост"]],
            reactions={"👍": 4},
            views=2**40,
            is_used=True,
            changed_at=datetime(2026, 11, 20, 12, 30, 15, 123456, tzinfo=UTC),
            **more,
        )
        for place in range(number)
    ]


def test_rows_are_those_of_bulk_create() -> None:
    ours, theirs = posts(3), posts(3)

    rows_insert(ours)
    Post.objects.bulk_create(theirs)

    stored = [list(Post.objects.filter(source=rows[0].source).order_by("pk").values()) for rows in (ours, theirs)]
    for mine, other in zip(*stored, strict=True):
        different = {name for name in mine if mine[name] != other[name]}
        assert different <= {"id", "source_id", "workspace_id", "text", "content_hash", "collected_at"}
    assert [post.pk for post in ours] == [row["id"] for row in stored[0]]
    assert not ours[0]._state.adding
    ours[0].refresh_from_db()
    assert ours[0].entities == [["bold", 0, 4, "мост"]]


def test_constraints_hold() -> None:
    first = posts(1)
    rows_insert(first)
    again = PostFactory.build(source=first[0].source, workspace=first[0].workspace, external_id="0")

    with pytest.raises(IntegrityError), transaction.atomic():
        rows_insert([again])


def test_many_rows_are_few_statements(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    many = posts(1500)

    with django_assert_max_num_queries(6):
        rows_insert(many)

    assert Post.objects.count() == 1500


def test_nothing_is_nothing(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_max_num_queries(0):
        rows_insert([])


@pytest.mark.parametrize(
    "text", ["", "NULL", 'a "quoted" one', "back\\slash {braces}, comma", "два\nстроки", "{}", "👍"]
)
def test_any_words_are_stored_as_they_are(text: str) -> None:
    (post,) = posts(1)
    post.text, post.reactions, post.title = text, {text: 1}, text.replace("\n", " ")

    rows_insert([post])

    stored = Post.objects.get()
    assert (stored.text, stored.reactions, stored.title) == (text, {text: 1}, text.replace("\n", " "))


def test_too_long_a_word_is_refused_where_columns_have_a_length() -> None:
    (post,) = posts(1)
    post.language = "x" * 100

    if connection.vendor == "postgresql":
        with pytest.raises(DataError), transaction.atomic():
            rows_insert([post])
    else:
        rows_insert([post])
        assert Post.objects.get().language == "x" * 100


def test_known_rows_may_stay() -> None:
    first = posts(2)
    rows_insert(first)
    again = PostFactory.build(source=first[0].source, workspace=first[0].workspace, external_id="0", text="other")
    new = PostFactory.build(source=first[0].source, workspace=first[0].workspace, external_id="2")

    rows_insert([again, new], ignore_conflicts=True)

    assert Post.objects.count() == 3
    assert not Post.objects.filter(text="other").exists()


def test_known_rows_may_be_renewed() -> None:
    first = posts(2)
    rows_insert(first)
    keys = [CopyKeys(post=post, published_at=post.published_at, **dict.fromkeys(KEYS, -(2**62))) for post in first]
    rows_put(keys[:1], unique=["post"], update=["published_at", *KEYS])
    keys[0].key3 = 7

    rows_put(keys, unique=["post"], update=["published_at", *KEYS])

    stored = CopyKeys.objects.order_by("post_id").values_list("key3", "key9")
    assert list(stored) == [(7, -(2**62)), (-(2**62), -(2**62))]


def test_fields_of_stored_rows_are_written_and_no_others() -> None:
    rows_insert(posts(3))
    first, second, third = Post.objects.order_by("pk").only("title", "views", "changed_at")
    first.title, first.views, first.changed_at = 'a "b", {c}', None, datetime(2026, 11, 21, 8, 0, 0, 5, tzinfo=UTC)
    second.title, second.views, second.changed_at, third.title = "", 7, None, "left alone"
    Post.objects.update(text="written meanwhile")

    rows_update([first, second], ["title", "views", "changed_at"])

    told = list(Post.objects.order_by("pk").values_list("title", "views", "changed_at", "text"))
    assert told[0] == (first.title, None, first.changed_at, "written meanwhile")
    assert told[1] == ("", 7, None, "written meanwhile")
    assert (told[2][0] != "left alone", told[2][1]) == (True, 2**40)


def test_writing_many_rows_is_few_statements(django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    many = posts(1500)
    rows_insert(many)
    for place, post in enumerate(many):
        post.views = place

    # SQLite's driver repeats one statement for every row.
    with django_assert_max_num_queries(2 if connection.vendor == "postgresql" else 1500):
        rows_update(many, ["views"])
        rows_update([], ["views"])

    assert list(Post.objects.order_by("pk").values_list("views", flat=True)) == list(range(1500))


def test_bytes_and_rows_with_keys() -> None:
    (post,) = posts(1)
    rows_insert([post])
    terms = PostTerms(workspace=post.workspace, post=post, published_at=post.published_at, terms=bytes(range(256)))

    rows_insert([terms])

    assert bytes(PostTerms.objects.get(pk=terms.pk).terms) == bytes(range(256))


def test_lines_of_values_get_defaults_and_keys() -> None:
    told = posts(3)
    rows_insert(told)
    names = ("workspace", "post", "published_at", "terms")
    lines = [(post.workspace_id, post.pk, post.published_at, bytes([0, post.pk % 256, 92])) for post in told]

    keys = values_insert(PostTerms, names, lines)

    stored = PostTerms.objects.in_bulk(keys)
    assert [
        (row.workspace_id, row.post_id, row.published_at, bytes(row.terms)) for row in map(stored.get, keys)
    ] == lines  # type: ignore[union-attr]
    work = [(post.workspace_id, post.pk) for post in told]
    values_insert(Grouping, ("workspace", "post"), work, ignore_conflicts=True)
    assert values_insert(Grouping, ("workspace", "post"), work, ignore_conflicts=True) == []
    assert [(row.state, row.attempts, row.history) for row in Grouping.objects.all()] == [("ready", 0, [])] * 3
    assert values_insert(Grouping, ("workspace", "post"), []) == []


def test_lines_of_values_replace_what_is_there() -> None:
    told = posts(2)
    rows_insert(told)
    names = ("post", "published_at", *KEYS)
    values_put(CopyKeys, names, [(post.pk, post.published_at, *range(10)) for post in told], unique=["post"])

    values_put(CopyKeys, names, [(told[0].pk, told[0].published_at, *range(-10, 0))], unique=["post"])

    assert [(row.key0, row.key9) for row in CopyKeys.objects.order_by("pk")] == [(-10, -1), (0, 9)]


@pytest.mark.parametrize("number", [1, 3])
def test_columns_that_say_the_same_everywhere_are_stored_in_every_row(number: int) -> None:
    told = posts(number, title='{"a", \\b}', channel="@порт")

    rows_insert(told)

    assert set(Post.objects.values_list("title", "channel", "views", "dropped_rule")) == {
        ('{"a", \\b}', "@порт", 2**40, None)
    }
    assert Post.objects.count() == number


def test_among_finds_what_in_finds() -> None:
    told = posts(4)
    rows_insert(told)
    some = [told[0].pk, told[2].pk, told[2].pk, 2**60]
    names = [told[1].external_id, 'a"b\\c', "{}", "None"]

    assert list(Post.objects.filter(pk__among=some).order_by("pk")) == [told[0], told[2]]
    assert list(Post.objects.filter(external_id__among=names)) == [told[1]]
    assert list(Post.objects.filter(pk__among=[])) == []
    assert Post.objects.filter(source__among=[told[0].source]).count() == 4
    assert Post.objects.exclude(pk__among=some).count() == 2
    assert Post.objects.filter(pk__among=iter(some)).update(author="А") == 2


def test_among_is_one_parameter(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1) as told:
        assert not Post.objects.filter(pk__among=range(100_000)).exists()

    assert "99999" in told[0]["sql"]


def test_among_none_asks_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert list(Post.objects.filter(pk__among=[])) == []
        assert Post.objects.filter(pk__among=[]).delete() == (0, {})
