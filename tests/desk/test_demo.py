"""The demo workspace: loaded once, fed by the project's own feeds, published once."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client

from apps.accounts.models import Membership, Workspace
from apps.core.clock import now
from apps.desk.services import demo
from apps.desk.services.demo_content import demo_content, demo_export
from apps.publishing.models import Channel, Publication
from apps.sources.models import ImportFile, Poll, Post, Source
from apps.sources.parsers.feed import parse_feed
from apps.sources.services import posts_intake
from apps.sources.tasks import imports_store
from apps.stories.models import Preset, Story, StoryVersion

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


def counts() -> dict[str, int]:
    tables = (Workspace, Membership, Source, Preset, Channel, ImportFile, Poll)
    return {table.__name__: table._default_manager.count() for table in tables}


def test_invented_posts_are_many_and_of_news_length() -> None:
    posts = demo_content().posts

    assert 75 <= len(posts) <= 90
    assert len({post.key for post in posts}) == len(posts)
    assert {post.medium for post in posts} == {*demo_content().feeds, *demo_content().channels}
    assert all(150 <= len(post.text) <= 900 for post in posts)


def test_loading_again_stores_the_export_that_a_kill_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(demo, "import_request", lambda **_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            demo.demo_load()
    assert not ImportFile.objects.exists()
    demo.demo_load()
    assert ImportFile.objects.count() == 1


def test_loading_twice_makes_one_demo() -> None:
    demo.demo_load()
    first = counts()
    demo.demo_load()

    assert counts() == first
    assert first == {
        "Workspace": 1,
        "Membership": 3,
        "Source": 5,
        "Preset": 2,
        "Channel": 1,
        "ImportFile": 1,
        "Poll": 4,
    }
    roles = Membership.objects.values_list("role", flat=True)
    assert sorted(roles) == ["client", "editor", "owner"]
    assert not any(member.user.has_usable_password() for member in Membership.objects.select_related("user"))
    assert Preset.objects.get(is_default=True).drafts_from_sources == 2


def test_feeds_are_fresh_readable_and_conditional(client: Client) -> None:
    workspace = demo.demo_load()

    for slug, feed in demo_content().feeds.items():
        answer = client.get(f"/demo/feeds/{slug}.xml")
        page = parse_feed(answer.content)
        expected = [post for post in demo_content().posts_of(slug) if post.ago >= 0]
        assert page.title == feed.title
        assert [item.title for item in page.items] == [post.title for post in expected]
        dates = [item.published_at for item in page.items if item.published_at]
        assert len(dates) == len(expected)
        assert max(dates) > workspace.created_at - timedelta(days=1)
        again = client.get(f"/demo/feeds/{slug}.xml", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status_code == 304


def test_entry_leads_to_a_page(client: Client) -> None:
    demo.demo_load()
    item = parse_feed(client.get("/demo/feeds/vestnik.xml").content).items[0]

    page = client.get(item.url.partition("/demo/")[1] + item.url.partition("/demo/")[2])

    assert page.status_code == 200
    assert item.title in page.content.decode()


@pytest.mark.parametrize(
    "address", ["/demo/feeds/nothing.xml", "/demo/feeds/vestnik/no-such/", "/demo/feeds/seichas.xml"]
)
def test_unknown_feeds_and_posts_are_404(client: Client, address: str) -> None:
    demo.demo_load()

    assert client.get(address).status_code == 404


def test_without_the_demo_there_are_no_feeds(client: Client) -> None:
    assert client.get("/demo/feeds/vestnik.xml").status_code == 404


def test_late_posts_appear_later(client: Client) -> None:
    demo.demo_load()
    before = len(parse_feed(client.get("/demo/feeds/studenka.xml").content).items)
    Workspace.objects.update(created_at=now() - timedelta(minutes=30))

    after = len(parse_feed(client.get("/demo/feeds/studenka.xml").content).items)

    assert after == before + 1


def test_collected_demo_drops_advertisements_and_imports_channels(client: Client) -> None:
    demo.demo_load()

    for source in Source.objects.filter(kind="feed"):
        posts_intake(source=source, items=parse_feed(client.get(source.url.partition("8000")[2]).content).items)
    imports_store()

    assert Post.objects.dropped().count() == 2
    assert Post.objects.kept().count() == sum(post.ago >= 0 for post in demo_content().posts) - 2
    assert Post.objects.exclude(channel="").values("channel").distinct().count() == 2
    assert set(Post.objects.values_list("language", flat=True)) == {"ru"}


def test_export_looks_like_telegram_desktop() -> None:
    chats = json.loads(demo_export(now()))["chats"]["list"]

    assert [chat["messages"][0]["type"] for chat in chats] == ["service", "service"]
    assert all(message["date_unixtime"].isdigit() for chat in chats for message in chat["messages"][1:])


def test_feeds_follow_the_site_to_another_port(settings: object) -> None:
    demo.demo_load()
    settings.OWN_URL = "http://127.0.0.1:8123"  # type: ignore[attr-defined]

    assert demo.demo_move() == 4
    assert demo.demo_move() == 0
    urls = Source.objects.filter(kind="feed").values_list("url", flat=True)
    assert all(url.startswith("http://127.0.0.1:8123/demo/feeds/") for url in urls)


def test_reset_starts_anew() -> None:
    workspace = demo.demo_load()
    Story.objects.create(workspace=workspace, title="Сюжет", first_at=now(), last_at=now())
    old_file = Path(ImportFile.objects.get().file.path)

    fresh = demo.demo_reset()

    assert fresh.pk != workspace.pk
    assert Workspace.objects.count() == 1
    assert not Story.objects.exists()
    # one file is left, and it is the new import's: the old one is gone, whatever their names
    assert [path for path in old_file.parent.iterdir() if path.is_file()] == [Path(ImportFile.objects.get().file.path)]


def drafted(workspace: Workspace, title: str, sources: int) -> Story:
    story = Story.objects.create(
        workspace=workspace, title=title, first_at=now(), last_at=now(), sources_count=sources, posts_count=sources
    )
    version = StoryVersion.objects.create(story=story, number=1, title=title, body="Текст черновика.", writer="offline")
    Story.objects.filter(pk=story.pk).update(current_version=version, status=Story.Status.DRAFT)
    return story


def test_play_publishes_the_best_draft_once() -> None:
    workspace = demo.demo_load()
    drafted(workspace, "Мало голосов", 2)
    best = drafted(workspace, "Много голосов", 5)

    publication = demo.demo_play(wait_s=1)

    assert publication is not None
    assert (publication.story, publication.channel.kind) == (best, "preview")
    assert publication.created_by is not None
    assert publication.created_by.email == demo.EDITOR
    assert demo.demo_play(wait_s=1) is None
    assert Publication.objects.count() == 1


def test_play_without_a_draft_gives_up_in_time() -> None:
    assert demo.demo_play(wait_s=0.1) is None
    demo.demo_load()
    assert demo.demo_play(wait_s=0.1) is None
    assert not Publication.objects.exists()


def test_passwords_are_new_and_work(client: Client) -> None:
    demo.demo_load()

    made = dict(demo.demo_passwords())

    assert set(made) == {email for email, _name, _role in demo.PEOPLE}
    assert client.login(username=demo.EDITOR, password=made[demo.EDITOR])
