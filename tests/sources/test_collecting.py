"""Feeds are collected over HTTP, kindly, and failures are said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from apps.accounts.models import Alert
from apps.core.clock import now
from apps.core.http.places import HOST_PLACES, HOST_WAITING
from apps.core.work import verbs
from apps.core.work.models import WorkRow
from apps.sources.models import Poll, Post, Source
from apps.sources.services import source_create, source_pause
from apps.sources.services.polls import FAILURES_TOLD, poll_record
from apps.sources.services.schedule import wait_after
from apps.sources.tasks import health_look, polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, PollFactory, WorkspaceFactory
from tests.sources.payloads import entry, rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


def feed(url: str, **fields: object) -> Source:
    return source_create(workspace=WorkspaceFactory.create(), kind="feed", name="Вестник", url=url, **fields)  # type: ignore[arg-type]


def collect_again(source: Source) -> None:
    Poll.objects.filter(source=source, state="ready").update(not_before=now())
    polls_collect()


def next_wait(source: Source) -> timedelta:
    return Poll.objects.get(source=source, state="ready").not_before - now()


def test_feed_is_collected_and_the_next_time_is_set(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"), entry("b"))), interval_s=600)

    polls_collect()

    assert set(Post.objects.values_list("external_id", flat=True)) == {"a", "b"}
    done = Poll.objects.get(state="done")
    assert (done.outcome, done.status, done.added, done.changed) == ("fetched", 200, 2, 0)
    assert timedelta(seconds=590) < next_wait(source) <= timedelta(seconds=600)
    source.refresh_from_db()
    assert (source.failures, source.last_error) == (0, "")
    assert source.last_ok_at is not None


def test_task_rung_twice_collects_once(host: SiteServer) -> None:
    feed(host.page("/feed.xml", rss(entry("a"))))

    polls_collect()
    polls_collect()

    assert len(host.log.of("/feed.xml")) == 1
    assert Post.objects.count() == 1


def test_unchanged_feed_costs_one_conditional_request(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a")), last_modified=1_763_000_000.0))
    polls_collect()

    collect_again(source)

    asked = host.log.of("/feed.xml")[-1]
    sent = {name.lower(): value for name, value in asked.headers.items()}
    assert sent["if-none-match"] == Source.objects.get().etag
    assert "if-modified-since" in sent
    last = Poll.objects.filter(state="done").latest("id")
    assert (last.outcome, last.status, last.added) == ("unchanged", 304, 0)
    assert Poll.objects.filter(state="ready").count() == 1


def test_changed_entry_becomes_a_revision(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a", text="Было"))))
    polls_collect()
    host.page("/feed.xml", rss(entry("a", text="Стало")))

    collect_again(source)

    assert (Post.objects.get().text, Post.objects.get().revision) == ("Стало", 2)


@pytest.mark.parametrize("status", [401, 404, 418, 500, 503])
def test_failure_is_said_in_words_and_slows(host: SiteServer, status: int) -> None:
    source = feed(host.page("/feed.xml", "no", status=status), interval_s=600)

    polls_collect()

    source.refresh_from_db()
    assert source.failures == 1
    assert f"({status})" in source.last_error
    assert timedelta(seconds=1000) < next_wait(source) < timedelta(seconds=1400)
    assert Alert.objects.count() == 0
    assert source.is_active


def test_repeated_failure_raises_an_alert_and_success_closes_it(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", "no", status=500))
    for _time in range(FAILURES_TOLD + 1):
        collect_again(source)
    health_look()
    alert = Alert.objects.get()
    assert (alert.closed_at, alert.times) == (None, 1)
    assert "Вестник" in alert.message

    host.page("/feed.xml", rss(entry("a")))
    collect_again(source)

    alert.refresh_from_db()
    source.refresh_from_db()
    assert alert.closed_at is not None
    assert (source.failures, source.last_error) == (0, "")
    assert Post.objects.count() == 1


def test_waiting_grows_to_a_day_and_never_ends() -> None:
    source = FeedFactory.build(interval_s=600)

    waits = [wait_after(source, failures=failures) for failures in range(40)]

    assert waits[0] == timedelta(seconds=600)
    assert all(wait <= timedelta(hours=26.5) for wait in waits)
    assert waits[-1] >= timedelta(hours=21)


def test_retry_after_is_obeyed(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", "no", status=429, headers={"Retry-After": "7200"}), interval_s=60)

    polls_collect()

    assert timedelta(seconds=7190) < next_wait(source) <= timedelta(seconds=7200)


def test_gone_feed_is_paused_and_told(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", "gone", status=410))

    polls_collect()

    source.refresh_from_db()
    assert not source.is_active
    assert "(410)" in source.paused_reason
    assert Poll.objects.get().outcome == "gone"
    assert Alert.objects.get().key == f"source.gone:{source.pk}"


def test_page_in_place_of_a_feed_is_said(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", "<html><body>Welcome</body></html>"))

    polls_collect()

    source.refresh_from_db()
    assert source.last_error
    assert Poll.objects.get(state="done").problem == source.last_error
    assert source.etag == ""


def test_private_address_is_refused(settings: object) -> None:
    settings.HTTP_ALLOW_PRIVATE = []  # type: ignore[attr-defined]
    source = FeedFactory.create(url="http://127.0.0.1:9/feed.xml")
    PollFactory.create(source=source)

    polls_collect()

    source.refresh_from_db()
    assert source.failures == 1
    assert source.last_error


def test_broken_connection_is_a_failure_like_any_other(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    host.faults.add("cut_before", times=1)

    polls_collect()

    source.refresh_from_db()
    assert source.failures == 1
    collect_again(source)
    assert Post.objects.count() == 1


def test_only_one_collection_of_a_source_is_live() -> None:
    row = PollFactory.create()

    with pytest.raises(IntegrityError), transaction.atomic():
        PollFactory.create(source=row.source)


def test_worker_killed_while_fetching_is_made_up_for(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    Poll.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000", not_before=now(), attempts=1)

    polls_collect()

    assert Post.objects.count() == 1
    assert Poll.objects.filter(source=source, state="ready").count() == 1


def test_late_worker_records_nothing(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    row = Poll.objects.get()
    Poll.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000")
    row.token = None

    with pytest.raises(verbs.LeaseLost):
        verbs.finish(row, effect=lambda: poll_record(row, None))  # type: ignore[arg-type]

    assert Post.objects.count() == 0
    assert Poll.objects.filter(source=source).count() == 1


def test_source_paused_meanwhile_is_not_fetched(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    Source.objects.filter(pk=source.pk).update(is_active=False)

    polls_collect()

    assert host.log.of("/feed.xml") == []
    assert not Poll.objects.live().exists()


def test_pause_after_the_plan_ends_the_row_of_collections(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    polls_collect()
    source_pause(source=source)

    polls_collect()

    assert not Poll.objects.live().exists()
    assert len(host.log.of("/feed.xml")) == 1


def test_bug_while_collecting_ends_dead_but_the_source_goes_on(
    host: SiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    monkeypatch.setattr("apps.sources.collectors.feed.parse_feed", None)

    for _time in range(3):
        collect_again(source)

    assert Poll.objects.filter(state=WorkRow.State.DEAD).count() == 1
    assert Poll.objects.filter(source=source, state=WorkRow.State.READY).count() == 1
    source.refresh_from_db()
    assert source.failures == 1
    assert source.last_error == "The collection broke off because of a fault in Pult. It will be tried again."
    assert "TypeError" in Poll.objects.get(state=WorkRow.State.DEAD).error


def test_many_feeds_of_one_host_take_turns(host: SiteServer) -> None:
    for number in range(12):
        feed(host.page(f"/{number}.xml", rss(entry(f"e{number}"))))

    polls_collect()
    waiting = Poll.objects.filter(state="ready", source__last_ok_at=None)
    assert Post.objects.count() >= HOST_PLACES + HOST_WAITING
    assert all(row.not_before <= now() + timedelta(seconds=2) and row.attempts == 0 for row in waiting)
    while waiting.exists():
        waiting.update(not_before=now())
        polls_collect()

    assert Post.objects.count() == 12
    assert len(host.log) == 12
    assert Poll.objects.filter(state="done").count() == 12


def test_old_collections_are_forgotten(host: SiteServer) -> None:
    source = feed(host.page("/feed.xml", rss(entry("a"))))
    old = PollFactory.create(source=FeedFactory.create(), state="done", finished_at=now() - timedelta(days=8))
    mine = Poll.objects.create(
        workspace=source.workspace, source=source, state="done", finished_at=now() - timedelta(days=8)
    )

    polls_collect()

    assert not Poll.objects.filter(pk=mine.pk).exists()
    assert Poll.objects.filter(pk=old.pk).exists()
