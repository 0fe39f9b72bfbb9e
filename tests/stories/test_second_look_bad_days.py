"""The endpoint of vectors is slow, busy, talks nonsense, or is gone: grouping stands, and nothing is paid twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from apps.accounts.models import Alert, AuditEntry
from apps.accounts.work_again import work_retry
from apps.ai.models import Spend
from apps.ai.services import day_of
from apps.core.clock import now
from apps.core.work.drain import Defer
from apps.sources.models import Post
from apps.stories.grouping.meaning import packed, unpacked
from apps.stories.models import CloseCall, PostVector, SecondLook, StoryPost
from apps.stories.services import second_look
from apps.stories.services.keeping import posts_retire
from apps.stories.services.second_look import look_plan
from apps.stories.tasks import close_calls_look
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer
from tests.stories.factories import CloseCallFactory, PostFactory, UserFactory, WorkspaceFactory
from tests.stories.looks import (
    BRIDGE,
    LIGHTS,
    MODEL,
    SCHOOL,
    direction,
    grouped,
    only_call,
    together,
    workspace_on,
)

pytestmark = pytest.mark.django_db(transaction=True)
State = SecondLook.State
Verdict = CloseCall.Verdict


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAiServer]:
    with openai_api.running() as server:
        yield server


@pytest.fixture
def server(running: OpenAiServer, settings: Any) -> OpenAiServer:
    """The installation's endpoint, with a price; the vectors of different words have nothing in common."""
    running.log.clear()
    running.faults.clear()
    running.vectors.clear()
    running.vectors |= {"закрыли": direction(0), "школы": direction(13), "огнями": direction(14)}
    settings.AI_EMBEDDER, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "sk-test"
    settings.AI_EMBEDDING_MODEL, settings.AI_EMBEDDING_PRICE_USD, settings.AI_TIMEOUT_S = MODEL, 1.0, 30.0
    return running


def due_again() -> None:
    SecondLook.objects.filter(state=State.READY).update(not_before=now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("fault", "options", "code", "is_paid"),
    [
        ("slow", {"seconds": 3.0}, "timed_out", False),
        ("429", {"retry_after": 40}, "rate_limited", False),
        ("500", {}, "vendor_down", False),
        ("malformed", {}, "bad_answer", False),
        ("cut_before", {}, "connect_failed", False),
        ("incomplete", {}, "bad_answer", True),
        ("foreign", {}, "bad_answer", True),
        ("garbled", {}, "bad_answer", True),
    ],
)
def test_what_may_pass_is_tried_again_and_nothing_moves_meanwhile(
    server: OpenAiServer, settings: Any, fault: str, options: dict[str, Any], code: str, is_paid: bool
) -> None:
    settings.AI_TIMEOUT_S = 1.0 if fault == "slow" else 30.0
    posts = grouped(workspace_on(), BRIDGE, SCHOOL)
    server.faults.add(fault, **options)
    close_calls_look()
    look = SecondLook.objects.get()
    assert (look.state, look.error_code, look.attempts) == (State.READY, code, 1)
    assert only_call().verdict == ""
    assert together(posts)
    assert PostVector.objects.filter(post__in=posts).count() == 0
    assert Spend.objects.filter(reserved_until=None).count() == int(is_paid)
    server.faults.clear()
    settings.AI_TIMEOUT_S = 30.0
    due_again()
    close_calls_look()
    assert only_call().verdict == Verdict.PARTED
    assert not together(posts)
    assert Spend.objects.filter(reserved_until=None).count() == 1 + int(is_paid)
    assert not Spend.objects.exclude(reserved_until=None).exists()


def test_what_will_not_pass_stops_second_looks_and_says_so(server: OpenAiServer) -> None:
    workspace = workspace_on()
    posts = grouped(workspace, BRIDGE, SCHOOL)
    server.faults.add("error", status=401)
    close_calls_look()
    look = SecondLook.objects.get()
    assert (look.state, look.error_code) == (State.DEAD, "bad_key")
    assert not Spend.objects.exists()
    alert = Alert.objects.get(workspace=workspace, closed_at=None)
    assert "not looked at twice any more" in alert.message
    assert alert.url.startswith("/admin/stories/secondlook/")
    assert together(posts)
    (later,) = grouped(workspace, LIGHTS, age=timedelta(minutes=10))
    assert StoryPost.objects.filter(post=later).exists()
    assert (CloseCall.objects.count(), SecondLook.objects.count()) == (1, 1)
    server.faults.clear()
    work_retry(look, by=UserFactory.create())
    close_calls_look()
    assert only_call().verdict == Verdict.PARTED
    assert not together(posts)


def test_a_spent_budget_puts_looks_off_until_the_day_is_over(server: OpenAiServer) -> None:
    workspace = workspace_on(ai_daily_budget_usd=Decimal(0))
    posts = grouped(workspace, BRIDGE, SCHOOL)
    before = now()
    close_calls_look()
    look = SecondLook.objects.get()
    ends = {day_of(workspace, moment)[1] for moment in (before, now())}
    assert (look.state, look.attempts) == (State.READY, 0)
    assert look.not_before in ends
    assert "budget" in str(look.history)
    assert server.log == []
    grouped(workspace, LIGHTS, age=timedelta(minutes=10))
    # What was put off takes the others along.
    assert SecondLook.objects.count() == 1
    assert together(posts)


