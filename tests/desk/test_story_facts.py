"""The fact check on the workbench: shown, renewed while one types, and settled by an editor."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from apps.accounts.models import Membership, User
from apps.desk.parts import checks_facts
from apps.sources.models import Post
from apps.stories import services
from apps.stories.factcheck import CheckTooLongError
from apps.stories.models import FactAccepted, Story, StoryVersion
from tests.stories.factories import (
    MembershipFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    VersionFactory,
    WorkspaceFactory,
)

pytestmark = pytest.mark.django_db
Role = Membership.Role


@pytest.fixture
def story() -> Story:
    made: Story = StoryFactory.create()
    StoryPostFactory(story=made, post__text="Площадь пожара в порту — 4200 метров.", post__source__name="Голос")
    made.current_version = VersionFactory(story=made, title="Пожар", body="Площадь пожара — 4300 метров.")
    made.status = Story.Status.DRAFT
    made.save()
    return made


def client_of(story: Story, role: str = Role.EDITOR) -> Client:
    """A client logged in with a role of the story's workspace, reading English."""
    return logged_in(MembershipFactory(workspace=story.workspace, user=UserFactory(language="en"), role=role).user)


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, story: Story, **text: str) -> Any:
    return client.post(reverse("desk:story_facts", args=[story.pk]), {"title": "", "lead": "", "body": "", **text})


def test_opening_a_version_that_was_never_checked_checks_it(story: Story) -> None:
    page = client_of(story).get(reverse("desk:story", args=[story.pk])).content.decode()
    assert "No source has this number." in page
    assert "Площадь пожара в порту — 4200 метров." in page
    assert f'href="#post-{story.memberships.get().post_id}"' in page
    assert StoryVersion.objects.get().findings_count == 1


def test_typed_text_is_checked_and_nothing_of_it_is_kept(story: Story) -> None:
    reply = ask(client_of(story), story, title="Пожар у Сидорова", body="🔥 Площадь\r\n— 4200 метров").json()
    assert reply["count"] == 1
    (finding,) = reply["findings"]
    assert (finding["kind"], finding["field"], finding["text"]) == ("name", "title", "Сидорова")
    assert finding["says"] == "No source has this name."
    assert StoryVersion.objects.get().findings_count is None


def test_places_are_counted_in_characters_with_plain_line_ends(story: Story) -> None:
    body = "🔥\nПлощадь — 4300 метров"
    (finding,) = ask(client_of(story), story, body=body.replace("\n", "\r\n")).json()["findings"]
    assert body[finding["start"] : finding["end"]] == "4300"
    assert (finding["voice"], finding["post"]) == ("Голос", story.memberships.get().post_id)


def test_the_current_text_asked_again_renews_what_is_kept(story: Story) -> None:
    client = client_of(story)
    text = {"title": "Пожар", "body": "Площадь пожара — 4300 метров."}
    ask(client, story, **text)
    assert StoryVersion.objects.get().findings_count == 1
    StoryPostFactory(story=story, post__text="Уточнение: площадь 4300 метров.")
    assert ask(client, story, **text).json()["told"].startswith("Names, numbers")
    assert StoryVersion.objects.get().findings_count == 0


def test_an_editor_says_it_is_right_and_doubts_it_again(story: Story) -> None:
    client = client_of(story)
    address = reverse("desk:story_fact", args=[story.pk])
    assert client.post(address, {"kind": "number", "text": "4300", "act": "accept"}).json() == {"done": True}
    reply = ask(client, story, body="Площадь 4300 метров").json()
    assert (reply["count"], reply["findings"][0]["accepted"]) == (0, True)
    client.post(address, {"kind": "number", "text": "4300", "act": "doubt"})
    assert ask(client, story, body="Площадь 4300 метров").json()["count"] == 1


@pytest.mark.parametrize("form", [{"kind": "rumour", "text": "x"}, {"kind": "name", "text": "x" * 100_001}])
def test_what_is_no_finding_is_refused(story: Story, form: dict[str, str]) -> None:
    assert client_of(story).post(reverse("desk:story_fact", args=[story.pk]), form).status_code == 400
    assert not FactAccepted.objects.exists()


