"""Sister channels: suggested by what they publish together, confirmed or refused by an editor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from apps.accounts.models import AuditEntry, User
from apps.core.errors import PermanentError, TransitionError
from apps.core.work import drain
from apps.sources.models import Family, Kinship, KinshipReview, Post, Source, Voice
from apps.sources.services.families import families_of, family_change, family_create, family_remove
from apps.sources.services.kinships import (
    kinship_confirm,
    kinship_refuse,
    kinship_reopen,
    kinship_review_later,
    kinships_review,
)
from apps.sources.tasks import KINSHIPS
from tests.sources.factories import FeedFactory, MembershipFactory, PostFactory, WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


def publish(first: Source, second: Source | None, count: int, *, minutes: float = 3, start: int = 0) -> list[Post]:
    """Posts of one source, each repeated by the other some minutes later."""
    made = []
    for n in range(count):
        at = AT + timedelta(hours=start + n)
        original = PostFactory.create(source=first, published_at=at)
        made.append(original)
        if second is not None:
            later = at + timedelta(minutes=minutes)
            made.append(PostFactory.create(source=second, published_at=later, copy_of=original))
    return made


def review(source: Source) -> None:
    kinships_review([KinshipReview(workspace=source.workspace)])


@pytest.fixture
def sources() -> list[Source]:
    """Four feeds of one workspace."""
    first = FeedFactory.create()
    return [first, *FeedFactory.create_batch(3, workspace=first.workspace)]


@pytest.fixture
def editor(sources: list[Source]) -> User:
    user: User = MembershipFactory.create(workspace=sources[0].workspace).user
    return user


@pytest.fixture
def kinship(sources: list[Source]) -> Kinship:
    """A suggestion: of 40 posts of each, 30 are the same, both ways."""
    publish(sources[0], sources[1], 15)
    publish(sources[1], sources[0], 15, start=50)
    publish(sources[0], None, 10, start=20)
    publish(sources[1], None, 10, start=30)
    review(sources[0])
    return Kinship.objects.get()


def test_two_that_publish_the_same_both_ways_are_suggested(kinship: Kinship, sources: list[Source]) -> None:
    assert (kinship.first.source, kinship.second.source) == (sources[0], sources[1])
    assert (kinship.state, kinship.common, kinship.first_ahead, kinship.lag_s) == ("suggested", 30, 15, 180)
    assert (kinship.first_posts, kinship.second_posts, kinship.share) == (40, 40, 0.75)
    assert len(kinship.examples) == 5
    one, other = kinship.examples[0]
    assert Post.objects.get(pk=one).source == sources[0]
    assert Post.objects.get(pk=other).source == sources[1]


def test_everybody_copying_an_agency_makes_no_sisters(sources: list[Source]) -> None:
    agency, *copiers = sources
    for n in range(40):
        original = PostFactory.create(source=agency, published_at=AT + timedelta(hours=n))
        for place, copier in enumerate(copiers):
            at = original.published_at + timedelta(minutes=5 + place)
            PostFactory.create(source=copier, published_at=at, copy_of=original)
    review(agency)
    assert not Kinship.objects.exists()


def test_a_mirror_is_suggested_although_it_only_takes(sources: list[Source]) -> None:
    publish(sources[0], sources[1], 30, minutes=0.5)
    review(sources[0])
    assert Kinship.objects.get().first_ahead == 30


@pytest.mark.parametrize(
    ("count", "minutes", "own"), [(8, 3, 0), (15, 25, 0), (15, 3, 80)], ids=["few", "much later", "a small share"]
)
def test_too_little_is_not_suggested(sources: list[Source], count: int, minutes: float, own: int) -> None:
    publish(sources[0], sources[1], count, minutes=minutes)
    publish(sources[1], sources[0], count, minutes=minutes, start=50)
    for source in sources[:2]:
        for n in range(own):
            PostFactory.create(source=source, published_at=AT + timedelta(minutes=30 * n))
    review(sources[0])
    assert not Kinship.objects.exists()


def test_a_review_repeated_brings_the_evidence_up_to_date(kinship: Kinship, sources: list[Source]) -> None:
    publish(sources[0], sources[1], 20, start=100)
    review(sources[0])
    kinship.refresh_from_db()
    assert (kinship.common, kinship.state) == (50, "suggested")


def test_confirmed_they_are_a_family(kinship: Kinship, editor: User) -> None:
    family = kinship_confirm(kinship=kinship, editor=editor)
    kinship.refresh_from_db()
    assert (kinship.state, kinship.decided_by) == ("confirmed", editor)
    assert set(family.voices.all()) == {kinship.first, kinship.second}
    assert set(families_of(kinship.workspace_id).values()) == {family.pk}
    assert AuditEntry.objects.filter(verb="kinship.confirmed", actor=editor).count() == 1
    with pytest.raises(TransitionError):
        kinship_confirm(kinship=kinship, editor=editor)


def test_families_of_both_become_one(kinship: Kinship, editor: User, sources: list[Source]) -> None:
    others = [Voice.objects.create(source=source) for source in sources[2:]]
    for voice, other in zip((kinship.first, kinship.second), others, strict=True):
        family_create(workspace=kinship.workspace, name=f"Дом {voice.pk}", voices=[voice, other], actor=editor)
    family = kinship_confirm(kinship=kinship, editor=editor)
    assert list(Family.objects.all()) == [family]
    assert family.voices.count() == 4


def test_a_confirmation_taken_back_dissolves_the_two(kinship: Kinship, editor: User) -> None:
    kinship_confirm(kinship=kinship, editor=editor)
    kinship_reopen(kinship=kinship, editor=editor)
    assert not Family.objects.exists()
    assert Kinship.objects.get().state == "suggested"
    with pytest.raises(TransitionError):
        kinship_reopen(kinship=kinship, editor=editor)


def test_a_confirmation_taken_back_leaves_the_others_together(
    kinship: Kinship, editor: User, sources: list[Source]
) -> None:
    third = Voice.objects.create(source=sources[2])
    another = Kinship.objects.create(workspace=kinship.workspace, first=kinship.second, second=third)
    kinship_confirm(kinship=kinship, editor=editor)
    family = kinship_confirm(kinship=another, editor=editor)
    kinship_reopen(kinship=kinship, editor=editor)
    assert set(family.voices.all()) == {kinship.second, third}


def test_a_refused_pair_is_not_suggested_again_until_much_changes(
    kinship: Kinship, editor: User, sources: list[Source]
) -> None:
    kinship_refuse(kinship=kinship, editor=editor)
    publish(sources[0], sources[1], 5, start=100)
    review(sources[0])
    assert Kinship.objects.get().state == "refused"
    assert Kinship.objects.get().common == 30
    publish(sources[0], sources[1], 200, start=110)
    publish(sources[1], sources[0], 200, start=320)
    review(sources[0])
    assert Kinship.objects.get().state == "suggested"
    assert not Family.objects.exists()


def test_a_refusal_taken_back_is_a_suggestion(kinship: Kinship, editor: User) -> None:
    kinship_refuse(kinship=kinship, editor=editor)
    kinship_reopen(kinship=kinship, editor=editor)
    kinship.refresh_from_db()
    assert (kinship.state, kinship.decided_by, kinship.refused_share) == ("suggested", None, None)


def test_members_of_one_family_are_not_suggested(sources: list[Source], editor: User) -> None:
    voices = [Voice.objects.create(source=source) for source in sources[:2]]
    family_create(workspace=sources[0].workspace, name="Порт", voices=voices, actor=editor)
    publish(sources[0], sources[1], 15)
    publish(sources[1], sources[0], 15, start=50)
    review(sources[0])
    assert not Kinship.objects.exists()


def test_a_family_by_hand_changes_and_goes(sources: list[Source], editor: User) -> None:
    workspace = sources[0].workspace
    voices = [Voice.objects.create(source=source) for source in sources]
    family = family_create(workspace=workspace, name="Порт", voices=voices[:3], actor=editor)
    family_change(family=family, name="Гавань", voices=voices[1:], actor=editor)
    voices[0].refresh_from_db()
    assert (family.name, voices[0].family, family.voices.count()) == ("Гавань", None, 3)
    family_remove(family=family, actor=editor)
    assert families_of(workspace.pk) == {}
    assert list(AuditEntry.objects.values_list("verb", flat=True).order_by("id")) == [
        "family.created",
        "family.changed",
        "family.removed",
    ]


def test_a_family_left_with_one_voice_is_none(sources: list[Source], editor: User) -> None:
    workspace = sources[0].workspace
    voices = [Voice.objects.create(source=source) for source in sources]
    family_create(workspace=workspace, name="Порт", voices=voices[:2], actor=editor)
    family = family_create(workspace=workspace, name="Гавань", voices=voices[1:], actor=editor)
    assert list(Family.objects.all()) == [family]
    voices[0].refresh_from_db()
    assert voices[0].family is None


def test_a_family_is_refused_in_words(sources: list[Source], editor: User) -> None:
    workspace = sources[0].workspace
    voices = [Voice.objects.create(source=source) for source in sources]
    stranger = Voice.objects.create(source=FeedFactory.create())
    family_create(workspace=workspace, name="Порт", voices=voices[:2], actor=editor)
    with pytest.raises(PermanentError, match="at least two"):
        family_create(workspace=workspace, name="Одна", voices=voices[2:3], actor=editor)
    with pytest.raises(PermanentError, match="one workspace"):
        family_create(workspace=workspace, name="Чужая", voices=[voices[2], stranger], actor=editor)
    with pytest.raises(PermanentError, match="already has a family"):
        family_create(workspace=workspace, name="Порт", voices=voices[2:], actor=editor)
    assert Family.objects.count() == 1


def test_a_review_looks_at_its_own_workspace(kinship: Kinship) -> None:
    other = WorkspaceFactory.create()
    Kinship.objects.all().delete()
    kinships_review([KinshipReview(workspace=other)])
    assert not Kinship.objects.exists()


def test_a_review_is_asked_once_and_worked_once(kinship: Kinship) -> None:
    Kinship.objects.all().delete()
    for _ in range(2):
        kinship_review_later(kinship.workspace_id)
    drain.run_batches(KINSHIPS)
    assert list(KinshipReview.objects.values_list("state", flat=True)) == ["ready"]
    KinshipReview.objects.update(not_before=AT)
    drain.run_batches(KINSHIPS)
    drain.run_batches(KINSHIPS)
    assert list(KinshipReview.objects.values_list("state", flat=True)) == ["done"]
    assert Kinship.objects.count() == 1


def test_a_review_killed_half_way_is_worked_again(kinship: Kinship, monkeypatch: pytest.MonkeyPatch) -> None:
    Kinship.objects.all().delete()
    kinship_review_later(kinship.workspace_id)
    KinshipReview.objects.update(not_before=AT)

    def killed(*_args: object) -> None:
        raise SystemExit

    with monkeypatch.context() as patched:
        patched.setattr("apps.sources.services.kinships._remember", killed)
        with pytest.raises(SystemExit):
            drain.run_batches(KINSHIPS)
    assert not Kinship.objects.exists()
    KinshipReview.objects.update(not_before=AT)
    drain.run_batches(KINSHIPS)
    assert Kinship.objects.count() == 1
