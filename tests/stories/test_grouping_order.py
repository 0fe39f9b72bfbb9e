"""The same stories whatever the batch size, after any restart, and for a post that comes late."""

from __future__ import annotations

import random

import pytest
from django.db import transaction

from apps.accounts.models import Workspace
from apps.sources.models import Post
from apps.stories.models import DayCounts, Grouping, PostTerms, StoryPost
from apps.stories.services import batches, streams
from apps.stories.services.batches import groupings_group
from apps.stories.services.grouping import posts_added
from apps.stories.services.streams import streams_forget
from tests.stories.factories import BEGAN, WorkspaceFactory
from tests.stories.news import NEWS, Told, told

pytestmark = pytest.mark.django_db
PLACES = ("Кедровая", "Светлая", "Тихая Гавань", "Верхнеозёрск", "Студёный мыс", "Заречье", "Каменка", "Соловьёво")
EVENTS = (
    "сгорел склад с канатами, пожарные тушили его всю ночь, пострадавших нет",
    "открыли мост через реку, автобусы поехали прямо, объезд отменили",
    "школьники нашли клад времён купцов, монеты отдали в музей",
    "мэр вручил награды лётчикам, спасшим рыбаков с отколовшейся льдины",
    "буря повалила столетние дубы, ветви лежат на трамвайных путях",
)
VOICES = ("Гавань", "Биржа", "Маяк", "Зоосад")


def stream(seed: int, *, posts: int = 60) -> tuple[Told, ...]:
    """A week of invented posts: events of places, each told by several voices with words left out or turned round."""
    chance, made = random.Random(seed), []
    for _ in range(posts):
        place, event = chance.choice(PLACES), chance.choice(EVENTS)
        words = [word for word in event.split() if chance.random() < 0.85]
        text = f"{place}: {' '.join(words)}." if chance.random() < 0.7 else f"{' '.join(words)}. Это {place}."
        made.append(Told(event, chance.choice(VOICES), round(chance.uniform(0, 168), 2), text))
    return tuple(sorted(made, key=lambda one: one.hours))


def grouped(news: tuple[Told, ...], sizes: random.Random | None = None, *, restarts: bool = False) -> Workspace:
    """The posts given to grouping as they stand, in batches of these sizes."""
    workspace = WorkspaceFactory.create()
    posts_added(told(workspace, news=news))
    work(workspace, sizes, restarts=restarts)
    return workspace


def work(workspace: Workspace, sizes: random.Random | None = None, *, restarts: bool = False) -> None:
    rows = list(Grouping.objects.filter(workspace=workspace).order_by("pk"))
    while rows:
        size = sizes.randint(1, 17) if sizes else len(rows)
        batch, rows = rows[:size], rows[size:]
        if restarts:
            streams_forget()
        with transaction.atomic():
            groupings_group(batch)


def told_by(workspace: Workspace) -> dict[str, tuple[float, str, list[str]]]:
    """Of each post, by its text and time: its score, what it followed, and what it stands with."""
    posts = Post.objects.filter(workspace=workspace).select_related("membership")
    name = {post.pk: f"{post.published_at:%d %H:%M:%S} {post.channel} {post.text}" for post in posts}
    stories: dict[int, list[str]] = {}
    for post in posts:
        stories.setdefault(post.membership.story_id, []).append(name[post.pk])
    return {
        name[post.pk]: (
            post.membership.score,
            name.get(post.membership.reasons.get("post"), ""),
            sorted(stories[post.membership.story_id]),
        )
        for post in posts
    }


@pytest.mark.parametrize("seed", range(4))
def test_random_batches_and_restarts_give_the_same_stories_and_scores(seed: int) -> None:
    news = stream(seed)
    whole = grouped(news)
    parts = grouped(news, random.Random(seed), restarts=seed % 2 == 1)
    assert told_by(parts) == told_by(whole)
    assert len({tuple(stood) for _score, _other, stood in told_by(whole).values()}) < len(news)
    terms = [
        list(PostTerms.objects.filter(workspace=one).order_by("pk").values_list("terms", flat=True))
        for one in (parts, whole)
    ]
    assert [bytes(one) for one in terms[0]] == [bytes(one) for one in terms[1]]
    assert DayCounts.objects.filter(workspace=parts).count() == DayCounts.objects.filter(workspace=whole).count() > 5


def test_days_long_past_are_forgotten_and_fixed_anew_when_a_post_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CHECKPOINT_POSTS", 1)
    for name, value in (("DAYS_LATEST", 2), ("DAYS_FIXED", 3)):
        monkeypatch.setattr(streams, name, value)
    text = "В порту Тихой Гавани загорелся склад с канатами, на месте семь пожарных расчётов."
    workspace = WorkspaceFactory.create()

    def come(*days: int) -> list[int]:
        """Days from the first that are stored once posts of these have come, one a batch."""
        posts_added(told(workspace, news=tuple(Told("", "Гавань", 24.0 * day, text) for day in days)))
        for row in Grouping.objects.filter(post__membership=None).order_by("pk"):
            with transaction.atomic():
                groupings_group([row])
        return sorted(day - first for day in DayCounts.objects.values_list("day", flat=True))

    first = int(BEGAN.timestamp() // 86_400)
    assert come(100, 101) == [100, 101]
    assert come(0, 1, 2, 3, 4) == [2, 3, 4, 100, 101]
    assert come(0) == [0, 3, 4, 100, 101]
    streams_forget()
    assert come(101, 0, 102) == [0, 4, 101, 102]
    assert PostTerms.objects.count() == 11


def test_posts_in_disorder_within_a_batch_are_the_same_in_other_batches() -> None:
    news = list(stream(9))
    random.Random(5).shuffle(news)
    assert told_by(grouped(tuple(news), random.Random(2))) == told_by(grouped(tuple(news)))


@pytest.mark.parametrize("seed", range(3))
def test_a_late_post_lands_where_it_would_have_landed_in_time(seed: int) -> None:
    news = stream(seed, posts=40)
    in_time = told_by(grouped(news))
    alone = 0
    for place in range(8, len(news) - 1, 6):
        late = news[place]
        found = told_by(grouped((*news[:place], *news[place + 1 :], late)))
        name = next(one for one in found if one.endswith(late.text) and late.voice in one)
        alone += in_time[name][1] == ""
        if in_time[name][1]:
            assert found[name][:2] == in_time[name][:2]
    assert alone < 5


def test_a_late_post_that_began_its_story_meets_those_that_would_have_followed() -> None:
    workspace = grouped(NEWS[2:])
    late = told(workspace, news=NEWS[:1])
    posts_added(late)
    work(workspace)
    membership = StoryPost.objects.get(post=late[0])
    story = membership.story
    assert (story.posts_count, story.first_voice) == (3, "Гавань")


def test_a_late_post_is_weighed_by_the_counts_of_its_day() -> None:
    news = stream(1, posts=30)
    first = grouped((*news, NEWS[0]))
    again = grouped((NEWS[0], *news))
    terms = [bytes(PostTerms.objects.get(workspace=one, post__text=NEWS[0].text).terms) for one in (first, again)]
    assert terms[0] == terms[1]
