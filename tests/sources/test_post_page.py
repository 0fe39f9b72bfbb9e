"""The page of a post, its pictures and files, and the way to have one fetched."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership
from apps.core.clock import now
from apps.sources.media_bytes import Incoming
from apps.sources.models import MediaFetch, MediaFile, Post, PostMedia, Revision
from apps.sources.services.media_store import media_file_keep
from tests.sources.exports import picture
from tests.sources.factories import FeedFactory, MembershipFactory, PostFactory

pytestmark = pytest.mark.django_db
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]


@pytest.fixture
def editor(client: Client) -> Membership:
    member: Membership = MembershipFactory.create()
    client.force_login(member.user)
    return member


@pytest.fixture
def post(editor: Membership) -> Post:
    """A post that the editor may see."""
    found: Post = PostFactory.create(source=FeedFactory.create(workspace=editor.workspace))
    return found


def stored(post: Post, content: bytes, **more: object) -> PostMedia:
    with Incoming() as incoming:
        incoming.write(content)
        file = media_file_keep(workspace_id=post.workspace_id, incoming=incoming)
    row: PostMedia = PostMedia.objects.create(
        post=post, key=f"stored-{post.media.count()}", state="stored", stored=file, **more
    )
    return row


def page(client: Client, post: Post) -> str:
    answer = client.get(reverse("admin:sources_post_change", args=[post.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def media_url(media: PostMedia, *, small: bool = False) -> str:
    return reverse(f"admin:sources_post_media{'_small' if small else ''}", args=[media.pk])


def test_page_tells_everything(client: Client, post: Post) -> None:
    answered = PostFactory.create(source=post.source, message_id=3, text="Паром пришёл.")
    Revision.objects.create(post=post, number=1, text="Мост закрыт.")
    Post.objects.filter(pk=post.pk).update(
        text="Мост открыт.",
        entities=[["bold", 0, 4], ["spoiler", 5, 6]],
        forwarded_from="Гавань",
        forwarded_url="https://t.me/gavan/1",
        reply_to=3,
        views=12345,
        forwards=7,
        reactions={"👍": 4},
        counted_at=now(),
        deleted_at=now(),
        changed_at=now(),
    )
    about = {"question": "Кто за?", "options": [{"text": "Да", "votes": 3}], "voters": 3, "closed": True}
    PostMedia.objects.create(post=post, key="1", kind="poll", about=about)
    PostMedia.objects.create(post=post, key="2", kind="sticker", about={"emoji": "🦭"})
    PostMedia.objects.create(post=post, key="3", kind="voice", about={"duration": 7}, remote={"absent": "not_included"})

    shown = page(client, post)

    assert "<b>Мост</b>" in shown
    assert "pult-spoiler" in shown
    assert "<del>закрыт</del><ins>открыт</ins>" in shown
    assert 'href="https://t.me/gavan/1"' in shown
    assert reverse("admin:sources_post_change", args=[answered.pk]) in shown
    assert "12\u202f345" in shown or "12\xa0345" in shown
    assert "👍 4" in shown
    assert "Кто за?" in shown
    assert "🦭" in shown


def test_answer_to_a_part_of_an_album_leads_to_the_album(client: Client, post: Post) -> None:
    album = PostFactory.create(source=post.source, message_id=10, kind="album")
    PostMedia.objects.create(post=album, key="11")
    Post.objects.filter(pk=post.pk).update(reply_to=11)

    assert reverse("admin:sources_post_change", args=[album.pk]) in page(client, post)


def test_page_of_a_plain_post_has_no_empty_lines(client: Client, post: Post) -> None:
    shown = page(client, post)

    assert "pult-gallery" not in shown
    assert "field-forwarded" not in shown
    assert "field-earlier" not in shown


def test_picture_is_shown_with_its_small_copy(client: Client, post: Post) -> None:
    media = stored(post, picture(), name="вид/../x.exe")

    assert media_url(media, small=True) in page(client, post)
    whole = client.get(media_url(media))
    assert b"".join(whole.streaming_content) == picture()
    assert whole["Content-Type"] == "image/jpeg"
    assert whole["X-Content-Type-Options"] == "nosniff"
    assert whole["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert whole["Content-Disposition"] == 'inline; filename="x.jpg"'
    small = client.get(media_url(media, small=True))
    assert small["Content-Type"] == "image/webp"
    assert b"".join(small.streaming_content)[8:12] == b"WEBP"


@pytest.mark.parametrize("content", [SVG, b"<html><script>alert(1)</script>", b"%PDF-1.7", b"PK\x03\x04"])
def test_what_a_browser_might_run_is_only_downloaded(client: Client, post: Post, content: bytes) -> None:
    media = stored(post, content, mime="image/svg+xml", kind="document", name="a.svg")

    answer = client.get(media_url(media))

    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert b"".join(answer.streaming_content) == content
    assert client.get(media_url(media, small=True)).status_code == 404


def test_what_was_not_fetched_or_is_gone_is_not_found(client: Client, post: Post) -> None:
    waiting = PostMedia.objects.create(post=post, key="1")
    gone = stored(post, picture())
    assert gone.stored is not None
    gone.stored.file.storage.delete(gone.stored.file.name)

    assert client.get(media_url(waiting)).status_code == 404
    assert client.get(media_url(gone)).status_code == 404
    assert client.get(media_url(waiting).replace(str(waiting.pk), "99999")).status_code == 404


def test_media_of_other_workspaces_and_of_strangers_is_not_found(client: Client, post: Post) -> None:
    foreign = stored(PostFactory.create(), picture(), remote={"url": "https://a.example/1.jpg"})
    own = stored(post, picture())

    for url in (media_url(foreign), media_url(foreign, small=True)):
        assert client.get(url).status_code == 404
    assert client.post(reverse("admin:sources_post_media_fetch", args=[foreign.pk])).status_code == 404
    client.logout()
    assert client.get(media_url(own)).status_code == 302
    assert MediaFile.objects.count() == 2


def test_button_has_a_picture_fetched_once(client: Client, post: Post) -> None:
    media = PostMedia.objects.create(post=post, key="1", remote={"url": "https://a.example/1.jpg"})
    url = reverse("admin:sources_post_media_fetch", args=[media.pk])
    assert url in page(client, post)

    assert client.get(url).status_code == 405
    for _turn in range(2):
        assert client.post(url).status_code == 302

    assert MediaFetch.objects.get().media == media
    shown = page(client, post)
    assert url not in shown
    assert 'data-live="self"' in shown


def test_viewer_may_look_but_not_have_it_fetched(client: Client, post: Post, editor: Membership) -> None:
    editor.role = Membership.Role.VIEWER
    editor.save()
    media = PostMedia.objects.create(post=post, key="1", remote={"url": "https://a.example/1.jpg"})

    assert client.post(reverse("admin:sources_post_media_fetch", args=[media.pk])).status_code == 404
    assert not MediaFetch.objects.exists()


def test_list_shows_small_pictures_and_what_wordless_posts_are(client: Client, post: Post) -> None:
    media = stored(post, picture())
    PostFactory.create(source=post.source, text="", title="", kind="voice")

    shown = client.get(reverse("admin:sources_post_changelist")).content.decode()

    assert media_url(media, small=True) in shown
    assert "Голосовое" in shown or "Voice" in shown


def test_source_may_have_everything_fetched(client: Client, editor: Membership) -> None:
    source = FeedFactory.create(workspace=editor.workspace)
    url = reverse("admin:sources_source_change", args=[source.pk])
    form = client.get(url).context["adminform"].form
    given = {name: value for name in form.fields if (value := form.get_initial_for_field(form.fields[name], name))}

    answer = client.post(url, {**given, "fetch_media": "on"})

    source.refresh_from_db()
    assert (answer.status_code, source.fetch_media) == (302, True)
