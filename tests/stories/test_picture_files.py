"""Files of pictures go with their rows, strays after a day, and never one that something still needs."""

from __future__ import annotations

import io
import os
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from PIL import Image
from pytest_django import Settings

from apps.accounts.models import User
from apps.core import stray_files
from apps.core.clock import now
from apps.sources.tasks import work_mend
from apps.stories.models import Illustrating, Illustration, Story
from apps.stories.services import illustrations
from tests.stories.factories import StoryFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()


@pytest.fixture
def story() -> Story:
    return StoryFactory.create()


@pytest.fixture
def editor() -> User:
    return UserFactory.create()


def uploaded(story: Story, editor: User, colour: str = "#884422") -> Illustration:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(file, "JPEG")
    return illustrations.illustration_upload(story=story, content=file.getvalue(), editor=editor)


def names() -> set[str]:
    """All stored files."""
    top = Path(default_storage.path(""))
    return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}


def put(name: str, *, days: float = 2.0) -> str:
    """A file of this age that no row knows of."""
    kept = default_storage.save(name, ContentFile(b"x"))
    at = (now() - timedelta(days=days)).timestamp()
    os.utime(default_storage.path(kept), (at, at))
    return kept


def test_a_deleted_storys_pictures_leave_no_files(story: Story, editor: User) -> None:
    other = uploaded(StoryFactory.create(), editor)
    for colour in ("#112233", "#445566"):
        uploaded(story, editor, colour)
    Story.objects.filter(pk=story.pk).delete()
    assert names() == {str(other.file.name)}


def test_a_workspace_takes_its_pictures_files_along(story: Story, editor: User) -> None:
    uploaded(story, editor)
    story.workspace.delete()
    assert names() == set()


def test_what_is_rolled_back_keeps_its_file(story: Story, editor: User) -> None:
    made = uploaded(story, editor)
    with transaction.atomic():
        Story.objects.filter(pk=story.pk).delete()
        transaction.set_rollback(True)
    assert names() == {str(made.file.name)}
    assert Illustration.objects.filter(pk=made.pk).exists()


def test_a_file_that_another_row_shows_stays(story: Story, editor: User) -> None:
    first = uploaded(story, editor)
    twin = Illustration.objects.get()
    twin.pk, twin.story = None, StoryFactory.create(workspace=story.workspace)
    twin.save()
    first.delete()
    assert names() == {str(first.file.name)}
    Illustration.objects.get().delete()
    assert names() == set()


def test_old_strays_go_and_nothing_else(story: Story, editor: User) -> None:
    shown = str(uploaded(story, editor).file.name)
    awaited, given_up = put("illustrations/2026/01/awaited.jpg"), put("illustrations/2026/01/given_up.jpg")
    makings = {awaited: "", given_up: "given_up"}
    for name, code in makings.items():
        filed = {"name": name, "mime": "image/jpeg", "width": 1, "height": 1, "content_hash": "0"}
        Illustrating.objects.create(
            workspace=story.workspace,
            story=story,
            way="generate",
            prompt="x",
            state="dead",
            finished_at=now(),
            error_code=code,
            answer={"provider": "", "model": "", "cost_usd": "0", "files": [filed]},
        )
    young = put("illustrations/2026/01/young.jpg", days=0.5)
    put("illustrations/2026/01/stray.jpg")
    put("media/2026/01/half.jpg.abc.part")
    young_part = put("media/2026/01/now.jpg.abc.part", days=0.5)
    elsewhere = put("media/2026/01/whole.jpg")
    os.utime(default_storage.path(shown), (0, 0))

    assert stray_files.sweep() == 3
    assert names() == {shown, awaited, young, young_part, elsewhere}
    assert stray_files.sweep() == 0


def test_a_part_that_a_row_names_stays(story: Story) -> None:
    name = put("illustrations/2026/01/odd.part")
    Illustration.objects.create(
        story=story, kind="cover", file=name, mime="image/png", width=9, height=9, content_hash="1"
    )
    assert stray_files.sweep() == 0
    assert names() == {name}


def test_it_is_swept_once_a_day_by_itself() -> None:
    put("illustrations/2026/01/one.jpg")
    work_mend()
    put("illustrations/2026/01/two.jpg")
    work_mend()
    assert names() == {"illustrations/2026/01/two.jpg"}
    cache.delete(stray_files.GATE)
    work_mend()
    assert names() == set()


def test_a_file_that_goes_meanwhile_stops_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    put("illustrations/2026/01/one.jpg")
    gone = put("illustrations/2026/01/two.jpg")
    real = default_storage.get_modified_time

    def asked(name: str) -> object:
        if name == gone:
            raise FileNotFoundError(name)
        return real(name)

    monkeypatch.setattr(default_storage, "get_modified_time", asked, raising=False)
    assert stray_files.sweep() == 1
