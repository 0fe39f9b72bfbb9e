"""A story's facts: who was first, voices, spread, languages, what is new in each post, what changed since the text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from apps.sources.models import Post
from apps.sources.services.families import family_create
from apps.stories.models import Rewrite, Story, StoryPost
from apps.stories.novelty import told_anew
from apps.stories.story_facts import Spread, changes_since, spread_of, story_facts
from tests.sources.factories import VoiceFactory
from tests.stories.factories import (
    BEGAN,
    MembershipFactory,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    VersionFactory,
)


def story_of(*texts: str, **fields: Any) -> Story:
    story: Story = StoryFactory.create()
    for number, text in enumerate(texts):
        source = SourceFactory.create(workspace=story.workspace, name=f"Голос {number}")
        post = PostFactory.create(source=source, text=text, published_at=BEGAN + timedelta(hours=number), **fields)
        StoryPostFactory.create(story=story, post=post)
    return story


def members(story: Story) -> list[StoryPost]:
    rows = StoryPost.objects.filter(story=story).select_related("post__source")
    return list(rows.order_by("post__published_at", "post_id"))


@pytest.mark.django_db
def test_facts_of_a_story() -> None:
    story = story_of("Склад горит.", "Горит склад на 4200 метров.", "The warehouse is on fire.", language="ru")
    Post.objects.filter(text__startswith="The").update(language="en")
    posts = members(story)
    facts = story_facts(story, posts, None)
    assert (facts.first, facts.voices, facts.languages) == (posts[0], 3, (("ru", 2), ("en", 1)))
    assert facts.spread == Spread(began=BEGAN, step=timedelta(minutes=10), bars=(1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1))
    assert facts.anew[posts[1].post_id] == ["4200"]
    assert facts.changes == ()


@pytest.mark.django_db
def test_a_family_is_one_voice() -> None:
    story = story_of("Склад горит.", "Горит склад.", "Пожар.")
    posts = members(story)
    voices = [VoiceFactory.create(source=member.post.source, channel="") for member in posts[:2]]
    editor = MembershipFactory.create(workspace=story.workspace).user
    family_create(workspace=story.workspace, name="Порт", voices=voices, actor=editor)
    assert story_facts(story, posts, None).voices == 2


@pytest.mark.django_db
def test_an_empty_story_has_facts_too() -> None:
    facts = story_facts(StoryFactory.create(), [], None)
    assert (facts.first, facts.voices, facts.spread, facts.languages) == (None, 0, None, ())


@pytest.mark.django_db
def test_what_sources_changed_after_the_text_is_told() -> None:
    story = story_of("Один.", "Два.", "Три.", "Четыре.")
    version = VersionFactory.create(story=story)
    first, second, third, fourth = (member.post for member in members(story))
    second.changed_at = version.created_at + timedelta(minutes=1)
    third.deleted_at = version.created_at + timedelta(minutes=2)
    fourth.changed_at = version.created_at - timedelta(minutes=1)
    changes = changes_since([first, second, third, fourth], version)
    assert [(change.post, change.is_deleted) for change in changes] == [(third, True), (second, False)]
    assert changes_since([first, second, third, fourth], None) == []


@pytest.mark.django_db
def test_what_changed_while_the_writer_wrote_is_told_too() -> None:
    story = story_of("Один.", "Два.")
    first, second = (member.post for member in members(story))
    rewrite = Rewrite.objects.create(workspace=story.workspace, story=story, revisions=[[first.pk, 1], [second.pk, 2]])
    version = VersionFactory.create(story=story, rewrite=rewrite)
    for post in (first, second):
        post.revision, post.changed_at = 2, version.created_at - timedelta(seconds=5)
    assert [change.post for change in changes_since([first, second], version)] == [first]


@pytest.mark.parametrize(
    ("minutes", "step", "bars"),
    [
        ([0, 5], timedelta(minutes=1), (1, 0, 0, 0, 0, 1)),
        ([0, 23], timedelta(minutes=1), (1, *[0] * 22, 1)),
        ([0, 24], timedelta(minutes=2), (1, *[0] * 11, 1)),
        ([0, 60 * 24 * 24], timedelta(days=2), (1, *[0] * 11, 1)),
    ],
)
def test_posts_are_counted_by_the_finest_step_that_fits(
    minutes: Sequence[int], step: timedelta, bars: tuple[int, ...]
) -> None:
    assert spread_of([BEGAN + timedelta(minutes=each) for each in minutes]) == Spread(BEGAN, step, bars)


def test_a_single_moment_is_no_spread() -> None:
    assert spread_of([BEGAN]) is None
    assert spread_of([BEGAN, BEGAN]) is None


def test_each_post_s_new_names_and_numbers_are_told() -> None:
    anew = told_anew(
        [
            (1, "В порту Тихой Гавани загорелся склад, на месте 12 расчётов."),
            (2, "Пожарные тушат склад в порту Тихой Гавани: огонь на 4200 метрах. Иван Петров назвал причину. 4 200!"),
            (3, "Глава порта Анна Волкова видела Ивана Петрова. Ущерб 1 200 000 рублей, 7 %. https://port.example/99"),
            (4, "Пожар потушен. Гавань открыта, расчётов было 12."),
        ]
    )
    assert anew == {2: ["4200", "Иван Петров"], 3: ["1 200 000", "7 %", "Анна Волкова"], 4: []}


def test_a_word_told_in_any_form_is_not_new() -> None:
    assert told_anew([(1, "Мост через Светлую закрыт"), (2, "Закрыли мост через реку Светлая")]) == {2: []}
