"""What a person does to collections and imports: try again, give up."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib import admin
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Alert, AuditEntry, User
from apps.accounts.services import alert_raise
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import bells
from apps.sources.models import ImportFile, Poll, Source
from apps.sources.services import import_request, source_pause
from apps.sources.services.imports import failed_key
from apps.sources.services.work import import_give_up, import_retry, poll_give_up, poll_retry
from tests.sources.factories import ExportFactory, FeedFactory, MembershipFactory, PollFactory, UserFactory
from tests.sources.payloads import plain_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture
def editor() -> User:
    """Whoever does it."""
    user: User = UserFactory.create()
    return user


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The bells that were asked for."""
    names: list[str] = []
    monkeypatch.setattr(bells, "ring_on_commit", names.append)
    return names


@pytest.fixture
def upload(settings: object, tmp_path: Path) -> ImportFile:
    """An import that waits."""
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    file = SimpleUploadedFile("result.json", plain_list("Мост"))
    return import_request(source=ExportFactory.create(), file=file, name="result.json")


def verbs_of(actor: User) -> list[str]:
    return list(AuditEntry.objects.filter(actor=actor).order_by("pk").values_list("verb", flat=True))


def test_a_collection_given_up_is_no_failure_of_its_source(editor: User) -> None:
    source = FeedFactory.create()
    row = PollFactory.create(source=source)
    before = now()

    poll_give_up(row, reason="Не сейчас", by=editor)

    row.refresh_from_db()
    assert (row.state, row.error, row.error_code) == ("dead", "Не сейчас", "given_up")
    following = Poll.objects.live().get(source=source)
    assert following.not_before >= before + source.interval
    source.refresh_from_db()
    assert (source.failures, source.last_error) == (0, "")
    entry = AuditEntry.objects.get(actor=editor)
    assert (entry.verb, entry.workspace_id) == ("source.poll_given_up", source.workspace_id)
    assert entry.details == {"poll": row.pk, "reason": "Не сейчас"}
    assert not Alert.objects.exists()


def test_a_paused_source_gets_no_next_collection(editor: User) -> None:
    row = PollFactory.create()
    Source.objects.update(is_active=False)
    poll_give_up(row, reason="Не сейчас", by=editor)
    assert not Poll.objects.live().exists()


def test_an_ended_collection_is_not_given_up(editor: User) -> None:
    row = PollFactory.create(state="done", finished_at=now())
    with pytest.raises(TransitionError):
        poll_give_up(row, reason="Поздно", by=editor)
    assert not AuditEntry.objects.exists()
    assert not Poll.objects.live().exists()


def test_a_failed_collection_is_tried_again_by_a_new_one(editor: User, rung: list[str]) -> None:
    dead = PollFactory.create(state="dead", finished_at=now())
    poll_retry(dead, by=editor)
    dead.refresh_from_db()
    assert dead.state == "dead"
    assert Poll.objects.live().get().not_before <= now()
    assert (verbs_of(editor), rung) == (["source.poll_asked"], ["poll"])
    source_pause(source=dead.source)
    with pytest.raises(TransitionError):
        poll_retry(dead, by=editor)


def test_a_failed_import_is_tried_again(editor: User, upload: ImportFile, rung: list[str]) -> None:
    with pytest.raises(TransitionError):
        import_retry(upload, by=editor)
    assert (verbs_of(editor), rung) == ([], [])
    ImportFile.objects.update(state="dead", finished_at=now(), error="Файл оборван")

    import_retry(upload, by=editor)

    upload.refresh_from_db()
    assert (upload.state, upload.finished_at) == ("ready", None)
    assert (verbs_of(editor), rung) == (["import.retried"], ["import_file"])


def test_an_import_given_up_alarms_nobody(editor: User, upload: ImportFile) -> None:
    alert_raise(workspace=upload.workspace, key=failed_key(upload), message="Прежний сбой")

    import_give_up(upload, reason="Не тот файл", by=editor)

    upload.refresh_from_db()
    assert (upload.state, upload.error) == ("dead", "Не тот файл")
    assert not Alert.objects.filter(closed_at=None).exists()
    assert verbs_of(editor) == ["import.given_up"]
    with pytest.raises(TransitionError):
        import_give_up(upload, reason="Ещё раз", by=editor)
    assert verbs_of(editor) == ["import.given_up"]


