"""Exports with their pictures and files: stored once, resumed, refused where too large; uploads under a limit."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership
from apps.core.clock import now
from apps.sources.media_bytes import Incoming
from apps.sources.models import ImportFile, MediaFile, Post, PostMedia, Source
from apps.sources.services import import_request
from apps.sources.services.media_store import media_file_keep
from apps.sources.tasks import imports_store
from tests.sources.exports import FILES, folder, picture, zipped
from tests.sources.factories import ExportFactory, FilterRuleFactory, MembershipFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "kept"  # type: ignore[attr-defined]


def uploaded(content: bytes, source: Source | None = None) -> ImportFile:
    target = source or ExportFactory.create()
    return import_request(source=target, file=ContentFile(content), name="ChatExport.ZIP")


def content_of(name: str) -> bytes:
    with default_storage.open(name) as file:
        content: bytes = file.read()
        return content


def states() -> dict[str, str]:
    return dict(PostMedia.objects.order_by("pk").values_list("key", "state"))


EXPECTED = {"10": "stored", "20": "stored", "30": "stored", "40": "failed", "50": "failed", "60": "failed"}


def test_zip_brings_posts_and_pictures_once_each() -> None:
    row = uploaded(zipped())

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.read, row.added, row.media) == ("done", 6, 6, 3)
    assert row.bytes_read > 100
    assert states() == EXPECTED
    first, second = MediaFile.objects.order_by("pk")
    assert set(PostMedia.objects.filter(stored=first).values_list("key", flat=True)) == {"10", "30"}
    assert (first.mime, first.width, first.height) == ("image/jpeg", 40, 30)
    assert content_of(first.thumbnail.name)[8:12] == b"WEBP"
    assert content_of(second.file.name) == FILES["photos/2.jpg"]
    assert PostMedia.objects.get(key="60").problem


def test_same_zip_again_stores_nothing_new() -> None:
    source = uploaded(zipped()).source
    imports_store()
    before = set(default_storage.listdir(f"media/{source.workspace_id}")[0])

    again = uploaded(zipped(), source)
    imports_store()

    again.refresh_from_db()
    assert (again.added, again.media, MediaFile.objects.count()) == (0, 0, 2)
    assert set(default_storage.listdir(f"media/{source.workspace_id}")[0]) == before


def test_import_rung_twice_stores_once() -> None:
    uploaded(zipped())
    imports_store()
    imports_store()

    assert MediaFile.objects.count() == 2
    assert states() == EXPECTED


def test_import_killed_between_files_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    row = uploaded(zipped())
    calls: list[None] = []

    def die_at_the_second(**options: object) -> MediaFile:
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return media_file_keep(**options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr("apps.sources.services.importing.media_file_keep", die_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            imports_store()
    assert (Post.objects.count(), MediaFile.objects.count()) == (6, 1)
    ImportFile.objects.update(not_before=now())

    imports_store()

    row.refresh_from_db()
    assert (row.state, Post.objects.count(), MediaFile.objects.count()) == ("done", 6, 2)
    assert states() == EXPECTED


def test_dropped_posts_bring_no_pictures() -> None:
    source = ExportFactory.create()
    FilterRuleFactory.create(source=source, workspace=source.workspace, value="мост")
    uploaded(zipped(), source)

    imports_store()

    assert Post.objects.dropped().count() == 6
    assert not MediaFile.objects.exists()


def test_file_over_the_limit_is_said_on_its_post(settings: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.media_bytes.media_max_bytes", lambda: 10)
    row = uploaded(zipped())

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.media) == ("done", 0)
    failed = PostMedia.objects.get(key="10")
    assert (failed.state, bool(failed.problem)) == ("failed", True)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (zipped()[:-40], "zip_broken"),
        (zipped({}, words=b" " * 900_000), "zip_bomb"),
        (b"PK\x05\x06" + b"\x00" * 18, "zip_no_export"),
    ],
)
def test_zip_that_does_harm_ends_in_words(content: bytes, code: str) -> None:
    row = uploaded(content)

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.error_code) == ("dead", code)
    assert not Post.objects.exists()


def test_spoilt_picture_is_said_and_the_rest_goes_on() -> None:
    content = bytearray(zipped())
    begin = content.find(b"photos/1.jpg") + len("photos/1.jpg")
    content[begin + 10 : begin + 40] = b"\x00" * 30

    uploaded(bytes(content))
    imports_store()

    assert ImportFile.objects.get().state == "done"
    assert states()["20"] == "stored"
    assert states()["10"] == "failed"


def test_command_reads_the_pictures_beside_the_messages(tmp_path: Path) -> None:
    WorkspaceFactory.create()
    out = io.StringIO()

    call_command("import_posts", str(folder(tmp_path)), source="Архив", stdout=out)

    assert states() == EXPECTED
    assert MediaFile.objects.count() == 2
    assert "3 " in out.getvalue().rsplit(",", 1)[1]


def test_command_reads_a_zip(tmp_path: Path) -> None:
    WorkspaceFactory.create()
    (tmp_path / "export.zip").write_bytes(zipped())

    call_command("import_posts", str(tmp_path / "export.zip"), source="Архив", stdout=io.StringIO())

    assert states() == EXPECTED


def test_one_picture_in_two_workspaces_is_two_files() -> None:
    for workspace in WorkspaceFactory.create_batch(2):
        with Incoming() as incoming:
            incoming.write(picture())
            media_file_keep(workspace_id=workspace.pk, incoming=incoming)

    names = set(MediaFile.objects.values_list("file", flat=True))
    assert len(names) == 2


def test_half_written_file_of_a_killed_worker_makes_way() -> None:
    workspace = WorkspaceFactory.create()
    content = picture()
    with Incoming() as incoming:
        incoming.write(content)
        name = f"media/{workspace.pk}/{incoming.sha256[:2]}/{incoming.sha256}.jpg"
        default_storage.save(name, ContentFile(content[:10]))

        file = media_file_keep(workspace_id=workspace.pk, incoming=incoming)

    assert file.file.name == name
    assert content_of(name) == content


@pytest.mark.parametrize(
    ("content", "mime"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>", "application/octet-stream"),
        (b"<html><script>alert(1)</script>", "application/octet-stream"),
        (b"GIF89a<script>alert(1)</script>", "image/gif"),
        (b"\xff\xd8\xff broken", "image/jpeg"),
    ],
)
def test_file_is_what_its_bytes_say(content: bytes, mime: str) -> None:
    with Incoming() as incoming:
        incoming.write(content)
        file = media_file_keep(workspace_id=WorkspaceFactory.create().pk, incoming=incoming)

    assert (file.mime, file.width, file.thumbnail.name) == (mime, None, "")


def test_picture_of_too_many_pixels_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.parsers.pictures.PIXELS_MAX", 100)
    with Incoming() as incoming:
        incoming.write(picture())
        file = media_file_keep(workspace_id=WorkspaceFactory.create().pk, incoming=incoming)

    assert (file.width, file.height, file.thumbnail.name) == (40, 30, "")


@pytest.fixture
def editor(client: Client) -> Membership:
    member: Membership = MembershipFactory.create()
    client.force_login(member.user)
    return member


def test_upload_over_the_limit_is_refused_and_not_kept(
    client: Client, editor: Membership, settings: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("apps.core.uploads.upload_max_bytes", lambda: 100_000)
    monkeypatch.setattr("apps.sources.forms.upload_max_bytes", lambda: 100_000)
    file = io.BytesIO(b"[" + b" " * 3_000_000)
    file.name = "result.json"

    answer = client.post(
        reverse("admin:sources_source_add"), {"name": "Архив", "kind": "export", "interval_s": 600, "upload": file}
    )

    assert answer.status_code == 200
    assert "97" in str(answer.context["adminform"].form.errors["upload"])
    assert not ImportFile.objects.exists()
    assert not list(tmp_path.rglob("*.json"))
