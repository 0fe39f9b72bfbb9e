"""Channels that post to a program: signed JSON, files by links that end, changes, tests; no secret is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.core.work import verbs
from apps.delivery.models import Attempt, Delivery, Lane
from apps.delivery.services import delivery_give_up
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, Publication
from apps.publishing.services import after, channel_check, publication_schedule
from apps.publishing.services.trials import channel_test
from apps.publishing.webhooks import file_address
from tests.delivery.factories import WorkspaceFactory, member
from tests.delivery.receiver import SECRET, Receiver, receiving
from tests.publishing.factories import approved_story
from tests.publishing.test_posts import LONG, picture
from tests.publishing.test_preflight import looked

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/services/T00/abcdWXYZ"


@pytest.fixture
def workspace() -> Workspace:
    return WorkspaceFactory.create(language="en")


@pytest.fixture
def receiver(settings: Settings, tmp_path: object) -> Iterator[Receiver]:
    settings.MEDIA_ROOT = tmp_path
    settings.HTTP_ALLOW_PRIVATE = ["127.0.0.0/8"]
    settings.HTTP_HOST_INTERVAL_S = 0
    with receiving() as one:
        yield one


def hook_channel(workspace: Workspace, url: str, **more: Any) -> Channel:
    return Channel.objects.create(
        workspace=workspace, kind="webhook", name="Our site", slug="our-site", hook_url=url, hook_secret=SECRET, **more
    )


def sent() -> None:
    """As if the time of everything that waits had come."""
    Delivery.objects.filter(state="ready").update(not_before=now())
    Lane.objects.exclude(next_at=None).update(next_at=now())
    deliveries_send()


def told(receiver: Receiver) -> list[tuple[str, dict[str, Any]]]:
    return [(one["event"], one["data"]) for one in receiver.told.values()]


def published(workspace: Workspace, channel: Channel, editor: User, **story: str) -> Publication:
    publication = publication_schedule(story=approved_story(workspace, **story), channel=channel, editor=editor)
    sent()
    publication.refresh_from_db()
    return publication


def test_a_publication_arrives_whole_and_signed(workspace: Workspace, editor: User, receiver: Receiver) -> None:
    channel = hook_channel(workspace, receiver.url, footer="Read us")
    publication = published(workspace, channel, editor, title="5 < 6", body=LONG * 5)
    [(event, data)] = told(receiver)
    assert event == "publication.published"
    assert (data["id"], data["title"], data["channel"]) == (publication.pk, "5 < 6", "our-site")
    assert data["html"].startswith("<b>5 &lt; 6</b>")
    assert data["text"].startswith("5 < 6")
    assert data["text"].endswith("Read us")
    assert len(data["text"]) > 4096  # a program has none of Telegram's limits
    assert (data["files"], data["buttons"], data["corrects"]) == ([], [], None)
    assert (publication.status, publication.message_id) == ("sent", "m-1")
    channel.refresh_from_db()
    assert (channel.problem, channel.checked_at is not None) == ("", True)


def test_files_are_fetched_by_links_that_end_with_the_publication(
    workspace: Workspace, editor: User, receiver: Receiver, client: Client, settings: Settings
) -> None:
    settings.OWN_URL = "https://pult.example"
    channel, story = hook_channel(workspace, receiver.url), approved_story(workspace)
    picture(story, alt="Smoke")
    publication = publication_schedule(story=story, channel=channel, editor=editor)
    sent()
    [(_event, data)] = told(receiver)
    [file] = data["files"]
    assert (file["kind"], file["mime"], file["alt"]) == ("photo", "image/png", "Smoke")
    address = file["url"].removeprefix("https://pult.example")
    answer = client.get(address)
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
    assert set(answer["Cache-Control"].split(", ")) == {"private", "no-cache"}
    assert len(b"".join(answer.streaming_content)) == file["size"]  # type: ignore[attr-defined]
    for wrong in (address.replace(".0:", ".1:"), "/hook-files/1.0/", "/hook-files/1.0:abc/"):
        assert client.get(wrong).status_code == 404
    publication.refresh_from_db()
    after.publication_delete(publication=publication, editor=editor)
    sent()
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("status", ["cancelled", "failed", "deleted"])
def test_files_of_what_never_came_out_are_not_fetched(
    workspace: Workspace, editor: User, receiver: Receiver, client: Client, status: str
) -> None:
    channel, story = hook_channel(workspace, receiver.url), approved_story(workspace)
    picture(story)
    publication = publication_schedule(story=story, channel=channel, editor=editor)
    address = file_address(publication.parts.get(), 0)
    answer = client.get(address)
    assert (answer.status_code, bool(b"".join(answer.streaming_content))) == (200, True)  # type: ignore[attr-defined]
    Publication.objects.update(status=status, sent_at=now(), ended_at=now() if status == "deleted" else None)
    assert client.get(address).status_code == 404


def test_changes_are_told_and_followed(workspace: Workspace, editor: User, receiver: Receiver) -> None:
    publication = published(workspace, hook_channel(workspace, receiver.url), editor)
    after.publication_edit(publication=publication, html="<b>New</b>\n\n" + LONG * 5, editor=editor)
    sent()
    publication.refresh_from_db()
    after.publication_withdraw(publication=publication, note="Wrong.", editor=editor)
    sent()
    publication.refresh_from_db()
    assert publication.status == "withdrawn"
    after.publication_delete(publication=publication, editor=editor)
    sent()
    publication.refresh_from_db()
    assert publication.status == "deleted"
    events = told(receiver)
    assert [event for event, _data in events] == [
        "publication.published",
        "publication.changed",
        "publication.changed",
        "publication.deleted",
    ]
    assert events[1][1]["text"].startswith("New")
    assert events[2][1]["text"] == "Wrong."
    assert events[3][1] == {"id": publication.pk, "channel": "our-site"}


def test_a_busy_receiver_gets_it_again_with_the_same_key(
    workspace: Workspace, editor: User, receiver: Receiver
) -> None:
    receiver.answers = [(503, {}), "cut", (200, {})]
    publication = published(workspace, hook_channel(workspace, receiver.url), editor)
    sent()
    sent()
    publication.refresh_from_db()
    assert (publication.status, publication.message_id) == ("sent", f"pult-{publication.delivery_id}")
    assert (len(receiver.keys), len(set(receiver.keys)), len(receiver.told)) == (3, 1, 1)


def test_a_refusal_breaks_the_channel_and_a_test_mends_it(
    workspace: Workspace, editor: User, receiver: Receiver
) -> None:
    receiver.answers = [(404, {})]
    channel = hook_channel(workspace, receiver.url)
    publication = published(workspace, channel, editor)
    channel.refresh_from_db()
    assert (publication.status, "404" in channel.problem) == ("failed", True)
    assert Alert.objects.filter(key=f"publishing.channel:{channel.pk}", closed_at=None).exists()
    test = channel_test(channel=channel, editor=editor)
    sent()
    test.refresh_from_db()
    channel.refresh_from_db()
    assert (test.result, test.ended_at is not None, test.removal, channel.problem) == ("arrived", True, None, "")
    assert told(receiver) == [("test", {"channel": "our-site", "name": "Our site"})]
    assert not Alert.objects.filter(key=f"publishing.channel:{channel.pk}", closed_at=None).exists()


def test_what_is_wrong_with_one_text_does_not_break_the_channel(
    workspace: Workspace, editor: User, receiver: Receiver
) -> None:
    receiver.answers = [(422, {})]
    channel = hook_channel(workspace, receiver.url)
    assert published(workspace, channel, editor).status == "failed"
    channel.refresh_from_db()
    assert channel.problem == ""


@pytest.mark.parametrize("how", ["given_up", "bug"])
def test_what_a_person_decides_or_goes_wrong_here_does_not_break_the_channel(
    workspace: Workspace, editor: User, how: str
) -> None:
    channel = hook_channel(workspace, "https://hooks.example.org")
    delivery = publication_schedule(story=approved_story(workspace), channel=channel, editor=editor).delivery
    assert delivery is not None
    if how == "given_up":
        delivery_give_up(delivery=delivery, reason="Too late", by=editor)
    else:
        verbs.give_up(delivery, reason="Slip", code=how)
    channel.refresh_from_db()
    assert (Publication.objects.get().status, channel.problem) == ("failed", "")
    assert not Alert.objects.filter(key=f"publishing.channel:{channel.pk}").exists()


@pytest.mark.parametrize(
    ("url", "answer", "code"),
    [
        ("{}" + PATH, (307, {"Location": PATH}), "too_many_redirects"),
        ("{}" + PATH, (307, {"Location": "ftp://a.example" + PATH}), "scheme_refused"),
        ("http:" + PATH, (200, {}), "bad_url"),
        ("ftp://a.example" + PATH, (200, {}), "scheme_refused"),
    ],
)
def test_address_that_can_not_be_posted_to_is_not_told_whole(
    workspace: Workspace,
    editor: User,
    receiver: Receiver,
    caplog: pytest.LogCaptureFixture,
    url: str,
    answer: tuple[int, dict[str, str]],
    code: str,
) -> None:
    receiver.answers = [answer] * 6
    channel = hook_channel(workspace, url.format(receiver.url))
    publication = published(workspace, channel, editor)
    delivery = Delivery.objects.get()
    assert (publication.status, delivery.error_code) == ("failed", code)
    assert delivery.error.endswith("can't be posted to.")
    channel.refresh_from_db()
    kept = [delivery.error, delivery.history, publication.reason, channel.problem]
    rows = [list(table.objects.values()) for table in (Attempt, AuditEntry, Alert)]
    assert "abcdWXYZ" not in f"{kept} {rows} {caplog.text}"


def test_its_address_is_shown_by_host_and_tail_only(
    workspace: Workspace, editor: User, receiver: Receiver, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [(500, {}), (410, {})]
    channel = hook_channel(workspace, receiver.url + PATH)
    published(workspace, channel, editor)
    sent()
    client.force_login(member(workspace, "manager"))
    delivery = Delivery.objects.get()
    pages = [
        reverse("admin:publishing_channel_change", args=[channel.pk]),
        reverse("admin:publishing_channel_changelist"),
        reverse("admin:publishing_channel_test_channel", args=[channel.pk]),
        reverse("admin:delivery_delivery_change", args=[delivery.pk]),
        reverse("admin:delivery_delivery_changelist"),
        reverse("admin:accounts_auditentry_changelist"),
    ]
    shown = " ".join(client.get(page).content.decode() for page in pages)
    kept = f"{delivery.payload} {delivery.history} {list(Attempt.objects.values())} {list(AuditEntry.objects.values())}"
    assert "/…WXYZ" in shown
    for text in (shown, kept, caplog.text, f"{list(Alert.objects.values())}"):
        assert "abcdWXYZ" not in text
        assert SECRET not in text


def test_the_form_takes_both_keeps_both_and_shows_neither(
    workspace: Workspace, client: Client, receiver: Receiver
) -> None:
    client.force_login(member(workspace, "manager"))
    add = reverse("admin:publishing_channel_add")
    form = {"kind": "webhook", "name": "Our site", "is_active": "on", "buttons": ""}
    refused = client.post(add, form).content.decode()
    assert "Write the address" in refused
    assert "Write the secret" in refused
    assert (
        "This is no address"
        in client.post(add, {**form, "hook_address": "ftp://a.example", "hook_key": SECRET}).content.decode()
    )
    assert not Channel.objects.exists()
    answer = client.post(add, {**form, "hook_address": "https://hooks.example.org" + PATH, "hook_key": SECRET})
    assert answer.status_code == 302
    channel = Channel.objects.get()
    assert (channel.hook_url, channel.hook_secret) == ("https://hooks.example.org" + PATH, SECRET)
    page = reverse("admin:publishing_channel_change", args=[channel.pk])
    client.post(page, {**form, "name": "Site", "slug": channel.slug})
    channel.refresh_from_db()
    assert (channel.name, channel.hook_secret) == ("Site", SECRET)
    client.post(page, {**form, "name": "Site", "slug": channel.slug, "hook_key": "another secret of it"})
    channel.refresh_from_db()
    assert (channel.hook_url.endswith(PATH), channel.hook_secret) == (True, "another secret of it")
    shown = client.get(page).content.decode()
    assert "https://hooks.example.org/…WXYZ" in shown
    assert "abcdWXYZ" not in shown


def test_preflight_knows_no_limits_of_telegram(
    workspace: Workspace, editor: User, client: Client, receiver: Receiver
) -> None:
    client.force_login(editor)
    channel = hook_channel(workspace, receiver.url)
    answer = looked(client, approved_story(workspace), channel, body=LONG * 10)
    assert answer["fit"] is True
    assert "4,096" not in answer["html"]
    assert "Nothing was ever posted to this webhook" in answer["html"]


def test_it_can_not_be_asked_how_it_is(workspace: Workspace, editor: User) -> None:
    with pytest.raises(PermanentError, match="Send a test message"):
        channel_check(channel=hook_channel(workspace, "https://hooks.example.org"), editor=editor)


def test_without_an_address_nothing_leaves(workspace: Workspace, editor: User, receiver: Receiver) -> None:
    channel = hook_channel(workspace, "")
    publication = published(workspace, channel, editor)
    assert (publication.status, receiver.keys) == ("failed", [])
    assert "no address" in publication.reason
