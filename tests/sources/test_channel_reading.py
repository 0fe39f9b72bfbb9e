"""Channels are read oldest first, once, and read again; what happens to accounts and channels is said in words."""

from __future__ import annotations

import io
import json
from datetime import datetime, timedelta

import pytest

from apps.accounts.models import Alert
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError, TransitionError
from apps.core.work import stopping, verbs
from apps.sources.channel_reader import ChannelReading
from apps.sources.models import ChannelRead, Post, Revision, Source
from apps.sources.ports import Item
from apps.sources.services import (
    export_import,
    posts_intake,
    source_create,
    source_pause,
    source_poll_now,
    source_resume,
)
from apps.sources.services.read_schedule import reads_hinted, reads_taken_over
from apps.sources.services.reads import FIRST_POSTS, read_plan, read_record
from apps.telegram.models import Peer, Session
from tests.sources.channels import BEGAN, Channel, SessionFactory, Telegram, due, read, travelled
from tests.sources.factories import WorkspaceFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
FLOOD = RetryableError("asked to wait", code="flood", retry_after=900)


@pytest.fixture(autouse=True)
def _not_stopped() -> object:
    yield
    stopping.forget()


@pytest.fixture
def telegram() -> Telegram:
    """A Telegram without channels."""
    return Telegram()


@pytest.fixture
def account(telegram: Telegram) -> Session:
    """An account that is connected."""
    session: Session = SessionFactory.create()
    telegram.accounts.add(session.pk)
    return session


def another(telegram: Telegram, account: Session) -> Session:
    session: Session = SessionFactory.create(workspace=account.workspace)
    telegram.accounts.add(session.pk)
    return session


def added(account: Session, username: str = "vestnik", **fields: object) -> Source:
    return source_create(
        workspace=account.workspace,
        kind="telegram",
        name=str(fields.pop("name", f"@{username}")),
        username=username,
        **fields,  # type: ignore[arg-type]
    )


def again(telegram: Telegram, source: Source, reading: ChannelReading | None = None) -> Source:
    due(source)
    read(telegram, reading=reading)
    source.refresh_from_db()
    return source


def texts() -> list[str]:
    return list(Post.objects.order_by("message_id").values_list("text", flat=True))


def wait_of(source: Source) -> timedelta:
    return ChannelRead.objects.get(source=source, state="ready").not_before - now()


# Reading


