"""Numbers of a period: by source, day and hour of the workspace's zone, with files that a spreadsheet opens safely."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from apps.accounts.models import User, Workspace
from apps.sources.models import PastCount, Post
from apps.sources.numbers import Numbers, Period, numbers_of
from apps.sources.spreadsheets import file_of
from tests.accounts.factories import logged_in, member
from tests.sources.factories import FeedFactory, PostFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
MOSCOW = ZoneInfo("Europe/Moscow")
ADDRESS, FILE = "/admin/sources/post/numbers/", "/admin/sources/post/numbers.csv"


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    return made


def posted(workspace: Workspace, at: datetime, number: int = 1, **fields: object) -> list[Post]:
    source = fields.pop("source", None) or FeedFactory.create(workspace=workspace)
    made: list[Post] = PostFactory.create_batch(number, source=source, workspace=workspace, published_at=at, **fields)
    return made


def counted(workspace: Workspace, first: date, last: date, zone: ZoneInfo = MOSCOW) -> Numbers:
    return numbers_of([workspace], Period(first, last, zone))


def test_posts_are_counted_as_by_hand(workspace: Workspace) -> None:
    busy, idle = FeedFactory.create_batch(2, workspace=workspace)
    noon = datetime(2026, 11, 10, 9, 15, tzinfo=UTC)
    posted(workspace, noon, 3, source=busy)
    posted(workspace, noon, 2, source=busy, dropped_by="words", language="en")
    posted(workspace, noon.replace(hour=20), 1, source=idle, is_used=True, kind="photo")
    posted(workspace, noon.replace(day=12), 5, source=busy)
    posted(WorkspaceFactory.create(), noon, 7)

    found = counted(workspace, date(2026, 11, 10), date(2026, 11, 11))

    assert (found.total.posts, found.total.kept, found.total.used) == (6, 4, 1)
    assert {pk: (one.posts, one.kept, one.used) for pk, one in found.sources.items()} == {
        busy.pk: (5, 3, 0),
        idle.pk: (1, 1, 1),
    }
    assert {code: one.posts for code, one in found.languages.items()} == {"ru": 4, "en": 2}
    assert {code: one.posts for code, one in found.kinds.items()} == {"text": 5, "photo": 1}
    assert {day: one.posts for day, one in found.days.items()} == {date(2026, 11, 10): 6}
    assert {hour: one.posts for hour, one in enumerate(found.hours) if one.posts} == {12: 5, 23: 1}


def test_days_begin_at_the_midnight_of_the_zone_and_clocks_change(workspace: Workspace) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    # 25 October 2026 has 25 hours in Berlin: 02:30 comes twice.
    for hour in (0, 1):
        posted(workspace, datetime(2026, 10, 25, hour, 30, tzinfo=UTC))
    posted(workspace, datetime(2026, 10, 24, 21, 59, tzinfo=UTC))
    posted(workspace, datetime(2026, 10, 25, 22, 59, tzinfo=UTC))
    posted(workspace, datetime(2026, 10, 25, 23, 0, tzinfo=UTC))

    found = counted(workspace, date(2026, 10, 25), date(2026, 10, 25), berlin)

    assert found.total.posts == 3
    assert {hour: one.posts for hour, one in enumerate(found.hours) if one.posts} == {2: 2, 23: 1}
    assert {day: one.posts for day, one in found.days.items()} == {date(2026, 10, 25): 3}


def test_what_was_removed_by_age_is_counted_still(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    hour = datetime(2026, 11, 10, 9, tzinfo=UTC)
    posted(workspace, hour, 2, source=source)
    PastCount.objects.create(source=source, hour=hour, language="ru", kind="text", posts=5, kept=4)
    PastCount.objects.create(source=source, hour=hour.replace(day=20), language="ru", posts=9, kept=9)

    found = counted(workspace, date(2026, 11, 10), date(2026, 11, 10))

    assert (found.total.posts, found.total.kept, found.removed) == (7, 6, 5)
    assert found.hours[12].posts == 7


def test_hashtags_and_tops(workspace: Workspace) -> None:
    at = datetime(2026, 11, 10, 9, tzinfo=UTC)
    (first,) = posted(workspace, at, text="#Порт горит #порт #ветер", views=10, forwards=7)
    (second,) = posted(workspace, at, text="Снова #порт. Цена №#5", views=90, forwards=0)
    posted(workspace, at, text="#порт", views=1000, dropped_by="words")

    found = counted(workspace, date(2026, 11, 10), date(2026, 11, 10))

    assert found.tags == [("порт", 2), ("ветер", 1)]
    assert found.seen == [second, first]
    assert found.passed_on == [first]


@pytest.mark.parametrize("dropped", [60, 510])
def test_the_top_is_full_however_many_above_were_dropped(workspace: Workspace, dropped: int) -> None:
    at = datetime(2026, 11, 10, 9, tzinfo=UTC)
    posted(workspace, at, dropped, views=1000, dropped_by="words")
    seen = posted(workspace, at, 12, views=10)

    found = counted(workspace, date(2026, 11, 10), date(2026, 11, 10))

    assert found.seen == seen[:1:-1]


def test_a_viewer_sees_own_numbers_and_none_of_another_workspace(client: Client, workspace: Workspace) -> None:
    viewer = logged_in(member(workspace, "viewer", email="viewer@example.org"))
    posted(
        workspace, datetime(2026, 11, 10, 9, tzinfo=UTC), source=FeedFactory.create(workspace=workspace, name="Маяк")
    )
    other = WorkspaceFactory.create()
    posted(other, datetime(2026, 11, 10, 9, tzinfo=UTC), source=FeedFactory.create(workspace=other, name="Чужой"))

    page = viewer.get(ADDRESS, {"from": "2026-11-01", "to": "2026-11-30"}).content.decode()
    file = viewer.get(FILE, {"from": "2026-11-01", "to": "2026-11-30", "table": "sources"})

    assert "Маяк" in page
    assert "Чужой" not in page
    assert file["Content-Type"] == "text/csv; charset=utf-8"
    assert file.content.decode("utf-8-sig").splitlines()[1] == "Маяк;1;1;100,0;0;0,0"
    assert len(file.content.decode("utf-8-sig").splitlines()) == 2


def test_strangers_and_clients_see_no_numbers(client: Client, workspace: Workspace) -> None:
    reader = logged_in(member(workspace, "client", email="client@example.org"))

    assert [client.get(address).status_code for address in (ADDRESS, FILE)] == [302, 302]
    assert [reader.get(address).status_code for address in (ADDRESS, FILE)] == [302, 302]


@pytest.mark.parametrize(
    "asked",
    ["period=7", f"period={'1' * 5000}", "period=nonsense", "from=2026-02-31", "from=2026-11-30&to=2026-11-01", ""],
)
def test_any_period_is_shown(workspace: Workspace, asked: str) -> None:
    viewer = logged_in(member(workspace, "viewer", email="viewer@example.org"))

    assert viewer.get(f"{ADDRESS}?{asked}").status_code == 200


@pytest.mark.parametrize("table", ["sources", "days", "hours", "topics", "hashtags", "languages", "kinds", "top"])
def test_each_table_is_a_file(workspace: Workspace, table: str) -> None:
    viewer = logged_in(member(workspace, "viewer", email="viewer@example.org"))
    posted(workspace, datetime(2026, 11, 10, 9, tzinfo=UTC), text="#порт", views=5)

    answer = viewer.get(FILE, {"from": "2026-11-10", "to": "2026-11-10", "table": table})

    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert f"pult-{table}-2026-11-10-2026-11-10.csv" in answer["Content-Disposition"]
    assert viewer.get(FILE, {"table": "secrets"}).status_code == 404


@pytest.mark.parametrize("cell", ["=1+1", "+7 900", "-2", "@cmd", "\tx", "\r=x"])
def test_no_cell_is_calculated(cell: str) -> None:
    assert file_of([[cell, "Маяк"]]).decode("utf-8-sig").lstrip('"').startswith("'")
    assert file_of([["Маяк; порт", "5"]]).decode("utf-8-sig") == '"Маяк; порт";5\r\n'


def test_queries_do_not_grow_with_the_sources(workspace: Workspace, django_assert_max_num_queries: object) -> None:
    viewer = logged_in(member(workspace, "viewer", email="viewer@example.org"))
    for _source in range(8):
        posted(workspace, datetime(2026, 11, 10, 9, tzinfo=UTC), 2, views=3)
    with django_assert_max_num_queries(22):  # type: ignore[operator]
        assert viewer.get(ADDRESS, {"from": "2026-11-10", "to": "2026-11-10"}).status_code == 200


def test_a_superuser_without_workspaces_sees_an_empty_page(client: Client) -> None:
    client.force_login(User.objects.create_superuser("root@example.org"))

    answer = client.get(ADDRESS)

    assert answer.status_code == 200
    assert (answer.context_data["posts"], answer.context_data["source_rows"]) == ("0", [])
