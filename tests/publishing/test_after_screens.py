"""The buttons of a publication that is out, and the pages that follow it: files, feeds, history."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import User, Workspace
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.services import after
from apps.publishing.services.after import publication_edit
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import approved_story, preview_channel, scheduled, telegram_channel
from tests.publishing.test_posts import at_once, picture, sent
from tests.servers.bot_api import BotApiServer


@pytest.fixture(autouse=True)
def _own_files(settings: Settings, tmp_path: object, monkeypatch: pytest.MonkeyPatch, client: Client) -> None:
    settings.MEDIA_ROOT = tmp_path
    monkeypatch.setattr("apps.delivery.telegram.telegram_limits.place", at_once)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"


def page(name: str, publication: Publication) -> str:
    return reverse(f"admin:publishing_publication_{name}", args=[publication.pk])


def test_asked_once_before_the_text_is_changed(client: Client, workspace: Workspace, editor: User) -> None:
    made = scheduled(preview_channel(workspace), editor)
    deliveries_send()
    client.force_login(editor)
    asked = client.get(page("after_edit", made)).content.decode()
    assert "Readers see the new text in the same place" in asked
    assert "&lt;b&gt;Fire in the port&lt;/b&gt;" in asked
    refused = client.post(page("after_edit", made), {"text": "<b>open"})
    assert (refused.status_code, "is not closed" in refused.content.decode()) == (409, True)
    assert PreviewMessage.objects.get().edited_at is None
    done = client.post(page("after_edit", made), {"text": "<b>New</b>"}, follow=True).content.decode()
    assert "The new text is on its way." in done
    assert "<b>New</b>" in done
    assert "still" in done


def test_what_a_role_may_not_do_is_neither_shown_nor_done(
    client: Client, workspace: Workspace, editor: User, manager: User
) -> None:
    made = scheduled(preview_channel(workspace), editor)
    deliveries_send()
    client.force_login(editor)
    assert page("after_delete", made) not in client.get(page("change", made)).content.decode()
    assert client.post(page("after_delete", made)).status_code in {302, 403}
    assert PreviewMessage.objects.exists()
    client.force_login(member(workspace, "viewer"))
    assert client.post(page("after_edit", made), {"text": "x"}).status_code in {302, 403}
    assert PreviewMessage.objects.get().edited_at is None
    client.force_login(manager)
    assert page("after_delete", made) in client.get(page("change", made)).content.decode()
    client.post(page("after_delete", made))
    assert not PreviewMessage.objects.exists()
    client.force_login(member(WorkspaceFactory.create(), "owner"))
    assert client.get(page("after_edit", made)).status_code == 404


def test_a_button_pressed_after_somebody_else_says_so(client: Client, workspace: Workspace, editor: User) -> None:
    made = scheduled(preview_channel(workspace), editor)
    deliveries_send()
    client.force_login(editor)
    assert "Readers see the new text" in client.get(page("after_edit", made)).content.decode()
    after.publication_withdraw(publication=made, note="A mistake.", editor=member(workspace, "editor"))
    deliveries_send()
    for answer in (
        client.get(page("after_edit", made), follow=True),
        client.post(page("after_edit", made), follow=True),
    ):
        assert answer.redirect_chain == [(page("change", made), 302)]
        assert "not possible as things stand now" in answer.content.decode()
    client.force_login(member(workspace, "viewer"))
    assert client.post(page("after_edit", made), {"text": "x"}).status_code == 403


def status(client: Client, address: str) -> int:
    """How an address answers; what it opened is closed."""
    answer = client.get(address)
    answer.close()
    return answer.status_code


@pytest.mark.django_db(transaction=True)
def test_files_of_pages_are_asked_about_each_time_and_kept_by_nobody_between(
    client: Client, workspace: Workspace, editor: User
) -> None:
    story = approved_story(workspace)
    picture(story)
    channel = preview_channel(workspace)
    made = sent(story, channel, editor)
    public = reverse("publishing:preview_file", args=[channel.slug, PreviewMessage.objects.get().pk, 0])
    answer = client.get(public)
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-cache"}
    mark = answer["ETag"]
    answer.close()
    again = client.get(public, headers={"if-none-match": mark})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", mark)
    assert set(again["Cache-Control"].split(", ")) == {"private", "no-cache"}
    after.publication_delete(publication=made, editor=editor)
    assert client.get(public, headers={"if-none-match": mark}).status_code == 404


@pytest.mark.django_db(transaction=True)
def test_files_are_shown_to_the_team_and_to_readers_only(client: Client, workspace: Workspace, editor: User) -> None:
    story = approved_story(workspace)
    picture(story)
    channel = preview_channel(workspace)
    made = sent(story, channel, editor)
    message = PreviewMessage.objects.get()
    public = reverse("publishing:preview_file", args=[channel.slug, message.pk, 0])
    team = reverse("publishing:publication_file", args=[made.pk, 0, 0])
    assert public in client.get(channel.get_absolute_url()).content.decode()
    answer = client.get(public)
    assert (answer.status_code, answer["Content-Type"], answer["X-Content-Type-Options"]) == (
        200,
        "image/png",
        "nosniff",
    )
    answer.close()
    assert status(client, team) == 302
    assert status(client, public.replace("/0/", "/1/")) == 404
    Channel.objects.update(is_public=False)
    assert status(client, public) == 404
    client.force_login(editor)
    assert (status(client, team), status(client, public)) == (200, 200)
    client.force_login(member(WorkspaceFactory.create()))
    assert (status(client, team), status(client, public)) == (404, 404)


def test_rss_and_json_feed_say_what_the_atom_feed_says(client: Client, workspace: Workspace, editor: User) -> None:
    story = approved_story(workspace)
    picture(story)
    channel = preview_channel(workspace)
    sent(story, channel, editor)
    rss = ET.fromstring(client.get(reverse("publishing:preview_rss", args=[channel.slug])).content)  # noqa: S314
    feed = json.loads(client.get(reverse("publishing:preview_json", args=[channel.slug])).content)
    assert rss.findtext("channel/item/title") == feed["items"][0]["title"] == "Fire in the port"
    assert rss.findtext("channel/item/guid") == feed["items"][0]["id"]
    enclosure = rss.find("channel/item/enclosure")
    assert enclosure is not None
    assert enclosure.get("url") == feed["items"][0]["attachments"][0]["url"]
    assert feed["version"] == "https://jsonfeed.org/version/1.1"
    assert feed["feed_url"].endswith(f"/preview/{channel.slug}/feed.json")


def test_feed_of_a_telegram_channel_only_where_it_is_open(
    client: Client, workspace: Workspace, editor: User, telegram: BotApiServer
) -> None:
    channel = telegram_channel(workspace)
    address = reverse("publishing:preview_json", args=[channel.slug])
    assert client.get(address).status_code == 404
    Channel.objects.update(has_feed=True)
    empty = client.get(address)
    made = sent(approved_story(workspace), channel, editor)
    full = client.get(address, headers={"if-none-match": empty["ETag"]})
    assert [item["url"] for item in json.loads(full.content)["items"]] == [made.message_url]
    publication_edit(publication=made, html="New", editor=editor)
    deliveries_send()
    changed = client.get(address, headers={"if-none-match": full["ETag"]})
    assert [item["content_html"] for item in json.loads(changed.content)["items"]] == ["New"]
