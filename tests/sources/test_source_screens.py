"""The screens of sources, posts, collections and imports."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import Membership, User, Workspace
from apps.core.clock import now
from apps.sources.models import ImportFile, Poll, Post, Source
from apps.sources.selectors import source_health
from apps.sources.services import import_request
from tests.sources.factories import (
    ExportFactory,
    FeedFactory,
    MembershipFactory,
    PollFactory,
    PostFactory,
    WorkspaceFactory,
)
from tests.sources.payloads import plain_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
SOURCES = reverse("admin:sources_source_changelist")
POSTS = reverse("admin:sources_post_changelist")
POLLS = reverse("admin:sources_poll_changelist")
IMPORTS = reverse("admin:sources_importfile_changelist")


@pytest.fixture
def workspace() -> Workspace:
    """The editor's own."""
    return WorkspaceFactory.create()


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> User:
    """An editor of the workspace, logged in."""
    user: User = MembershipFactory.create(workspace=workspace, role=Membership.Role.EDITOR).user
    client.force_login(user)
    return user


def page(client: Client, url: str) -> str:
    answer = client.get(url)
    assert answer.status_code == 200
    return answer.content.decode()


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as caught:
        page(client, url)
    return len(caught)


def act(client: Client, url: str, action: str, *rows: object) -> HttpResponse:
    chosen = [str(row.pk) for row in rows]  # type: ignore[attr-defined]
    return client.post(url, {"action": action, "_selected_action": chosen, "index": "0"}, follow=True)  # type: ignore[return-value]


def form(**fields: object) -> dict[str, object]:
    return {
        "name": "Вестник",
        "kind": "feed",
        "url": "https://a.example/rss",
        "interval_s": 600,
    } | fields


@pytest.mark.parametrize("url", [SOURCES, POSTS, POLLS])
def test_queries_of_a_list_do_not_grow_with_its_rows(
    client: Client, editor: User, workspace: Workspace, url: str
) -> None:
    def more(count: int) -> None:
        for _each in range(count):
            source = FeedFactory.create(workspace=workspace)
            PollFactory.create(source=source)
            PostFactory.create(source=source)

    more(2)
    page(client, url)  # the first visit also fills caches
    few = queries(client, url)
    more(10)

    assert queries(client, url) == few
    assert few <= 16


def test_sources_say_how_they_stand(client: Client, editor: User, workspace: Workspace) -> None:
    FeedFactory.create(workspace=workspace, name="Хорошая", last_ok_at=now(), last_tried_at=now())
    FeedFactory.create(workspace=workspace, name="Плохая", failures=3, last_error="Сайт не отвечает.")
    paused = FeedFactory.create(workspace=workspace, name="На паузе", is_active=False, paused_reason="Ушла насовсем")
    PostFactory.create_batch(3, source=paused)
    PostFactory.create(source=paused, collected_at=now() - timedelta(days=2))
    FeedFactory.create(name="Чужая")

    shown = page(client, SOURCES)

    assert "Сайт не отвечает." in shown
    assert "Ушла насовсем" in shown
    assert "Чужая" not in shown
    listed = [source.name for source in client.get(SOURCES).context["cl"].result_list]
    assert listed == ["Плохая", "Хорошая", "На паузе"]


@pytest.mark.parametrize(
    ("fields", "tone"),
    [
        ({}, "waiting"),
        ({"last_ok_at": now(), "last_tried_at": now()}, "done"),
        ({"last_ok_at": now() - timedelta(hours=20), "last_tried_at": now() - timedelta(hours=20)}, "done"),
        ({"failures": 1, "last_error": "нет ответа", "last_ok_at": now()}, "warning"),
        ({"failures": 3, "last_error": "нет ответа"}, "error"),
        ({"is_active": False, "failures": 3, "last_error": "нет ответа"}, "waiting"),
        ({"kind": "export", "last_ok_at": now() - timedelta(days=90)}, "done"),
    ],
)
def test_traffic_light(fields: dict[str, object], tone: str) -> None:
    health = source_health(FeedFactory.build(**fields), now(), planned=now() + timedelta(hours=4))

    assert health.tone == tone
    assert health.light
    assert health.sentence


@pytest.mark.parametrize(("late", "tone"), [(None, "warning"), (timedelta(hours=1), "warning"), (timedelta(0), "done")])
def test_a_source_that_nobody_collects_is_said(late: timedelta | None, tone: str) -> None:
    source = FeedFactory.build(last_ok_at=now() - timedelta(hours=2))
    assert source_health(source, now(), planned=None if late is None else now() - late).tone == tone


def test_feed_is_added_and_due(client: Client, editor: User, workspace: Workspace) -> None:
    answer = client.post(reverse("admin:sources_source_add"), form())

    assert answer.status_code == 302
    source = Source.objects.get()
    assert (source.workspace, source.url) == (workspace, "https://a.example/rss")
    assert Poll.objects.get().source == source
    assert list(workspace.audit_entries.values_list("verb", "actor")) == [("source.created", editor.pk)]


@pytest.mark.parametrize(
    "fields",
    [
        {"url": ""},
        {"url": "ftp://a.example/rss"},
        {"url": "http://user:word@a.example/"},
        {"interval_s": 1},
        {"name": ""},
    ],
)
def test_feed_with_a_wrong_field_is_not_added(client: Client, editor: User, fields: dict[str, object]) -> None:
    answer = client.post(reverse("admin:sources_source_add"), form(**fields))

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert not Source.objects.exists()


