"""The model is slow, busy, refuses, talks nonsense, or is gone: the editor sees it, loses nothing and pays once."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections

from apps.ai.adapters import openai as adapter
from apps.ai.models import Spend
from apps.core.clock import now
from apps.stories import services
from apps.stories.models import Rewrite, Story, StoryVersion
from apps.stories.progress import RewriteProgress, rewrite_progress
from apps.stories.tasks import rewrites_write
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer
from tests.stories.factories import StoryPostFactory, UserFactory, WorkspaceFactory, story_with_text

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
State = Rewrite.State
POST = (
    "В порту Тихой Гавани ночью загорелся склад с канатами. Огонь охватил 4200 квадратных метров. Пожарные справились "
    "к утру, пострадавших нет. Причину выясняют, сообщили в порту."
)


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiServer]:
    """The installation's endpoint, with prices."""
    monkeypatch.setattr(adapter, "HABITS", {})
    with openai_api.running() as running:
        settings.AI_WRITER, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "sk-test"
        settings.AI_PRICE_INPUT_USD, settings.AI_PRICE_OUTPUT_USD = 1.0, 2.0
        settings.AI_MODEL, settings.AI_DAILY_BUDGET_USD, settings.AI_TIMEOUT_S = "gpt-4o-mini", 5.0, 5.0
        yield running


def asked_for(**options: Any) -> Rewrite:
    """A rewrite of a story that has a text; it waits for its turn."""
    story = story_with_text(workspace=WorkspaceFactory.create(language="ru"))
    StoryPostFactory.create(story=story, post__text=POST)
    return services.rewrite_request(story=story, editor=UserFactory.create(), **options)


def progress_of(rewrite: Rewrite) -> RewriteProgress:
    """What the page is told."""
    (only,) = rewrite_progress(rewrite.story)
    return only


def assert_text_in_hand_stands(rewrite: Rewrite) -> None:
    """The story's text is what it was."""
    story = Story.objects.get(pk=rewrite.story_id)
    assert story.current_version is not None
    assert (story.current_version.number, story.current_version.body) == (1, "Пожар потушили к утру.")
    assert StoryVersion.objects.filter(story=story).count() == 1


@pytest.mark.parametrize(
    ("fault", "options", "code", "advice"),
    [
        ("slow", {"seconds": 3.0}, "timed_out", "another model"),
        ("429", {"retry_after": 40}, "rate_limited", "busy"),
        ("500", {}, "vendor_down", "broken"),
        ("error", {"status": 503}, "vendor_down", "busy"),
        ("malformed", {}, "bad_answer", "Check"),
        ("garbled", {}, "malformed_output", "choose another"),
        ("incomplete", {}, "malformed_output", "choose another"),
        ("cut_before", {}, "connect_failed", "Check its address"),
    ],
)
def test_what_may_pass_is_tried_again_and_said_so(
    server: OpenAiServer, settings: Any, fault: str, options: dict[str, Any], code: str, advice: str
) -> None:
    settings.AI_TIMEOUT_S = 1.0
    rewrite = asked_for()
    server.faults.add(fault, **options)
    rewrites_write()
    told = progress_of(rewrite)
    assert (told["state"], told["error_code"], told["is_live"], told["attempts"]) == ("paused", code, True, 1)
    assert advice in told["error"]
    assert told["error"] in told["words"]
    assert told["next_try_s"] is not None
    if fault == "429":
        assert 30 < told["next_try_s"] <= 40
    assert_text_in_hand_stands(rewrite)
    server.faults.clear()
    Rewrite.objects.update(not_before=now() - timedelta(seconds=1))
    rewrites_write()
    assert progress_of(rewrite)["state"] == "done"
    assert progress_of(rewrite)["version"] == 2


@pytest.mark.parametrize(
    ("fault", "options", "code", "advice"),
    [
        ("refusal", {}, "refused", "write by hand"),
        ("error", {"status": 400, "code": "content_filter"}, "refused", "write by hand"),
        ("error", {"status": 401}, "bad_key", "workspace’s settings"),
        ("error", {"status": 403}, "forbidden", "another key"),
        ("error", {"status": 404, "code": "model_not_found"}, "model_not_found", "Choose another"),
        ("429", {"code": "insufficient_quota"}, "quota_exceeded", "Top it up"),
        ("error", {"status": 400, "code": "context_length_exceeded"}, "too_long", "Take posts out"),
    ],
)
def test_what_will_not_pass_ends_in_a_state_with_what_to_do(
    server: OpenAiServer, fault: str, options: dict[str, Any], code: str, advice: str
) -> None:
    rewrite = asked_for()
    server.faults.add(fault, **options)
    rewrites_write()
    told = progress_of(rewrite)
    assert (told["state"], told["error_code"], told["is_live"]) == ("failed", code, False)
    assert advice in told["words"]
    assert_text_in_hand_stands(rewrite)
    server.faults.clear()
    services.rewrite_retry(rewrite=rewrite, editor=UserFactory.create())
    rewrites_write()
    assert progress_of(rewrite)["is_current"]


def test_an_endpoint_that_is_gone_is_a_state_too(server: OpenAiServer, settings: Any) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        settings.AI_API_URL = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    rewrite = asked_for()
    rewrites_write()
    assert (progress_of(rewrite)["state"], progress_of(rewrite)["error_code"]) == ("paused", "connect_failed")
    assert_text_in_hand_stands(rewrite)


