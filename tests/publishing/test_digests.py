"""Recurring digests: the top stories by a rule, once a local day, late or skipped as the digest says."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import translation

from apps.accounts.models import Alert, AuditEntry, User, Workspace
from apps.core.errors import TransitionError
from apps.core.work import claims, kinds
from apps.delivery.tasks import deliveries_send
from apps.publishing.digests import links_of
from apps.publishing.models import Channel, Digest, DigestRun, PreviewMessage, Publication
from apps.publishing.services import digests, publication_schedule, schedule_save
from apps.publishing.services.digest_plan import digest_delete, digest_pause, digest_resume, digest_saved
from apps.publishing.tasks import digests_make
from apps.sources.models import Topic
from apps.stories.models import Story, StoryTopic
from apps.stories.services import story_approve, story_put_aside
from tests.delivery.factories import WorkspaceFactory
from tests.publishing.clocks import Clock, standing
from tests.publishing.factories import approved_story, preview_channel, published, scheduled

# A Wednesday, 12:00 in Berlin. Its clocks go forward on Sunday, 28 March at 02:00, and back on 31 October at 03:00.
NOON = datetime(2027, 3, 24, 11, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


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


def digest_of(channel: Channel, **values: object) -> Digest:
    """A digest of every evening at 20:00 that goes out by itself."""
    given = {"name": "Evening", "at": time(20), "least": 1, "needs_approval": False, "which": "approved", **values}
    row = Digest.objects.create(workspace=channel.workspace, channel=channel, **given)
    digest_saved(digest=row, editor=None, is_new=True)
    return row


def story_at(workspace: Workspace, title: str, at: datetime, **values: object) -> Story:
    """An approved story whose last post came at a time."""
    story = approved_story(workspace, title)
    Story.objects.filter(pk=story.pk).update(**{"first_at": at, "last_at": at, "sources_count": 3, **values})
    story.refresh_from_db()
    return story


def runs() -> list[tuple[str, str, datetime]]:
    found = DigestRun.objects.order_by("local_date")
    return [(f"{run.local_date:%m-%d}", run.outcome, run.due_at) for run in found]


def evening(day: int) -> datetime:
    """20:00 in Berlin in March, before its clocks change."""
    return datetime(2027, 3, day, 19, 0, tzinfo=UTC)


def test_it_comes_out_at_its_time_with_the_top_stories_of_the_day(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    digest = digest_of(
        channel, count=2, header="Top of {date}", line="{number}. {title} ({voices}) {link}", footer="Bye"
    )
    assert runs() == [("03-24", "", evening(24))]
    for title, rank in [("Small", 1.0), ("Fire", 9.0), ("Flood", 5.0)]:
        story_at(workspace, title, NOON, rank=rank)
    story_at(workspace, "Of the day before", NOON - 24 * HOUR, rank=99.0)
    there = Story.objects.get(title="Fire")
    Publication.objects.create(
        workspace=workspace, channel=channel, story=there, version=there.current_version, html="x", publish_at=NOON,
        status="sent", sent_at=NOON, message_url="https://t.me/port/7",
    )  # fmt: skip
    digests_make()
    assert not Publication.objects.filter(status="scheduled").exists()
    clock.move_to(evening(24))
    digests_make()
    made = Publication.objects.get(status="scheduled")
    assert made.title == "Evening, 24 March"
    assert made.html == (
        "<b>Evening, 24 March</b>\n\nTop of 24 March\n\n1. Fire (3) https://t.me/port/7\n2. Flood (3)\n\nBye"
    )
    deliveries_send()
    assert PreviewMessage.objects.get().title == "Evening, 24 March"
    run = digest.runs.get(local_date=date(2027, 3, 24))
    assert (run.state, run.outcome, run.publication) == ("done", "made", made)
    assert runs()[1] == ("03-25", "", evening(25))
    assert AuditEntry.objects.filter(verb="digest.made").count() == 1


def test_a_link_to_a_page_of_ours_is_whole(channel: Channel, workspace: Workspace, editor: User, clock: Clock) -> None:
    digest_of(channel)
    story = story_at(workspace, "Fire", NOON)
    publication_schedule(story=story, channel=channel, editor=editor)
    deliveries_send()
    clock.move_to(evening(24))
    digests_make()
    made = Publication.objects.get(status="scheduled")
    assert f"• Fire {settings.BASE_URL}/preview/{channel.slug}/?at=" in made.html


def test_a_correction_is_not_the_story_nor_is_a_closed_page(channel: Channel, workspace: Workspace) -> None:
    closed, other = preview_channel(workspace, "Closed"), preview_channel(workspace, "Other")
    Channel.objects.filter(pk__in=(closed.pk, channel.pk)).update(is_public=False)
    Channel.objects.filter(pk=other.pk).update(is_public=True)
    fire, flood, storm = (story_at(workspace, title, NOON) for title in ("Fire", "Flood", "Storm"))
    first = published(channel, story=fire, message_url="https://own.test/1")
    published(channel, story=fire, message_url="https://own.test/2", corrects=first)
    published(closed, story=flood, message_url="https://closed.test/3")
    published(other, story=storm, message_url="https://open.test/4")
    stories = [story.pk for story in (fire, flood, storm)]
    digest = digest_of(channel)
    assert links_of(digest, stories) == {fire.pk: "https://own.test/1", storm.pk: "https://open.test/4"}


def test_worked_twice_or_killed_anywhere_it_is_one_publication(
    channel: Channel, workspace: Workspace, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest_of(channel)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))

    def killed(*_args: object) -> None:
        raise SystemExit

    for step in ("_published", "digest_next"):
        with monkeypatch.context() as patch:
            patch.setattr(digests, step, killed)
            with pytest.raises(SystemExit):
                digests_make()
        clock.move_to(clock.at + timedelta(minutes=6))
    digests_make()
    digests_make()
    assert Publication.objects.count() == 1
    assert Story.objects.filter(title__startswith="Evening").count() == 1
    assert [outcome for _day, outcome, _due in runs()] == ["made", ""]


def test_there_is_one_of_a_day_whoever_asks(channel: Channel, clock: Clock) -> None:
    digest = digest_of(channel)
    for _again in range(2):
        digest_saved(digest=digest, editor=None, is_new=False)
    assert DigestRun.objects.count() == 1
    run = DigestRun.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        DigestRun.objects.create(
            workspace=digest.workspace, digest=digest, local_date=run.local_date, due_at=NOON, not_before=NOON
        )
    clock.move_to(evening(24))
    digests_make()
    # a clock that steps back asks for the same day again, and it is there
    clock.move_to(NOON)
    digest_saved(digest=digest, editor=None, is_new=False)
    assert [day for day, _outcome, _due in runs()] == ["03-24", "03-25"]


@pytest.mark.parametrize(
    ("day", "at", "due"),
    [
        (date(2027, 3, 28), time(2, 30), datetime(2027, 3, 28, 1, 30, tzinfo=UTC)),
        (date(2027, 10, 31), time(2, 30), datetime(2027, 10, 31, 0, 30, tzinfo=UTC)),
        (date(2027, 10, 31), time(20), datetime(2027, 10, 31, 19, 0, tzinfo=UTC)),
    ],
)
def test_on_days_whose_clocks_jump_it_comes_once(
    channel: Channel, workspace: Workspace, clock: Clock, day: date, at: time, due: datetime
) -> None:
    clock.move_to(due - 20 * HOUR)
    digest_of(channel, at=at)
    story_at(workspace, "Fire", due - HOUR)
    assert runs() == [(f"{day:%m-%d}", "", due)]
    for minutes in range(0, 150, 30):
        clock.move_to(due + timedelta(minutes=minutes))
        digests_make()
    assert Publication.objects.count() == 1
    assert [outcome for _day, outcome, _due in runs()] == ["made", ""]


@pytest.mark.parametrize("missed", ["send", "skip"])
def test_one_that_was_missed_is_late_or_skipped_with_an_alert(
    channel: Channel, workspace: Workspace, clock: Clock, missed: str
) -> None:
    digest_of(channel, missed=missed)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24) + 3 * HOUR)
    digests_make()
    assert Publication.objects.count() == (1 if missed == "send" else 0)
    assert runs()[1:] == [("03-25", "", evening(25))]
    told = list(Alert.objects.filter(closed_at=None).values_list("message", flat=True))
    words = "“Evening”: It was due at 20:00 and could be made only later; the digest says to skip it then."
    assert told == ([] if missed == "send" else [words])


def test_after_a_long_outage_only_the_last_one_is_sent(channel: Channel, workspace: Workspace, clock: Clock) -> None:
    digest_of(channel)
    for day in (24, 25, 26, 27):
        story_at(workspace, f"Of {day}", evening(day) - HOUR)
    clock.move_to(evening(27) + HOUR)
    digests_make()
    digests_make()
    assert [(day, outcome) for day, outcome, _due in runs()] == [
        ("03-24", "skipped"), ("03-25", "skipped"), ("03-26", "skipped"), ("03-27", "made"), ("03-28", "")
    ]  # fmt: skip
    assert "Of 27" in Publication.objects.get().html
    assert "Of 26" not in Publication.objects.get().html


def test_too_few_stories_skip_it_and_nobody_is_alarmed(channel: Channel, workspace: Workspace, clock: Clock) -> None:
    digest_of(channel, least=2)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    run = DigestRun.objects.order_by("local_date")[0]
    assert (run.outcome, run.reason) == ("skipped", "Only 1 story was found, and it comes out with 2 or more.")
    assert not Publication.objects.exists()
    assert not Alert.objects.exists()


def test_the_rule_chooses_by_status_topic_and_voices(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    digest = digest_of(channel, which="published", voices_min=2)
    sport = Topic.objects.create(workspace=workspace, name="Sport", words="hockey")
    digest.topics.add(sport)
    wanted = {"status": "published", "published_at": NOON}
    for title, values in [
        ("Hockey", wanted), ("Lonely", {**wanted, "sources_count": 1}), ("Approved only", {}),
        ("Earlier", {"status": "published", "published_at": NOON - 24 * HOUR}),
    ]:  # fmt: skip
        StoryTopic.objects.create(story=story_at(workspace, title, NOON, **values), topic=sport)
    story_at(workspace, "No sport", NOON, **wanted)
    clock.move_to(evening(24))
    digests_make()
    told = DigestRun.objects.get(local_date=date(2027, 3, 24)).told
    assert list(Story.objects.filter(pk__in=told).values_list("title", flat=True)) == ["Hockey"]


def test_what_was_told_is_not_told_again_nor_the_digest_itself(
    channel: Channel, workspace: Workspace, clock: Clock
) -> None:
    digest_of(channel)
    fire = story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    Story.objects.filter(pk=fire.pk).update(last_at=evening(25) - HOUR)
    story_at(workspace, "Flood", evening(25) - HOUR)
    Story.objects.filter(title__startswith="Evening").update(sources_count=3)
    clock.move_to(evening(25))
    digests_make()
    assert Publication.objects.order_by("-pk")[0].html.endswith("• Flood")


def test_with_approval_it_waits_for_a_person(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    digest_of(channel, needs_approval=True)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    story = Story.objects.get(title="Evening, 24 March")
    assert story.status == "review"
    assert Alert.objects.get(closed_at=None).message == (
        "“Evening” is made and waits for approval: “Evening, 24 March”."
    )
    clock.move_to(evening(24) + HOUR)
    digests_make()
    assert not Publication.objects.exists()
    story_approve(story=story, editor=editor)
    clock.move_to(evening(24) + 2 * HOUR)
    digests_make()
    assert Publication.objects.get().story == story
    assert not Alert.objects.filter(closed_at=None).exists()


@pytest.mark.parametrize("how", ["aside", "forgotten"])
def test_what_nobody_approves_does_not_come_out(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock, how: str
) -> None:
    digest_of(channel, needs_approval=True)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    if how == "aside":
        story_put_aside(story=Story.objects.get(title="Evening, 24 March"), editor=editor)
    clock.move_to(evening(25))
    digests_make()
    run = DigestRun.objects.get(local_date=date(2027, 3, 24))
    reasons = {"aside": "It was put aside.", "forgotten": "Nobody approved it before the next one."}
    assert (run.outcome, run.reason) == ("skipped", reasons[how])
    assert not Publication.objects.exists()
    told = list(Alert.objects.filter(closed_at=None).values_list("message", flat=True))
    assert told == ([] if how == "aside" else ["“Evening”: Nobody approved it before the next one."])


def test_beside_another_publication_it_comes_a_minute_later(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    scheduled(channel, editor, "Same minute", at=evening(24))
    digest_of(channel)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    assert Publication.objects.get(title="Evening, 24 March").publish_at == evening(24) + timedelta(minutes=1)


def test_quiet_hours_distance_and_slots_are_kept(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    schedule_save(channel=channel, times=[(3, time(9))], quiet_from=time(19), quiet_until=time(8), gap_minutes=30)
    early = datetime(2027, 3, 25, 7, 10, tzinfo=UTC)
    scheduled(channel, editor, "Morning", at=early)
    digest_of(channel)
    digest_of(channel, name="Slot", place="slot")
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    times = dict(Publication.objects.values_list("title", "publish_at"))
    assert times["Evening, 24 March"] == early + timedelta(minutes=30)
    assert times["Slot, 24 March"] >= datetime(2027, 3, 25, 8, 0, tzinfo=UTC)


def test_a_channel_that_takes_nothing_is_told(channel: Channel, workspace: Workspace, clock: Clock) -> None:
    digest_of(channel, place="slot")
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    assert DigestRun.objects.order_by("local_date")[0].outcome == "skipped"
    assert "the channel has no slots" in Alert.objects.get().message
    assert runs()[1:] == [("03-25", "", evening(25))]


def test_paused_it_does_not_occur_until_it_is_resumed(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    digest = digest_of(channel)
    story_at(workspace, "Fire", NOON)
    digest_pause(digest=digest, editor=editor)
    with pytest.raises(TransitionError):
        digest_pause(digest=digest, editor=editor)
    clock.move_to(evening(24) + HOUR)
    digests_make()
    assert (runs(), Publication.objects.count()) == ([], 0)
    digest_resume(digest=digest, editor=editor)
    with pytest.raises(TransitionError):
        digest_resume(digest=digest, editor=editor)
    assert runs() == [("03-25", "", evening(25))]


def test_one_that_was_begun_before_the_pause_is_skipped(channel: Channel, workspace: Workspace, clock: Clock) -> None:
    digest = digest_of(channel, needs_approval=True)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    digest_pause(digest=digest, editor=None)
    clock.move_to(evening(24) + HOUR)
    digests_make()
    assert [(run.outcome, run.reason) for run in DigestRun.objects.all()] == [("skipped", "The digest was paused.")]


def test_a_changed_time_moves_the_next_one_and_days_are_kept(channel: Channel, clock: Clock) -> None:
    digest = digest_of(channel)
    digest.at, digest.days = time(9), 0b10001
    digest.save()
    digest_saved(digest=digest, editor=None, is_new=False)
    assert runs() == [("03-26", "", datetime(2027, 3, 26, 8, 0, tzinfo=UTC))]


def test_saving_does_not_drop_what_is_overdue(channel: Channel, workspace: Workspace, clock: Clock) -> None:
    digest = digest_of(channel)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24) + timedelta(minutes=1))
    digest_saved(digest=digest, editor=None, is_new=False)
    assert runs() == [("03-24", "", evening(24))]
    digests_make()
    assert Publication.objects.get().title == "Evening, 24 March"
    assert runs() == [("03-24", "made", evening(24)), ("03-25", "", evening(25))]


def test_deleted_it_leaves_an_entry_and_no_alert(
    channel: Channel, workspace: Workspace, editor: User, clock: Clock
) -> None:
    digest = digest_of(channel, needs_approval=True)
    story_at(workspace, "Fire", NOON)
    clock.move_to(evening(24))
    digests_make()
    digest_delete(digest=digest, editor=editor)
    assert not Alert.objects.filter(closed_at=None).exists()
    assert (Digest.objects.count(), DigestRun.objects.count()) == (0, 0)
    assert Story.objects.filter(title="Evening, 24 March").exists()
    entry = AuditEntry.objects.get(verb="digest.deleted")
    assert (entry.actor, entry.workspace, entry.details) == (editor, workspace, {"name": "Evening"})


def test_one_that_dies_is_told_and_the_next_is_planned(channel: Channel, workspace: Workspace, clock: Clock) -> None:
    digest_of(channel)
    clock.move_to(evening(24))
    [row] = claims.claim(kinds.get("digest"), limit=1, lease=timedelta(minutes=5)).rows
    row.error = "no luck."
    digests.digest_dead(row)
    assert Alert.objects.get().message.startswith("A digest could not be made: no luck.")
    assert [day for day, _outcome, _due in runs()] == ["03-24", "03-25"]
