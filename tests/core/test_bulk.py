"""Many rows at once are the same rows as `bulk_create` would make."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from apps.core.bulk import rows_insert
from apps.sources.models import Post
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
