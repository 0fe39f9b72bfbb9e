"""Close calls of grouping are looked at twice where a workspace wants it, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEntry
from apps.ai.models import Spend
from apps.core.clock import now
from apps.sources.models import Post
from apps.stories.models import CloseCall, PostVector, SecondLook, Story, StoryPost
from apps.stories.services.corrections import post_move, story_lock, story_unlock
from apps.stories.tasks import close_calls_look, second_looks_clear
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer
from tests.stories.factories import EditLockFactory, JudgementFactory, UserFactory, VersionFactory, WorkspaceFactory
from tests.stories.looks import (
    BRIDGE,
    COMET,
    LIGHTS,
    MODEL,
    SCHOOL,
    direction,
    group_waiting,
    grouped,
    only_call,
    story_of,
    together,
    workspace_on,
)

pytestmark = pytest.mark.django_db(transaction=True)
Verdict = CloseCall.Verdict


@pytest.fixture(scope="module")
def running() -> Iterator[OpenAiServer]:
    with openai_api.running() as server:
        yield server


@pytest.fixture
def server(running: OpenAiServer, settings: Any) -> OpenAiServer:
    """The installation's endpoint; the vectors of different words have nothing in common."""
    running.log.clear()
    running.faults.clear()
    running.vectors.clear()
    running.vectors |= {"закрыли": direction(0), "школы": direction(13), "огнями": direction(14)}
    settings.AI_EMBEDDER, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "sk-test"
    settings.AI_EMBEDDING_MODEL, settings.AI_EMBEDDING_PRICE_USD = MODEL, 1000.0
    return running


def asked(server: OpenAiServer) -> list[list[str]]:
    return [entry.params["input"] for entry in server.log]


def test_a_workspace_that_is_off_leaves_no_row_and_asks_nobody(server: OpenAiServer) -> None:
    posts = grouped(WorkspaceFactory.create(), BRIDGE, SCHOOL, LIGHTS)
    close_calls_look()
    assert together(posts[:2])
    assert (CloseCall.objects.count(), SecondLook.objects.count(), PostVector.objects.count()) == (0, 0, 0)
    assert server.log == []


def test_an_installation_that_has_nobody_to_ask_leaves_no_row(server: OpenAiServer, settings: Any) -> None:
    settings.AI_EMBEDDER = "none"
    grouped(workspace_on(), BRIDGE, SCHOOL)
    close_calls_look()
    assert (CloseCall.objects.count(), SecondLook.objects.count()) == (0, 0)
    assert server.log == []


def test_only_close_calls_are_asked_for_in_one_request(server: OpenAiServer) -> None:
    posts = grouped(workspace_on(), BRIDGE, LIGHTS, COMET, SCHOOL)
    close_calls_look()
    assert asked(server) == [[BRIDGE, LIGHTS, SCHOOL]]
    calls = CloseCall.objects.order_by("pk")
    pairs = [(call.post_id, call.other_id, call.is_together) for call in calls]
    assert pairs == [(posts[1].pk, posts[0].pk, False), (posts[3].pk, posts[0].pk, True)]
    assert all(abs(call.score - call.needed) <= 0.06 for call in calls)
    assert SecondLook.objects.get().state == SecondLook.State.DONE


def test_vectors_that_agree_leave_everything_as_it_was(server: OpenAiServer) -> None:
    server.vectors["школы"] = direction(13, lean=0.9)
    posts = grouped(workspace_on(), BRIDGE, SCHOOL)
    before = list(StoryPost.objects.order_by("pk").values())
    close_calls_look()
    assert only_call().verdict == Verdict.KEPT
    assert only_call().cosine == pytest.approx(0.9, abs=0.001)
    assert together(posts)
    assert list(StoryPost.objects.order_by("pk").values()) == before
    assert not AuditEntry.objects.exists()