def test_a_new_channel_is_found_by_name_and_its_newest_posts_are_taken(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel(title="Городской вестник")
    for number in range(1, 51):
        channel.post(f"слово {number}")
    source = added(account)

    read(telegram)

    source.refresh_from_db()
    assert (source.chat_id, source.name, source.read_to_id) == (channel.chat_id, "Городской вестник", 50)
    assert texts() == [f"слово {number}" for number in range(51 - FIRST_POSTS, 51)]
    assert Post.objects.latest("message_id").external_id == f"{channel.chat_id}:50"
    done = ChannelRead.objects.get(state="done")
    assert (done.outcome, done.added) == ("fetched", FIRST_POSTS)
    assert timedelta(minutes=8) < wait_of(source) < timedelta(minutes=12)
    assert (source.last_error, source.failures) == ("", 0)
    assert source.last_ok_at is not None


def test_what_is_new_is_read_oldest_first_page_by_page(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("первое")
    source = added(account)
    read(telegram)
    for number in range(2, 252):
        channel.post(f"слово {number}")

    again(telegram, source)
    assert (source.read_to_id, Post.objects.count()) == (101, 101)
    assert wait_of(source) < timedelta(seconds=2)
    again(telegram, source)
    again(telegram, source)

    assert (source.read_to_id, Post.objects.count()) == (251, 251)
    assert wait_of(source) > timedelta(minutes=8)


def test_a_reading_rung_twice_reads_once(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)

    read(telegram)
    read(telegram)

    assert (telegram.count("older"), telegram.count("newer"), Post.objects.count()) == (1, 0, 1)


def test_a_reading_that_was_cut_after_the_answer_is_repeated_without_doubles(
    telegram: Telegram, account: Session
) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    channel.post("второе")
    row = ChannelRead.objects.get(state="ready")
    posts_intake(source=source, items=[])  # nothing of the cut reading was kept: its transaction never ended
    verbs.move(row, not_before=now())
    ChannelRead.objects.filter(pk=row.pk).update(state="leased", token="0" * 32, not_before=now() - timedelta(1))

    read(telegram)

    assert texts() == ["слово", "второе"]
    row.refresh_from_db()
    assert (row.state, row.faults) == ("done", 1)


def test_a_result_that_comes_after_the_row_was_taken_over_is_refused(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    row = ChannelRead.objects.get()
    until = now() + timedelta(minutes=3)
    ChannelRead.objects.filter(pk=row.pk).update(state="leased", token="0" * 32, not_before=until)

    assert reads_taken_over(account.pk) == 1
    read(telegram)

    assert ChannelRead.objects.get(pk=row.pk).state == "done"
    assert source.posts.count() == 1
    assert reads_taken_over(account.pk) == 0


def test_only_channels_of_held_accounts_are_claimed(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)
    telegram.accounts.clear()

    read(telegram)

    row = ChannelRead.objects.get()
    assert (row.state, row.attempts, telegram.asked) == ("ready", 0, [])


def test_two_processes_read_each_what_it_holds(telegram: Telegram, account: Session) -> None:
    other = another(telegram, account)
    telegram.channel().post("слово")
    telegram.channel("lenta", chat_id=1_100_200_301).post("другое")
    first, second = added(account), added(account, "lenta")
    assert {first.session_id, second.session_id} == {account.pk, other.pk}
    half = Telegram(telegram.channels, accounts={other.pk})

    read(half)

    assert {pk for pk, _method, _what in half.asked} == {other.pk}
    assert set(Post.objects.values_list("source", flat=True)) == {Source.objects.get(session=other).pk}


def test_a_paused_channel_is_not_read_and_a_resumed_one_at_once(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    source_pause(source=source)
    assert not ChannelRead.objects.filter(state="ready").exists()
    channel.post("второе")

    source_resume(source=source)
    read(telegram)

    assert texts() == ["слово", "второе"]


def test_a_person_may_ask_at_once(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    channel.post("второе")

    source_poll_now(source=source)
    read(telegram)

    assert texts() == ["слово", "второе"]


def test_an_export_that_was_imported_before_is_gone_on_from(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(1, 201):
        channel.post(f"слово {number}")
    source = added(account)
    names = range(1, 120)
    posts_intake(
        source=source,
        items=[Item(external_id=f"{channel.chat_id}:{n}", text=f"слово {n}", message_id=n) for n in names],
    )

    read(telegram)

    assert texts() == [f"слово {number}" for number in range(1, 201)]
    assert Post.objects.filter(revision__gt=1).count() == 0


# Hints


def test_a_hint_makes_a_reading_due_and_nothing_else(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    reading = read(telegram)
    channel.post("второе")
    Source.objects.update(last_tried_at=now() - timedelta(minutes=1))

    reading.hint(channel.chat_id, account.pk)
    reading.hint(999, account.pk)
    read(telegram, reading=reading)

    assert texts() == ["слово", "второе"]
    assert source.reads.filter(state="done").count() == 2


def test_hints_of_a_lively_channel_do_not_make_it_asked_all_the_time(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)

    assert reads_hinted({channel.chat_id}) == 1

    assert timedelta(seconds=10) < wait_of(source) <= timedelta(seconds=15)
    assert reads_hinted({channel.chat_id}) == 0


# Albums


def test_a_late_part_of_an_album_joins_its_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.album(7, "", "")
    source = added(account)
    read(telegram)
    channel.album(7, "Подпись")
    channel.post("другое")

    again(telegram, source)

    album = Post.objects.get(album_id=7)
    assert (album.text, album.kind, album.media.count(), album.revision) == ("Подпись", "album", 3, 1)
    assert Post.objects.count() == 2


def test_an_earlier_part_that_comes_later_joins_the_same_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(1, 4):
        channel.post(f"слово {number}")
    channel.album(7, "Подпись", "", "")
    source = added(account, backfill_posts=1)
    first = channel.messages.pop(4)
    read(telegram)
    post = Post.objects.get()
    assert (post.external_id, post.text) == (f"{channel.chat_id}:5", "")
    channel.messages[4] = first
    Source.objects.update(backfill_posts=3)

    again(telegram, source)

    post.refresh_from_db()
    assert (post.external_id, post.text, post.media.count()) == (f"{channel.chat_id}:5", "Подпись", 3)


def test_an_album_over_the_edge_of_a_page_is_one_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("первое")
    source = added(account)
    read(telegram)
    for number in range(98):
        channel.post(f"слово {number}")
    channel.album(7, "", "Подпись", "", "")
    channel.post("последнее")

    again(telegram, source)
    again(telegram, source)

    album = Post.objects.get(album_id=7)
    assert (album.media.count(), album.text, album.revision) == (4, "Подпись", 1)
    assert Post.objects.count() == 101


# Edits, deletions, counts


def at_age(age: timedelta) -> datetime:
    return BEGAN + timedelta(minutes=1) + age + timedelta(seconds=1)


def test_edits_deletions_and_counts_are_found_as_posts_grow_older(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN + timedelta(minutes=2)):
        kept, gone = channel.post("было", at=BEGAN + timedelta(minutes=1)), channel.post("уйдёт", at=BEGAN)
        source = added(account, interval_s=600)
        read(telegram)
    with travelled(at_age(timedelta(minutes=5))):
        channel.edit(kept, text="стало", views=500, forwards=7, reactions={"👍": 3}, edited_at=now())
        again(telegram, source)
        assert telegram.count("by_ids") == 0
    with travelled(at_age(timedelta(minutes=11))):
        again(telegram, source)
    post = Post.objects.get(message_id=kept)
    assert (post.text, post.revision, post.views, post.forwards, post.reactions) == ("стало", 2, 500, 7, {"👍": 3})
    assert list(Revision.objects.values_list("number", "text")) == [(1, "было")]

    del channel.messages[gone]
    with travelled(at_age(timedelta(minutes=30))):
        again(telegram, source)
        assert not Post.objects.filter(deleted_at__isnull=False).exists()
    with travelled(at_age(timedelta(hours=1))):
        again(telegram, source)
        assert Post.objects.get(message_id=gone).deleted_at == now()
    assert Post.objects.get(message_id=kept).deleted_at is None
    assert telegram.count("by_ids") == 2


def test_a_post_is_read_again_five_times_and_then_left_alone(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN + timedelta(minutes=1)):
        channel.post("слово", at=BEGAN + timedelta(minutes=1))
        source = added(account)
        read(telegram)
    for hour in range(1, 24 * 9):
        with travelled(BEGAN + timedelta(hours=hour)):
            again(telegram, source)

    assert telegram.count("by_ids") == 5
    assert Post.objects.get().counted_at is not None


def test_a_deleted_album_is_marked_and_one_that_lost_a_part_is_not(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN):
        whole, part = channel.album(7, "а", "б", at=BEGAN), channel.album(8, "в", "г", at=BEGAN)
        source = added(account)
        read(telegram)
    for number in (*whole, part[0]):
        del channel.messages[number]
    with travelled(BEGAN + timedelta(minutes=11)):
        again(telegram, source)

    assert Post.objects.get(album_id=7).deleted_at is not None
    left = Post.objects.get(album_id=8)
    assert (left.deleted_at, left.text) == (None, "г")


def test_one_request_reads_a_hundred_posts_again_and_the_rest_soon(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    with travelled(BEGAN):
        for _each in range(150):
            channel.post("слово", at=BEGAN)
        source = added(account, backfill_posts=150)
        read(telegram)
        again(telegram, source)
    with travelled(BEGAN + timedelta(minutes=11)):
        again(telegram, source)
        assert wait_of(source) <= timedelta(seconds=20)
        again(telegram, source)
        assert telegram.count("by_ids") == 2
        again(telegram, source)
    assert telegram.count("by_ids") == 2


# Reading back


def test_a_channel_is_read_back_by_depth_in_steps_and_goes_on_where_it_stopped(
    telegram: Telegram, account: Session
) -> None:
    channel = telegram.channel()
    for number in range(1, 1001):
        channel.post(f"слово {number}")
    source = added(account, backfill_posts=450)
    read(telegram)
    assert (Post.objects.count(), Source.objects.get().backfill_id) == (100, 901)
    telegram.refusals["older"] = [RetryableError("cut", code="network")]

    again(telegram, source)  # the step back is refused, the reading is none the worse
    assert (Post.objects.count(), source.last_error) == (100, "")
    again(telegram, source)
    assert (Post.objects.count(), source.backfilled_posts) == (300, 300)
    assert wait_of(source) <= timedelta(seconds=20)
    again(telegram, source)

    assert texts() == [f"слово {number}" for number in range(551, 1001)]
    assert not source.reads_back
    assert wait_of(source) > timedelta(minutes=8)
    asked = telegram.count("older")
    again(telegram, source)
    assert telegram.count("older") == asked


def test_a_channel_is_read_back_to_a_date(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(300):
        channel.post(f"слово {number}", at=BEGAN - timedelta(hours=300 - number))
    source = added(account, backfill_from=BEGAN - timedelta(hours=250))
    read(telegram)
    again(telegram, source)

    assert (Post.objects.count(), source.reads_back) == (250, False)
    assert Post.objects.earliest("published_at").published_at == BEGAN - timedelta(hours=250)


def test_a_channel_is_read_back_to_its_beginning(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(30):
        channel.post(f"слово {number}")
    source = added(account, backfill_posts=5000)

    read(telegram)

    source.refresh_from_db()
    assert (Post.objects.count(), source.backfill_id, source.reads_back) == (30, 0, False)


def test_reading_back_waits_for_channels_that_are_overdue(telegram: Telegram, account: Session) -> None:
    for number, name in enumerate(("vestnik", "lenta")):
        channel = telegram.channel(name, chat_id=1_100_200_300 + number)
        for word in range(300):
            channel.post(f"слово {word}")
    deep, other = added(account, backfill_posts=300), added(account, "lenta")
    read(telegram)
    due(deep)
    due(other)
    Source.objects.filter(pk=other.pk).update(last_ok_at=now() - timedelta(hours=1))

    plan = read_plan(ChannelRead.objects.get(source=deep, state="ready"))
    assert plan.back is None
    Source.objects.filter(pk=other.pk).update(last_ok_at=now())
    plan = read_plan(ChannelRead.objects.get(source=deep, state="ready"))
    assert plan.back is not None
    assert plan.back.before_id == 201


# Waiting


def test_a_flood_puts_readings_off_and_is_no_failure(telegram: Telegram, account: Session) -> None:
    other = another(telegram, account)
    telegram.channel().post("слово")
    telegram.channel("lenta", chat_id=1_100_200_301).post("другое")
    source, second = added(account), added(account, "lenta")
    reading = read(telegram)
    for one in (source, second):
        due(one)
    telegram.lasting["newer"] = FLOOD

    read(telegram, reading=reading)

    for row in ChannelRead.objects.filter(state="ready"):
        assert (row.attempts, row.history[-1]["event"]) == (0, "deferred")
        assert timedelta(minutes=14) < row.not_before - now() < timedelta(minutes=17)
    source.refresh_from_db()
    assert (source.failures, source.last_error, Alert.objects.count()) == (0, "", 0)
    assert {other.pk, account.pk} == {source.session_id, Source.objects.get(pk=second.pk).session_id}


def test_a_flood_of_one_account_leaves_the_others_reading(telegram: Telegram, account: Session) -> None:
    another(telegram, account)
    channels = [telegram.channel(f"channel_{n}", chat_id=1_100_200_300 + n) for n in range(6)]
    for channel in channels:
        channel.post("слово")
    sources = [added(account, channel.username) for channel in channels]
    reading = read(telegram)
    for source in sources:
        due(source)
    for channel in channels:
        channel.post("второе")
    telegram.refusals["newer"] = [FLOOD]

    read(telegram, reading=reading)
    read(telegram, reading=reading)

    flooded = next(pk for pk, method, _what in telegram.asked if method == "newer")
    asked = [pk for pk, method, _what in telegram.asked if method == "newer"]
    assert asked.count(flooded) <= 4  # those that were under way
    read_by_others = Post.objects.filter(text="второе").exclude(source__session=flooded)
    assert read_by_others.count() == 3
    put_off = ChannelRead.objects.filter(state="ready", source__session=flooded)
    assert put_off.filter(not_before__gt=now() + timedelta(minutes=8)).count() == 3


def test_a_short_wait_for_our_own_budget_is_sat_out(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    added(account)
    telegram.refusals["older"] = [RetryableError("no budget", code="no_budget", retry_after=0.01)]

    read(telegram)

    assert texts() == ["слово"]
    assert ChannelRead.objects.get(state="done").attempts == 1


def test_finding_channels_waits_apart_from_reading(telegram: Telegram, account: Session) -> None:
    known = telegram.channel()
    known.post("слово")
    source = added(account)
    reading = read(telegram)
    telegram.channel("lenta", chat_id=1_100_200_301).post("другое")
    new = added(account, "lenta")
    telegram.lasting["resolve"] = RetryableError("slowly", code="flood", retry_after=3600)
    read(telegram, reading=reading)
    known.post("второе")

    again(telegram, source, reading)

    assert texts() == ["слово", "второе"]
    assert wait_of(new) > timedelta(minutes=59)


def test_a_network_that_is_away_is_said_slows_and_is_forgotten(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account, interval_s=600)
    read(telegram)
    telegram.lasting["newer"] = RetryableError("Telegram does not answer.", code="network")
    for failures in range(1, 9):
        again(telegram, source)
        assert (source.failures, source.last_error) == (failures, "Telegram does not answer.")
        assert wait_of(source) <= timedelta(minutes=33)
    alert = Alert.objects.get()
    assert alert.closed_at is None

    telegram.lasting.clear()
    again(telegram, source)

    alert.refresh_from_db()
    assert alert.closed_at is not None
    assert (source.failures, source.last_error) == (0, "")


def test_a_reading_that_dies_makes_the_next_one(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    telegram.lasting["older"] = ValueError("a slip")  # type: ignore[assignment]
    for _time in range(3):
        ChannelRead.objects.filter(state="ready").update(not_before=now())
        read(telegram)

    assert ChannelRead.objects.get(state="dead").faults == 3
    source.refresh_from_db()
    assert "fault in Pult" in source.last_error
    telegram.lasting.clear()
    again(telegram, source)
    assert texts() == ["слово"]


def test_a_result_for_a_source_that_was_paused_meanwhile_is_left_alone(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    row = ChannelRead.objects.get()
    source_pause(source=source)

    plan = read_plan(ChannelRead(source=Source.objects.get(), workspace=source.workspace))

    assert not plan.is_wanted
    assert not ChannelRead.objects.filter(pk=row.pk).exists()


# An outage


def test_two_days_without_anybody_are_caught_up_oldest_first_and_spread(telegram: Telegram, account: Session) -> None:
    another(telegram, account)
    channels = [telegram.channel(f"channel_{n}", chat_id=1_100_200_300 + n) for n in range(8)]
    with travelled(BEGAN):
        for channel in channels:
            channel.post("до", at=BEGAN)
        sources = [added(account, channel.username) for channel in channels]
        reading = read(telegram)
    for channel in channels:
        for number in range(1, 251):
            channel.post(f"слово {number}", at=BEGAN + timedelta(minutes=number * 11))
    back = BEGAN + timedelta(days=2)
    seen: dict[int, int] = {source.pk: 1 for source in sources}
    with travelled(back) as clock:
        for _turn in range(12):
            read(telegram, reading=reading)
            for source in sources:
                source.refresh_from_db()
                assert source.read_to_id >= seen[source.pk]  # never back, page after page
                seen[source.pk] = source.read_to_id
            clock.shift(2)
        waits = sorted(row.not_before for row in ChannelRead.objects.filter(state="ready"))

    assert set(seen.values()) == {251}
    assert Post.objects.count() == 8 * 251
    assert not Source.objects.exclude(last_error="").exists()
    assert waits[-1] - waits[0] > timedelta(seconds=10)  # they come back apart


# States of channels and accounts


def test_a_renamed_channel_is_followed_by_its_id(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel(title="Вестник")
    channel.post("слово")
    source = added(account)
    read(telegram)
    channel.username, channel.title = "vestnik_new", "Новый вестник"
    channel.post("второе")
    Source.objects.update(described_at=now() - timedelta(days=2))

    again(telegram, source)

    assert (source.username, source.name) == ("vestnik_new", "Новый вестник")
    assert Post.objects.latest("message_id").url == "https://t.me/vestnik_new/2"
    assert telegram.count("resolve") == 1


def test_a_name_that_an_editor_gave_is_kept(telegram: Telegram, account: Session) -> None:
    telegram.channel(title="Вестник").post("слово")
    source = added(account, name="Главный по городу")

    read(telegram)

    source.refresh_from_db()
    assert source.name == "Главный по городу"


def test_a_migrated_chat_goes_on_under_its_new_id(telegram: Telegram, account: Session) -> None:
    old = telegram.channel()
    old.post("слово")
    source = added(account)
    read(telegram)
    new = telegram.channel("vestnik", chat_id=1_100_200_999)
    new.post(is_service=True)
    new.post("на новом месте")
    old.username = ""
    old.post(is_service=True, migrated_to=new.chat_id)

    again(telegram, source)
    assert (source.chat_id, source.read_to_id) == (new.chat_id, 1)
    again(telegram, source)

    assert texts() == ["слово", "на новом месте"]
    assert source.last_error == ""


def test_a_channel_that_bans_an_account_goes_to_another(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    other = another(telegram, account)
    channel.banned.add(account.pk)
    channel.post("второе")

    again(telegram, source)
    assert (source.session_id, source.refused_by) == (other.pk, [account.pk])
    assert source.is_active
    again(telegram, source)

    assert texts() == ["слово", "второе"]
    assert (source.last_error, Alert.objects.count()) == ("", 0)
    assert (other.pk, "resolve", "vestnik") in telegram.asked


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        ({"is_private": True}, "private"),
        ({"banned": True}, "banned"),
        ({"is_gone": True}, "deleted or blocked"),
    ],
)
def test_a_channel_that_nobody_may_read_is_paused_with_what_to_do(
    telegram: Telegram, account: Session, trouble: dict[str, bool], words: str
) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    if trouble.pop("banned", False):
        channel.banned.add(account.pk)
    for name, value in trouble.items():
        setattr(channel, name, value)

    due(source)
    read(telegram)

    source.refresh_from_db()
    assert not source.is_active
    assert words in source.paused_reason
    alert = Alert.objects.get(key=f"source.gone:{source.pk}")
    assert words in alert.message
    assert not ChannelRead.objects.filter(state="ready").exists()

    channel.is_private = channel.is_gone = False
    channel.banned.clear()
    source_resume(source=source)
    read(telegram)
    alert.refresh_from_db()
    source.refresh_from_db()
    assert alert.closed_at is not None
    assert (source.last_error, source.refused_by) == ("", [])


def test_a_name_that_nobody_has_is_said_at_once(telegram: Telegram, account: Session) -> None:
    another(telegram, account)
    source = added(account, "nobody_has_it")

    read(telegram)

    source.refresh_from_db()
    assert not source.is_active
    assert "There is no channel @nobody_has_it" in source.paused_reason
    assert telegram.count("resolve") == 1


def test_the_same_channel_under_another_name_is_said(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account, name="Первый")
    read(telegram)
    twin = added(account, "VESTNIK", name="Второй")

    read(telegram)

    twin.refresh_from_db()
    assert not twin.is_active
    assert "“Первый”" in twin.paused_reason
    assert (twin.posts.count(), source.posts.count()) == (0, 1)


def test_another_channel_that_took_the_name_is_not_read(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    Peer.objects.all().delete()
    channel.username = ""
    telegram.channel("vestnik", chat_id=1_100_200_777).post("чужое")

    due(source)
    read(telegram)

    source.refresh_from_db()
    assert not source.is_active
    assert texts() == ["слово"]


def test_a_lost_login_hands_its_channels_to_another_account(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    reading = read(telegram)
    channel.post("второе")
    telegram.refusals["newer"] = [PermanentError("logged out", code="login_lost")]
    again(telegram, source, reading)
    assert "logged out" in source.last_error
    assert source.failures == 0
    Session.objects.filter(pk=account.pk).update(state="lost")
    telegram.accounts.clear()
    other = another(telegram, account)

    due(source)
    reading._spread = float("-inf")
    read(telegram, reading=reading)
    read(telegram, reading=reading)

    source.refresh_from_db()
    assert source.session_id == other.pk
    assert texts() == ["слово", "второе"]
    assert source.last_error == ""


def test_without_any_account_the_channel_says_so_and_waits(telegram: Telegram) -> None:
    source = source_create(workspace=WorkspaceFactory.create(), kind="telegram", name="@vestnik", username="vestnik")
    assert source.session_id is None

    read(telegram)

    source.refresh_from_db()
    assert "No Telegram account" in source.last_error
    assert timedelta(seconds=50) < wait_of(source) <= timedelta(minutes=1)
    assert source.is_active


def test_channels_are_spread_over_accounts_and_stay(telegram: Telegram, account: Session) -> None:
    other = another(telegram, account)
    outsider: Session = SessionFactory.create()
    sources = [added(account, f"channel_{n}") for n in range(6)]

    by_account = {pk: sum(one.session_id == pk for one in sources) for pk in (account.pk, other.pk, outsider.pk)}
    assert by_account == {account.pk: 3, other.pk: 3, outsider.pk: 0}
    read(telegram)
    assert [one.session_id for one in Source.objects.order_by("pk")] == [one.session_id for one in sources]


def test_an_access_hash_is_never_used_with_another_account(telegram: Telegram, account: Session) -> None:
    channel: Channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    read(telegram)
    other = another(telegram, account)
    Source.objects.filter(pk=source.pk).update(session=other)

    again(telegram, source)

    assert source.last_error == ""
    assert (other.pk, "resolve", "vestnik") in telegram.asked
    assert set(Peer.objects.values_list("session", flat=True)) == {account.pk, other.pk}


def test_a_late_result_changes_nothing_once_the_reading_is_done(telegram: Telegram, account: Session) -> None:
    telegram.channel().post("слово")
    source = added(account)
    read(telegram)
    done = ChannelRead.objects.get(state="done")

    with pytest.raises(verbs.LeaseLost):
        verbs.finish(done, effect=lambda: read_record(done, None))  # type: ignore[arg-type]

    assert source.reads.filter(state="ready").count() == 1


# Exports of the same channel


def exported(channel: Channel, *, chat_id: int | None = None) -> bytes:
    """The channel as Telegram Desktop exports it."""
    messages = [
        {
            "id": one.message_id,
            "type": "message",
            "date": one.date.isoformat()[:19],
            "date_unixtime": str(int(one.date.timestamp())),
            "from": channel.title,
            "from_id": f"channel{channel.chat_id}",
            "text": one.text,
            "text_entities": [{"type": "plain", "text": one.text}] if one.text else [],
            **({"photo": "(File not included.)", "width": 10, "height": 10} if one.attachment else {}),
        }
        for one in channel.messages.values()
    ]
    head = {"name": channel.title, "type": "public_channel", "id": chat_id or channel.chat_id}
    return json.dumps({**head, "messages": messages}).encode()


def test_an_export_and_the_reader_give_one_post(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    for number in range(1, 41):
        channel.post(f"слово {number}")
    channel.album(7, "Подпись", "", "", at=BEGAN + timedelta(hours=2))
    source = added(account)
    read(telegram)
    before = set(Post.objects.values_list("external_id", "text", "revision"))
    source.refresh_from_db()

    export_import(source=source, file=io.BytesIO(exported(channel)))

    assert before <= set(Post.objects.values_list("external_id", "text", "revision"))
    assert Post.objects.count() == 41
    assert Post.objects.exclude(channel="").count() == 0
    again(telegram, source)
    assert Post.objects.count() == 41


def test_an_export_before_the_first_reading_is_joined_by_the_reader(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    channel.album(7, "Подпись", "", "", at=BEGAN + timedelta(hours=2))
    channel.post("другое")
    source = added(account)
    Source.objects.filter(pk=source.pk).update(chat_id=channel.chat_id)
    source.refresh_from_db()
    export_import(source=source, file=io.BytesIO(exported(channel)))
    channel.post("новое")

    read(telegram)
    Source.objects.filter(pk=source.pk).update(backfill_posts=100, backfill_id=6, read_to_id=5)
    again(telegram, source)

    assert Post.objects.count() == 4
    assert Post.objects.get(text="Подпись").media.count() == 3
    assert not Post.objects.filter(revision__gt=1).exists()


def test_an_export_of_another_channel_is_left_out(telegram: Telegram, account: Session) -> None:
    channel = telegram.channel()
    channel.post("слово")
    source = added(account)
    with pytest.raises(TransitionError, match="was not read yet"):
        export_import(source=source, file=io.BytesIO(exported(channel)))
    read(telegram)
    source.refresh_from_db()

    report = export_import(source=source, file=io.BytesIO(exported(channel, chat_id=42)))

    assert (report.read, report.skipped, Post.objects.count()) == (0, 1, 1)
