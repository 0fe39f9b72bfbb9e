"""Pictures and files are fetched once, when wanted: resumed, capped, typed by what they are."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from apps.core.clock import now
from apps.core.errors import RetryableError, TransitionError
from apps.core.work import kinds
from apps.sources.channel_fetcher import ChannelFetching
from apps.sources.collectors import media as fetching_media
from apps.sources.media_bytes import Incoming, Kept
from apps.sources.media_parts import Part
from apps.sources.models import ChannelFetch, MediaFetch, MediaFile, PostMedia, Source
from apps.sources.ports import Item, Media
from apps.sources.services import media_fetch_ask, posts_intake
from apps.sources.services.media_store import media_file_keep, media_file_of
from apps.sources.tasks import media_fetch
from apps.telegram.models import Peer
from tests.servers.site import Page, SiteServer
from tests.sources.exports import picture
from tests.sources.factories import ExportFactory, FeedFactory, FilterRuleFactory, PostFactory, WorkspaceFactory
from tests.telegram.factories import SessionFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_listeners")]
STEP = 100


@pytest.fixture(autouse=True)
def _own_places(settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = tmp_path / "kept"  # type: ignore[attr-defined]
    settings.PULT_VAR = tmp_path  # type: ignore[attr-defined]
    monkeypatch.setattr(fetching_media, "STEP", STEP)


def shown(url: str, **more: Any) -> PostMedia:
    post = PostFactory.create(source=FeedFactory.create())
    row: PostMedia = PostMedia.objects.create(post=post, key=url[-190:], remote={"url": url}, **more)
    return row


class Ranges(Page):
    """A page that lets itself be asked for in pieces."""


def in_pieces(host: SiteServer, path: str, content: bytes, *, tag: str = '"1"') -> str:
    """Program the answers to the pieces of a file, in their order."""
    pages = [
        Page(
            content[begin : begin + STEP],
            status=206,
            content_type="image/jpeg",
            headers={
                "Content-Range": f"bytes {begin}-{min(begin + STEP, len(content)) - 1}/{len(content)}",
                "ETag": tag,
            },
        )
        for begin in range(0, len(content), STEP)
    ]
    host._pages[path] = pages
    return host.url + path


def content_of(media: PostMedia) -> bytes:
    media.refresh_from_db()
    assert media.stored is not None
    with default_storage.open(media.stored.file.name) as file:
        content: bytes = file.read()
        return content


def parts(root: Path) -> list[str]:
    return [path.name for path in (root / "media-parts").glob("*")]


def test_asked_picture_is_fetched_and_kept(host: SiteServer, tmp_path: Path) -> None:
    media = shown(host.page("/a.jpg", picture(), content_type="text/html"))

    media_fetch_ask(media=media)
    media_fetch()

    assert content_of(media) == picture()
    assert (media.state, media.problem) == ("stored", "")
    assert media.stored is not None
    assert media.stored.mime == "image/jpeg"
    assert MediaFetch.objects.get().received == len(picture())
    assert parts(tmp_path) == []


def test_picture_is_fetched_once_however_often_it_is_asked_for(host: SiteServer) -> None:
    media = shown(host.page("/a.jpg", picture()))
    media_fetch_ask(media=media)
    with pytest.raises(TransitionError):
        media_fetch_ask(media=media)

    media_fetch()
    media_fetch()

    media.refresh_from_db()
    with pytest.raises(TransitionError):
        media_fetch_ask(media=media)
    assert [entry.method for entry in host.log] == ["/a.jpg"]


def test_one_picture_of_two_posts_is_one_file(host: SiteServer) -> None:
    first = shown(host.page("/a.jpg", picture()))
    second: PostMedia = PostMedia.objects.create(
        post=PostFactory.create(source=first.post.source), key="b", remote={"url": host.page("/b.jpg", picture())}
    )
    for media in (first, second):
        media_fetch_ask(media=media)

    media_fetch()

    assert MediaFile.objects.get().shown_by.count() == 2


def test_file_that_was_deleted_before_its_row_was_there_is_fetched_again(
    host: SiteServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = shown(host.page("/a.jpg", picture()))

    def deleted_before(kept: Kept) -> MediaFile:
        default_storage.delete(kept.file)
        return media_file_of(kept)

    media_fetch_ask(media=media)
    with monkeypatch.context() as patched:
        patched.setattr("apps.sources.services.fetching.media_file_of", deleted_before)
        media_fetch()
    media.refresh_from_db()
    assert (media.state, MediaFile.objects.count(), MediaFetch.objects.get().state) == ("remote", 0, "ready")
    MediaFetch.objects.update(not_before=now())

    media_fetch()

    assert content_of(media) == picture()


def test_file_whose_bytes_are_gone_is_stored_anew() -> None:
    workspace_id = WorkspaceFactory.create().pk
    with Incoming() as incoming:
        incoming.write(picture())
        file = media_file_keep(workspace_id=workspace_id, incoming=incoming)
        default_storage.delete(str(file.file))

        assert media_file_keep(workspace_id=workspace_id, incoming=incoming) == file

    assert default_storage.exists(str(file.file))


def test_file_comes_in_pieces(host: SiteServer) -> None:
    content = picture()
    assert len(content) > 3 * STEP
    media = shown(in_pieces(host, "/a.jpg", content))

    media_fetch_ask(media=media)
    media_fetch()

    assert content_of(media) == content


def test_cut_fetch_goes_on_where_it_was(host: SiteServer, tmp_path: Path) -> None:
    content = picture()
    media = shown(in_pieces(host, "/a.jpg", content))
    pages = host._pages["/a.jpg"]
    host._pages["/a.jpg"] = [*pages[:2], Page(status=503, etag="")]
    media_fetch_ask(media=media)

    media_fetch()

    assert (tmp_path / "media-parts" / str(media.pk)).read_bytes() == content[: 2 * STEP]
    assert MediaFetch.objects.get().state == "ready"
    host._pages["/a.jpg"] = pages[2:]
    MediaFetch.objects.update(not_before=now())
    media_fetch()
    assert content_of(media) == content
    assert parts(tmp_path) == []


def test_file_that_became_another_is_begun_anew(host: SiteServer, tmp_path: Path) -> None:
    media = shown(host.page("/a.jpg", picture("blue")))
    part = Part(media.pk)
    part.cut(0, tag='"old"')
    part.add(b"x" * 50)

    media_fetch_ask(media=media)
    media_fetch()

    assert content_of(media) == picture("blue")


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Page(b"<html>", status=200), "not_a_picture"),
        (Page(b"", status=200), "empty"),
        (Page(b"", status=404, etag=""), "http_404"),
        (Page(b"x" * 5000, status=200), "too_large"),
        (Page(b"x" * 50, status=206, headers={"Content-Range": "bytes 0-49/999999"}), "too_large"),
    ],
)
def test_what_can_not_be_had_is_said(
    host: SiteServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, answer: Page, code: str
) -> None:
    monkeypatch.setattr("apps.sources.services.fetching.media_max_bytes", lambda: 3000)
    media = shown(host.pages("/a.jpg", [answer]), kind="photo")
    media_fetch_ask(media=media)

    media_fetch()

    media.refresh_from_db()
    assert (media.state, MediaFetch.objects.get().state) == ("failed", "dead")
    assert MediaFetch.objects.get().error_code == code
    assert media.problem
    assert not MediaFile.objects.exists()
    assert parts(tmp_path) == []
    host.page("/a.jpg", picture())
    media_fetch_ask(media=media)
    media_fetch()
    media.refresh_from_db()
    assert media.state == "stored"


def test_private_addresses_are_not_reached() -> None:
    media = shown("http://127.0.0.1:1/secret.jpg")
    media_fetch_ask(media=media)

    media_fetch()

    media.refresh_from_db()
    assert media.state == "failed"


@pytest.mark.parametrize("remote", [{}, {"export": "photos/1.jpg"}, {"url": "file:///etc/passwd"}, {"url": "ftp://a"}])
def test_what_lies_nowhere_is_not_fetched(remote: dict[str, str]) -> None:
    media = shown("https://a.example/1.jpg")
    media.remote = remote

    with pytest.raises(TransitionError):
        media_fetch_ask(media=media)


def test_rule_of_the_source_fetches_what_is_new_and_kept() -> None:
    source = FeedFactory.create(fetch_media=True)
    FilterRuleFactory.create(source=source, workspace=source.workspace, value="реклама")
    with_picture = {"media": (Media("photo", "https://a.example/1.jpg", remote={"url": "https://a.example/1.jpg"}),)}
    items = [
        Item(external_id="1", text="Мост", **with_picture),  # type: ignore[arg-type]
        Item(external_id="2", text="Реклама", **with_picture),  # type: ignore[arg-type]
        Item(external_id="3", text="Паром", media=(Media("poll", "3"),)),
    ]

    posts_intake(source=source, items=items)
    posts_intake(source=source, items=items)
    posts_intake(source=FeedFactory.create(), items=items)

    assert MediaFetch.objects.get().media.post.external_id == "1"


# Through an account


class Reader:
    """A reader that gives a file in two pieces, and may break off between them."""

    def __init__(self, content: bytes, *, breaks: bool = False) -> None:
        self.content, self.breaks = content, breaks
        self.asked: list[tuple[int, int]] = []

    async def fetch_media(
        self, _channel: object, message_id: int, _remote: object, *, offset: int = 0
    ) -> AsyncIterator[bytes]:
        self.asked.append((message_id, offset))
        half = max(len(self.content) // 2, offset)
        yield self.content[offset:half]
        if self.breaks:
            raise RetryableError("cut", code="network")
        yield self.content[half:]


class Held:
    """The accounts of a process: one."""

    def __init__(self, session_pk: int, reader: Reader) -> None:
        self.session_pk, self._reader = session_pk, reader

    def is_running(self) -> bool:
        return True

    def held(self) -> frozenset[int]:
        return frozenset({self.session_pk})

    def reader(self, session_pk: int) -> Any:
        assert session_pk == self.session_pk
        return self._reader


@pytest.fixture
def channel_media() -> PostMedia:
    session = SessionFactory.create()
    source = ExportFactory.create(kind=Source.Kind.TELEGRAM, chat_id=77, session=session, workspace=session.workspace)
    Peer.objects.create(session=session, chat_id=77, access_hash=5)
    post = PostFactory.create(source=source, message_id=12)
    media: PostMedia = PostMedia.objects.create(post=post, key="12", kind="document", remote={"message_id": 12})
    return media


def fetch(media: PostMedia, reader: Reader) -> None:
    session_pk = media.post.source.session_id
    assert session_pk is not None
    ChannelFetching(Held(session_pk, reader)).turn()


def test_file_of_a_channel_comes_through_its_account(channel_media: PostMedia) -> None:
    media_fetch_ask(media=channel_media)
    media_fetch()
    assert ChannelFetch.objects.get().state == "ready"
    reader = Reader(b"%PDF-1" * 3000)

    fetch(channel_media, reader)

    assert content_of(channel_media) == reader.content
    assert reader.asked == [(12, 0)]
    assert kinds.get("channel_fetch").model is ChannelFetch


def test_broken_fetch_through_an_account_goes_on_at_a_block(channel_media: PostMedia) -> None:
    media_fetch_ask(media=channel_media)
    content = bytes(range(256)) * 100
    fetch(channel_media, Reader(content, breaks=True))
    assert ChannelFetch.objects.get().state == "ready"
    ChannelFetch.objects.update(not_before=now())
    reader = Reader(content)

    fetch(channel_media, reader)

    assert content_of(channel_media) == content
    assert reader.asked == [(12, 12_288)]


def test_channel_that_the_account_never_found_is_said(channel_media: PostMedia) -> None:
    Peer.objects.all().delete()
    media_fetch_ask(media=channel_media)

    fetch(channel_media, Reader(b"x"))

    channel_media.refresh_from_db()
    assert channel_media.state == "failed"
