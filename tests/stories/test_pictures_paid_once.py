"""Pictures that may have been paid for are never asked for twice by themselves; a person asks again with one press."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import AuditEntry, User
from apps.ai.models import Spend
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.core.work import claims, kinds, verbs
from apps.stories.models import Illustrating, Illustration, Story
from apps.stories.services import illustrating
from apps.stories.tasks import ILLUSTRATINGS, illustrations_draw
from tests.servers import openai_images, site
from tests.servers.openai_images import ImagesServer
from tests.stories.factories import MembershipFactory, StoryFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
State = Illustrating.State
PATH = "/v1/images/generations"


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def server(settings: Any) -> Iterator[ImagesServer]:
    """The installation's endpoint, at six cents a picture."""
    with openai_images.running() as running:
        settings.AI_ILLUSTRATOR, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "k"
        settings.AI_IMAGE_PRICE_USD, settings.AI_TIMEOUT_S, settings.AI_DAILY_BUDGET_USD = 0.06, 20.0, 5.0
        yield running


@pytest.fixture
def story() -> Story:
    return StoryFactory.create(workspace=WorkspaceFactory.create(), title="Мост открыт")


@pytest.fixture
def editor(story: Story) -> User:
    user: User = MembershipFactory.create(workspace=story.workspace, user__language="en").user
    return user


def asked(story: Story, editor: User, count: int = 1) -> Illustrating:
    return illustrating.illustrations_request(story=story, way="generate", prompt="Мост", count=count, editor=editor)


def again_at_once(row: Illustrating) -> None:
    """Another drain, as soon as anything that was put back is due."""
    Illustrating.objects.filter(pk=row.pk, state=State.READY).update(not_before=now())
    illustrations_draw()
    row.refresh_from_db()


def ledger() -> list[tuple[Decimal, bool]]:
    """What the ledger has, and whether that is only held."""
    return [(one.cost_usd, one.reserved_until is not None) for one in Spend.objects.order_by("pk")]


@pytest.mark.parametrize(
    ("fault", "options", "code"),
    [
        ("cut_after", {}, "connect_failed"),
        ("cut_before", {}, "connect_failed"),
        ("malformed", {}, "bad_answer"),
        ("error", {"status": 502}, "vendor_down"),
        ("error", {"status": 504}, "vendor_down"),
    ],
    ids=["cut", "cut before", "half an answer", "502", "504"],
)
def test_a_request_without_an_answer_is_not_repeated_by_itself(
    server: ImagesServer, story: Story, editor: User, fault: str, options: dict[str, Any], code: str
) -> None:
    server.faults.add(fault, times=1, **options)
    row = asked(story, editor)
    illustrations_draw()
    again_at_once(row)
    claims.settle_begun(kinds.get("illustrating"))
    assert (row.state, row.error_code) == (State.UNKNOWN, code)
    assert len(server.log.of(PATH)) == 1
    assert ledger() == [(Decimal("0.06"), True)], "its money is held to the day's end"
    illustrating.illustrating_again(row=row, editor=editor)
    illustrations_draw()
    row.refresh_from_db()
    assert (row.state, Illustration.objects.count(), len(server.log.of(PATH))) == (State.DONE, 1, 2)
    assert ledger() == [(Decimal("0.06"), False), (Decimal("0.06"), False)]
    assert AuditEntry.objects.filter(verb="story.illustration_asked_again").count() == 1


@pytest.mark.parametrize(
    ("fault", "options"), [("error", {"status": 429}), ("error", {"status": 500}), ("error", {"status": 503})]
)
def test_a_refusal_for_now_is_tried_again_by_itself(
    server: ImagesServer, story: Story, editor: User, fault: str, options: dict[str, Any]
) -> None:
    server.faults.add(fault, times=1, **options)
    row = asked(story, editor)
    illustrations_draw()
    again_at_once(row)
    assert (row.state, Illustration.objects.count(), len(server.log.of(PATH))) == (State.DONE, 1, 2)
    assert ledger() == [(Decimal("0.06"), False)]


def test_what_was_never_sent_is_tried_again_by_itself(
    server: ImagesServer, story: Story, editor: User, settings: Settings
) -> None:
    settings.AI_API_URL = "http://127.0.0.1:9/v1"
    row = asked(story, editor)
    illustrations_draw()
    row.refresh_from_db()
    assert (row.state, row.error_code) == (State.READY, "connect_failed")
    settings.AI_API_URL = server.base_url
    again_at_once(row)
    assert (row.state, len(server.log.of(PATH))) == (State.DONE, 1)


def test_asking_again_twice_asks_once(server: ImagesServer, story: Story, editor: User) -> None:
    server.faults.add("cut_after", times=1)
    row = asked(story, editor)
    illustrations_draw()
    illustrating.illustrating_again(row=row, editor=editor)
    with pytest.raises(TransitionError):
        illustrating.illustrating_again(row=row, editor=editor)
    illustrations_draw()
    assert len(server.log.of(PATH)) == 2


def test_one_that_was_left_alone_counts_as_paid(server: ImagesServer, story: Story, editor: User) -> None:
    server.faults.add("cut_after", times=1)
    row = asked(story, editor)
    illustrations_draw()
    illustrating.illustrating_cancel(row=row, editor=editor)
    again_at_once(row)
    assert (row.state, row.error_code) == (State.DEAD, "given_up")
    assert (ledger(), len(server.log.of(PATH))) == ([(Decimal("0.06"), False)], 1)