def test_export_is_added_with_its_file(client: Client, editor: User, settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    upload = SimpleUploadedFile("result.json", plain_list("Мост"), content_type="application/json")

    answer = client.post(reverse("admin:sources_source_add"), form(kind="export", url="", upload=upload))

    assert answer.status_code == 302
    row = ImportFile.objects.get()
    assert (row.source.kind, row.source.url, row.original_name, row.state) == ("export", "", "result.json", "ready")
    assert not Poll.objects.exists()
    assert "result.json" in page(client, IMPORTS)


def test_only_json_is_taken_for_an_export(client: Client, editor: User) -> None:
    upload = SimpleUploadedFile("photo.png", b"png")

    answer = client.post(reverse("admin:sources_source_add"), form(kind="export", url="", upload=upload))

    assert "upload" in answer.context["adminform"].form.errors
    assert not Source.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_uploaded_file_is_stored_outside_any_transaction(
    client: Client, editor: User, settings: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    within: list[bool] = []
    save = FileSystemStorage._save

    def watched(storage: FileSystemStorage, name: str, content: object) -> str:
        within.append(connection.in_atomic_block)
        return save(storage, name, content)  # type: ignore[arg-type]

    monkeypatch.setattr(FileSystemStorage, "_save", watched)
    upload = SimpleUploadedFile("result.json", plain_list("Мост"))

    client.post(reverse("admin:sources_source_add"), form(kind="export", url="", upload=upload))

    assert within == [False]
    assert (tmp_path / ImportFile.objects.get().file.name).is_file()


@pytest.mark.parametrize("fields", [{"kind": "export", "url": "", "name": ""}, {"kind": "feed"}])
def test_uploaded_file_that_no_import_owns_is_deleted(
    client: Client, editor: User, settings: object, tmp_path: Path, fields: dict[str, str]
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    upload = SimpleUploadedFile("result.json", plain_list("Мост"))

    client.post(reverse("admin:sources_source_add"), form(**fields, upload=upload))

    assert not ImportFile.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_actions_pause_resume_and_collect(client: Client, editor: User, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    PollFactory.create(source=source, not_before=now() + timedelta(hours=3))

    act(client, SOURCES, "collect_now", source)
    assert Poll.objects.get().not_before <= now()
    act(client, SOURCES, "pause", source)
    assert not Source.objects.get().is_active
    act(client, SOURCES, "resume", source)
    assert Source.objects.get().is_active


def test_button_of_the_page_pauses(client: Client, editor: User, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    address = reverse("admin:sources_source_change", args=[source.pk])

    shown = page(client, address)
    name = re.findall(r'name="(\w*row_pause)"', shown)[0]
    client.post(address, form(name=source.name, url=source.url) | {name: "1"})

    assert not Source.objects.get().is_active
    assert "row_resume" in page(client, address)


def test_strange_source_is_not_touched(client: Client, editor: User) -> None:
    strange = FeedFactory.create()

    assert client.get(reverse("admin:sources_source_change", args=[strange.pk])).status_code == 404
    act(client, SOURCES, "pause", strange)
    assert Source.objects.get().is_active


def test_dropped_posts_are_found_explained_and_taken_back(client: Client, editor: User, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    dropped = PostFactory.create(source=source, text="Шубы", dropped_by="words:drop:шубы")
    PostFactory.create(source=source, text="Мост")

    shown = page(client, f"{POSTS}?kept=no")
    assert "Шубы" in shown
    assert "шубы”" in shown or "шубы»" in shown
    assert "Мост" not in shown
    act(client, POSTS, "take_back", dropped)

    assert Post.objects.get(pk=dropped.pk).is_taken_back


def test_posts_are_searched_shown_and_never_edited(client: Client, editor: User, workspace: Workspace) -> None:
    post = PostFactory.create(source__workspace=workspace, title="Паром", text="<script>alert(1)</script> Отплыл")
    PostFactory.create(source__workspace=workspace, title="Мост")

    for words in ("отплыл", "ПАРОМ отплыл"):
        found = page(client, f"{POSTS}?q={words}")
        assert "Паром" in found
        assert "Мост" not in found
    assert "Паром" not in page(client, f"{POSTS}?q=паром приплыл")
    assert "<script>alert" not in found
    address = reverse("admin:sources_post_change", args=[post.pk])
    assert "&lt;script&gt;alert" in page(client, address)
    client.post(address, {"title": "Другое"})
    post.refresh_from_db()
    assert post.title == "Паром"


def test_failed_import_is_tried_again_from_the_list(
    client: Client, editor: User, workspace: Workspace, settings: object, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    upload = SimpleUploadedFile("result.json", plain_list("Мост"))
    row = import_request(source=ExportFactory.create(workspace=workspace), file=upload, name="result.json")
    ImportFile.objects.update(state="dead", finished_at=now(), error="Файл оборван")

    assert "Файл оборван" in page(client, IMPORTS)
    act(client, IMPORTS, "work_retry", row)

    row.refresh_from_db()
    assert row.state == "ready"


def test_failed_collection_is_tried_again_as_a_new_one(client: Client, editor: User, workspace: Workspace) -> None:
    source = FeedFactory.create(workspace=workspace)
    dead = PollFactory.create(source=source, state="dead", finished_at=now(), error="ошибка")
    waiting = PollFactory.create(source=source, not_before=now() + timedelta(hours=5))

    act(client, POLLS, "work_retry", dead)

    waiting.refresh_from_db()
    assert waiting.not_before <= now()
    assert Poll.objects.count() == 2
