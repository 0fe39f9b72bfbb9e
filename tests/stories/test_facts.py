"""Every version is checked against its story's posts, whoever wrote it; a slip of the check costs no text."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from apps.accounts.models import AuditEntry, User
from apps.core.errors import TransitionError
from apps.stories import services
from apps.stories.legal import DraftText, marked, paid_marked
from apps.stories.models import FactAccepted, Story, StoryVersion
from apps.stories.queue import second_line
from apps.stories.services import facts
from tests.stories.factories import (
    BEGAN,
    LegalEntryFactory,
    LegalListFactory,
    PostFactory,
    SourceFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
NEWS = "В порту загорелся склад, площадь пожара — 4200 метров, сообщил мэр Иван Петров."


@pytest.fixture
def story() -> Story:
    made: Story = StoryFactory.create()
    source = SourceFactory(workspace=made.workspace, name="Голос", username="golos")
    for number, text in enumerate(("Склад в порту горит с утра.", NEWS)):
        post = PostFactory(source=source, text=text, published_at=BEGAN + timedelta(hours=number))
        StoryPostFactory(story=made, post=post)
    return made


def save(story: Story, body: str, *, based_on: int | None = None, editor: User | None = None) -> StoryVersion:
    """Save an editor's text."""
    return services.version_save(
        story=story,
        title="Пожар",
        lead="",
        body=body,
        tags=[],
        based_on=based_on,
        editor=editor or UserFactory.create(),
    )


def test_a_version_keeps_what_no_post_says(story: Story) -> None:
    version = save(story, "Сгорело 4300 метров, сказал Петров.")
    stored = StoryVersion.objects.get(pk=version.pk)
    (finding,) = stored.findings
    second = story.memberships.order_by("post__published_at")[1].post_id
    assert stored.findings_count == 1
    assert {name: finding[name] for name in ("kind", "field", "start", "end", "text", "why", "source", "post")} == {
        "kind": "number", "field": "body", "start": 8, "end": 12, "text": "4300", "why": "not_there", "source": 2,
        "post": second,
    }  # fmt: skip
    assert finding["nearest"] == NEWS


def test_a_text_that_stands_in_the_posts_has_no_findings(story: Story) -> None:
    version = save(story, "Сгорело 4 200 метров, сказал Иван Петров каналу «Голос» (@golos).")
    assert (version.findings, version.findings_count) == ([], 0)


@pytest.mark.parametrize("texts", [[], ["", ""]])
def test_without_words_in_the_sources_nothing_is_checked(texts: list[str]) -> None:
    story = StoryFactory.create()
    for text in texts:
        StoryPostFactory(story=story, post__text=text)
    version = save(story, "Сгорело 4300 метров.")
    assert (version.findings, version.findings_count) == ([], None)


