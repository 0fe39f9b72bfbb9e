"""A publication once more in its channel under another headline, and the two compared."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.publishing.models import Channel, Experiment, Publication, PublicationPart
from apps.publishing.preflight import place_findings
from apps.publishing.services import (
    ConflictError,
    Terms,
    publication_cancel,
    publication_rechannel,
    publication_repeat,
    publication_schedule,
    publication_schedule_at,
    schedule_save,
)
from tests.accounts.factories import logged_in
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.factories import approve, preview_channel, published, scheduled

VIEWS = Terms(measure="views")
OTHER = "A warehouse burns"


@pytest.fixture
def first(channel: Channel, editor: User) -> Publication:
    """One that leaves in an hour."""
    return scheduled(channel, editor, at=now() + timedelta(hours=1))


def repeated(first: Publication, editor: User, title: str = OTHER, hours: float = 26, **more: Any) -> Experiment:
    chosen: dict[str, Any] = {"terms": VIEWS, "editor": editor, **more}
    return publication_repeat(publication=first, title=title, at=now() + timedelta(hours=hours), **chosen)


def test_the_same_text_comes_out_under_another_headline(first: Publication, editor: User) -> None:
    Publication.objects.filter(pk=first.pk).update(silent=True, buttons=[[{"text": "Map", "url": "https://a.test"}]])
    first.refresh_from_db()
    made = repeated(first, editor, "  A warehouse \n burns ")
    second = made.second
    assert (made.first, made.measure, made.age_h, made.created_by) == (first, "views", 24, editor)
    assert (second.repeats, second.channel, second.story, second.version) == (
        *(first, first.channel, first.story, first.version),
    )
    assert (second.title, second.status, second.silent, second.buttons) == (OTHER, "scheduled", True, first.buttons)
    assert second.html == first.html.replace(first.title, OTHER)
    assert PublicationPart.objects.get(publication=second).delivery == second.delivery
    entry = AuditEntry.objects.get(verb="publication.repeated")
    assert entry.details["of"] == first.pk


def test_clicks_are_counted_apart(channel: Channel, editor: User) -> None:
    Channel.objects.filter(pk=channel.pk).update(short_links=True)
    channel.refresh_from_db()
    story = scheduled(channel, editor, "Elsewhere").story
    approve(story, "Fire", body='See <a href="https://port.test/map">the map</a>.')
    publication_cancel(publication=story.publications.get(), editor=editor)
    first = publication_schedule(story=story, channel=channel, editor=editor, at=now() + timedelta(hours=1))
    made = repeated(first, editor, terms=Terms())
    codes = [set(one.links.values_list("code", flat=True)) for one in (made.first, made.second)]
    assert all(codes)
    assert not codes[0] & codes[1]


def test_nothing_is_scheduled_where_the_two_cannot_be_compared(first: Publication, editor: User) -> None:
    with pytest.raises(PermanentError, match="No link of"):
        repeated(first, editor, terms=Terms())
    assert Publication.objects.get() == first
    assert not Experiment.objects.exists()


@pytest.mark.parametrize(
    ("title", "words"),
    [(" \n", "Write the other"), ("Fire in  the port", "Write another"), ("x" * 301, "room for 300")],
)
def test_a_headline_is_another_one(first: Publication, editor: User, title: str, words: str) -> None:
    with pytest.raises(PermanentError, match=words):
        repeated(first, editor, title)


def test_one_at_a_time_until_it_ends(first: Publication, editor: User) -> None:
    second = repeated(first, editor).second
    with pytest.raises(TransitionError, match="has another headline already"):
        repeated(first, editor, "A third one")
    with pytest.raises(TransitionError, match="first publication"):
        repeated(second, editor, "A third one")
    with pytest.raises(IntegrityError), transaction.atomic():
        Publication.objects.filter(pk=second.pk).update(corrects=first)
    publication_cancel(publication=second, editor=editor)
    third = repeated(first, editor, "A third one").second
    Publication.objects.filter(pk=third.pk).update(status="failed")
    repeated(first, editor, "A fourth one")
    third.refresh_from_db()
    assert third.status == "cancelled"
    assert Experiment.objects.count() == 3


def test_it_takes_no_place_of_the_story(first: Publication, editor: User) -> None:
    channel, story = first.channel, first.story
    second = repeated(first, editor).second
    publication_cancel(publication=first, editor=editor)
    assert not any("already" in one.text for one in place_findings(story, channel))
    at = now() + timedelta(hours=3)
    placed = publication_schedule_at(story=story, channels=[channel], at=at, editor=editor)
    assert placed[0].publication is not None
    assert placed[0].publication.pk not in {first.pk, second.pk}


def test_what_was_changed_or_has_ended_is_not_compared(channel: Channel, editor: User) -> None:
    first = published(channel, editor, age_h=1)
    Publication.objects.filter(pk=first.pk).update(edited_at=now())
    with pytest.raises(TransitionError, match="more than the headline"):
        repeated(first, editor)
    Publication.objects.filter(pk=first.pk).update(edited_at=None, status="withdrawn", ended_at=now())
    with pytest.raises(TransitionError, match="neither published"):
        repeated(first, editor)
    Publication.objects.filter(pk=first.pk).update(status="sent", ended_at=None)
    type(first.story).objects.filter(pk=first.story_id).update(status="new")
    with pytest.raises(TransitionError, match="approved"):
        repeated(first, editor)
    type(first.story).objects.filter(pk=first.story_id).update(status="published")
    with pytest.raises(PermanentError, match="passed"):
        repeated(first, editor, hours=-1)
    assert not Experiment.objects.exists()


def test_the_schedule_is_asked(first: Publication, editor: User) -> None:
    schedule_save(channel=first.channel, times=[], gap_minutes=30, editor=editor)
    with pytest.raises(ConflictError):
        repeated(first, editor, hours=1.1)
    assert repeated(first, editor, hours=1.1, anyway=True).second.status == "scheduled"


def test_it_stays_in_its_channel(first: Publication, editor: User) -> None:
    second = repeated(first, editor).second
    with pytest.raises(TransitionError, match="stays in the channel"):
        publication_rechannel(
            publication=second, channel=preview_channel(first.workspace), to=second.publish_at, editor=editor
        )


# Its page


@pytest.fixture
def english(settings: Settings) -> Any:
    def opened(user: User) -> Client:
        client = logged_in(user)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return client

    return opened


def address(row: Publication) -> str:
    return reverse("admin:publishing_publication_repeat", args=[row.pk])


def form_of(hours: float = 26, **fields: Any) -> dict[str, Any]:
    at = f"{now() + timedelta(hours=hours):%Y-%m-%dT%H:%M}+00:00"
    return {"title": OTHER, "at": at, "measure": "views", "age_h": "24", "least_pct": "10", **fields}


def test_it_is_asked_for_on_the_publication_and_read_on_the_comparison(
    first: Publication, editor: User, english: Any
) -> None:
    client = english(editor)
    shown = reverse("admin:publishing_publication_change", args=[first.pk])
    assert address(first) in client.get(shown).content.decode()
    page = client.get(address(first)).content.decode()
    assert f'value="{first.title}"' in page
    done = client.post(address(first), form_of(), follow=True)
    made = Experiment.objects.get()
    assert done.redirect_chain[-1][0] == reverse("admin:publishing_experiment_change", args=[made.pk])
    assert "They came out at different times" in done.content.decode()
    assert "with another headline: " in client.get(shown).content.decode()
    other = client.get(reverse("admin:publishing_publication_change", args=[made.second_id])).content.decode()
    assert first.title in other
    assert address(made.second) not in other


def test_what_is_typed_wrong_is_said_and_kept(first: Publication, editor: User, english: Any) -> None:
    client = english(editor)
    schedule_save(channel=first.channel, times=[], gap_minutes=30, editor=editor)
    for fields, words in (
        ({"at": "soon"}, "not a date and time"),
        ({"least_pct": "400"}, "less than or equal to 100"),
        ({"title": first.title}, "headline that it has"),
        ({"age_h": "7"}, "valid choice"),
    ):
        page = client.post(address(first), form_of(**fields))
        assert (page.status_code, words in page.content.decode()) == (409, True), fields
        assert "views" in page.content.decode()
    near = form_of(hours=1.1)
    page = client.post(address(first), near)
    assert page.status_code == 409
    assert "data-conflict" in page.content.decode()
    assert 'name="anyway"' in page.content.decode()
    assert not Experiment.objects.exists()
    assert client.post(address(first), {**near, "anyway": "1"}).status_code == 302
    assert Experiment.objects.count() == 1
    late = client.post(address(first), form_of(title="A third one"))
    assert "has another headline already" in late.content.decode()


def test_who_may(workspace: Workspace, first: Publication, editor: User, english: Any) -> None:
    for person, codes in (
        (member(workspace, "viewer"), {302, 403}),
        (member(workspace, "client"), {302, 403, 404}),
        (member(WorkspaceFactory.create(), "owner"), {302, 403, 404}),
    ):
        assert english(person).post(address(first), form_of()).status_code in codes
    assert english(editor).get(address(first).replace(str(first.pk), "999999")).status_code == 404
    publication_cancel(publication=first, editor=editor)
    told = english(editor).post(address(first), form_of(), follow=True)
    assert told.redirect_chain == [(reverse("admin:publishing_publication_change", args=[first.pk]), 302)]
    assert "not possible as things stand now" in told.content.decode()
    assert not Experiment.objects.exists()
