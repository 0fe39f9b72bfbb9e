"""Comparisons of headlines: what may be compared, that nobody looks early, and what is said in the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from apps.accounts.models import AuditEntry, User, Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.publishing import experiment_words
from apps.publishing.models import Channel, Experiment, Publication, PublicationReading, ShortLink
from apps.publishing.services.experiments import experiment_outcome, experiment_start
from apps.publishing.statistics.verdicts import Said
from tests.accounts.factories import logged_in
from tests.delivery.factories import WorkspaceFactory, member
from tests.publishing.clocks import standing
from tests.publishing.factories import approved_story, preview_channel, published, telegram_channel


def linked(publication: Publication) -> Publication:
    """With a link that is counted."""
    ShortLink.objects.create(
        publication=publication, code=f"c{publication.pk}", target="https://a.test", address="https://a.test"
    )
    return publication


@pytest.fixture
def pair(workspace: Workspace, editor: User) -> tuple[Publication, Publication]:
    """One story with two headlines in two channels, an hour ago."""
    story = approved_story(workspace, "Fire")
    places: list[Channel] = [telegram_channel(workspace), preview_channel(workspace)]
    first, second = (
        linked(published(place, editor, age_h=1, story=story, title=title))
        for place, title in zip(places, ("Fire in the port", "A warehouse burns"), strict=True)
    )
    return first, second


def started(pair: tuple[Publication, Publication], editor: User, **more: Any) -> Experiment:
    chosen: dict[str, Any] = {"measure": "clicks", "age_h": 24, "least_pct": 10, **more}
    return experiment_start(first=pair[0], second=pair[1], editor=editor, **chosen)


def read(publication: Publication, views: int | None, clicks: int | None = None, age_h: int = 24) -> None:
    assert publication.sent_at is not None
    at = publication.sent_at + timedelta(hours=age_h)
    PublicationReading.objects.create(publication=publication, age_h=age_h, taken_at=at, views=views, clicks=clicks)


def test_it_is_begun_once_with_an_entry(pair: tuple[Publication, Publication], editor: User) -> None:
    made = started(pair, editor)
    assert (made.story, made.workspace, made.created_by) == (pair[0].story, pair[0].workspace, editor)
    for again in (pair, pair[::-1]):
        with pytest.raises(PermanentError, match="already"):
            started(again, editor)  # type: ignore[arg-type]
    assert Experiment.objects.count() == 1
    assert AuditEntry.objects.filter(verb="experiment.started").count() == 1


def test_what_cannot_be_compared_is_refused(
    workspace: Workspace, pair: tuple[Publication, Publication], editor: User
) -> None:
    first, second = pair
    stranger = linked(published(first.channel, editor, title="Other", age_h=1))
    with pytest.raises(PermanentError, match="one story"):
        started((first, stranger), editor)
    with pytest.raises(PermanentError, match="same words"):
        started((first, first), editor)
    ShortLink.objects.filter(publication=second).delete()
    with pytest.raises(PermanentError, match="No link of"):
        started(pair, editor)
    Publication.objects.filter(pk=second.pk).update(sent_at=now() - timedelta(hours=25))
    second.refresh_from_db()
    with pytest.raises(PermanentError, match="Choose a later age"):
        started(pair, editor, measure="views")
    Publication.objects.filter(pk=second.pk).update(status="failed")
    second.refresh_from_db()
    with pytest.raises(PermanentError, match="neither published nor scheduled"):
        started(pair, editor, measure="views", age_h=48)
    assert not Experiment.objects.exists()


def test_nobody_looks_early(pair: tuple[Publication, Publication], editor: User) -> None:
    made = started(pair, editor)
    for one, clicks in zip(pair, (900, 1), strict=True):
        read(one, 1000, clicks, age_h=6)
    read(pair[0], 1000, 900)  # one of them alone
    outcome = experiment_outcome(made)
    assert (outcome.verdict.said, outcome.first, outcome.second) == (Said.WAITS, None, None)
    assert outcome.ready_at == max(one.sent_at for one in pair if one.sent_at) + timedelta(hours=24)


def test_a_clear_difference_has_a_winner_and_a_warning(pair: tuple[Publication, Publication], editor: User) -> None:
    made = started(pair, editor)
    read(pair[0], 5000, 400)
    read(pair[1], 5000, 200)
    outcome = experiment_outcome(made)
    assert outcome.verdict.said == Said.FIRST
    assert "“Fire in the port” did better" in experiment_words.sentence(made, outcome)
    said = experiment_words.interval_words(made, outcome.verdict.interval)
    assert said.startswith("The first less the second: +4.00 percentage points")
    assert "between +3.0" in said
    assert experiment_words.needed_words(made, outcome) == ""
    assert "Two channels have different readers" in experiment_words.warning(made)


def test_an_open_one_says_what_is_missing(pair: tuple[Publication, Publication], editor: User) -> None:
    made = started(pair, editor)
    read(pair[0], 1000, 60)
    read(pair[1], 1000, 50)
    outcome = experiment_outcome(made)
    assert outcome.verdict.said == Said.OPEN
    assert "No winner" in experiment_words.sentence(made, outcome)
    assert experiment_words.needed_words(made, outcome) == (
        "Not enough to tell a difference of 10 %: about 55,000 more views would be needed in all."
    )


def test_views_that_nobody_told_are_not_judged(pair: tuple[Publication, Publication], editor: User) -> None:
    made = started(pair, editor)
    read(pair[0], None, 5)
    read(pair[1], 100, 5)
    assert experiment_outcome(made).verdict.said == Said.WAITS  # an account that is asked may still answer
    with standing(now() + timedelta(hours=40)):
        outcome = experiment_outcome(made)
    assert outcome.verdict.said == Said.UNKNOWN
    assert "nobody told the views" in experiment_words.sentence(made, outcome)


@pytest.mark.parametrize("status", ["cancelled", "failed"])
def test_one_that_never_came_out_ends_the_wait(
    pair: tuple[Publication, Publication], editor: User, english: Any, status: str
) -> None:
    made = started(pair, editor)
    Publication.objects.filter(pk=pair[1].pk).update(status=status, sent_at=None)
    made = Experiment.objects.get(pk=made.pk)
    assert experiment_outcome(made).verdict.said == Said.UNKNOWN
    html = english(editor).get(reverse("admin:publishing_experiment_change", args=[made.pk])).content.decode()
    assert "One of them did not come out, so there is nothing to compare." in html
    assert "One of them is not out yet." not in html


def test_a_reading_that_never_came_ends_the_wait(pair: tuple[Publication, Publication], editor: User) -> None:
    made = started(pair, editor)
    with standing(now() + timedelta(hours=40)):
        assert experiment_outcome(made).verdict.said == Said.UNKNOWN


def test_views_are_set_against_the_usual(
    workspace: Workspace, pair: tuple[Publication, Publication], editor: User
) -> None:
    made = started(pair, editor, measure="views")
    read(pair[0], 400)
    read(pair[1], 4000)
    assert experiment_outcome(made).verdict.said == Said.TOO_FEW
    for one, usual in zip(pair, (100, 4000), strict=True):
        for number in range(8):
            earlier = published(one.channel, editor, age_h=200 + number, title=f"Earlier {one.pk} {number}")
            read(earlier, usual + number)
    outcome = experiment_outcome(made)
    assert outcome.verdict.said == Said.FIRST  # a tenth of the views, four times its channel's usual
    assert "was seen 3." in experiment_words.interval_words(made, outcome.verdict.interval)


# Screens


@pytest.fixture
def english(settings: Settings) -> Any:
    def opened(user: User) -> Client:
        client = logged_in(user)
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
        return client

    return opened


def test_it_is_begun_and_read_in_the_admin(pair: tuple[Publication, Publication], editor: User, english: Any) -> None:
    client = english(editor)
    add = reverse("admin:publishing_experiment_add")
    form = {"first": pair[0].pk, "second": pair[0].pk, "measure": "clicks", "age_h": 24, "least_pct": 10}
    assert "nothing to compare" in client.post(add, form).content.decode()
    assert not Experiment.objects.exists()
    assert client.post(add, {**form, "second": pair[1].pk}).status_code == 302
    made = Experiment.objects.get()
    for chosen in ({"second": pair[1].pk}, {"first": pair[1].pk}):
        again = client.post(add, {**form, **chosen})
        assert (again.status_code, "These two are compared already." in again.content.decode()) == (200, True)
    assert Experiment.objects.count() == 1
    address = reverse("admin:publishing_experiment_change", args=[made.pk])
    html = client.get(address).content.decode()
    assert "Until then no numbers are shown here" in html
    read(pair[0], 5000, 400)
    read(pair[1], 5000, 200)
    html = client.get(address).content.decode()
    assert "did better than chance alone would explain" in html
    assert "8.00 %" in html
    assert "The first did better" in client.get(reverse("admin:publishing_experiment_changelist")).content.decode()
    client.post(address, {"measure": "views", "age_h": 48})
    made.refresh_from_db()
    assert (made.measure, made.age_h) == ("clicks", 24)


def test_two_who_begin_in_the_same_moment_are_both_answered(
    pair: tuple[Publication, Publication], editor: User, english: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(pair, editor)
    # what the checks see that run before the other's row is there
    monkeypatch.setattr(Experiment, "validate_constraints", lambda *_self, **_rest: None)
    for module in ("apps.publishing.admin_experiments", "apps.publishing.services.experiments"):
        monkeypatch.setattr(f"{module}.refuse_pair", lambda *_pair, **_rest: None)
    form = {"first": pair[0].pk, "second": pair[1].pk, "measure": "clicks", "age_h": 24, "least_pct": 10}
    page = english(editor).post(reverse("admin:publishing_experiment_add"), form, follow=True)
    assert "These two are compared already." in page.content.decode()
    assert Experiment.objects.count() == 1


def test_who_may_begin_and_see_one(
    workspace: Workspace, pair: tuple[Publication, Publication], editor: User, english: Any
) -> None:
    made = started(pair, editor)
    address = reverse("admin:publishing_experiment_change", args=[made.pk])
    viewer = english(member(workspace, "viewer"))
    assert viewer.get(address).status_code == 200
    assert viewer.get(reverse("admin:publishing_experiment_add")).status_code == 403
    assert english(member(workspace, "client")).get(address).status_code in {302, 403, 404}
    stranger = english(member(WorkspaceFactory.create(), "owner"))
    assert stranger.get(address).status_code == 404
    form = {"first": pair[0].pk, "second": pair[1].pk, "measure": "views", "age_h": 48, "least_pct": 10}
    assert stranger.post(reverse("admin:publishing_experiment_add"), form).status_code == 200
    assert Experiment.objects.count() == 1