def test_a_look_delivered_twice_asks_and_moves_once(server: OpenAiServer) -> None:
    posts = grouped(workspace_on(), BRIDGE, SCHOOL)
    close_calls_look()
    close_calls_look()
    SecondLook.objects.create(workspace=posts[0].workspace)
    close_calls_look()
    assert len(server.log) == 1
    assert AuditEntry.objects.filter(verb="story.post_parted_by_meaning").count() == 2
    assert Spend.objects.count() == 1


def test_a_look_killed_before_its_verdict_does_not_pay_again(
    server: OpenAiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    posts = grouped(workspace_on(), BRIDGE, SCHOOL)

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(second_look, "call_part", die)
        with pytest.raises(KeyboardInterrupt):
            close_calls_look()
    assert only_call().verdict == ""
    assert together(posts)
    assert PostVector.objects.filter(post__in=posts).count() == 2
    assert SecondLook.objects.get().state == State.LEASED
    SecondLook.objects.update(not_before=now() - timedelta(seconds=1))
    close_calls_look()
    assert only_call().verdict == Verdict.PARTED
    assert not together(posts)
    assert len(server.log) == 1
    assert Spend.objects.count() == 1


def test_a_text_is_asked_for_once_and_again_when_it_has_changed(server: OpenAiServer) -> None:
    workspace = workspace_on()
    bridge, _school = grouped(workspace, BRIDGE, SCHOOL)
    close_calls_look()
    call = CloseCallFactory.create(workspace=workspace, post=bridge, other=PostFactory.create(text="Другое"))
    SecondLook.objects.create(workspace=workspace)
    close_calls_look()
    assert [entry.params["input"] for entry in server.log] == [[BRIDGE, SCHOOL], ["Другое"]]
    CloseCall.objects.filter(pk=call.pk).update(verdict="", look=None)
    Post.objects.filter(pk=bridge.pk).update(text=f"{BRIDGE} Так решил мэр.")
    SecondLook.objects.create(workspace=workspace)
    close_calls_look()
    assert server.log[2].params["input"] == [f"{BRIDGE} Так решил мэр."]
    assert PostVector.objects.filter(post=bridge).count() == 1


def test_what_was_switched_off_meanwhile_is_let_go(server: OpenAiServer) -> None:
    workspace = workspace_on()
    posts = grouped(workspace, BRIDGE, SCHOOL)
    workspace.ai_second_look = False
    workspace.save()
    close_calls_look()
    assert server.log == []
    assert CloseCall.objects.count() == 0
    assert SecondLook.objects.get().state == State.DONE
    assert together(posts)


def test_vectors_of_another_length_take_the_place_of_the_old_ones(server: OpenAiServer) -> None:
    workspace = workspace_on()
    (bridge,) = grouped(workspace, BRIDGE)
    short = packed([1.0, 0.0])
    told = second_look.hash_of(BRIDGE)
    PostVector.objects.create(workspace=workspace, post=bridge, model=MODEL, text_hash=told, vector=short)
    grouped(workspace, SCHOOL, age=timedelta(minutes=50))
    close_calls_look()
    assert [entry.params["input"] for entry in server.log] == [[SCHOOL]]
    assert PostVector.objects.count() == 1
    assert len(unpacked(PostVector.objects.get().vector)) == len(direction(0))
    assert (only_call().verdict, only_call().look) == ("", None)


def test_side_by_side_looks_of_a_workspace_take_turns(server: OpenAiServer) -> None:
    workspace = workspace_on()
    grouped(workspace, BRIDGE, SCHOOL)
    first = SecondLook.objects.get()
    second = SecondLook.objects.create(workspace=workspace)
    later = now() + timedelta(minutes=5)
    SecondLook.objects.filter(pk=first.pk).update(
        state=State.LEASED, token="9f3c5f0e-0000-4000-8000-000000000001", not_before=later
    )
    with pytest.raises(Defer):
        look_plan(second)
    assert only_call().look is None
    elsewhere = SecondLook.objects.create(workspace=WorkspaceFactory.create(ai_second_look=True))
    assert look_plan(elsewhere).texts == ()
    assert server.log == []


def test_vectors_go_with_their_posts(server: OpenAiServer) -> None:
    posts = grouped(workspace_on(), BRIDGE, SCHOOL)
    close_calls_look()
    keys = [post.pk for post in posts]
    assert PostVector.objects.filter(post__in=keys).count() == 2
    with transaction.atomic():
        assert posts_retire(keys) == set()
    assert PostVector.objects.filter(post__in=keys).count() == 0


def test_old_vectors_and_calls_are_forgotten(server: OpenAiServer) -> None:
    workspace = workspace_on()
    PostVector.objects.update(created_at=now() - timedelta(days=8))
    old = CloseCallFactory.create(workspace=workspace, verdict="held", created_at=now() - timedelta(days=31))
    kept = CloseCallFactory.create(workspace=workspace, verdict="held", created_at=now() - timedelta(days=29))
    SecondLook.objects.create(workspace=workspace)
    close_calls_look()
    assert PostVector.objects.count() == 0
    assert set(CloseCall.objects.values_list("pk", flat=True)) == {kept.pk}
    assert old.pk != kept.pk
    assert server.log == []