def test_a_post_that_means_something_else_gets_a_story_of_its_own(server: OpenAiServer) -> None:
    bridge, school = grouped(workspace_on(), BRIDGE, SCHOOL)
    assert together([bridge, school])
    score = StoryPost.objects.get(post=school).score
    close_calls_look()
    call, member = only_call(), StoryPost.objects.get(post=school)
    assert (call.verdict, call.why) == (Verdict.PARTED, "")
    assert not together([bridge, school])
    own, left = story_of(school), story_of(bridge)
    assert (own.title, own.posts_count, own.sources_count, own.status) == (SCHOOL, 1, 1, Story.Status.NEW)
    assert (left.title, left.posts_count, left.sources_count) == (BRIDGE, 1, 1)
    assert member.reasons == {"apart": bridge.pk, "vectors": 0.0}
    assert member.placed_by is None
    entries = AuditEntry.objects.filter(verb="story.post_parted_by_meaning")
    assert {entry.target_id for entry in entries} == {str(own.pk), str(left.pk)}
    told = entries[0].details
    assert (entries[0].actor, told["post"], told["other"], told["cosine"]) == (None, school.pk, bridge.pk, 0.0)
    assert told["score"] == score
    assert server.log[0].params["model"] == MODEL


def test_a_post_that_means_the_same_is_put_beside_it(server: OpenAiServer) -> None:
    server.vectors["огнями"] = direction(14, lean=0.95)
    bridge, lights = grouped(workspace_on(), BRIDGE, LIGHTS)
    was = story_of(lights)
    assert not together([bridge, lights])
    close_calls_look()
    member, story = StoryPost.objects.get(post=lights), story_of(bridge)
    assert together([bridge, lights])
    assert only_call().verdict == Verdict.JOINED
    assert (story.posts_count, story.sources_count, story.last_at) == (2, 2, lights.published_at)
    assert not Story.objects.filter(pk=was.pk).exists()
    reasons = dict(member.reasons)
    assert (reasons["post"], reasons["vectors"], reasons["hours"]) == (bridge.pk, 0.95, 0.0)
    assert {"мост", "река"} <= {word for word, _part in reasons["terms"]}
    assert member.score == round(only_call().score, 4)
    (entry,) = AuditEntry.objects.filter(verb="story.post_joined_by_meaning")
    assert (entry.target_id, entry.details["words"]) == (str(story.pk), {"from": LIGHTS, "to": BRIDGE})


def test_what_followed_a_post_goes_with_it(server: OpenAiServer) -> None:
    workspace = workspace_on()
    bridge, school = grouped(workspace, BRIDGE, SCHOOL)
    (after,) = grouped(workspace, f"{SCHOOL} Это сообщил директор.", age=timedelta(minutes=20))
    assert together([bridge, school, after])
    close_calls_look()
    assert together([school, after])
    assert not together([bridge, school])
    assert story_of(school).posts_count == 2


def pinned(post: Any) -> None:
    StoryPost.objects.filter(post=post).update(is_pinned=True)


def placed(post: Any) -> None:
    StoryPost.objects.filter(post=post).update(placed_by=UserFactory.create())


def locked(post: Any) -> None:
    story_lock(story=story_of(post), editor=UserFactory.create())


def written(post: Any) -> None:
    story = story_of(post)
    story.current_version = VersionFactory.create(story=story)
    story.save()


def in_work(post: Any) -> None:
    Story.objects.filter(memberships__post=post).update(status=Story.Status.DRAFT)


def opened(post: Any) -> None:
    EditLockFactory.create(story=story_of(post))


def corrected(post: Any) -> None:
    story = story_of(post)
    editor = UserFactory.create()
    story_lock(story=story, editor=editor)
    story_unlock(story=story, editor=editor)


def gone(post: Any) -> None:
    post_move(post=post, story=story_of(post), editor=UserFactory.create())


@pytest.mark.parametrize(
    ("touch", "why"),
    [
        (pinned, "editor"),
        (placed, "editor"),
        (locked, "touched"),
        (written, "touched"),
        (in_work, "touched"),
        (opened, "touched"),
        (corrected, "touched"),
        (gone, "moved"),
    ],
)
def test_what_people_had_a_hand_in_is_not_touched(server: OpenAiServer, touch: Any, why: str) -> None:
    bridge, school = grouped(workspace_on(), BRIDGE, SCHOOL)
    touch(school)
    before = list(StoryPost.objects.order_by("pk").values())
    audit = AuditEntry.objects.count()
    close_calls_look()
    assert (only_call().verdict, only_call().why) == (Verdict.HELD, why)
    assert list(StoryPost.objects.order_by("pk").values()) == before
    assert AuditEntry.objects.count() == audit
    assert story_of(bridge)


@pytest.mark.parametrize("touch", [locked, written, in_work, opened, corrected])
def test_nothing_is_put_into_a_story_that_people_had_a_hand_in(server: OpenAiServer, touch: Any) -> None:
    server.vectors["огнями"] = direction(0)
    bridge, lights = grouped(workspace_on(), BRIDGE, LIGHTS)
    touch(bridge)
    close_calls_look()
    assert (only_call().verdict, only_call().why) == (Verdict.HELD, "touched")
    assert not together([bridge, lights])


