"""Publications looked at beforehand on the workbench: length, parts, files, marks, channels, preview."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.core.errors import PermanentError
from apps.delivery.models import Delivery
from apps.publishing.models import Channel, Publication
from apps.publishing.services import publication_schedule
from apps.stories.models import Story
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import approved_story, preview_channel, scheduled, telegram_channel
from tests.publishing.test_posts import LONG, picture


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    return client


def looked(desk: Client, story: Story, *channels: Channel, body: str = "All is well.", **form: Any) -> dict[str, Any]:
    """What the workbench is told of a typed text."""
    typed = {"title": "Fire", "lead": "", "body": body, "channel": [one.pk for one in channels], **form}
    answer = desk.post(reverse("desk:story_preflight", args=[story.pk]), typed, headers={"accept": "application/json"})
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_typed_text_is_counted_and_shown_and_nothing_is_made(desk: Client, workspace: Workspace) -> None:
    told = looked(desk, approved_story(workspace), preview_channel(workspace), body="5 < 6 🔥")
    assert told["fit"] is True
    assert '<div class="tg-text"><b>Fire</b>\n\n5 &lt; 6 🔥</div>' in told["html"]
    assert "14 / 4,096 ✓" in told["html"]
    assert (Publication.objects.count(), Delivery.objects.count()) == (0, 0)


def test_too_long_is_offered_to_be_split_or_shortened(desk: Client, workspace: Workspace) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    told = looked(desk, story, channel, body=LONG * 4)
    assert told["fit"] is False
    assert "Shorten it by" in told["html"]
    assert "data-pf-split" in told["html"]
    assert 'form="wb-rewrite" name="kind" value="shorter"' in told["html"]
    told = looked(desk, story, channel, body=LONG * 4, splits="1")
    assert told["fit"] is True
    assert "It goes out as 2 messages" in told["html"]
    assert told["html"].count("tg-bubble") == 2


def test_longer_than_all_messages_is_said_and_not_offered_to_be_split(desk: Client, workspace: Workspace) -> None:
    told = looked(desk, approved_story(workspace), telegram_channel(workspace), body="Long word. " * 8000)
    assert told["fit"] is False
    assert "data-pf-split" not in told["html"]


def test_picture_is_shown_and_its_caption_counted(desk: Client, workspace: Workspace) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    row = picture(story, alt="A burning warehouse")
    told = looked(desk, story, channel)
    assert reverse("desk:picture_file", args=[story.pk, row.pk]) in told["html"]
    assert 'alt="A burning warehouse"' in told["html"]
    assert "/ 1,024 ✓" in told["html"]
    assert "<img" not in looked(desk, story, channel, files_shown="1")["html"]
    told = looked(desk, story, channel, files_shown="1", files=["picture:999999"])
    assert told["fit"] is False
    assert "not there any more" in told["html"]


def test_unfit_channels_and_broken_buttons_are_told_in_words(desk: Client, workspace: Workspace, editor: User) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    Channel.objects.filter(pk=channel.pk).update(problem="The bot can't post.", footer="<b>open")
    told = looked(desk, story, channel)
    assert told["fit"] is False
    assert "The bot can&#x27;t post." in told["html"]
    assert "The tag &lt;b&gt; is not closed." in told["html"]
    assert "is no button" in looked(desk, story, channel, buttons="Map")["html"]
    out = scheduled(preview_channel(workspace), editor)
    assert "in this channel already" in looked(desk, out.story, out.channel)["html"]


def test_paid_post_without_its_marks_is_warned_of(desk: Client, workspace: Workspace) -> None:
    story = approved_story(workspace)
    Story.objects.filter(pk=story.pk).update(is_paid=True, erid="2Vtzq", advertiser="Port Ltd")
    told = looked(desk, story, preview_channel(workspace))
    assert "erid 2Vtzq" in told["html"]


def test_channel_of_another_workspace_is_not_looked_at(desk: Client, workspace: Workspace) -> None:
    foreign = preview_channel(WorkspaceFactory.create(), "Foreign")
    assert "Foreign" not in looked(desk, approved_story(workspace), foreign)["html"]


def test_viewer_of_another_workspace_finds_nothing(client: Client, workspace: Workspace) -> None:
    client.force_login(member(WorkspaceFactory.create()))
    story = approved_story(workspace)
    assert client.post(reverse("desk:story_preflight", args=[story.pk])).status_code == 404


def test_form_publishes_as_it_says(desk: Client, workspace: Workspace) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    rows = [picture(story, is_chosen=not number) for number in range(2)]
    form = {
        "channel": channel.pk,
        "files_shown": "1",
        "files": [f"picture:{row.pk}" for row in rows],
        "silent": "1",
        "protect": "",
        "buttons": "Map | https://port.example/map",
    }
    for _press in range(2):
        desk.post(reverse("desk:story_publish", args=[story.pk]), form)
    made = Publication.objects.get()
    assert (made.silent, made.protect) == (True, False)
    assert [(part.kind, len(part.media), len(part.buttons)) for part in made.parts.all()] == [
        ("album", 2, 0),
        ("text", 0, 1),
    ]
    assert Delivery.objects.count() == 2


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"width": 9000, "height": 1001}, "width and height together"),
        ({"width": 2100, "height": 100}, "too narrow"),
        ({"mime": "image/tiff"}, "neither JPEG, PNG nor WebP"),
    ],
)
def test_picture_that_telegram_would_refuse_is_told_before(
    desk: Client, workspace: Workspace, columns: dict[str, Any], words: str
) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    shown = picture(story)
    assert looked(desk, story, channel)["fit"] is True
    type(shown).objects.filter(pk=shown.pk).update(**columns)
    told = looked(desk, story, channel)
    assert told["fit"] is False
    assert words in told["html"]
    with pytest.raises(PermanentError):
        publication_schedule(story=story, channel=channel, editor=None)
    assert not Delivery.objects.exists()


def test_picture_that_is_cut_is_judged_by_what_is_left(desk: Client, workspace: Workspace) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    shown = picture(story)
    type(shown).objects.filter(pk=shown.pk).update(width=2100, height=100, crop=[0.0, 0.0, 0.5, 1.0])
    assert looked(desk, story, channel)["fit"] is True


def test_picture_of_more_than_ten_megabytes_is_told_before(
    desk: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, channel = approved_story(workspace), telegram_channel(workspace)
    picture(story)
    monkeypatch.setattr("apps.publishing.services.files.Offered.size", 10 * 1024 * 1024 + 1)
    told = looked(desk, story, channel)
    assert told["fit"] is False
    assert "Telegram takes 10" in told["html"]
