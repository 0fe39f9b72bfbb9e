"""Sister channels are one voice in a story, and copies stand where their original is."""

from __future__ import annotations

import pytest

from apps.core.work import drain
from apps.sources.models import Post, Voice
from apps.sources.services.families import family_create, family_remove
from apps.stories.models import Recount, Story, StoryPost
from apps.stories.services.grouping import posts_added
from apps.stories.tasks import GROUPINGS, RECOUNTS
from tests.stories.factories import MembershipFactory, PostFactory, SourceFactory, WorkspaceFactory
from tests.stories.news import NEWS, added

pytestmark = pytest.mark.django_db


@pytest.fixture
def posts() -> list[Post]:
    """The news of one workspace, grouped: the fire is told by Гавань, Маяк and Биржа."""
    posts = added(WorkspaceFactory.create())
    drain.run_batches(GROUPINGS)
    return posts


def voices(posts: list[Post], *channels: str) -> list[Voice]:
    return [Voice.objects.get_or_create(source=posts[0].source, channel=channel)[0] for channel in channels]


def fire(posts: list[Post]) -> Story:
    story: Story = StoryPost.objects.get(post=posts[0]).story
    return story


def test_a_family_counts_once_and_again_apart_when_it_is_dissolved(posts: list[Post]) -> None:
    editor = MembershipFactory.create(workspace=posts[0].workspace).user
    assert fire(posts).sources_count == 3
    sisters = voices(posts, "Гавань", "Маяк")
    family = family_create(workspace=posts[0].workspace, name="Порт", voices=sisters, actor=editor)
    assert fire(posts).sources_count == 3
    drain.run(RECOUNTS)
    assert fire(posts).sources_count == 2
    family_remove(family=family, actor=editor)
    drain.run(RECOUNTS)
    assert fire(posts).sources_count == 3
    assert fire(posts).posts_count == 3


def test_a_recount_delivered_twice_or_killed_half_way_comes_to_the_same(
    posts: list[Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = MembershipFactory.create(workspace=posts[0].workspace).user
    family_create(workspace=posts[0].workspace, name="Порт", voices=voices(posts, "Гавань", "Маяк"), actor=editor)
    with monkeypatch.context() as patched:
        patched.setattr("apps.stories.services.recounts.stories_recount", killed)
        with pytest.raises(SystemExit):
            drain.run(RECOUNTS)
    assert fire(posts).sources_count == 3
    Recount.objects.update(not_before=posts[0].published_at)
    drain.run(RECOUNTS)
    Recount.objects.create(workspace=posts[0].workspace, voices=[[posts[0].source_id, "Гавань"]])
    drain.run(RECOUNTS)
    assert fire(posts).sources_count == 2


def killed(*_args: object) -> None:
    raise SystemExit


def test_posts_that_come_later_are_counted_by_family() -> None:
    workspace = WorkspaceFactory.create()
    editor = MembershipFactory.create(workspace=workspace).user
    posts = added(workspace)
    family_create(workspace=workspace, name="Порт", voices=voices(posts, "Гавань", "Биржа", "Маяк"), actor=editor)
    drain.run_batches(GROUPINGS)
    assert fire(posts).sources_count == 1


def test_another_workspace_s_families_do_not_count(posts: list[Post]) -> None:
    other = added(WorkspaceFactory.create())
    editor = MembershipFactory.create(workspace=other[0].workspace).user
    family_create(workspace=other[0].workspace, name="Порт", voices=voices(other, "Гавань", "Маяк"), actor=editor)
    drain.run(RECOUNTS)
    assert fire(posts).sources_count == 3


def test_a_copy_goes_where_its_original_is(posts: list[Post]) -> None:
    source = SourceFactory.create(workspace=posts[0].workspace)
    copy = PostFactory.create(
        source=source, text="Совсем о другом.", copy_of=posts[0], published_at=posts[0].published_at
    )
    added_later([copy])
    member = StoryPost.objects.get(post=copy)
    assert member.story == fire(posts)
    assert (member.score, member.reasons) == (1.0, {"copy_of": posts[0].pk})
    assert fire(posts).sources_count == 4


def test_a_copy_without_a_placed_original_is_placed_by_its_words(posts: list[Post]) -> None:
    source = SourceFactory.create(workspace=posts[0].workspace)
    astray = PostFactory.create(source=source, text="Ничего общего ни с чем.", published_at=posts[0].published_at)
    copy = PostFactory.create(source=source, text=NEWS[2].text, copy_of=astray, published_at=posts[0].published_at)
    added_later([copy])
    assert StoryPost.objects.get(post=copy).story == fire(posts)


def test_boilerplate_binds_no_stories() -> None:
    source = SourceFactory.create()
    line = "Подпишитесь на редакцию Кедровой обсерватории и пришлите кометы астрономам Верхнеозёрска"
    posts = [
        PostFactory.create(source=source, channel=str(n), text=f"{text}\n{line}", boilerplate=[[len(text) + 1, 500]])
        for n, text in enumerate(("Мост закрыли.", "Тигрята родились."))
    ]
    added_later(posts)
    assert Story.objects.count() == 2


def added_later(posts: list[Post]) -> None:
    posts_added(posts)
    drain.run_batches(GROUPINGS)
