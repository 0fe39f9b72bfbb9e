"""Near-copies: who is whose copy, and what happens when the original changes or goes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.conf import LazySettings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from apps.core.work import drain
from apps.sources.models import CopyCheck, CopyKeys, KinshipReview, Post, Source
from apps.sources.ports import Item
from apps.sources.services import post_take_back
from apps.sources.services.copies import copies_find
from apps.sources.services.intake import posts_intake
from apps.sources.services.removing import post_remove
from apps.sources.tasks import COPY_CHECKS
from tests.sources.factories import FeedFactory, PostFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_listeners")]
AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
FIRE = (
    "В порту Тихой Гавани загорелся склад с канатами. На месте работают семь пожарных расчётов, дым виден с берега. "
    "Причину выясняют, пострадавших нет, сообщили в управлении порта."
)
BRIDGE = (
    "Мост через реку Светлую закрыли на ремонт до весны. Автобусы пойдут в объезд через Заречный посёлок, расписание "
    "вывесили на остановках и на сайте перевозчика."
)


def come(source: Source, text: str, *, minutes: float = 0, name: str = "", channel: str = "", title: str = "") -> Post:
    """A post comes in by intake."""
    name = name or f"{source.pk}-{minutes}-{len(text)}-{channel}"
    item = Item(external_id=name, title=title, text=text, channel=channel, published_at=AT + timedelta(minutes=minutes))
    posts_intake(source=source, items=[item])
    return Post.objects.get(source=source, external_id=name)


def original(post: Post) -> Post | None:
    post.refresh_from_db()
    return post.copy_of


@pytest.fixture
def sources() -> list[Source]:
    """Three feeds of one workspace."""
    first = FeedFactory.create()
    return [first, *FeedFactory.create_batch(2, workspace=first.workspace)]


def test_the_same_text_elsewhere_is_a_copy_of_the_first(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    second = come(sources[1], FIRE, minutes=3)
    assert (original(first), original(second)) == (None, first)
    assert list(CopyKeys.objects.values_list("post", flat=True)) == [first.pk]


@pytest.mark.parametrize(
    "edited",
    [
        "⚡️⚡️ " + FIRE + "\n\n👉 Подписаться на «Маяк»",
        FIRE.replace("загорелся", "горит"),
        FIRE.replace("Причину выясняют, пострадавших нет, сообщили в управлении порта.", ""),
        FIRE.upper(),
        FIRE.replace(". ", ".\n\n") + " https://mayak.example/news/1 @mayak #порт",
        FIRE.replace("ё", "е").replace("Тихой Гавани", "«Тихой Гавани»"),
    ],
    ids=["signature and emoji", "a word", "a sentence cut", "capitals", "lines, links and hashtags", "ё and quotes"],
)
def test_a_lightly_edited_text_is_a_copy(sources: list[Source], edited: str) -> None:
    first = come(sources[0], FIRE)
    assert original(come(sources[1], edited, minutes=3)) == first


def test_another_text_is_no_copy(sources: list[Source]) -> None:
    come(sources[0], FIRE)
    other = come(sources[1], BRIDGE, minutes=3)
    retold = come(
        sources[2], "Пожарные тушат склад канатов: огонь в порту заметили утром, никто не пострадал.", minutes=5
    )
    assert (original(other), original(retold)) == (None, None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Армия заняла посёлок Верхние Ключи в Озёрной области, сообщили в ведомстве сегодня утром в сводке",
         "Армия заняла посёлок Нижние Броды в Озёрной области, сообщили в ведомстве сегодня утром в сводке"),
        ("Курс лавра на бирже Тихой Гавани вырос до 92,1 на открытии торгов, это самое большое значение за год",
         "Курс лавра на бирже Тихой Гавани вырос до 93,4 на открытии торгов, это самое большое значение за год"),
    ],
    ids=["places", "numbers"],
)  # fmt: skip
def test_the_same_words_about_two_things_are_no_copy(sources: list[Source], one: str, other: str) -> None:
    come(sources[0], one)
    assert original(come(sources[1], other, minutes=3)) is None


def test_greetings_are_never_copies(sources: list[Source]) -> None:
    come(sources[0], "Доброе утро!")
    assert original(come(sources[1], "Доброе утро!", minutes=1)) is None
    assert CopyKeys.objects.count() == 0


def test_a_short_text_is_a_copy_within_hours_and_of_another_voice(sources: list[Source]) -> None:
    text = "Воздушная тревога объявлена на всей территории края"
    first = come(sources[0], text)
    assert original(come(sources[1], f"❗️{text}", minutes=20)) == first
    assert original(come(sources[2], text, minutes=60 * 9)) is None
    assert original(come(sources[0], text, minutes=45, name="again")) is None


def test_a_longer_text_is_a_copy_of_its_own_voice_too(sources: list[Source]) -> None:
    first = come(sources[0], FIRE, name="a")
    assert original(come(sources[0], FIRE + " Обновлено.", minutes=60, name="b")) == first


def test_beyond_the_window_it_is_news_again(sources: list[Source], settings: LazySettings) -> None:
    settings.COPY_HOURS = 10
    come(sources[0], FIRE)
    assert original(come(sources[1], FIRE, minutes=60 * 11)) is None


def test_the_search_can_be_turned_off(sources: list[Source], settings: LazySettings) -> None:
    settings.COPY_HOURS = 0
    come(sources[0], FIRE)
    assert original(come(sources[1], FIRE, minutes=1)) is None


def test_a_copy_of_a_copy_points_to_the_original(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    second = come(sources[1], FIRE + " Подробности позже.", minutes=3)
    third = come(sources[2], FIRE + " Подробности позже.", minutes=5)
    assert (original(second), original(third)) == (first, first)


def test_what_was_here_first_stays_the_original(sources: list[Source]) -> None:
    seen = come(sources[0], FIRE, minutes=30)
    assert original(come(sources[1], FIRE, minutes=0)) == seen


def test_of_one_batch_the_first_published_is_the_original(sources: list[Source]) -> None:
    late, early = (
        Item(external_id=name, text=FIRE, channel=name, published_at=AT + timedelta(minutes=minutes))
        for name, minutes in (("late", 9), ("early", 1))
    )
    posts_intake(source=sources[0], items=[late, early])
    assert original(Post.objects.get(external_id="late")) == Post.objects.get(external_id="early")


def test_another_workspace_is_never_looked_into(sources: list[Source]) -> None:
    come(sources[0], FIRE)
    elsewhere = come(FeedFactory.create(), FIRE, minutes=3)
    assert original(elsewhere) is None


def test_keys_that_collide_across_workspaces_do_no_harm(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    elsewhere = PostFactory.create(text=FIRE, published_at=AT)
    keys = CopyKeys.objects.get(post=first)
    keys.post_id = elsewhere.pk
    keys.save()
    CopyKeys.objects.filter(post=first).delete()
    assert original(come(sources[1], FIRE, minutes=3)) is None


def test_a_dropped_post_has_no_copies_and_is_none_until_it_is_taken_back(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    dropped = PostFactory.create(source=sources[1], text=FIRE, published_at=AT, dropped_by="words:склад")
    assert original(dropped) is None
    post_take_back(post=dropped)
    assert original(dropped) == first


def test_an_edit_makes_a_copy_an_original(sources: list[Source]) -> None:
    come(sources[0], FIRE)
    copy = come(sources[1], FIRE, minutes=3, name="b")
    assert original(come(sources[1], BRIDGE, minutes=3, name="b")) is None
    assert original(come(sources[2], BRIDGE, minutes=9)) == copy


def test_an_edit_makes_an_original_a_copy(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    other = come(sources[1], BRIDGE, minutes=3, name="b")
    come(sources[1], FIRE, minutes=3, name="b")
    assert original(other) == first
    assert list(CopyKeys.objects.values_list("post", flat=True)) == [first.pk]


def test_when_the_original_changes_its_copies_find_each_other(sources: list[Source]) -> None:
    first = come(sources[0], FIRE, name="a")
    second, third = (come(source, FIRE, minutes=3 + n) for n, source in enumerate(sources[1:]))
    come(sources[0], BRIDGE, name="a")
    drain.run_batches(COPY_CHECKS)
    assert (original(first), original(second), original(third)) == (None, None, second)


def test_a_light_change_of_the_original_leaves_its_copies(sources: list[Source]) -> None:
    first = come(sources[0], FIRE, name="a")
    second = come(sources[1], FIRE, minutes=3)
    come(sources[0], FIRE + " Обновлено.", name="a")
    drain.run_batches(COPY_CHECKS)
    assert original(second) == first


def test_when_the_original_goes_the_next_first_takes_its_place(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    second, third = (come(source, FIRE, minutes=3 + n) for n, source in enumerate(sources[1:]))
    post_remove(post=first, reason="test")
    assert (original(second), original(third)) == (None, None)
    drain.run_batches(COPY_CHECKS)
    assert (original(second), original(third)) == (None, second)
    assert list(CopyKeys.objects.values_list("post", flat=True)) == [second.pk]


def test_a_check_delivered_twice_changes_nothing(sources: list[Source]) -> None:
    first = come(sources[0], FIRE)
    second = come(sources[1], FIRE, minutes=3)
    CopyCheck.objects.bulk_create([CopyCheck(workspace=first.workspace, post=second) for _ in range(2)])
    drain.run_batches(COPY_CHECKS)
    drain.run_batches(COPY_CHECKS)
    assert original(second) == first
    assert set(CopyCheck.objects.values_list("state", flat=True)) == {"done"}


def test_a_check_killed_half_way_is_worked_again(sources: list[Source], monkeypatch: pytest.MonkeyPatch) -> None:
    first = come(sources[0], FIRE)
    second, third = (come(source, FIRE, minutes=3 + n) for n, source in enumerate(sources[1:]))
    post_remove(post=first, reason="test")

    def killed(*_args: object, **_kwargs: object) -> None:
        raise SystemExit

    monkeypatch.setattr("apps.sources.services.copies._store", killed)
    with pytest.raises(SystemExit):
        drain.run_batches(COPY_CHECKS)
    monkeypatch.undo()
    assert CopyKeys.objects.count() == 0
    CopyCheck.objects.update(not_before=AT)
    drain.run_batches(COPY_CHECKS)
    CopyCheck.objects.update(not_before=AT)
    drain.run_batches(COPY_CHECKS)
    assert (original(second), original(third)) == (None, second)


def test_copies_ask_for_one_search_for_sisters(sources: list[Source]) -> None:
    come(sources[0], FIRE)
    assert KinshipReview.objects.count() == 0
    come(sources[1], FIRE, minutes=3)
    come(sources[2], FIRE, minutes=4)
    assert KinshipReview.objects.count() == 1


def test_a_title_counts_as_text(sources: list[Source]) -> None:
    head, body = FIRE.split(". ", 1)
    first = come(sources[0], body, title=head)
    assert original(come(sources[1], FIRE, minutes=2)) == first


def test_queries_do_not_grow_with_posts(sources: list[Source]) -> None:
    def queries(count: int, offset: int) -> int:
        posts = PostFactory.create_batch(count, source=sources[0], published_at=AT)
        for number, post in enumerate(posts):
            post.text = " ".join(f"слово{(offset + number // 2) * 50 + n}" for n in range(30))
            post.save()
        with CaptureQueriesContext(connection) as captured:
            copies = copies_find(posts)
        assert len(copies) == count // 2
        return len(captured)

    queries(2, 0)
    assert queries(200, 1000) == queries(20, 5000)


def test_told(sources: list[Source], django_assert_num_queries: DjangoAssertNumQueries) -> None:
    post = come(sources[0], FIRE)
    with django_assert_num_queries(0):
        assert post.told == FIRE
        post.boilerplate = [[0, 37]]
        assert post.told == FIRE[37:].strip()
