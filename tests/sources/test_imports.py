"""Export files are imported once and only once, uploaded or by command."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import DatabaseError

from apps.accounts.models import Alert, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import stopping, verbs
from apps.sources.models import ImportFile, Post, Source
from apps.sources.services import import_request
from apps.sources.tasks import imports_store
from tests.sources.channels import ChannelFactory
from tests.sources.factories import ExportFactory, FeedFactory, FilterRuleFactory, WorkspaceFactory
from tests.sources.payloads import desktop, plain_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
TEXTS = ("Мост открыт", "Мост закрыт", "Реклама мёда")


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


def uploaded(content: bytes, **source: object) -> ImportFile:
    return import_request(source=ExportFactory.create(**source), file=ContentFile(content), name="result.json")


def test_uploaded_file_is_imported_with_counts() -> None:
    row = uploaded(plain_list(*TEXTS, ""))
    FilterRuleFactory.create(source=row.source, value="реклама")

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.read, row.added, row.dropped, row.skipped) == ("done", 3, 3, 1, 1)
    assert Post.objects.kept().count() == 2
    row.source.refresh_from_db()
    assert row.source.last_ok_at is not None


def test_task_rung_twice_imports_once() -> None:
    uploaded(plain_list(*TEXTS))

    imports_store()
    imports_store()

    assert Post.objects.count() == 3
    assert set(Post.objects.values_list("revision", flat=True)) == {1}


def test_same_file_again_adds_nothing() -> None:
    first = uploaded(plain_list(*TEXTS))
    imports_store()
    again = import_request(source=first.source, file=ContentFile(plain_list(*TEXTS)), name="again.json")

    imports_store()

    again.refresh_from_db()
    assert (again.read, again.added, again.changed) == (3, 0, 0)
    assert Post.objects.count() == 3


def test_import_killed_half_way_goes_on_and_counts_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.importing.BATCH", 1)
    row = uploaded(plain_list(*TEXTS))
    real = verbs.renew
    calls: list[None] = []

    def die_at_the_second(*args: object, **options: object) -> None:
        calls.append(None)
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(verbs, "renew", die_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        imports_store()
    assert Post.objects.count() == 2
    ImportFile.objects.update(not_before=now())

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.read) == ("done", 3)
    assert Post.objects.count() == 3
    assert set(Post.objects.values_list("revision", flat=True)) == {1}


def test_worker_that_stops_puts_the_import_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.importing.BATCH", 1)
    row = uploaded(plain_list(*TEXTS))
    real = verbs.renew

    def stop_at_the_first(*args: object, **options: object) -> None:
        stopping.ask()
        real(*args, **options)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(verbs, "renew", stop_at_the_first)
        imports_store()
    stopping.forget()

    row.refresh_from_db()
    assert (row.state, row.attempts, row.faults, Post.objects.count()) == ("ready", 0, 0, 1)
    ImportFile.objects.update(not_before=now())
    imports_store()
    row.refresh_from_db()
    assert (row.state, row.read, Post.objects.count()) == ("done", 3, 3)


def test_broken_file_ends_with_words_and_what_came_before_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.sources.services.importing.BATCH", 1)
    row = uploaded(plain_list(*TEXTS)[:-40])

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.error_code, row.read) == ("dead", "export_broken", 2)
    alert = Alert.objects.get()
    assert "result.json" in alert.message
    row.source.refresh_from_db()
    assert row.source.last_error == row.error


def test_vanished_file_is_said() -> None:
    row = uploaded(plain_list(*TEXTS))
    row.file.storage.delete(row.file.name)

    imports_store()

    row.refresh_from_db()
    assert (row.state, row.error_code) == ("dead", "file_gone")


def stored_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_file_of_a_row_that_can_not_be_made_is_deleted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(**options: object) -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr("apps.sources.services.imports.audit_record", broken)
    with pytest.raises(DatabaseError):
        uploaded(plain_list(*TEXTS))

    assert not ImportFile.objects.exists()
    assert stored_files(tmp_path) == []


def test_feeds_and_empty_files_take_no_import(tmp_path: Path) -> None:
    with pytest.raises(TransitionError):
        import_request(source=FeedFactory.create(), file=ContentFile(b"[]"), name="a.json")
    with pytest.raises(TransitionError):
        uploaded(b"")
    assert not ImportFile.objects.exists()
    assert stored_files(tmp_path) == []


def command(*arguments: str | Path, **options: object) -> str:
    out = io.StringIO()
    call_command("import_posts", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def test_command_says_that_pages_and_feeds_take_no_files(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(plain_list(*TEXTS))
    feed = FeedFactory.create(name="Лента")
    FeedFactory.create(workspace=feed.workspace, name="Страница", kind="page", link_selector="a")

    with pytest.raises(CommandError, match=r"“Лента” takes no files \(Feed\)"):
        command(tmp_path, source="Лента")
    with pytest.raises(CommandError, match=r"“Страница” takes no files \(Web page\)"):
        command(tmp_path, source="Страница")


def test_command_takes_the_export_of_a_channel_once_it_was_read(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(
        desktop({"id": 1, "type": "message", "date": "2026-11-20T15:00:00", "text": "Паром"})
    )
    channel = ChannelFactory.create(name="Канал", chat_id=None)

    with pytest.raises(CommandError, match="not read yet"):
        command(tmp_path / "a.json", source="Канал")
    Source.objects.update(chat_id=77)
    command(tmp_path / "a.json", source="Канал")

    assert channel.posts.count() == 1


def test_command_imports_a_folder_of_both_formats_once(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(plain_list(*TEXTS))
    (tmp_path / "b.json").write_bytes(
        desktop({"id": 1, "type": "message", "date": "2026-11-20T15:00:00", "text": "Паром"})
    )
    (tmp_path / "notes.txt").write_text("not an export")
    workspace = WorkspaceFactory.create()

    first = command(tmp_path, source="Архив")
    second = command(tmp_path, source="Архив")

    source = Source.objects.get()
    assert (source.workspace, source.kind, source.name) == (workspace, "export", "Архив")
    assert set(source.posts.values_list("channel", flat=True)) == {"Чайка"}
    assert Post.objects.count() == 4
    assert "4 read, 4 added" in first or "4" in first
    assert first != second


def test_command_makes_a_workspace_where_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(plain_list(*TEXTS))

    command(tmp_path / "a.json", source="Архив")

    assert Source.objects.get().workspace == Workspace.objects.get()


def test_command_asks_for_the_workspace_where_there_are_several(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(plain_list(*TEXTS))
    wanted = WorkspaceFactory.create_batch(2)[1]

    with pytest.raises(CommandError, match=wanted.slug):
        command(tmp_path / "a.json", source="Архив")
    command(tmp_path / "a.json", source="Архив", workspace=wanted.slug)

    assert Source.objects.get().workspace == wanted


@pytest.mark.parametrize("content", [b"{", b"{}", b""])
def test_command_says_what_is_wrong_with_a_file(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.json").write_bytes(content)

    with pytest.raises(CommandError, match=r"bad\.json: "):
        command(tmp_path, source="Архив")

    assert not Post.objects.exists()


@pytest.mark.parametrize("path", ["absent.json", "empty"])
def test_command_says_what_is_wrong_with_a_path(tmp_path: Path, path: str) -> None:
    (tmp_path / "empty").mkdir()

    with pytest.raises(CommandError, match=path):
        command(tmp_path / path, source="Архив")

    assert not Source.objects.exists()


def test_command_refuses_unknown_workspaces_and_feeds(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(plain_list(*TEXTS))
    feed = FeedFactory.create()

    with pytest.raises(CommandError, match="nowhere"):
        command(tmp_path / "a.json", source="Архив", workspace="nowhere")
    with pytest.raises(CommandError, match=feed.name):
        command(tmp_path / "a.json", source=feed.name, workspace=feed.workspace.slug)

    assert not Post.objects.exists()
