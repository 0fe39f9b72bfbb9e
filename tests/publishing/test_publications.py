"""Scheduling, cancelling, moving; what a delivery says about a publication."""

from __future__ import annotations

from datetime import timedelta

import pytest

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import claims, kinds, verbs
from apps.delivery.models import Delivery, Lane
from apps.delivery.tasks import deliveries_send
from apps.publishing.models import Channel, PreviewMessage, Publication
from apps.publishing.services import publication_cancel, publication_move, publication_schedule
from apps.stories.models import Story
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.factories import approve, approved_story, preview_channel, scheduled


def test_published_at_once_on_the_preview_page(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace, footer="@showcase")
    story = approved_story(workspace)
    publication = publication_schedule(story=story, channel=channel, editor=editor)
    assert (publication.status, publication.created_by) == ("scheduled", editor)
    deliveries_send()
    publication.refresh_from_db()
    message = PreviewMessage.objects.get()
    assert publication.status == "sent"
    assert publication.html == "<b>Fire in the port</b>\n\nA warehouse burns.\n\nAll is well.\n\n@showcase"
    assert message.html == publication.html
    assert (publication.message_id, publication.message_url) == (str(message.pk), message.get_absolute_url())
    assert publication.sent_at is not None
    story.refresh_from_db()
    assert story.status == Story.Status.PUBLISHED
    channel.refresh_from_db()
    assert (channel.posts_count, channel.page_version) == (1, 1)
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"publication.scheduled", "story.published"}


def test_asking_twice_publishes_once(workspace: Workspace, editor: User) -> None:
    channel, story = preview_channel(workspace), approved_story(workspace)
    first = publication_schedule(story=story, channel=channel, editor=editor)
    assert publication_schedule(story=story, channel=channel, editor=editor) == first
    deliveries_send()
    assert publication_schedule(story=story, channel=channel, editor=editor) == first
    deliveries_send()
    assert PreviewMessage.objects.count() == 1
    assert Delivery.objects.count() == 1


def test_story_goes_out_in_two_channels(workspace: Workspace, editor: User) -> None:
    story = approved_story(workspace)
    for name in ("One", "Two"):
        publication_schedule(story=story, channel=preview_channel(workspace, name), editor=editor)
        deliveries_send()
    assert PreviewMessage.objects.count() == 2


@pytest.mark.parametrize("status", ["new", "draft", "review", "aside"])
def test_only_an_approved_story_is_published(workspace: Workspace, editor: User, status: str) -> None:
    story = approved_story(workspace)
    Story.objects.update(status=status)
    with pytest.raises(TransitionError, match="approved"):
        publication_schedule(story=story, channel=preview_channel(workspace), editor=editor)
    assert not Publication.objects.exists()
    assert not Delivery.objects.exists()


def test_too_long_text_is_refused_in_words(workspace: Workspace, editor: User) -> None:
    story = approved_story(workspace, "T", lead="", body="🔥" * 2048)
    with pytest.raises(PermanentError) as caught:
        publication_schedule(story=story, channel=preview_channel(workspace), editor=editor)
    assert caught.value.code == "too_long"
    assert "by 3" in str(caught.value)
    assert not Publication.objects.exists()
    approve(story, "", lead="", body="🔥" * 2048)
    assert publication_schedule(story=story, channel=Channel.objects.get(), editor=editor).status == "scheduled"


def test_empty_text_and_passed_time_are_refused(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    with pytest.raises(PermanentError, match="empty"):
        publication_schedule(story=approved_story(workspace, "", lead="", body=" "), channel=channel, editor=editor)
    with pytest.raises(PermanentError, match="passed"):
        scheduled(channel, editor, at=now() - timedelta(hours=1))
    assert not Publication.objects.exists()


def test_another_workspaces_channel_is_refused(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(WorkspaceFactory.create())
    with pytest.raises(PermanentError, match="another workspace"):
        publication_schedule(story=approved_story(workspace), channel=channel, editor=editor)


def test_waits_for_its_time_and_a_later_one_overtakes_it(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    late = scheduled(channel, editor, "Late", at=now() + timedelta(hours=2))
    soon = scheduled(channel, editor, "Soon")
    deliveries_send()
    late.refresh_from_db()
    soon.refresh_from_db()
    assert (late.status, soon.status) == ("scheduled", "sent")
    with pytest.raises(TransitionError, match="already scheduled"):
        publication_schedule(story=late.story, channel=channel, editor=editor)


def test_second_version_of_what_is_out_is_refused(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    publication = scheduled(channel, editor)
    deliveries_send()
    story = approve(Story.objects.get(pk=publication.story_id), "Newer")
    with pytest.raises(TransitionError, match="already gone out"):
        publication_schedule(story=story, channel=channel, editor=editor)


def test_cancelled_does_not_come_out_and_may_be_scheduled_anew(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    publication = scheduled(channel, editor)
    publication_cancel(publication=publication, editor=editor)
    deliveries_send()
    assert publication.status == "cancelled"
    assert not PreviewMessage.objects.exists()
    assert AuditEntry.objects.get(verb="publication.cancelled").actor == editor
    with pytest.raises(TransitionError):
        publication_cancel(publication=publication, editor=editor)
    again = publication_schedule(story=publication.story, channel=channel, editor=editor)
    deliveries_send()
    assert PreviewMessage.objects.get().publication == again


def test_moved_comes_out_at_its_new_time(workspace: Workspace, editor: User) -> None:
    publication = scheduled(preview_channel(workspace), editor, at=now() + timedelta(hours=2))
    publication_move(publication=publication, to=now(), editor=editor)
    deliveries_send()
    publication.refresh_from_db()
    assert publication.status == "sent"
    with pytest.raises(TransitionError):
        publication_move(publication=publication, to=now() + timedelta(hours=1), editor=editor)
    with pytest.raises(PermanentError, match="passed"):
        publication_move(publication=publication, to=now() - timedelta(hours=1), editor=editor)


def test_preview_message_is_made_once_when_the_worker_dies_between(workspace: Workspace, editor: User) -> None:
    publication = scheduled(preview_channel(workspace), editor)
    [row] = claims.claim(kinds.get("delivery"), limit=1, lease=timedelta(minutes=10)).rows
    verbs.begin(row)
    past = now() - timedelta(minutes=1)
    Delivery.objects.update(not_before=past)
    Lane.objects.update(next_at=past)
    deliveries_send()
    deliveries_send()
    publication.refresh_from_db()
    assert publication.status == "sent"
    assert PreviewMessage.objects.count() == 1
    assert not Alert.objects.exists()
    with pytest.raises(verbs.LeaseLost):
        verbs.finish(row, effect=lambda: pytest.fail("the dead worker's outcome was taken"))
    assert PreviewMessage.objects.count() == 1


def test_channel_that_is_off_keeps_publications_waiting(workspace: Workspace, editor: User) -> None:
    channel = preview_channel(workspace)
    publication = scheduled(channel, editor)
    Channel.objects.update(is_active=False)
    deliveries_send()
    publication.refresh_from_db()
    assert publication.status == "scheduled"
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("ready", 0)
    Channel.objects.update(is_active=True)
    publication_move(publication=publication, to=now())
    deliveries_send()
    assert PreviewMessage.objects.count() == 1