def test_a_slip_of_the_check_saves_the_text_unchecked(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    def slips(*_args: Any, **_options: Any) -> None:
        raise IndexError("a slip")

    monkeypatch.setattr(facts, "examine", slips)
    version = save(story, "Сгорело 4300 метров.")
    assert (version.body, version.findings_count) == ("Сгорело 4300 метров.", None)


def test_texts_and_sources_too_long_are_saved_unchecked(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "DRAFT_CHARACTERS", 30)
    assert save(story, "Сгорело 4300 метров, сказал Иван Петров.").findings_count is None
    monkeypatch.setattr(facts, "DRAFT_CHARACTERS", 100_000)
    monkeypatch.setattr(facts, "SOURCES_CHARACTERS", 50)
    assert save(story, "Сгорело 4300 метров.", based_on=1).findings_count is None
    monkeypatch.setattr(facts, "SOURCES_CHARACTERS", 400_000)
    monkeypatch.setattr(facts, "SECONDS", -1)
    assert save(story, "Сгорело 4301 метров.", based_on=2).findings_count is None


def test_a_story_of_five_hundred_posts_is_checked_in_few_queries(story: Story, django_assert_num_queries: Any) -> None:
    source = SourceFactory(workspace=story.workspace)
    for number in range(500):
        StoryPostFactory(story=story, post=PostFactory(source=source, text=f"{NEWS} Улица {number + 5000}."))
    with django_assert_num_queries(2):
        checked = services.facts_check(story, title="", lead="", body="Улица 5499, площадь 4200 метров, дом 77.")
    assert [finding["text"] for finding in checked.findings] == ["77"]


def test_an_accepted_place_is_counted_no_more_in_this_and_later_texts(story: Story) -> None:
    editor = UserFactory.create()
    save(story, "Сгорело 4300 метров.", editor=editor)
    for _again in range(2):
        services.fact_accept(story=story, kind="number", text="4300", editor=editor)
    assert Story.objects.get(pk=story.pk).current_version.findings_count == 0
    assert FactAccepted.objects.count() == 1
    assert AuditEntry.objects.get(verb="story.fact_accepted").details == {"text": "4300"}
    later = save(story, "Сгорело 4300 метров и 77 домов.", based_on=1)
    assert later.findings_count == 1
    services.fact_doubt(story=story, kind="number", text="4300", editor=editor)
    assert StoryVersion.objects.get(pk=later.pk).findings_count == 2
    assert AuditEntry.objects.filter(verb="story.fact_doubted").count() == 1


def test_findings_beyond_those_kept_stay_counted(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facts, "FINDINGS_KEPT", 1)
    version, editor = save(story, "Сгорело 4300 метров, 77 домов и 88 машин."), UserFactory.create()
    assert version.findings_count == 3
    services.fact_accept(story=story, kind="number", text="4300", editor=editor)
    assert StoryVersion.objects.get(pk=version.pk).findings_count == 2
    services.fact_doubt(story=story, kind="number", text="4300", editor=editor)
    assert StoryVersion.objects.get(pk=version.pk).findings_count == 3


def test_marks_that_were_put_in_are_no_claims_of_the_text(story: Story) -> None:
    own = LegalListFactory.create(workspace=story.workspace, footnote="{name} признан 3 мая 2019 года.")
    for name in ("Петров Иван", "Сидоров Пётр", "Козлов Олег", "Зайцев Егор"):
        LegalEntryFactory.create(list=own, name=name)
    post = story.memberships.first().post
    post.text += " Пётр Сидоров, Олег Козлов и Егор Зайцев были там."
    post.save()
    bare = DraftText("", "", "Иван Петров, Пётр Сидоров, Олег Козлов и Егор Зайцев были там.")
    text = marked(bare, services.legal_entries(story.workspace), services.today_of(story.workspace))
    text = paid_marked(text, erid="2Vabc77", advertiser="ООО «Причал»")
    assert "Зайцев*4 были" in text.body
    assert "*4 Зайцев Егор признан 3 мая 2019 года.\n\nРеклама. ООО «Причал». erid: 2Vabc77" in text.body
    assert services.facts_check(story, title="", lead="", body=text.body).findings == []
    typed = f"{text.body}\n* Козлов потерял 777 рублей."
    (found,) = services.facts_check(story, title="", lead="", body=typed).findings
    assert (found["text"], found["start"]) == ("777", typed.index("777"))


def test_what_is_accepted_in_one_story_is_asked_in_another(story: Story) -> None:
    services.fact_accept(story=story, kind="number", text="4300", editor=UserFactory.create())
    other = StoryFactory.create(workspace=story.workspace)
    StoryPostFactory(story=other, post__text=NEWS)
    assert save(other, "Сгорело 4300 метров.").findings_count == 1
    with pytest.raises(TransitionError):
        services.fact_accept(story=story, kind="name", text="  ", editor=UserFactory.create())


def test_a_new_post_that_says_so_clears_the_finding(story: Story) -> None:
    version = save(story, "Сгорело 4300 метров.")
    StoryPostFactory(story=story, post__text="Уточнение: 4300 метров.")
    services.version_check(version=version)
    stored = StoryVersion.objects.get(pk=version.pk)
    assert (stored.findings, stored.findings_count) == ([], 0)


def test_the_queue_tells_how_much_is_without_a_source(story: Story) -> None:
    save(story, "Сгорело 4300 метров.")
    assert ", 1 ⚠" in second_line(Story.objects.get(pk=story.pk))
    save(story, "Сгорело 4200 метров.", based_on=1)
    assert "⚠" not in second_line(Story.objects.get(pk=story.pk))
    story.current_version = VersionFactory(story=story, number=9)
    assert "⚠" not in second_line(story)