@pytest.mark.parametrize("model", [Poll, ImportFile])
def test_screens_give_up_through_the_services(
    client: Client, upload: ImportFile, model: type[Poll | ImportFile]
) -> None:
    row = upload if model is ImportFile else PollFactory.create(source=FeedFactory.create(workspace=upload.workspace))
    user = MembershipFactory.create(workspace=upload.workspace).user
    client.force_login(user)
    address = reverse(f"admin:sources_{model._meta.model_name}_changelist")
    asked = {"action": "work_give_up", "_selected_action": [str(row.pk)], "index": "0", "work_reason": "Лишнее"}
    assert client.post(address, asked).status_code == 302
    row.refresh_from_db()
    assert (row.state, row.error) == ("dead", "Лишнее")
    assert verbs_of(user) == ["import.given_up" if model is ImportFile else "source.poll_given_up"]


def page_of(row: Poll | ImportFile) -> str:
    return reverse(f"admin:sources_{row._meta.model_name}_change", args=[row.pk])


def test_a_rows_own_page_tries_it_again(client: Client, upload: ImportFile) -> None:
    ImportFile.objects.update(state="dead", finished_at=now(), error="Файл оборван", read=7)
    user = MembershipFactory.create(workspace=upload.workspace).user
    client.force_login(user)
    page = client.get(page_of(upload)).content.decode()
    assert 'name="sources_importfile_work_row_retry"' in page
    assert "work_row_give_up" not in page

    answer = client.post(page_of(upload), {"sources_importfile_work_row_retry": "1", "read": "999"})

    assert (answer.status_code, answer.headers["Location"]) == (302, page_of(upload))
    upload.refresh_from_db()
    assert (upload.state, upload.read, verbs_of(user)) == ("ready", 7, ["import.retried"])


def test_a_rows_own_page_asks_why_before_it_is_given_up(client: Client, upload: ImportFile) -> None:
    user = MembershipFactory.create(workspace=upload.workspace).user
    client.force_login(user)

    question = client.post(page_of(upload), {"sources_importfile_work_row_give_up": "1"})

    upload.refresh_from_db()
    assert (question.status_code, upload.state) == (200, "ready")
    shown = question.content.decode()
    assert f'name="_selected_action" value="{upload.pk}"' in shown
    assert f'action="{reverse("admin:sources_importfile_changelist")}"' in shown


def test_a_question_asked_under_a_filter_keeps_to_it(client: Client, upload: ImportFile) -> None:
    client.force_login(MembershipFactory.create(workspace=upload.workspace).user)
    address = reverse("admin:sources_importfile_changelist") + "?state=ready"
    chosen = {"action": "work_give_up", "_selected_action": [str(upload.pk)], "index": "0", "select_across": "1"}
    assert f'action="{address}"' in client.post(address, chosen).content.decode()


def test_a_viewer_sees_a_row_without_its_buttons(client: Client, upload: ImportFile) -> None:
    client.force_login(MembershipFactory.create(workspace=upload.workspace, role="viewer").user)
    page = client.get(page_of(upload))
    assert page.status_code == 200
    assert "work_row" not in page.content.decode()
    client.post(page_of(upload), {"sources_importfile_work_row_retry": "1", "sources_importfile_work_row_give_up": "1"})
    upload.refresh_from_db()
    assert upload.state == "ready"


def test_no_screen_hands_a_row_to_the_verbs_of_work_itself() -> None:
    names = ("work_retry_service", "work_give_up_service")
    given = {
        f"{type(screen).__name__}.{name}": str(getattr(service, "__module__", service))
        for screen in admin.site._registry.values()
        for name in names
        if (service := getattr(type(screen), name, None)) is not None
    }
    assert len(given) > 4
    assert {place: module for place, module in given.items() if module.startswith("apps.core")} == {}
