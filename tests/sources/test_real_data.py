"""Real feeds and exports, where their folder is given: PULT_REAL_DATA holds `feeds/` and `telegram-posts/`."""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import feedparser
import pytest
from django.db.models import QuerySet

from apps.core.clock import now
from apps.sources.filters import Rules
from apps.sources.models import Poll, Post, Source
from apps.sources.parsers.export import read_export
from apps.sources.parsers.feed import parse_feed
from apps.sources.ports import UnreadableError
from apps.sources.services.intake import items_prepare
from apps.sources.tasks import polls_collect
from tests.servers import site
from tests.sources.factories import FeedFactory, PollFactory, WorkspaceFactory


@pytest.fixture
def real() -> Path:
    """The folder of real data."""
    folder = os.environ.get("PULT_REAL_DATA", "")
    if not folder:
        pytest.skip("PULT_REAL_DATA names no folder of real data")
    return Path(folder)


def test_every_real_feed_is_read_or_refused_in_words(real: Path) -> None:
    read, refused = 0, []
    for file in sorted(path for path in (real / "feeds").rglob("*") if path.suffix in {".xml", ".json"}):
        try:
            read += len(items_prepare(parse_feed(file.read_bytes()).items, Rules()))
        except UnreadableError as error:
            refused.append(f"{file.name}: {error}")

    assert read >= 400
    assert all("First" in line for line in refused), refused  # the fragments named so are no feeds


def test_no_other_reader_finds_more_in_a_real_feed(real: Path) -> None:
    for file in sorted(path for path in (real / "feeds").rglob("*") if path.suffix == ".xml"):
        content = file.read_bytes()
        try:
            ours = parse_feed(content).items
        except UnreadableError:
            ours = ()
        theirs = feedparser.parse(io.BytesIO(content)).entries
        said = [one for one in theirs if one.get("title") or one.get("summary") or one.get("link")]

        assert len(ours) >= len(said), file.name
        assert sum(bool(one.published_at) for one in ours) >= sum(bool(one.get("published_parsed")) for one in said)
        assert "\ufffd" not in "".join(one.title for one in ours), file.name


@pytest.mark.timeout(600)
@pytest.mark.django_db
@pytest.mark.usefixtures("no_listeners")
def test_every_real_feed_is_collected_twice_without_doubles(real: Path, settings: Any) -> None:
    settings.HTTP_HOST_INTERVAL_S = 0.0
    with site.running(folder=real / "feeds") as server:
        settings.HTTP_ALLOW_PRIVATE = [server.url.removeprefix("http://")]
        workspace = WorkspaceFactory.create()
        for file in sorted(path for path in (real / "feeds").rglob("*") if path.suffix in {".xml", ".json"}):
            url = f"{server.url}/{file.relative_to(real / 'feeds')}"
            PollFactory.create(source=FeedFactory.create(workspace=workspace, name=file.name, url=url))
        collect_all(Source.objects.filter(last_tried_at=None))
        first = Post.objects.count()
        Source.objects.update(etag="", last_modified="", last_tried_at=None)
        Poll.objects.filter(state="ready").update(not_before=now())
        collect_all(Source.objects.filter(last_tried_at=None))

    assert first >= 400
    assert (Post.objects.count(), Post.objects.filter(revision__gt=1).count()) == (first, 0)
    failed = Source.objects.exclude(failures=0)
    assert all("First" in source.name and source.last_error for source in failed)


def collect_all(waiting: QuerySet[Source]) -> None:
    """Collect until none waits; feeds of one host take turns."""
    for _time in range(40):
        polls_collect()
        if not waiting.exists():
            return
        Poll.objects.filter(state="ready", source__in=waiting).update(not_before=now())
    left = Poll.objects.filter(source__in=waiting)
    raise AssertionError(f"never collected: {list(left.values_list('source__name', 'state', 'error', 'history'))}")


def test_every_real_export_is_read_whole(real: Path) -> None:
    items = []
    for file in sorted((real / "telegram-posts").glob("*.json")):
        with file.open("rb") as stream:
            items += read_export(stream, zone=ZoneInfo("Europe/Moscow"))
    prepared = items_prepare(items, Rules())

    assert len(items) > 10_000
    assert len(prepared) == len(items)
    assert sum(one.language == "ru" for one in prepared) > 0.99 * len(prepared)
    assert not [one for one in prepared if "**" in one.text]
