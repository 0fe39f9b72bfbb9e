"""A feed that has moved for good is followed after a day of saying so; one that is away for a while is not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert, AuditEntry
from apps.core.clock import now
from apps.sources.models import Poll, Post, Source
from apps.sources.services import source_create
from apps.sources.services.moves import CONFIRMATIONS
from apps.sources.tasks import polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import FeedFactory, WorkspaceFactory
from tests.sources.payloads import entry, rss

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture
def source(host: SiteServer) -> Source:
    host.page("/new.xml", rss(entry("a")))
    url = host.redirect("/old.xml", "/new.xml", status=301)
    return source_create(workspace=WorkspaceFactory.create(), kind="feed", name="Вестник", url=url)


def collect(source: Source, times: int = 1) -> Source:
    for _time in range(times):
        Poll.objects.filter(source=source, state="ready").update(not_before=now())
        polls_collect()
    source.refresh_from_db()
    return source


def a_day_later(source: Source) -> None:
    Source.objects.filter(pk=source.pk).update(moved_since=now() - timedelta(hours=25))


@pytest.mark.parametrize("status", [301, 308])
def test_permanent_redirect_is_adopted_after_a_day(host: SiteServer, source: Source, status: int) -> None:
    host.redirect("/old.xml", "/new.xml", status=status)
    collect(source, CONFIRMATIONS)
    assert source.url.endswith("/old.xml")
    assert source.moved_seen == CONFIRMATIONS
    a_day_later(source)

    collect(source)

    assert (source.url, source.moved_to, source.moved_seen, source.moved_since) == (host.url + "/new.xml", "", 0, None)
    noted = AuditEntry.objects.get(verb="source.moved")
    assert noted.details == {"from": host.url + "/old.xml", "to": host.url + "/new.xml"}
    collect(source)
    assert host.log[-1].method == "/new.xml"
    assert Post.objects.count() == 1


def test_few_sayings_are_not_enough_even_after_a_day(source: Source) -> None:
    collect(source)
    a_day_later(source)

    collect(source, CONFIRMATIONS - 2)

    assert source.url.endswith("/old.xml")


@pytest.mark.parametrize("status", [302, 303, 307])
def test_temporary_redirect_never_changes_the_address(host: SiteServer, source: Source, status: int) -> None:
    host.redirect("/old.xml", "/new.xml", status=status)

    collect(source, CONFIRMATIONS + 2)

    assert (source.url, source.moved_to, source.moved_since) == (host.url + "/old.xml", "", None)
    assert Post.objects.count() == 1


def test_one_temporary_step_makes_the_whole_way_temporary(host: SiteServer, source: Source) -> None:
    host.redirect("/old.xml", "/middle.xml", status=301)
    host.redirect("/middle.xml", "/new.xml", status=302)

    collect(source, 2)

    assert source.moved_to == ""


def test_several_permanent_steps_lead_to_the_last(host: SiteServer, source: Source) -> None:
    host.redirect("/old.xml", "/middle.xml", status=301)
    host.redirect("/middle.xml", "/new.xml", status=308)

    collect(source)

    assert source.moved_to == host.url + "/new.xml"


def test_old_address_that_answers_again_forgets_the_new_one(host: SiteServer, source: Source) -> None:
    collect(source, CONFIRMATIONS)
    host.page("/old.xml", rss(entry("a")))
    a_day_later(source)

    collect(source)

    assert (source.url, source.moved_to, source.moved_seen) == (host.url + "/old.xml", "", 0)


def test_another_new_address_begins_anew(host: SiteServer, source: Source) -> None:
    collect(source, CONFIRMATIONS)
    a_day_later(source)
    host.page("/newest.xml", rss(entry("a")))
    host.redirect("/old.xml", "/newest.xml", status=301)

    collect(source)

    assert (source.moved_to, source.moved_seen) == (host.url + "/newest.xml", 1)
    assert source.moved_since is not None
    assert source.moved_since > now() - timedelta(minutes=1)


def test_redirect_to_something_else_than_a_feed_counts_nothing(host: SiteServer, source: Source) -> None:
    host.page("/new.xml", "<html><body>Купите этот домен</body></html>")

    collect(source, 2)

    assert (source.moved_to, source.failures) == ("", 2)


def test_address_of_another_source_is_not_taken_but_told_once(host: SiteServer, source: Source) -> None:
    other = FeedFactory.create(workspace=source.workspace, name="Маяк", url=host.url + "/new.xml")
    collect(source, CONFIRMATIONS)
    a_day_later(source)

    collect(source, 3)

    assert source.url.endswith("/old.xml")
    alert = Alert.objects.get(key=f"source.moved:{source.pk}")
    assert (alert.times, alert.closed_at) == (1, None)
    assert "Вестник" in alert.message
    assert "Маяк" in alert.message
    assert source.failures == 0

    other.delete()
    collect(source)
    assert source.url.endswith("/new.xml")
    alert.refresh_from_db()
    assert alert.closed_at is not None


def test_same_address_in_another_workspace_is_no_obstacle(host: SiteServer, source: Source) -> None:
    FeedFactory.create(url=host.url + "/new.xml")
    collect(source, CONFIRMATIONS)
    a_day_later(source)

    collect(source)

    assert source.url.endswith("/new.xml")


def test_unchanged_answers_confirm_too(host: SiteServer, source: Source) -> None:
    collect(source, CONFIRMATIONS)

    assert list(Poll.objects.filter(state="done").order_by("id").values_list("status", flat=True)) == [200, 304, 304]
    assert source.moved_seen == CONFIRMATIONS