def test_an_answer_in_another_language_is_asked_for_once_more(server: OpenAiServer) -> None:
    rewrite = asked_for()
    server.faults.add("foreign", times=1)
    rewrites_write()
    assert progress_of(rewrite)["state"] == "done"
    assert len(server.log) == 2
    assert server.log[0].params == server.log[1].params
    assert Spend.objects.filter(cost_usd__gt=0).count() == 2
    assert "порт" in StoryVersion.objects.latest("pk").body


def test_an_answer_in_another_language_twice_is_a_state_and_is_kept_to_read(server: OpenAiServer) -> None:
    rewrite = asked_for()
    server.faults.add("foreign")
    rewrites_write()
    told = progress_of(rewrite)
    assert (told["state"], told["error_code"]) == ("failed", "wrong_language")
    assert "Die Brücke" in told["unusable"]
    assert len(server.log) == Spend.objects.filter(reserved_until__isnull=True).count() == 2
    assert_text_in_hand_stands(rewrite)


def test_the_second_asking_heeds_the_budget(server: OpenAiServer, settings: Any) -> None:
    settings.AI_PRICE_INPUT_USD, settings.AI_PRICE_OUTPUT_USD = 100.0, 200.0
    rewrite = asked_for()
    server.faults.add("foreign")
    # Enough for what one asking is reckoned to take, not for that and what it took.
    rewrite.workspace.ai_daily_budget_usd = Decimal("1.21")
    rewrite.workspace.save()
    rewrites_write()
    assert progress_of(rewrite)["error_code"] == "budget_spent"
    assert len(server.log) == 1


def test_a_translation_may_be_in_the_language_that_was_asked_for(server: OpenAiServer) -> None:
    rewrite = asked_for(kind="translate")
    assert rewrite.language == "en"
    rewrites_write()
    told = progress_of(rewrite)
    # The stand-in answers in the words of the posts, which are Russian.
    assert (told["state"], told["error_code"]) == ("failed", "wrong_language")


def test_what_the_model_said_instead_of_a_draft_is_kept_to_read(server: OpenAiServer) -> None:
    rewrite = asked_for()
    server.faults.add("garbled")
    rewrites_write()
    rewrite.refresh_from_db()
    assert rewrite.unusable.startswith('{"title"')
    server.faults.clear()
    Rewrite.objects.update(not_before=now() - timedelta(seconds=1))
    rewrites_write()
    rewrite.refresh_from_db()
    assert (rewrite.unusable, rewrite.state) == ("", State.DONE)


WORKER = """
import os, signal, sys
from django.conf import settings
settings.DATABASES["default"]["NAME"] = sys.argv[1]
import django
django.setup()
from apps.core.work import drain
from apps.stories.services import writing
from apps.stories.tasks import REWRITES
def die(*_args, **_kwargs):
    os.kill(os.getpid(), signal.SIGKILL)
setattr(writing, sys.argv[2], die)
drain.run(REWRITES)
"""


def killed_at(place: str, server: OpenAiServer) -> int:
    """How a worker ended that was killed just before it does `place`."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "CELERY_BROKER_URL": "memory://",
        "LOG_FILE_ENABLED": "false",
        "AI_WRITER": "openai",
        "AI_API_URL": server.base_url,
        "AI_API_KEY": "sk-test",
        "AI_MODEL": "gpt-4o-mini",
        "AI_PRICE_INPUT_USD": "1",
        "AI_PRICE_OUTPUT_USD": "2",
    }
    name = str(connection.settings_dict["NAME"])
    connections.close_all()
    done = subprocess.run(
        [sys.executable, "-c", WORKER, name, place], cwd=ROOT, env=environment, capture_output=True, check=False
    )
    Rewrite.objects.filter(state=State.LEASED).update(not_before=now())
    return done.returncode


@pytest.mark.parametrize("place", ["story_locked", "version_add", "version_make_current", "audit_record"])
def test_a_worker_killed_between_the_answer_and_its_record_costs_nothing_more(server: OpenAiServer, place: str) -> None:
    rewrite = asked_for()
    assert killed_at(place, server) == -signal.SIGKILL
    assert_text_in_hand_stands(rewrite)
    assert len(server.log) == 1
    paid = Spend.objects.get()
    assert (paid.reserved_until, paid.cost_usd > 0) == (None, True)
    rewrites_write()
    assert progress_of(rewrite)["state"] == "done"
    assert len(server.log) == 1
    assert Spend.objects.get() == paid
    version = StoryVersion.objects.latest("pk")
    assert (version.number, version.cost_usd) == (2, paid.cost_usd)


def test_an_answer_that_came_after_cancelling_is_used_by_a_retry_and_not_paid_again(server: OpenAiServer) -> None:
    rewrite = asked_for()
    assert killed_at("version_add", server) == -signal.SIGKILL
    editor = UserFactory.create()
    services.rewrite_cancel(rewrite=rewrite, editor=editor)
    assert progress_of(rewrite)["state"] == "cancelled"
    rewrites_write()
    assert_text_in_hand_stands(rewrite)
    services.rewrite_retry(rewrite=rewrite, editor=editor)
    rewrites_write()
    assert progress_of(rewrite)["version"] == 2
    assert len(server.log) == Spend.objects.count() == 1


def test_a_killed_worker_that_had_no_answer_asks_again(server: OpenAiServer) -> None:
    rewrite = asked_for()
    assert killed_at("check_language", server) == -signal.SIGKILL
    assert Spend.objects.filter(reserved_until__isnull=True).count() == 0
    rewrites_write()
    assert progress_of(rewrite)["state"] == "done"
    assert len(server.log) == 2