def test_a_request_on_its_way_is_not_cancelled(story: Story, editor: User, server: ImagesServer) -> None:
    row = asked(story, editor)
    (claimed,) = claims.claim(kinds.get("illustrating"), limit=1, lease=ILLUSTRATINGS.lease).rows
    verbs.begin(claimed)
    with pytest.raises(TransitionError, match="under way"):
        illustrating.illustrating_cancel(row=row, editor=editor)
    Illustrating.objects.filter(pk=row.pk).update(not_before=now())
    claims.settle_begun(kinds.get("illustrating"))
    row.refresh_from_db()
    assert (row.state, row.error_code) == (State.UNKNOWN, "worker_lost")
    illustrations_draw()
    assert len(server.log) == 0


@pytest.mark.parametrize(("price", "state", "requests"), [(0.5, State.UNKNOWN, 1), (0.0, State.READY, 2)])
def test_a_plain_address_is_repeated_only_where_it_is_free(
    story: Story, editor: User, settings: Settings, price: float, state: str, requests: int
) -> None:
    with site.running() as server:
        server.page("/draw", b"<p>busy</p>", content_type="text/html")
        settings.AI_ILLUSTRATOR, settings.AI_IMAGE_PRICE_USD = "http", price
        settings.AI_IMAGE_URL = f"{server.url}/draw?words={{prompt}}"
        row = asked(story, editor)
        illustrations_draw()
        again_at_once(row)
        assert len(server.log.of("/draw")) == requests
    assert (row.state, row.error_code) == (state, "bad_answer")


WORKER = """
import os, signal, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"], settings.MEDIA_ROOT = sys.argv[1], sys.argv[3]
import django
django.setup()
from apps.core.work import drain
from apps.stories.services import illustrating
from apps.stories.tasks import ILLUSTRATINGS
def die(*args, **named):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(illustrating, sys.argv[2], die)
drain.run(ILLUSTRATINGS)
"""


def killed_at(place: str, server: ImagesServer, media: object) -> int:
    """How a worker ended that was killed just before it does `place`."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "CELERY_BROKER_URL": "memory://",
        "LOG_FILE_ENABLED": "false",
        "AI_ILLUSTRATOR": "openai",
        "AI_API_URL": server.base_url,
        "AI_API_KEY": "sk-test",
    }
    name = str(connection.settings_dict["NAME"])
    connections.close_all()
    done = subprocess.run(
        [sys.executable, "-c", WORKER, name, place, str(media)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        check=False,
    )
    Illustrating.objects.filter(state=State.LEASED).update(not_before=now())
    return done.returncode


def test_a_worker_killed_with_the_pictures_in_hand_costs_nothing_more(
    server: ImagesServer, story: Story, editor: User, settings: Settings
) -> None:
    row = asked(story, editor, count=2)
    assert killed_at("story_locked", server, settings.MEDIA_ROOT) == -signal.SIGKILL
    illustrations_draw()
    again_at_once(row)
    assert (row.state, len(server.log.of(PATH))) == (State.DONE, 1)
    assert ledger() == [(Decimal("0.12"), False)]
    made = Illustration.objects.filter(made_by=row)
    assert [(one.kind, one.cost_usd, one.file.storage.exists(one.file.name)) for one in made] == [
        ("generated", Decimal("0.06"), True)
    ] * 2


def test_a_worker_killed_before_the_files_were_kept_says_that_it_was_paid(
    client: Client, server: ImagesServer, story: Story, editor: User, settings: Settings
) -> None:
    row = asked(story, editor)
    assert killed_at("_read_and_put", server, settings.MEDIA_ROOT) == -signal.SIGKILL
    claims.settle_begun(kinds.get("illustrating"))
    again_at_once(row)
    assert (row.state, ledger()) == (State.UNKNOWN, [(Decimal("0.06"), False)])
    client.force_login(editor)
    page = client.get(reverse("desk:story", args=[story.pk])).content.decode()
    assert "paid for ($0.060), but were lost" in page
    assert "Nobody knows" not in page
    illustrating.illustrating_again(row=row, editor=editor)
    again_at_once(row)
    assert (row.state, len(server.log.of(PATH)), Spend.objects.count()) == (State.DONE, 2, 2)


def test_the_workbench_asks_whether_to_ask_again(
    client: Client, server: ImagesServer, story: Story, editor: User
) -> None:
    server.faults.add("cut_after", times=1)
    row = asked(story, editor)
    illustrations_draw()
    client.force_login(editor)
    page, again = reverse("desk:story", args=[story.pk]), reverse("desk:pictures_again", args=[story.pk])
    shown = client.get(page).content.decode()
    assert "Nobody knows whether they were made and paid for." in shown
    assert "Ask again" in shown
    assert client.post(again, {"making": str(row.pk), "do": "again"}).status_code == 302
    illustrations_draw()
    row.refresh_from_db()
    assert row.state == State.DONE
    assert "Nobody knows" not in client.get(page).content.decode()
    other = StoryFactory.create(workspace=story.workspace)
    elsewhere = reverse("desk:pictures_again", args=[other.pk])
    assert client.post(elsewhere, {"making": str(row.pk), "do": "again"}).status_code == 404
    viewer = MembershipFactory.create(workspace=story.workspace, role="viewer").user
    client.force_login(viewer)
    assert client.post(again, {"making": str(row.pk), "do": "again"}).status_code == 403
