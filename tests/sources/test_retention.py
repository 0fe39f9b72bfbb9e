"""Old posts, files and raw answers go in small steps, never what a story uses, and nothing that went comes back."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import Sum

from apps.accounts.models import AuditEntry, Workspace
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import drain, stopping
from apps.sources.media_parts import Part
from apps.sources.models import (
    ChannelFetch,
    CopyCheck,
    HubPush,
    ImportFile,
    KinshipReview,
    MediaFile,
    PastCount,
    Poll,
    Post,
    PostMedia,
    Retention,
    Source,
    Tombstone,
)
from apps.sources.ports import Item
from apps.sources.services import post_remove, posts_intake, posts_mark_used, retention
from apps.sources.services.upkeep import upkeep_begin
from apps.sources.services.work import import_retry
from apps.sources.tasks import imports_store, retention_clear
from tests.sources.factories import ExportFactory, FeedFactory, PollFactory, PostFactory, UserFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]


@pytest.fixture(autouse=True)
def _own_media(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"  # type: ignore[attr-defined]


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory.create(retention_days=30)
    upkeep_begin(made)
    return made


@pytest.fixture
def source(workspace: Workspace) -> Source:
    made: Source = FeedFactory.create(workspace=workspace)
    return made


def clear() -> None:
    """The next round, now."""
    Retention.objects.filter(state="ready").update(not_before=now())
    retention_clear()


def posts(source: Source, number: int, *, days: int, **fields: object) -> list[Post]:
    """Posts collected so many days ago."""
    at = now() - timedelta(days=days)
    made: list[Post] = PostFactory.create_batch(
        number, source=source, workspace=source.workspace, collected_at=at, published_at=at, **fields
    )
    return made


def item(post: Post) -> Item:
    return Item(external_id=post.external_id, title=post.title, text=post.text, published_at=post.published_at)


def test_old_posts_go_and_used_or_young_ones_stay(source: Source) -> None:
    posts(source, 5, days=31)
    used = posts(source, 1, days=90)[0]
    young = posts(source, 2, days=29)
    posts_mark_used([used.pk])

    clear()

    assert set(Post.objects.values_list("pk", flat=True)) == {used.pk, *(post.pk for post in young)}
    row = Retention.objects.get(state="done")
    assert (row.posts, row.media) == (5, 0)
    assert AuditEntry.objects.get(verb="workspace.cleared").details == {"posts": 5, "media": 0, "payloads": 0}


def test_age_counts_from_collection_so_an_imported_past_is_not_swept_away(source: Source) -> None:
    PostFactory.create(source=source, workspace=source.workspace, published_at=datetime(2019, 1, 1, tzinfo=UTC))

    clear()

    assert Post.objects.count() == 1


def test_a_source_has_its_own_time_and_zero_is_for_ever(workspace: Workspace) -> None:
    short = FeedFactory.create(workspace=workspace, retention_days=7)
    ever = FeedFactory.create(workspace=workspace, retention_days=0)
    posts(short, 1, days=8)
    posts(ever, 1, days=900)

    clear()

    assert list(Post.objects.values_list("source", flat=True)) == [ever.pk]


def test_for_ever_is_the_default_and_removes_nothing() -> None:
    workspace = WorkspaceFactory.create()
    upkeep_begin(workspace)
    posts(FeedFactory.create(workspace=workspace), 1, days=3000)

    clear()

    assert workspace.retention_days == 0
    assert Post.objects.count() == 1
    assert not AuditEntry.objects.filter(verb="workspace.cleared").exists()


def test_another_workspace_keeps_its_posts(source: Source) -> None:
    other = WorkspaceFactory.create(retention_days=0)
    upkeep_begin(other)
    posts(FeedFactory.create(workspace=other), 1, days=400)
    posts(source, 1, days=400)

    clear()

    assert list(Post.objects.values_list("workspace", flat=True)) == [other.pk]


def test_what_went_does_not_come_back_with_the_next_answer_or_import(source: Source) -> None:
    gone = posts(source, 1, days=31)[0]
    clear()

    report = posts_intake(source=source, items=[item(gone), Item(external_id="new", text="Новый пост о паромах.")])

    assert report.added == 1
    assert list(Post.objects.values_list("external_id", flat=True)) == ["new"]


def test_a_stone_stays_while_its_source_offers_the_item_and_goes_a_year_later(source: Source) -> None:
    offered, forgotten = posts(source, 2, days=31)
    clear()
    Tombstone.objects.update(at=now() - timedelta(days=364))
    posts_intake(source=source, items=[item(offered)])
    Tombstone.objects.exclude(external_id=offered.external_id).update(at=now() - timedelta(days=366))

    clear()

    assert list(Tombstone.objects.values_list("external_id", flat=True)) == [offered.external_id]
    assert forgotten.external_id != offered.external_id
    assert Tombstone.objects.get().at > now() - timedelta(minutes=5)


def test_hours_keep_their_counts(source: Source) -> None:
    posts(source, 3, days=40)
    posts(source, 1, days=40, dropped_by="words")
    clear()
    posts(source, 2, days=40)
    clear()

    sums = PastCount.objects.aggregate(posts=Sum("posts"), kept=Sum("kept"))
    assert sums == {"posts": 6, "kept": 5}
    assert PastCount.objects.filter(source=source).count() <= 2


def test_batches_are_small_and_each_is_its_own(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "POSTS_AT_ONCE", 4)
    sizes: list[int] = []

    def noted(*, source: Source, posts: list[int], at: datetime) -> int:
        sizes.append(len(posts))
        return whole(source=source, posts=posts, at=at)

    whole = retention.posts_retire
    monkeypatch.setattr(retention, "posts_retire", noted)
    posts(source, 10, days=31)

    clear()

    assert sizes == [4, 4, 2]
    assert Post.objects.count() == 0


def test_killed_half_way_it_goes_on_and_counts_whole(source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "POSTS_AT_ONCE", 4)
    whole, calls = retention.posts_retire, []

    def dies(*, source: Source, posts: list[int], at: datetime) -> int:
        calls.append(len(posts))
        gone = whole(source=source, posts=posts, at=at)
        if len(calls) == 2:
            raise RuntimeError("killed")
        return gone

    monkeypatch.setattr(retention, "posts_retire", dies)
    posts(source, 10, days=31)
    clear()
    assert Post.objects.count() == 6
    assert Tombstone.objects.count() == 4

    clear()

    assert Post.objects.count() == 0
    assert Retention.objects.get(state="done").posts == 10


def test_rung_twice_it_clears_once(source: Source) -> None:
    posts(source, 3, days=31)

    clear()
    retention_clear()

    assert Retention.objects.get(state="done").posts == 3
    assert Retention.objects.filter(state="ready").count() == 1


def test_a_long_round_makes_way_and_a_stopping_worker_puts_it_back(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "POSTS_AT_ONCE", 1)
    monkeypatch.setattr(retention, "ROUND_S", -1.0)
    posts(source, 3, days=31)
    monkeypatch.setattr(drain, "PATIENCE_S", 0.0)
    clear()
    row = Retention.objects.get()
    assert (row.state, row.attempts, Post.objects.count()) == ("ready", 0, 2)

    monkeypatch.setattr(retention, "ROUND_S", 20.0)
    stopping.ask()
    clear()
    stopping.forget()
    assert Post.objects.count() >= 1


def test_files_without_users_go_from_the_disk_and_others_stay(source: Source) -> None:
    old, young = posts(source, 1, days=31)[0], posts(source, 1, days=1)[0]
    alone, shared = stored(source, "alone.jpg", old), stored(source, "shared.jpg", old)
    PostMedia.objects.create(post=young, key="again", state="stored", stored=shared)
    fresh = stored(source, "fresh.jpg", None, days=0)

    clear()

    assert set(MediaFile.objects.values_list("pk", flat=True)) == {shared.pk, fresh.pk}
    assert [default_storage.exists(str(one.file)) for one in (alone, shared, fresh)] == [False, True, True]
    assert Retention.objects.get(state="done").files == []


def stored(source: Source, name: str, post: Post | None, *, days: int = 3) -> MediaFile:
    media = MediaFile(workspace=source.workspace, sha256=name, created_at=now() - timedelta(days=days))
    media.file.save(name, ContentFile(b"picture"))
    if post is not None:
        PostMedia.objects.create(post=post, key=name, state="stored", stored=media)
    return media


def test_killed_before_the_bytes_were_deleted_the_next_round_deletes_them(
    source: Source, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = stored(source, "alone.jpg", None)
    monkeypatch.setattr(retention.default_storage, "delete", killed)
    clear()
    assert MediaFile.objects.count() == 0
    assert default_storage.exists(str(alone.file))
    monkeypatch.undo()

    clear()

    assert not default_storage.exists(str(alone.file))


def killed(*_args: object) -> None:
    raise RuntimeError("killed")


def test_a_file_that_a_row_came_to_own_meanwhile_stays(source: Source) -> None:
    kept = stored(source, "kept.jpg", posts(source, 1, days=1)[0])
    Retention.objects.update(files=[str(kept.file)])

    clear()

    assert default_storage.exists(str(kept.file))


def test_raw_answers_and_uploads_go_a_week_after_they_were_worked(source: Source) -> None:
    old, recent = PollFactory.create(source=source), PollFactory.create(source=FeedFactory.create())
    Poll.objects.filter(pk=old.pk).update(state="done", finished_at=now() - timedelta(days=8))
    Poll.objects.filter(pk=recent.pk).update(state="done", finished_at=now() - timedelta(days=6))
    upload = ImportFile(workspace=source.workspace, source=ExportFactory.create(workspace=source.workspace))
    upload.file.save("export.json", ContentFile(b"[]"), save=False)
    upload.save()
    name = str(upload.file)
    imports_store()
    ImportFile.objects.filter(pk=upload.pk).update(state="done", finished_at=now() - timedelta(days=8), error="")

    clear()

    upload.refresh_from_db()
    assert list(Poll.objects.values_list("pk", flat=True)) == [recent.pk]
    assert str(upload.file) == ""
    assert not default_storage.exists(name)


@pytest.mark.parametrize(("state", "days", "stays"), [("dead", 31, False), ("dead", 29, True), ("ready", 400, True)])
def test_failed_uploads_and_pushes_go_after_a_month(source: Source, state: str, days: int, stays: bool) -> None:
    at = now() - timedelta(days=days)
    ended = {"state": state, "finished_at": at if state == "dead" else None, "not_before": now() + timedelta(days=1)}
    upload = ImportFile(workspace=source.workspace, source=ExportFactory.create(workspace=source.workspace), **ended)
    upload.file.save("export.json", ContentFile(b"[]"), save=False)
    upload.save()
    HubPush.objects.create(workspace=source.workspace, source=source, body=b"<rss/>", **ended)
    name = str(upload.file)

    clear()

    assert (default_storage.exists(name), HubPush.objects.exists()) == (stays, stays)
    if state == "dead" and not stays:
        with pytest.raises(TransitionError, match="Upload it again"):
            import_retry(ImportFile.objects.get(), by=UserFactory.create())
        assert ImportFile.objects.get().state == "dead"


def test_finished_rows_of_every_kind_go_and_old_beginnings_of_files(
    source: Source, settings: object, tmp_path: Path
) -> None:
    settings.PULT_VAR = tmp_path  # type: ignore[attr-defined]
    post = posts(source, 1, days=1)[0]
    media = PostMedia.objects.create(post=post, key="12")
    done = {"workspace": source.workspace, "state": "done", "finished_at": now() - timedelta(days=8)}
    ChannelFetch.objects.create(source=source, media=media, **done)
    CopyCheck.objects.create(post=post, **done)
    KinshipReview.objects.create(**done)
    for number, days in ((1, 31), (2, 29)):
        Part(number).cut(0)
        Part(number).add(b"begun")
        at = (now() - timedelta(days=days)).timestamp()
        for path in (tmp_path / "media-parts").glob(f"{number}*"):
            os.utime(path, (at, at))

    clear()

    assert [kind.objects.count() for kind in (ChannelFetch, CopyCheck, KinshipReview)] == [0, 0, 0]
    assert sorted(path.name for path in (tmp_path / "media-parts").iterdir()) == ["2", "2.tag"]


def test_forecast_counts_what_would_go(workspace: Workspace, source: Source) -> None:
    own = FeedFactory.create(workspace=workspace, retention_days=5)
    posts(source, 3, days=20)
    posts(source, 1, days=5)
    posts(own, 2, days=20)
    posts_mark_used([posts(source, 1, days=20)[0].pk])

    assert retention.workspace_forecast(workspace, 10).posts == 3
    assert retention.workspace_forecast(workspace, 0).posts == 0
    assert retention.source_forecast(own, 10).posts == 2


def test_a_person_removes_a_post_for_good_and_says_why(source: Source) -> None:
    post, actor = posts(source, 1, days=1)[0], UserFactory.create()

    post_remove(post=post, reason="Персональные данные", actor=actor)

    entry = AuditEntry.objects.get(verb="post.removed")
    assert (entry.actor, entry.details) == (actor, {"reason": "Персональные данные"})
    assert Tombstone.objects.get().reason == "Персональные данные"
    assert posts_intake(source=source, items=[item(post)]).added == 0
    assert PastCount.objects.count() == 0
    with pytest.raises(TransitionError, match="removed already"):
        post_remove(post=post, reason="Ещё раз", actor=actor)


@pytest.mark.parametrize(("used", "reason", "words"), [(True, "Реклама", "uses"), (False, "  ", "Say why")])
def test_a_used_post_or_one_without_a_reason_is_not_removed(
    source: Source, used: bool, reason: str, words: str
) -> None:
    post = posts(source, 1, days=1)[0]
    posts_mark_used([post.pk], used=used)

    with pytest.raises(TransitionError, match=words):
        post_remove(post=Post.objects.get(), reason=reason)

    assert Post.objects.count() == 1
    assert Tombstone.objects.count() == 0


def test_marking_is_counted_once(source: Source, django_assert_num_queries: Callable[[int], object]) -> None:
    made = posts(source, 3, days=1)
    with django_assert_num_queries(2):  # type: ignore[attr-defined]
        assert posts_mark_used([post.pk for post in made]) == 3
    assert posts_mark_used([post.pk for post in made]) == 0
    assert posts_mark_used([made[0].pk], used=False) == 1
