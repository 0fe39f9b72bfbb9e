"""Copies that publications keep of files go when nothing has them; what was given up is told as it is known."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core import stray_files
from apps.core.clock import now
from apps.delivery.models import Attempt, Delivery
from apps.delivery.services import delivery_attempted
from apps.delivery.tasks import deliveries_send
from apps.publishing import kept_files
from apps.publishing.models import PreviewMessage, Publication, PublicationPart
from apps.publishing.selectors import history_shown
from apps.publishing.services import publication_cancel, publication_schedule
from apps.publishing.services.after import publication_edit
from apps.publishing.services.changes import revision_drop
from tests.publishing.factories import approved_story, preview_channel, scheduled, telegram_channel
from tests.publishing.test_posts import picture


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path
    cache.clear()
    kept_files._found.clear()


def aged(name: str, days: float = 2) -> str:
    at = (now() - timedelta(days=days)).timestamp()
    os.utime(default_storage.path(name), (at, at))
    return name


def copies(publication: Publication) -> list[str]:
    return [one["storage_name"] for part in publication.parts.all() for one in part.media]


def test_only_old_copies_that_nothing_has_go(workspace: Workspace, editor: User) -> None:
    channel, story = preview_channel(workspace), approved_story(workspace)
    picture(story)
    [kept] = copies(publication_schedule(story=story, channel=channel, editor=editor))
    folder = f"publications/{workspace.pk}"
    stray = aged(default_storage.save(f"{folder}/stray.jpg", ContentFile(b"x")))
    young = aged(default_storage.save(f"{folder}/young.jpg", ContentFile(b"x")), days=0.9)
    odd = aged(default_storage.save("publications/nobody/odd.jpg", ContentFile(b"x")))
    aged(kept)
    assert stray_files.sweep() == 2
    assert [default_storage.exists(name) for name in (kept, young, stray, odd)] == [True, True, False, False]
    assert stray_files.sweep() == 0


@pytest.mark.parametrize("how", ["cancelled", "page"])
def test_what_any_row_refers_to_stays(workspace: Workspace, editor: User, how: str) -> None:
    channel, story = preview_channel(workspace), approved_story(workspace)
    picture(story)
    made = publication_schedule(story=story, channel=channel, editor=editor)
    [kept] = copies(made)
    if how == "cancelled":
        publication_cancel(publication=made, editor=editor)
    else:
        deliveries_send()
        PublicationPart.objects.update(media=[])
        assert PreviewMessage.objects.get().media
    aged(kept)
    assert stray_files.sweep() == 0
    assert default_storage.exists(kept)


def test_many_files_of_a_workspace_are_asked_about_once(
    workspace: Workspace, editor: User, django_assert_num_queries: object
) -> None:
    name = f"publications/{workspace.pk}/a.jpg"
    with django_assert_num_queries(2):  # type: ignore[operator]
        assert kept_files.copies_used([name]) == kept_files.copies_used([name, "x"]) == set()


def test_a_copy_that_may_be_swept_is_not_handed_out_again(workspace: Workspace, editor: User) -> None:
    story = approved_story(workspace)
    picture(story)
    one, two, three = (preview_channel(workspace, name) for name in ("One", "Two", "Three"))
    [first] = copies(publication_schedule(story=story, channel=one, editor=editor))
    assert copies(publication_schedule(story=story, channel=two, editor=editor)) == [first]
    aged(first, days=0.6)
    [fresh] = copies(publication_schedule(story=story, channel=three, editor=editor))
    assert fresh != first
    assert default_storage.size(fresh) == default_storage.size(first)


@pytest.mark.parametrize(
    ("outcomes", "fate"),
    [
        ([], "never"),
        ([Attempt.Outcome.FAILED], "never"),
        ([Attempt.Outcome.UNKNOWN], "doubt"),
        ([Attempt.Outcome.UNKNOWN, Attempt.Outcome.FAILED], "doubt"),
        ([Attempt.Outcome.UNKNOWN, Attempt.Outcome.ABSENT], "never"),
    ],
)
def test_of_what_was_given_up_it_is_told_whether_readers_may_have_seen_it(
    workspace: Workspace, editor: User, outcomes: list[str], fate: str
) -> None:
    made = scheduled(telegram_channel(workspace), editor)
    Publication.objects.update(status="sent", sent_at=now())
    PublicationPart.objects.update(message_ids="5")
    Delivery.objects.update(state="done", outcome="sent", sent_at=now(), finished_at=now())
    revision = publication_edit(publication=made, html="New words", editor=editor)
    [change] = revision.changes.all()
    assert change.delivery is not None
    assert [one.fate for one in history_shown(made)] == ["waits"]  # type: ignore[attr-defined]
    for outcome in outcomes:
        delivery_attempted(change.delivery, outcome)
    revision_drop(revision)
    assert [one.fate for one in history_shown(made)] == [fate]  # type: ignore[attr-defined]
    if fate == "never":
        change.done_at = now()
        change.save()
        assert [one.fate for one in history_shown(made)] == ["part"]  # type: ignore[attr-defined]
