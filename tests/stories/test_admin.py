"""The queue of stories as an editor sees it, and what the buttons do."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEntry, Membership, User, Workspace
from apps.stories.models import Grouping, Preset, Rewrite, Story, StoryVersion
from tests.stories.factories import (
    BEGAN,
    LegalEntryFactory,
    LegalListFactory,
    MembershipFactory,
    PresetFactory,
    StoryFactory,
    StoryPostFactory,
    WorkspaceFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db
LIST = reverse("admin:stories_story_changelist")
Status = Story.Status


@pytest.fixture
def workspace() -> Workspace:
    """The editor's own."""
    return WorkspaceFactory.create()


@pytest.fixture
def editor(workspace: Workspace, client: Client) -> User:
    """An editor of the workspace, logged in."""
    user: User = MembershipFactory.create(workspace=workspace).user
    client.force_login(user)
    return user


def act(client: Client, action: str, *stories: Story) -> str:
    """Run an action of the list; the answer is the page that follows."""
    chosen = [str(story.pk) for story in stories]
    answer = client.post(f"{LIST}?e=", {"action": action, "_selected_action": chosen, "index": "0"}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def titles(client: Client, query: str = "") -> list[str]:
    """The stories that a list shows."""
    answer = client.get(LIST + query)
    assert answer.status_code == 200
    return [story.title for story in answer.context["cl"].result_list]


def test_the_queue_shows_what_waits_the_freshest_first(client: Client, editor: User, workspace: Workspace) -> None:
    StoryFactory.create(workspace=workspace, title="Старый")
    StoryFactory.create(workspace=workspace, title="Свежий", last_at=BEGAN + timedelta(hours=1))
    StoryFactory.create(workspace=workspace, title="Отложенный", status=Status.ASIDE)
    StoryFactory.create(title="Чужой")
    assert titles(client) == ["Свежий", "Старый"]
    assert titles(client, "?status__exact=aside") == ["Отложенный"]
    assert titles(client, "?q=Отложенный") == ["Отложенный"]
    assert titles(client, "?q=Чужой") == []


def test_it_sorts_by_number_of_sources(client: Client, editor: User, workspace: Workspace) -> None:
    StoryFactory.create(workspace=workspace, title="Один", sources_count=1)
    StoryFactory.create(workspace=workspace, title="Три", sources_count=3)
    assert titles(client, "?o=-2") == ["Три", "Один"]


def test_the_tabs_count(client: Client, editor: User, workspace: Workspace) -> None:
    StoryFactory.create_batch(2, workspace=workspace)
    StoryFactory.create(workspace=workspace, status=Status.REVIEW)
    StoryFactory.create(workspace=workspace, status=Status.ASIDE)
    StoryFactory.create()
    tabs = client.get(LIST).context["queue_tabs"]
    assert [tab.count for tab in tabs] == [3, 2, 0, 1, 0, 0, 1]
    assert [tab.is_chosen for tab in tabs] == [True, *[False] * 6]
    assert [tab.waits for tab in tabs] == [False, False, False, True, False, False, False]


def test_a_row_opens_the_workbench_and_says_where_the_story_came_from(
    client: Client, editor: User, workspace: Workspace
) -> None:
    story = story_with_text(
        workspace=workspace, title="<b>Склад</b>", first_voice="Гавань", posts_count=3, sources_count=2
    )
    page = client.get(LIST).content.decode()
    assert reverse("desk:story", args=[story.pk]) in page
    assert "&lt;b&gt;Склад&lt;/b&gt;" in page
    assert "Гавань" in page
    assert client.get(reverse("admin:stories_story_change", args=[story.pk])).url == reverse(
        "desk:story", args=[story.pk]
    )


def test_the_actions_go_through_the_services_and_tell_what_was_refused(
    client: Client, editor: User, workspace: Workspace
) -> None:
    ready, bare = story_with_text(workspace=workspace), StoryFactory.create(workspace=workspace)
    page = act(client, "approve", ready, bare)
    assert "no text" in page or "текст" in page
    ready.refresh_from_db()
    bare.refresh_from_db()
    assert (ready.status, ready.approved_by, bare.status) == (Status.APPROVED, editor, Status.NEW)
    act(client, "put_aside", bare)
    assert Story.objects.get(pk=bare.pk).status == Status.ASIDE
    act(client, "bring_back", bare)
    assert Story.objects.get(pk=bare.pk).status == Status.NEW


def test_a_draft_is_asked_for_with_the_default_preset(client: Client, editor: User, workspace: Workspace) -> None:
    PresetFactory.create(workspace=workspace)
    default = PresetFactory.create(workspace=workspace, is_default=True)
    story = StoryPostFactory.create(story__workspace=workspace).story
    act(client, "write_draft", story)
    rewrite = Rewrite.objects.get()
    assert (rewrite.story, rewrite.preset, rewrite.requested_by) == (story, default, editor)


def test_another_workspace_s_story_is_out_of_reach(client: Client, editor: User) -> None:
    theirs = story_with_text()
    act(client, "approve", theirs)
    assert Story.objects.get(pk=theirs.pk).status == Status.NEW
    assert client.get(reverse("admin:stories_story_change", args=[theirs.pk])).status_code == 404


def test_a_viewer_sees_and_touches_nothing(client: Client, workspace: Workspace) -> None:
    viewer = MembershipFactory.create(workspace=workspace, role=Membership.Role.VIEWER).user
    client.force_login(viewer)
    story = story_with_text(workspace=workspace)
    assert titles(client) == [story.title]
    act(client, "approve", story)
    assert Story.objects.get(pk=story.pk).status == Status.NEW


@pytest.mark.parametrize("name", ["story", "preset", "rewrite", "grouping"])
def test_the_lists_ask_the_same_number_of_queries_however_long(
    client: Client, editor: User, workspace: Workspace, name: str
) -> None:
    def fill(count: int) -> None:
        for _ in range(count):
            story = story_with_text(workspace=workspace)
            preset = PresetFactory.create(workspace=workspace)
            Rewrite.objects.create(workspace=workspace, story=story, preset=preset, requested_by=editor)
            Grouping.objects.create(workspace=workspace, post=story.memberships.get().post)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert client.get(reverse(f"admin:stories_{name}_changelist")).status_code == 200
        return len(asked)

    fill(2)
    client.get(reverse(f"admin:stories_{name}_changelist"))
    few = queries()
    fill(8)
    assert queries() == few
    assert few <= 14


def test_a_second_default_preset_is_refused_in_words(client: Client, editor: User, workspace: Workspace) -> None:
    PresetFactory.create(workspace=workspace, is_default=True)
    fields = {"name": "Ещё", "length": 900, "is_default": "on", "instructions": "", "tone": ""}
    answer = client.post(reverse("admin:stories_preset_add"), fields)
    assert answer.status_code == 200
    assert answer.context["errors"]
    assert Preset.objects.count() == 1
    del fields["is_default"]
    assert client.post(reverse("admin:stories_preset_add"), fields).status_code == 302
    assert Preset.objects.get(name="Ещё").workspace == workspace


def test_a_rewrite_s_page_shows_what_was_sent(client: Client, editor: User, workspace: Workspace) -> None:
    story = StoryFactory.create(workspace=workspace)
    rewrite = Rewrite.objects.create(workspace=workspace, story=story, user_prompt="Напиши <коротко>")
    page = client.get(reverse("admin:stories_rewrite_change", args=[rewrite.pk])).content.decode()
    assert "Напиши &lt;коротко&gt;" in page


def test_failed_work_is_tried_again_from_its_list(client: Client, editor: User, workspace: Workspace) -> None:
    story = story_with_text(workspace=workspace)
    ended = {"workspace": workspace, "state": "dead", "error": "Ключ отозван", "finished_at": BEGAN}
    rows = [
        Rewrite.objects.create(story=story, **ended),
        Grouping.objects.create(post=story.memberships.get().post, **ended),
    ]
    for row in rows:
        address = reverse(f"admin:stories_{row._meta.model_name}_changelist")
        assert "Ключ отозван" in client.get(address).content.decode()
        client.post(address, {"action": "work_retry", "_selected_action": [str(row.pk)], "index": "0"})
        row.refresh_from_db()
        assert row.state == "ready"
        assert client.get(reverse(f"admin:stories_{row._meta.model_name}_change", args=[row.pk])).status_code == 200


def test_a_waiting_rewrite_is_given_up_with_a_reason(client: Client, editor: User, workspace: Workspace) -> None:
    rewrite = Rewrite.objects.create(workspace=workspace, story=StoryFactory.create(workspace=workspace))
    address = reverse("admin:stories_rewrite_changelist")
    asked = {"action": "work_give_up", "_selected_action": [str(rewrite.pk)], "index": "0"}
    assert "work_reason" in client.post(address, asked).content.decode()
    assert Rewrite.objects.get().state == "ready"
    client.post(address, {**asked, "work_reason": "Устарело"})
    rewrite.refresh_from_db()
    assert (rewrite.state, rewrite.error) == ("dead", "Устарело")


def unmarked(workspace: Workspace, title: str) -> Story:
    """A story in review whose text mentions somebody whom a list wants marked."""
    story = story_with_text(workspace=workspace, title=title, status=Status.REVIEW)
    StoryVersion.objects.filter(pk=story.current_version_id).update(body="Видели Ивана Тестова.")
    return story


def test_approving_stories_without_legal_marks_asks_for_a_reason(
    client: Client, editor: User, workspace: Workspace
) -> None:
    User.objects.filter(pk=editor.pk).update(language="en")
    LegalEntryFactory.create(list=LegalListFactory.create(workspace=workspace), name="Тестов Иван Петрович")
    plain = story_with_text(workspace=workspace, title="Порт открыт", status=Status.REVIEW)
    lacking = [unmarked(workspace, "Суд"), unmarked(workspace, "Выставка")]
    page = act(client, "approve", plain, *lacking)
    assert "Why do they go out all the same?" in page
    assert page.count("the mark of “Тестов Иван Петрович”") == 2
    assert "Done: 1." in page
    assert "Refused" not in page
    assert {one.title: one.status for one in Story.objects.all()} == {
        "Порт открыт": "approved", "Суд": "review", "Выставка": "review",
    }  # fmt: skip

    chosen = {"action": "approve", "_selected_action": [str(one.pk) for one in lacking], "index": "0"}
    empty = client.post(LIST, chosen | {"approve_reason": " "}).content.decode()
    assert "Give the reason; it is kept with the approval." in empty
    assert Story.objects.filter(status="review").count() == 2

    client.post(LIST, chosen | {"approve_reason": "A namesake"})
    assert not Story.objects.filter(status="review").exists()
    entries = AuditEntry.objects.filter(verb="story.approved", actor=editor).order_by("pk")
    assert [one.details.get("reason", "") for one in entries] == ["", "A namesake", "A namesake"]


def test_without_missing_marks_no_reason_is_asked_for(client: Client, editor: User, workspace: Workspace) -> None:
    User.objects.filter(pk=editor.pk).update(language="en")
    story = story_with_text(workspace=workspace, status=Status.REVIEW)
    assert "Why do they go out" not in act(client, "approve", story)
    assert Story.objects.get().status == "approved"
