"""A list page is collected: its articles become posts, once, and walls are said."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

import pytest

from apps.core.clock import now
from apps.sources.collectors.page import ARTICLES_AT_ONCE
from apps.sources.models import PageLink, Poll, Post, Source
from apps.sources.services import source_create, source_poll_now, source_save
from apps.sources.services.polls import SOON
from apps.sources.tasks import polls_collect
from tests.servers.site import SiteServer
from tests.sources.factories import WorkspaceFactory
from tests.sources.pages import article, listing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
WALL = "<html><title>Just a moment...</title><body>Checking your browser</body></html>"


def page_source(url: str, *, selector: str = "h2.title > a") -> Source:
    return source_create(
        workspace=WorkspaceFactory.create(), kind="page", name="Газета", url=url, link_selector=selector, interval_s=600
    )


def put(host: SiteServer, names: Iterable[str]) -> str:
    for name in names:
        host.page(f"/news/{name}.html", article(f"Случай {name}").encode())
    return host.page("/news/", listing(list(names)).encode())


def next_wait() -> timedelta:
    return Poll.objects.get(state="ready").not_before - now()


def step() -> None:
    Poll.objects.filter(state="ready").update(not_before=now())
    polls_collect()


def collect() -> None:
    """The list, and then its articles, part by part."""
    step()
    while Poll.objects.filter(state="ready", not_before__lte=now() + SOON).exists():
        step()


def titles() -> list[str]:
    return list(Post.objects.order_by("pk").values_list("title", flat=True))


def test_articles_become_posts(host: SiteServer) -> None:
    source = page_source(put(host, ["novyj", "staryj"]))
    collect()
    assert set(titles()) == {"Случай novyj", "Случай staryj"}
    post = Post.objects.get(title="Случай novyj")
    assert post.url == post.external_id == f"{host.url}/news/novyj.html"
    assert "загорелся склад" in post.text
    assert set(PageLink.objects.values_list("state", "reads")) == {("read", 1)}
    assert timedelta(minutes=9) < next_wait() <= timedelta(minutes=10)
    source.refresh_from_db()
    assert (source.last_error, source.failures) == ("", 0)


def test_an_unchanged_list_costs_one_conditional_request_and_no_articles(host: SiteServer) -> None:
    page_source(put(host, ["odin"]))
    collect()
    collect()
    assert [len(host.log.of(path)) for path in ("/news/", "/news/odin.html")] == [2, 1]
    assert Poll.objects.filter(state="done", outcome="unchanged", status=304).count() == 1
    assert Post.objects.count() == 1


def test_task_rung_twice_reads_once(host: SiteServer) -> None:
    page_source(put(host, ["odin"]))
    collect()
    polls_collect()
    polls_collect()
    assert len(host.log.of("/news/odin.html")) == 1


def test_a_long_list_is_read_in_parts_that_follow_soon(host: SiteServer) -> None:
    names = [f"n{number}" for number in range(ARTICLES_AT_ONCE + 3)]
    page_source(put(host, names))
    step()
    step()
    assert Post.objects.count() == ARTICLES_AT_ONCE
    assert next_wait() < timedelta(seconds=10)
    collect()
    assert Post.objects.count() == len(names)
    assert len(host.log.of("/news/")) == 1
    assert titles()[0] == "Случай n12", "the last of the list is the oldest"
    assert next_wait() > timedelta(minutes=5)
    assert {len(host.log.of(f"/news/{name}.html")) for name in names} == {1}


def test_a_new_article_is_added_and_the_old_ones_are_left(host: SiteServer) -> None:
    page_source(put(host, ["odin"]))
    collect()
    put(host, ["dva", "odin"])
    collect()
    assert titles() == ["Случай odin", "Случай dva"]
    assert len(host.log.of("/news/odin.html")) == 1


def test_a_young_article_is_read_again_and_its_change_is_a_revision(host: SiteServer) -> None:
    page_source(put(host, ["odin"]))
    collect()
    assert timedelta(minutes=59) < PageLink.objects.get().next_at - now() < timedelta(minutes=61)
    host.page("/news/odin.html", article("Случай odin, уточнено").encode())
    PageLink.objects.update(next_at=now())
    collect()
    post = Post.objects.get()
    assert (post.title, post.revision) == ("Случай odin, уточнено", 2)
    assert PageLink.objects.get().reads == 2


def test_an_article_is_left_alone_after_a_day(host: SiteServer) -> None:
    page_source(put(host, ["odin"]))
    collect()
    for _reading in range(3):
        PageLink.objects.update(next_at=now())
        collect()
    assert (PageLink.objects.get().reads, PageLink.objects.get().next_at) == (4, None)


def test_walls_are_said_beside_the_articles_that_can_be_read(host: SiteServer) -> None:
    url = put(host, ["stena", "vidno"])
    host.page("/news/stena.html", WALL.encode())
    page_source(url)
    collect()
    assert titles() == ["Случай vidno"]
    link = PageLink.objects.get(address__contains="stena")
    assert (link.state, link.next_at) == ("refused", None)
    assert link.problem != ""
    collect()
    assert len(host.log.of("/news/stena.html")) == 1


def test_an_article_in_trouble_is_tried_again_and_then_given_up(host: SiteServer) -> None:
    url = put(host, ["beda"])
    host.page("/news/beda.html", b"", status=503)
    page_source(url)
    collect()
    for reads in range(1, 5):
        link = PageLink.objects.get()
        assert (link.state, link.reads) == ("failed", reads)
        PageLink.objects.filter(next_at__isnull=False).update(next_at=now())
        collect()
    assert PageLink.objects.get().next_at is None
    assert len(host.log.of("/news/beda.html")) == 4
    assert not Post.objects.exists()


def test_two_links_to_one_article_are_one_post(host: SiteServer) -> None:
    url = put(host, ["odin", "kopiya"])
    canonical = f'<link rel="canonical" href="{host.url}/news/odin.html">'
    host.page("/news/kopiya.html", article("Случай odin", head=canonical).encode())
    page_source(url)
    collect()
    assert Post.objects.get().external_id == f"{host.url}/news/odin.html"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (listing(["odin"], kind="rebuilt"), "h2.title"),
        (WALL, "программы"),
        ("", "страниц"),
    ],
)
def test_a_list_without_its_links_is_a_failure_in_words(host: SiteServer, body: str, said: str) -> None:
    source = page_source(host.page("/news/", body.encode()))
    collect()
    source.refresh_from_db()
    assert source.failures == 1
    assert said in source.last_error
    assert next_wait() > timedelta(minutes=15)


@pytest.mark.parametrize(("status", "outcome"), [(404, "failed"), (500, "failed"), (410, "gone")])
def test_a_lists_status_is_said(host: SiteServer, status: int, outcome: str) -> None:
    source = page_source(host.page("/news/", b"", status=status))
    collect()
    source.refresh_from_db()
    assert str(status) in source.last_error
    assert Poll.objects.get(state="done").outcome == outcome
    assert source.is_active is (outcome == "failed")


def test_links_chosen_anew_make_the_list_read_anew(host: SiteServer) -> None:
    source = page_source(host.page("/news/", listing(["odin"], kind="head").encode()))
    host.page("/news/odin.html", article("Случай odin").encode())
    collect()
    source.refresh_from_db()
    source.link_selector = "h2.head a"
    source_save(source=source, changed=["link_selector"])
    collect()
    assert titles() == ["Случай odin"]


def test_a_collection_killed_half_way_is_done_again_without_doubles(host: SiteServer) -> None:
    source = page_source(put(host, ["odin", "dva"]))
    Poll.objects.update(state="leased", token="5f0c1b1c-0000-4000-8000-000000000000", not_before=now(), attempts=1)
    collect()
    polls_collect()
    assert Post.objects.filter(source=source).count() == 2
    assert len(host.log.of("/news/odin.html")) == 1


def test_it_is_collected_when_asked_for(host: SiteServer) -> None:
    source = page_source(put(host, ["odin"]))
    collect()
    source_poll_now(source=source)
    collect()
    assert len(host.log.of("/news/")) == 2


def test_a_list_that_is_different_at_every_look_is_not_asked_for_all_the_time(
    host: SiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.sources.services.pages.KEPT_MOST", 6)
    for look in range(3):
        names = [f"look{look}-{number}" for number in range(4)]
        url = put(host, names)
        if look == 0:
            page_source(url)
        collect()
    assert len(host.log.of("/news/")) == 3
    assert Post.objects.count() == 12
    assert PageLink.objects.count() <= 8, "those that the list names no more are forgotten"