@pytest.mark.parametrize(("text", "is_same"), [(SCHOOL, True), (LIGHTS, False)])
def test_what_an_editor_said_of_the_posts_comes_before_vectors(server: OpenAiServer, text: str, is_same: bool) -> None:
    server.vectors["огнями"] = direction(0)
    workspace = workspace_on()
    bridge, other = grouped(workspace, BRIDGE, text)
    JudgementFactory.create(workspace=workspace, first=bridge, second=other, is_same=is_same)
    close_calls_look()
    assert (only_call().verdict, only_call().why) == (Verdict.HELD, "editor")
    assert together([bridge, other]) is is_same


def test_an_editor_s_correction_of_a_second_look_holds(server: OpenAiServer) -> None:
    server.vectors["огнями"] = direction(0)
    workspace = workspace_on()
    bridge, lights = grouped(workspace, BRIDGE, LIGHTS)
    close_calls_look()
    assert together([bridge, lights])
    post_move(post=lights, story=story_of(lights), editor=UserFactory.create())
    SecondLook.objects.create(workspace=workspace)
    close_calls_look()
    group_waiting(workspace)
    assert not together([bridge, lights])
    assert len(server.log) == 1


def test_another_workspace_is_left_alone(server: OpenAiServer) -> None:
    other = grouped(WorkspaceFactory.create(), BRIDGE, SCHOOL)
    mine = grouped(workspace_on(), BRIDGE, SCHOOL)
    close_calls_look()
    assert together(other)
    assert not together(mine)
    assert set(CloseCall.objects.values_list("workspace", flat=True)) == {mine[0].workspace_id}
    assert set(Spend.objects.values_list("workspace", flat=True)) == {mine[0].workspace_id}


def test_an_imported_year_is_not_looked_at(server: OpenAiServer) -> None:
    grouped(workspace_on(), BRIDGE, SCHOOL, age=timedelta(days=30))
    close_calls_look()
    assert CloseCall.objects.count() == 0
    assert server.log == []


def test_a_copy_is_no_close_call(server: OpenAiServer) -> None:
    workspace = workspace_on()
    bridge, school = grouped(workspace, BRIDGE, SCHOOL)
    CloseCall.objects.all().delete()
    (again,) = grouped(workspace, SCHOOL, age=timedelta(minutes=5))
    assert together([bridge, school, again])
    assert CloseCall.objects.count() == 0


def test_words_counted_offline_need_no_key(settings: Any, server: OpenAiServer) -> None:
    settings.AI_EMBEDDER = "offline"
    workspace = WorkspaceFactory.create(ai_second_look=True)
    grouped(workspace, BRIDGE, LIGHTS, COMET, SCHOOL)
    close_calls_look()
    assert PostVector.objects.filter(workspace=workspace).count() == 3
    assert server.log == []
    assert not Spend.objects.exists()
    # Three vectors do not tell how alike any two are: the calls wait until there are more.
    assert [(call.verdict, call.look) for call in CloseCall.objects.all()] == [("", None)] * 2
    assert SecondLook.objects.get().state == SecondLook.State.DONE


def test_what_came_too_late_is_let_go(server: OpenAiServer) -> None:
    posts = grouped(workspace_on(), BRIDGE, SCHOOL)
    CloseCall.objects.update(created_at=now() - timedelta(hours=25))
    close_calls_look()
    assert (only_call().verdict, only_call().why) == (Verdict.HELD, "late")
    assert together(posts)
    assert server.log == []


def test_old_vectors_and_calls_go_daily_where_looks_have_stopped(server: OpenAiServer) -> None:
    first, second = grouped(workspace_on(), BRIDGE, SCHOOL)
    CloseCall.objects.update(created_at=now() - timedelta(days=31))
    young = PostVector.objects.earliest("pk")
    PostVector.objects.exclude(pk=young.pk).update(created_at=now() - timedelta(days=8))
    asked_before = len(asked(server))
    second_looks_clear()
    second_looks_clear()
    assert list(PostVector.objects.all()) == [young]
    assert not CloseCall.objects.exists()
    assert (len(asked(server)), {first.pk, second.pk} <= set(Post.objects.values_list("pk", flat=True))) == (
        asked_before,
        True,
    )