def test_too_long_a_text_is_refused_in_words(story: Story) -> None:
    reply = ask(client_of(story), story, body="а" * 100_001)
    assert (reply.status_code, reply.json()["detail"]) == (413, "The text is too long to check.")


def test_asking_too_often_waits(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(checks_facts, "RATE", "2/d")
    client = client_of(story)
    assert [ask(client, story, body="а").status_code for _time in range(3)] == [200, 200, 429]
    assert ask(client_of(story), story, body="а").status_code == 200


def test_a_story_of_another_workspace_is_not_there(story: Story) -> None:
    client = logged_in(MembershipFactory(workspace=WorkspaceFactory(), role=Role.OWNER).user)
    assert ask(client, story, body="4300").status_code == 404
    form = {"kind": "number", "text": "4300"}
    assert client.post(reverse("desk:story_fact", args=[story.pk]), form).status_code == 404
    assert not FactAccepted.objects.exists()


def test_a_viewer_reads_the_check_and_settles_nothing(story: Story) -> None:
    client = client_of(story, Role.VIEWER)
    assert ask(client, story, title="Пожар", body="Площадь пожара — 4300 метров.").json()["count"] == 1
    assert StoryVersion.objects.get().findings_count is None
    form = {"kind": "number", "text": "4300"}
    assert client.post(reverse("desk:story_fact", args=[story.pk]), form).status_code == 403
    assert not FactAccepted.objects.exists()
    page = client.get(reverse("desk:story", args=[story.pk])).content.decode()
    assert "data-may-accept" not in page


def test_a_story_without_posts_says_so() -> None:
    story = StoryFactory.create()
    assert ask(client_of(story), story, body="4300").json() == {
        "findings": [],
        "count": None,
        "told": "There is nothing to check the text against: the story has no posts.",
    }


def test_posts_words_are_no_markup(story: Story) -> None:
    StoryPostFactory(story=story, post__text="Площадь пожара <script>alert(1)</script> метров")
    services.version_check(version=story.current_version)
    page = client_of(story).get(reverse("desk:story", args=[story.pk])).content.decode()
    assert "<script>alert(1)" not in page


@pytest.fixture
def examined(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The check gives up each time; the list grows by one for each."""
    asked: list[int] = []

    def gives_up(*_texts: object, **_limits: object) -> None:
        asked.append(1)
        raise CheckTooLongError

    monkeypatch.setattr("apps.stories.services.facts.examine", gives_up)
    return asked


def test_a_check_that_gave_up_is_not_tried_at_each_opening(story: Story, examined: list[int]) -> None:
    client, page = client_of(story), reverse("desk:story", args=[story.pk])
    text = {"title": "Пожар", "body": "Площадь пожара — 4300 метров."}
    assert "The text was not checked" in client.get(page).content.decode()
    assert len(examined) == 1
    for _time in range(2):
        assert "The text was not checked" in client.get(page).content.decode()
        assert ask(client, story, **text).json()["told"].startswith("The text was not checked")
    assert len(examined) == 1, "neither the page nor its script tries the same once more"


@pytest.mark.parametrize("what", ["new post", "edited post", "other text"])
def test_what_is_another_is_checked_again(story: Story, examined: list[int], what: str) -> None:
    client, page = client_of(story), reverse("desk:story", args=[story.pk])
    client.get(page)
    if what == "new post":
        StoryPostFactory(story=story, post__text="Уточнение: площадь 4300 метров.")
        client.get(page)
    elif what == "edited post":
        Post.objects.update(revision=2)
        client.get(page)
    else:
        ask(client, story, body="Площадь 4300 метров")
    assert len(examined) == 2


def test_a_later_check_that_ends_is_kept(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    client, page = client_of(story), reverse("desk:story", args=[story.pk])
    with monkeypatch.context() as slow:
        slow.setattr("apps.stories.services.facts.SOURCES_CHARACTERS", 1)
        client.get(page)
    assert StoryVersion.objects.get().unchecked_against != ""
    StoryPostFactory(story=story, post__text="Уточнение.")
    assert "No source has this number." in client.get(page).content.decode()
    version = StoryVersion.objects.get()
    assert (version.findings_count, version.unchecked_against) == (1, "")
