"""The screens of digests: the form, what it would be now, what became of it, pausing, and who may."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.accounts.models import AuditEntry, User, Workspace
from apps.publishing.admin_digests import days_in_words
from apps.publishing.models import Channel, Digest, DigestRun
from apps.publishing.services.digest_plan import digest_saved
from apps.publishing.tasks import digests_make
from apps.sources.models import Topic
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.clocks import Clock, standing
from tests.publishing.factories import preview_channel
from tests.publishing.test_digests import NOON, digest_of, evening, story_at

LIST, ADD = reverse("admin:publishing_digest_changelist"), reverse("admin:publishing_digest_add")


@pytest.fixture
def workspace(db: None) -> Workspace:
    return WorkspaceFactory.create(time_zone="Europe/Berlin", language="en")


@pytest.fixture
def channel(workspace: Workspace) -> Channel:
    return preview_channel(workspace)


@pytest.fixture(autouse=True)
def clock() -> Iterator[Clock]:
    with standing(NOON) as traveller, translation.override("en"):
        yield traveller


@pytest.fixture
def desk(client: Client, editor: User) -> Client:
    client.force_login(editor)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def filled(channel: Channel, **values: object) -> dict[str, object]:
    return {
        "workspace": channel.workspace_id, "name": "Evening", "channel": channel.pk, "week": ["0", "2"], "at": "20:00",
        "which": "approved", "voices_min": 1, "count": 5, "least": 2, "title": "", "header": "", "footer": "",
        "line": "• {title} {link}", "place": "at_once", "missed": "send", **values,
    }  # fmt: skip


def page_of(client: Client, digest: Digest) -> str:
    return client.get(reverse("admin:publishing_digest_change", args=[digest.pk])).content.decode()


def test_a_digest_is_made_by_its_form_and_planned(channel: Channel, desk: Client) -> None:
    assert "A digest gathers the top stories" in desk.get(LIST).content.decode()
    answer = desk.post(ADD, filled(channel))
    assert answer.status_code == 302
    digest = Digest.objects.get()
    assert (digest.weekdays, digest.at, digest.needs_approval) == (frozenset({0, 2}), time(20), False)
    assert DigestRun.objects.get().due_at == evening(24)
    change = reverse("admin:publishing_digest_change", args=[digest.pk])
    assert desk.post(change, filled(channel, week=["3"], at="09:00")).status_code == 302
    assert DigestRun.objects.get().due_at == datetime(2027, 3, 25, 8, 0, tzinfo=UTC)
    assert "Thursday, 09:00" in desk.get(LIST).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"week": []}, "This field is required."),
        ({"line": "{name}"}, "{name} is not known here."),
        ({"title": "{title}"}, "{title} is not known here."),
        ({"count": 2, "least": 3}, "It tells of 2 stories at most."),
        ({"count": 21}, "less than or equal to 20"),
    ],
)
def test_what_no_rule_is_is_refused_in_words(
    channel: Channel, desk: Client, wrong: dict[str, object], words: str
) -> None:
    answer = desk.post(ADD, filled(channel, **wrong))
    assert (answer.status_code, words in answer.content.decode()) == (200, True)
    assert not Digest.objects.exists()


def test_channels_and_topics_of_other_workspaces_are_refused(channel: Channel, desk: Client) -> None:
    foreign = preview_channel(WorkspaceFactory.create(), "Foreign")
    topic = Topic.objects.create(workspace=foreign.workspace, name="Foreign", words="x")
    assert desk.post(ADD, {**filled(channel), "channel": foreign.pk}).status_code == 200
    assert desk.post(ADD, filled(channel, topics=[topic.pk])).status_code == 200
    assert not Digest.objects.exists()


def test_its_page_shows_what_it_would_be_now_and_what_it_was(
    channel: Channel, workspace: Workspace, desk: Client, clock: Clock
) -> None:
    digest = digest_of(channel, least=2)
    page = page_of(desk, digest)
    assert "0 stories are found by now; it comes out with 2 or more, so it would be skipped." in page
    assert "is to come" in page
    story_at(workspace, "Fire <b>", NOON - timedelta(hours=1))
    story_at(workspace, "Flood", NOON - timedelta(hours=2))
    page = page_of(desk, digest)
    assert "• Fire &lt;b&gt;\n• Flood" in page or "• Flood\n• Fire &lt;b&gt;" in page
    assert "would be skipped" not in page
    clock.move_to(evening(24))
    digests_make()
    clock.move_to(evening(25))
    digests_make()
    page = page_of(desk, digest)
    assert "Evening, 24 March" in page
    assert "skipped: Only 0 stories were found, and it comes out with 2 or more." in " ".join(page.split())


def test_it_is_paused_and_resumed_from_the_list(channel: Channel, desk: Client) -> None:
    digest = digest_of(channel)
    for name, rows in (("pause", 0), ("resume", 1)):
        chosen = {"action": name, "_selected_action": [digest.pk], "index": 0}
        assert desk.post(LIST, chosen).status_code == 302
        digest.refresh_from_db()
        assert ((digest.paused_at is not None), DigestRun.objects.count()) == (name == "pause", rows)


def test_it_is_deleted_with_an_entry_by_its_page_or_the_list(channel: Channel, desk: Client) -> None:
    first, second = digest_of(channel), digest_of(channel, name="Morning")
    assert desk.post(reverse("admin:publishing_digest_delete", args=[first.pk]), {"post": "yes"}).status_code == 302
    chosen = {"action": "delete_selected", "_selected_action": [second.pk], "post": "yes"}
    assert desk.post(LIST, chosen).status_code == 302
    assert not Digest.objects.exists()
    assert AuditEntry.objects.filter(verb="digest.deleted").count() == 2


def test_a_viewer_deletes_no_digest(channel: Channel, client: Client) -> None:
    digest = digest_of(channel)
    client.force_login(member(channel.workspace, "viewer"))
    page = reverse("admin:publishing_digest_delete", args=[digest.pk])
    assert client.post(page, {"post": "yes"}).status_code == 403
    client.post(LIST, {"action": "delete_selected", "_selected_action": [digest.pk], "post": "yes"})
    assert Digest.objects.count() == 1


def test_a_dead_occurrence_is_not_the_next(channel: Channel, desk: Client) -> None:
    digest = digest_of(channel)
    DigestRun.objects.update(state="dead", finished_at=NOON)
    DigestRun.objects.create(
        workspace=channel.workspace, digest=digest, local_date=evening(26), due_at=evening(26), not_before=evening(26)
    )
    [row] = desk.get(LIST).context["cl"].result_list
    assert row.next_at == evening(26)


def test_a_viewer_sees_it_and_changes_nothing(channel: Channel, client: Client) -> None:
    digest = digest_of(channel)
    client.force_login(member(channel.workspace, "viewer"))
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert "every day" in page_of(client, digest)
    answer: HttpResponse = client.post(reverse("admin:publishing_digest_change", args=[digest.pk]), filled(channel))
    assert answer.status_code == 403
    assert client.post(ADD, filled(channel, name="Mine")).status_code == 403
    digest.refresh_from_db()
    assert (digest.days, Digest.objects.count()) == (127, 1)
    digest_saved(digest=digest, editor=None, is_new=False)


@pytest.mark.parametrize(
    ("days", "words"),
    [
        ({0, 1, 2, 3, 4}, "Mon–Fri"),
        ({0, 1, 6}, "Mon, Tue, Sun"),
        ({0, 2, 3, 4, 6}, "Mon, Wed–Fri, Sun"),
        ({5}, "Saturday"),
    ],
)
def test_days_are_told_in_short(days: set[int], words: str) -> None:
    assert days_in_words(frozenset(days)) == words
