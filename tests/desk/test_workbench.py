"""The workbench: from a story to a publication through the page's own forms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEntry, Membership, User, Workspace
from apps.publishing.models import Channel, Publication
from apps.stories.models import Preset, Rewrite, Story, StoryPost, StoryVersion
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, UserFactory, WorkspaceFactory

pytestmark = pytest.mark.django_db
TEXT = {
    "title": "Склад в порту сгорел",
    "lead": "Пожар потушили.",
    "body": "Погибших нет.",
    "tags": "порт, пожар, порт",
}


@pytest.fixture
def workspace() -> Workspace:
    made: Workspace = WorkspaceFactory(time_zone="Europe/Moscow")
    return made


@pytest.fixture
def editor(workspace: Workspace) -> User:
    return user_with(workspace, Membership.Role.EDITOR)


@pytest.fixture
def story(workspace: Workspace) -> Story:
    made = Story.objects.create(
        workspace=workspace, title="Пожар", first_at=datetime(2026, 11, 20, 9, tzinfo=UTC),
        last_at=datetime(2026, 11, 20, 10, tzinfo=UTC), posts_count=2, sources_count=2,
    )  # fmt: skip
    for number in range(2):
        source = SourceFactory(workspace=workspace, name=f"Голос {number}")
        post = PostFactory(source=source, published_at=made.first_at + timedelta(hours=number))
        StoryPost.objects.create(
            story=made, post=post, score=0.5, reasons={"terms": [["склад", 0.4]], "hours_apart": 1.0}
        )
    Preset.objects.create(workspace=workspace, name="Коротко", is_default=True)
    return made


def user_with(workspace: Workspace, role: str) -> User:
    user: User = UserFactory()
    MembershipFactory(workspace=workspace, user=user, role=role)
    return user


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def save(client: Client, story: Story, **fields: Any) -> Any:
    return client.post(reverse("desk:story_save", args=[story.pk]), {"based_on": "0", "then": "save", **TEXT, **fields})


def test_page_shows_posts_and_why_they_are_there(story: Story, editor: User) -> None:
    page = as_user(editor).get(reverse("desk:story", args=[story.pk])).content.decode()
    assert page.index("Голос 0") < page.index("Голос 1")
    assert "<span>склад</span>" in page


def test_page_reads_the_same_number_of_queries_for_more_posts(story: Story, editor: User) -> None:
    client, address = as_user(editor), reverse("desk:story", args=[story.pk])
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _ in range(30):
        StoryPost.objects.create(story=story, post=PostFactory(source=SourceFactory(workspace=story.workspace)))
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) <= len(few) <= 30


def test_save_makes_a_version_and_approve_goes_on(story: Story, editor: User) -> None:
    client = as_user(editor)
    assert save(client, story).status_code == 302
    version = StoryVersion.objects.get(story=story)
    assert (version.number, version.title, version.tags) == (1, "Склад в порту сгорел", ["порт", "пожар"])
    save(client, story, based_on="1", then="approve")
    story.refresh_from_db()
    assert story.status == Story.Status.APPROVED
    assert StoryVersion.objects.filter(story=story).count() == 1


def test_conflict_keeps_what_was_typed(story: Story, editor: User) -> None:
    client = as_user(editor)
    save(client, story)
    reply = save(client, story, title="Мой заголовок", based_on="0")
    assert reply.status_code == 409
    assert 'value="Мой заголовок"' in reply.content.decode()
    assert StoryVersion.objects.filter(story=story).count() == 1
    # the second press is a decision: the text is now based on the newer version
    assert save(client, story, title="Мой заголовок", based_on="1").status_code == 302
    assert StoryVersion.objects.get(story=story, number=2).title == "Мой заголовок"


def test_another_refusal_does_not_hide_a_conflict(story: Story, editor: User) -> None:
    client = as_user(editor)
    save(client, story)
    refused = save(client, story, title="", lead="", body="", based_on="0")
    assert 'name="based_on" value="0"' in refused.content.decode()
    # what was refused for another reason still meets the newer version at the next press
    assert save(client, story, title="Мой заголовок", based_on="0").status_code == 409
    assert StoryVersion.objects.filter(story=story).count() == 1


def test_empty_text_is_refused_in_words(story: Story, editor: User) -> None:
    reply = save(as_user(editor), story, title="", lead="", body="")
    assert reply.status_code == 409
    assert not StoryVersion.objects.exists()


def test_prompt_shown_is_the_prompt_sent(story: Story, editor: User) -> None:
    client = as_user(editor)
    preset = Preset.objects.get()
    shown = client.get(
        reverse("desk:story_prompt", args=[story.pk]), {"preset": preset.pk, "comment": "без чисел"}
    ).json()
    assert "без чисел" in shown["user"]
    client.post(
        reverse("desk:story_rewrite", args=[story.pk]),
        {
            "preset": preset.pk,
            "comment": "без чисел",
            "system_prompt": shown["system"].replace("\n", "\r\n"),
            "user_prompt": shown["user"].replace("\n", "\r\n"),
        },
    )
    rewrite = Rewrite.objects.get()
    assert (rewrite.system_prompt, rewrite.user_prompt) == (shown["system"], shown["user"])
    assert rewrite.prompt_edited is False
    state = client.get(reverse("desk:story_state", args=[story.pk])).json()
    assert (state["writing"], state["version"]) == (True, 0)
    assert "wb-running--waiting" in state["html"]


def test_rewrite_is_cancelled_from_the_page(story: Story, editor: User) -> None:
    client = as_user(editor)
    client.post(reverse("desk:story_rewrite", args=[story.pk]), {"preset": Preset.objects.get().pk, "comment": ""})
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "cancel_rewrite"})
    assert not Rewrite.objects.live().exists()


def test_put_aside_and_back(story: Story, editor: User) -> None:
    client = as_user(editor)
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "put_aside"})
    story.refresh_from_db()
    assert story.status == Story.Status.ASIDE
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "bring_back"})
    story.refresh_from_db()
    assert story.status == Story.Status.NEW


def test_approved_story_is_returned_into_work(story: Story, editor: User) -> None:
    client = as_user(editor)
    save(client, story, then="approve")
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "return"})
    story.refresh_from_db()
    assert (story.status, story.approved_by) == (Story.Status.DRAFT, None)


def test_approved_story_is_published_now_and_once(story: Story, editor: User) -> None:
    client = as_user(editor)
    channel = Channel.objects.create(workspace=story.workspace, kind="preview", name="Лента", slug="lenta")
    save(client, story, then="approve")
    for _ in range(2):
        client.post(reverse("desk:story_publish", args=[story.pk]), {"channel": [channel.pk], "at": ""})
    assert Publication.objects.filter(story=story, channel=channel).count() == 1
    assert AuditEntry.objects.filter(actor=editor, verb__startswith="publication.").count() == 1


def test_time_is_read_on_the_workspace_clock(story: Story, editor: User) -> None:
    client = as_user(editor)
    channel = Channel.objects.create(workspace=story.workspace, kind="preview", name="Лента", slug="lenta")
    save(client, story, then="approve")
    client.post(reverse("desk:story_publish", args=[story.pk]), {"channel": [channel.pk], "at": "2040-01-31T14:30"})
    assert Publication.objects.get().publish_at == datetime(2040, 1, 31, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize("at", ["2001-01-01T10:00", "tomorrow", "2040-02-31T10:00"])
def test_past_or_senseless_time_publishes_nothing(story: Story, editor: User, at: str) -> None:
    client = as_user(editor)
    channel = Channel.objects.create(workspace=story.workspace, kind="preview", name="Лента", slug="lenta")
    save(client, story, then="approve")
    reply = client.post(
        reverse("desk:story_publish", args=[story.pk]), {"channel": [channel.pk], "at": at}, follow=True
    )
    assert [message.level_tag for message in reply.context["messages"]][-1] == "error"
    assert not Publication.objects.exists()


def test_channel_of_another_workspace_is_not_published_in(story: Story, editor: User) -> None:
    client = as_user(editor)
    foreign = Channel.objects.create(workspace=WorkspaceFactory(), kind="preview", name="Чужая", slug="foreign")
    save(client, story, then="approve")
    client.post(reverse("desk:story_publish", args=[story.pk]), {"channel": [foreign.pk]})
    assert not Publication.objects.exists()


ADDRESSES = ["story", "story_state", "story_prompt", "story_save", "story_step", "story_rewrite", "story_publish"]
READ = {"story", "story_state", "story_prompt"}


@pytest.mark.parametrize("name", ADDRESSES)
def test_story_of_another_workspace_is_not_there(story: Story, name: str) -> None:
    client = as_user(user_with(WorkspaceFactory(), Membership.Role.OWNER))
    address = reverse(f"desk:{name}", args=[story.pk])
    reply = client.get(address) if name in READ else client.post(address, {"step": "put_aside", **TEXT})
    assert reply.status_code == 404
    story.refresh_from_db()
    assert story.status == Story.Status.NEW


@pytest.mark.parametrize("name", [name for name in ADDRESSES if name not in {"story", "story_state"}])
def test_viewer_changes_nothing(story: Story, workspace: Workspace, name: str) -> None:
    client = as_user(user_with(workspace, Membership.Role.VIEWER))
    address = reverse(f"desk:{name}", args=[story.pk])
    reply = client.get(address) if name in READ else client.post(address, {"step": "put_aside", **TEXT})
    assert reply.status_code == 403
    assert not StoryVersion.objects.exists()


def test_viewer_reads_without_buttons(story: Story, workspace: Workspace) -> None:
    page = as_user(user_with(workspace, Membership.Role.VIEWER)).get(reverse("desk:story", args=[story.pk]))
    assert page.status_code == 200
    assert "data-key-main" not in page.content.decode()


@pytest.mark.parametrize("number", ["9" * 18, "9" * 25, "9" * 5000, "x", "-1", "²"])
def test_numbers_that_no_row_has_are_no_rows(story: Story, workspace: Workspace, number: str) -> None:
    client = as_user(user_with(workspace, Membership.Role.MANAGER))
    prompt = client.get(reverse("desk:story_prompt", args=[story.pk]), {"preset": number})
    assert prompt.status_code == 200
    assert client.post(reverse("desk:story_rewrite", args=[story.pk]), {"preset": number}).status_code == 302
    assert Rewrite.objects.get().preset is None
    save(client, story, based_on=number, then="approve")
    client.post(reverse("desk:story_publish", args=[story.pk]), {"channel": number})
    assert StoryVersion.objects.count() == 1
    assert not Publication.objects.exists()


def test_nul_is_left_out_of_what_is_typed(story: Story, editor: User) -> None:
    client = as_user(editor)
    fields = {"comment": "ко\x00роче", "user_prompt": "за\x00дание", "system_prompt": "пра\x00вила"}
    client.post(reverse("desk:story_rewrite", args=[story.pk]), fields)
    rewrite = Rewrite.objects.get()
    assert (rewrite.comment, rewrite.user_prompt, rewrite.system_prompt) == ("короче", "задание", "правила")
    client.post(reverse("desk:story_step", args=[story.pk]), {"step": "cancel_rewrite"})
    save(client, story, title="По\x00жар", lead="Ле\x00д", body="Те\x00кст", tags="по\x00рт")
    version = StoryVersion.objects.get()
    assert (version.title, version.lead, version.body, version.tags) == ("Пожар", "Лед", "Текст", ["порт"])


@pytest.mark.parametrize("at", ["9999-12-31T23:59Z", "9999-12-31T23:59-12:00", "2126-01-01T10:00"])
def test_a_year_far_away_is_refused(story: Story, workspace: Workspace, at: str) -> None:
    channel = Channel.objects.create(workspace=workspace, kind="preview", name="Витрина", slug="showcase-far")
    client = as_user(user_with(workspace, Membership.Role.MANAGER))
    save(client, story, then="approve")
    client.post(reverse("desk:story_publish", args=[story.pk]), {"channel": channel.pk, "at": at})
    assert not Publication.objects.exists()
    assert client.get(reverse("desk:story", args=[story.pk])).status_code == 200
