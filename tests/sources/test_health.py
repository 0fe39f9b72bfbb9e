"""Sources that went quiet or fail are told of once each; an outage of everything once for all."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest

from apps.accounts.models import Alert, Workspace
from apps.core.work import verbs
from apps.sources.models import HealthCheck, Poll, Source
from apps.sources.services import source_create
from apps.sources.services.health import OUTAGE, polls_wake
from apps.sources.services.upkeep import upkeep_begin
from apps.sources.tasks import health_look
from tests.sources.factories import ExportFactory, FeedFactory, PollFactory, PostFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
NOON = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # noon in Moscow, a Friday


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create()
    upkeep_begin(made)
    return made


def clock_at(at: datetime) -> AbstractContextManager[object]:
    """The one clock stands at that time."""
    return mock.patch("apps.core.clock.timezone.now", return_value=at)


def look(at: datetime) -> None:
    """One round at that time."""
    HealthCheck.objects.filter(state="ready").update(not_before=at)
    with clock_at(at):
        health_look()


def spoke(source: Source, *, until: datetime = NOON) -> None:
    """Three weeks of a post each hour from 8 to 22 in Moscow, the last one at `until`."""
    for day in range(21):
        for hour in range(8, 23):
            at = (until - timedelta(days=day)).replace(hour=hour - 3, minute=(day + hour) % 60)
            if at <= until:
                PostFactory.create(source=source, workspace=source.workspace, published_at=at, collected_at=at)


def looked(source: Source, at: datetime, *, failures: int = 0, error: str = "") -> None:
    """How its last collection went."""
    changes = {"last_tried_at": at, "failures": failures, "last_error": error}
    Source.objects.filter(pk=source.pk).update(**changes, **({} if failures else {"last_ok_at": at}))


def open_alerts() -> list[str]:
    return sorted(Alert.objects.filter(closed_at=None).values_list("key", flat=True))


def test_silence_against_the_rhythm_is_told_once_and_a_new_post_closes_it(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace, name="Вестник")
    spoke(source)
    looked(source, NOON)
    look(NOON + timedelta(minutes=5))
    assert open_alerts() == []

    for hours in (8, 9, 24):
        looked(source, NOON + timedelta(hours=hours))
        look(NOON + timedelta(hours=hours, minutes=1))

    alert = Alert.objects.get()
    source.refresh_from_db()
    assert (alert.key, alert.times, alert.closed_at) == (f"source.quiet:{source.pk}", 1, None)
    assert "Вестник" in alert.message
    assert source.quiet_since == source.last_post_at

    back = NOON + timedelta(hours=25)
    PostFactory.create(source=source, workspace=workspace, published_at=back, collected_at=back)
    looked(source, back)
    look(back + timedelta(minutes=1))

    source.refresh_from_db()
    assert open_alerts() == []
    assert source.quiet_since is None


def test_a_night_is_not_told(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    evening = NOON.replace(hour=19, minute=30)
    spoke(source, until=evening)
    night = evening + timedelta(hours=8)
    looked(source, night)

    look(night)

    assert open_alerts() == []


def test_silence_while_nobody_looks_is_not_the_sources(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    spoke(source)
    looked(source, NOON)

    look(NOON + timedelta(days=2))

    assert open_alerts() == []


def test_a_new_source_with_few_posts_is_never_quiet(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    PostFactory.create(source=source, workspace=workspace, published_at=NOON - timedelta(days=30))
    looked(source, NOON)

    look(NOON)

    source.refresh_from_db()
    assert open_alerts() == []
    assert (source.rhythm_s, source.quiet_at, source.last_post_at) == (None, None, NOON - timedelta(days=30))


def test_repeated_failures_are_one_alert_that_success_closes(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace, name="Маяк")
    looked(source, NOON - timedelta(hours=3))
    looked(source, NOON, failures=2, error="Нет ответа")
    look(NOON)
    assert open_alerts() == []

    for failures in (3, 4, 5):
        looked(source, NOON, failures=failures, error="Нет ответа")
        look(NOON + timedelta(minutes=failures))

    alert = Alert.objects.get()
    assert (alert.key, alert.level, alert.times) == (f"source.failing:{source.pk}", "error", 1)
    assert alert.message == "“Маяк” can't be collected: Нет ответа"
    assert alert.url == f"/admin/sources/source/{source.pk}/change/"

    looked(source, NOON + timedelta(hours=1))
    look(NOON + timedelta(hours=1))
    assert open_alerts() == []


def test_an_alert_that_a_person_closed_stays_closed_until_the_next_trouble(workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    looked(source, NOON - timedelta(hours=3))
    looked(source, NOON, failures=3, error="Нет ответа")
    look(NOON)
    Alert.objects.update(closed_at=NOON)

    look(NOON + timedelta(minutes=5))
    assert open_alerts() == []

    looked(source, NOON + timedelta(hours=1))
    look(NOON + timedelta(hours=1))
    looked(source, NOON + timedelta(hours=2), failures=3, error="Нет ответа")
    look(NOON + timedelta(hours=2))
    assert open_alerts() == [f"source.failing:{source.pk}"]


def outage(workspace: Workspace, number: int = 10) -> list[Source]:
    """Sources that all worked until an hour ago and all fail now."""
    sources = FeedFactory.create_batch(number, workspace=workspace)
    for source in sources:
        looked(source, NOON - timedelta(hours=1))
        looked(source, NOON, failures=4, error="Нет связи")
    return sources


def test_an_outage_of_all_is_one_alert_and_its_end_closes_it(workspace: Workspace) -> None:
    sources = outage(workspace)
    waiting = PollFactory.create(source=sources[9], not_before=NOON + timedelta(hours=20))

    look(NOON + timedelta(minutes=1))
    look(NOON + timedelta(minutes=2))
    look(NOON + timedelta(hours=30))

    assert open_alerts() == [OUTAGE]
    assert Alert.objects.get().times == 1
    assert "10 of 10" in Alert.objects.get().message

    over = NOON + timedelta(hours=31)
    for source in sources[:8]:
        looked(source, over)
    looked(sources[8], over, failures=9, error="Адрес не найден")
    look(over)

    assert open_alerts() == sorted([f"source.failing:{sources[8].pk}", f"source.failing:{sources[9].pk}"])
    waiting.refresh_from_db()
    assert waiting.not_before <= over + timedelta(minutes=10)


def test_after_an_outage_the_longest_unread_sources_come_first(workspace: Workspace) -> None:
    sources = outage(workspace, 20)
    look(NOON + timedelta(minutes=1))
    over = NOON + timedelta(hours=2)
    for source in sources[:15]:
        looked(source, over)
    late = sources[15:]  # named in one order, last read in the opposite one
    for number, source in enumerate(late):
        Source.objects.filter(pk=source.pk).update(last_ok_at=NOON - timedelta(hours=1 + number), last_tried_at=over)
        PollFactory.create(source=source, not_before=over + timedelta(hours=1))

    look(over)

    woken = list(Poll.objects.order_by("not_before").values_list("source", "not_before"))
    assert [pk for pk, _at in woken] == [source.pk for source in reversed(late)]
    assert [at - over for _pk, at in woken] == [timedelta(minutes=2 * place) for place in range(5)]


def test_many_sources_are_woken_by_few_statements(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Callable[..., object]
) -> None:
    monkeypatch.setattr("apps.sources.services.health.SLICES", 2)
    rows = PollFactory.create_batch(7, source__workspace=workspace, not_before=NOON + timedelta(hours=9))

    with django_assert_num_queries(4):  # type: ignore[attr-defined]
        polls_wake([row.source_id for row in rows], NOON, over_s=70)

    woken = Poll.objects.order_by("pk").values_list("not_before", flat=True)
    assert [(at - NOON).total_seconds() for at in woken] == [0, 0, 0, 0, 40, 40, 40]


def test_an_outage_that_a_person_closed_is_not_told_two_hundred_times(workspace: Workspace) -> None:
    outage(workspace)
    look(NOON + timedelta(minutes=1))
    Alert.objects.update(closed_at=NOON + timedelta(minutes=2))

    look(NOON + timedelta(minutes=3))
    look(NOON + timedelta(hours=50))

    assert open_alerts() == []


def test_sources_long_broken_are_no_outage(workspace: Workspace) -> None:
    for source in FeedFactory.create_batch(6, workspace=workspace):
        looked(source, NOON - timedelta(days=9))
        looked(source, NOON, failures=12, error="Адрес не найден")

    look(NOON)

    assert len(open_alerts()) == 6
    assert OUTAGE not in open_alerts()


def test_paused_archived_and_imported_sources_are_left_alone(workspace: Workspace) -> None:
    broken = {"workspace": workspace, "failures": 5, "last_error": "Нет ответа"}
    FeedFactory.create(**broken, is_active=False)
    FeedFactory.create(**broken, archived_at=NOON)
    ExportFactory.create(**broken)

    look(NOON)

    assert open_alerts() == []


def test_each_workspace_is_told_of_its_own(workspace: Workspace) -> None:
    other = WorkspaceFactory.create()
    upkeep_begin(other)
    mine = FeedFactory.create(workspace=workspace, failures=3, last_error="Нет ответа")
    FeedFactory.create(workspace=other)

    look(NOON)

    assert list(Alert.objects.values_list("workspace", "key")) == [(workspace.pk, f"source.failing:{mine.pk}")]


def test_rung_twice_it_looks_once_and_makes_the_next_round(workspace: Workspace) -> None:
    FeedFactory.create(workspace=workspace, failures=3, last_error="Нет ответа")

    look(NOON)
    with clock_at(NOON):
        health_look()

    assert Alert.objects.get().times == 1
    assert HealthCheck.objects.get(state="ready").not_before == NOON + timedelta(minutes=1)
    assert HealthCheck.objects.filter(state="done").count() == 1


def test_killed_half_way_it_is_looked_again(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    FeedFactory.create(workspace=workspace, failures=3, last_error="Нет ответа")
    monkeypatch.setattr("apps.sources.services.health.alerts_settle", killed)
    look(NOON)
    assert HealthCheck.objects.get().state == "ready"
    monkeypatch.undo()

    look(NOON + timedelta(minutes=30))

    assert len(open_alerts()) == 1
    assert HealthCheck.objects.filter(state="ready").count() == 1


def killed(*_args: object) -> None:
    raise RuntimeError("killed")


def test_a_round_that_died_is_followed_by_another(workspace: Workspace) -> None:
    row = HealthCheck.objects.get()
    verbs.give_up(row, reason="fault")

    assert sorted(HealthCheck.objects.values_list("state", flat=True)) == ["dead", "ready"]


def test_a_first_source_begins_the_rounds() -> None:
    workspace = WorkspaceFactory.create()
    source_create(workspace=workspace, kind="export", name="Выгрузка")

    assert HealthCheck.objects.filter(workspace=workspace, state="ready").count() == 1


def test_many_sources_take_few_queries(
    workspace: Workspace, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    for source in FeedFactory.create_batch(30, workspace=workspace, learnt_at=NOON):
        PostFactory.create(source=source, workspace=workspace, published_at=NOON - timedelta(hours=1))
        looked(source, NOON)
    with django_assert_max_num_queries(45):  # type: ignore[attr-defined]
        look(NOON)
    assert Source.objects.filter(last_post_at=NOON - timedelta(hours=1)).count() == 30
    assert Poll.objects.count() == 0
