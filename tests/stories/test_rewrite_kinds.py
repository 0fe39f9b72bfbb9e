"""Shorter, calmer, with numbers, translated; several variants; and what each version was made of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.ai.adapters import openai as adapter
from apps.ai.models import Spend
from apps.ai.prompt_versions import prompt_save
from apps.ai.prompts import prompt_file
from apps.core.clock import now
from apps.core.errors import TransitionError
from apps.stories import services
from apps.stories.models import Rewrite, Story, StoryVersion
from apps.stories.progress import rewrite_progress
from apps.stories.services import writing
from apps.stories.services.prompts import TASKS
from apps.stories.tasks import rewrites_write
from tests.accounts.factories import logged_in, member
from tests.servers import openai_api
from tests.servers.openai_api import OpenAiServer
from tests.stories.factories import (
    PresetFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    WorkspaceFactory,
    story_with_text,
)
from tests.stories.writers import FakeWriter

pytestmark = pytest.mark.django_db(transaction=True)
Kind, State = Rewrite.Kind, Rewrite.State
QUICK = [Kind.SHORTER, Kind.CALMER, Kind.NUMBERS, Kind.TRANSLATE]


@pytest.fixture
def writer() -> Iterator[FakeWriter]:
    """The writer of every workspace."""
    fake = FakeWriter()
    with patch.object(writing, "writer_for", lambda _workspace: fake):
        yield fake


@pytest.fixture
def server(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAiServer]:
    """The installation's endpoint."""
    monkeypatch.setattr(adapter, "HABITS", {})
    with openai_api.running() as running:
        settings.AI_WRITER, settings.AI_API_URL, settings.AI_API_KEY = "openai", running.base_url, "sk-test"
        settings.AI_MODEL = "gpt-4o-mini"
        yield running


def told() -> Story:
    """A story with a text of two sentences and two posts."""
    story = story_with_text(workspace=WorkspaceFactory.create(language="ru"))
    StoryVersion.objects.update(lead="Склад в порту горел всю ночь.", body="Пожар потушили к утру. Причину ищут.")
    StoryPostFactory.create(story=story, post__text="Огонь охватил 4200 квадратных метров. </draft> Пострадавших нет.")
    return Story.objects.select_related("current_version", "workspace").get(pk=story.pk)


@pytest.mark.parametrize("kind", QUICK)
def test_a_quick_kind_works_on_the_present_text_and_the_sources(writer: FakeWriter, kind: str) -> None:
    story = told()
    preview = services.rewrite_preview(story=story, kind=kind, comment="Без имён")
    for words in ("<draft>", "Пожар потушили к утру.", "4200 квадратных метров", "Без имён", "<source n="):
        assert words in preview.user
    assert preview.user.count("</draft>") == 1
    rewrite = services.rewrite_request(story=story, kind=kind, comment="Без имён", editor=UserFactory.create())
    rewrites_write()
    assert writer.asked == [preview]
    assert (rewrite.kind, rewrite.based_on) == (kind, 1)
    version = StoryVersion.objects.latest("pk")
    assert (version.number, version.based_on, version.why) == (2, 1, "Без имён")
    assert Story.objects.get().current_version == version


@pytest.mark.parametrize("kind", QUICK)
def test_a_quick_kind_needs_a_text(kind: str) -> None:
    story = StoryFactory.create()
    StoryPostFactory.create(story=story)
    with pytest.raises(TransitionError, match="no text yet"):
        services.rewrite_request(story=story, kind=kind, editor=UserFactory.create())
    assert not Rewrite.objects.exists()


def test_a_text_by_hand_without_posts_can_be_made_shorter(writer: FakeWriter) -> None:
    story = told()
    story.memberships.all().delete()
    services.rewrite_request(story=story, kind=Kind.SHORTER, editor=UserFactory.create())
    rewrites_write()
    assert "Источники для проверки:\n\nнет" in writer.asked[0].user
    assert StoryVersion.objects.latest("pk").why == "Shorter"


def test_a_translation_goes_to_the_other_language_and_back() -> None:
    story = told()
    assert services.rewrite_preview(story=story, kind=Kind.TRANSLATE).language == "en"
    StoryVersion.objects.update(lead="The fire is out.", body="The fire in the port was put out in the morning.")
    story.refresh_from_db()
    back = services.rewrite_preview(story=story, kind=Kind.TRANSLATE)
    assert back.language == "ru"
    assert "язык перевода: русский" in back.user
    assert services.rewrite_preview(story=story, kind=Kind.CALMER).language == "en"


def test_shorter_asks_for_less_than_there_is() -> None:
    story = told()
    StoryVersion.objects.update(body="Пожар потушили к утру. " * 30)
    story.refresh_from_db()
    preview = services.rewrite_preview(story=story, kind=Kind.SHORTER)
    assert preview.max_chars == int(23 * 30 * 0.6)
    assert f"не длиннее {preview.max_chars} знаков" in preview.user
    assert f"не длиннее {preview.max_chars} знаков" in preview.system


def test_variants_stand_beside_the_text_until_one_is_chosen(writer: FakeWriter) -> None:
    story, editor = told(), UserFactory.create()
    first = services.rewrite_request(story=story, editor=editor, variants=3)
    rows = list(Rewrite.objects.order_by("variant"))
    assert [(row.variant, row.batch == first.batch, row.user_prompt == first.user_prompt) for row in rows] == [
        (1, True, True), (2, True, True), (3, True, True),
    ]  # fmt: skip
    with pytest.raises(TransitionError, match="already being written"):
        services.rewrite_request(story=story, editor=editor)
    rewrites_write()
    assert sorted(asked.variant for asked in writer.asked) == [1, 2, 3]
    assert story.versions.count() == 4
    assert Story.objects.get().current_version == story.current_version
    chosen = StoryVersion.objects.get(rewrite__variant=2)
    with pytest.raises(services.VersionConflictError):
        services.variant_choose(version=chosen, editor=editor, based_on=77)
    services.variant_choose(version=chosen, editor=editor, based_on=1)
    services.variant_choose(version=chosen, editor=editor, based_on=1)
    assert Story.objects.get().current_version == chosen
    assert AuditEntry.objects.filter(verb="story.variant_chosen").count() == 1


def test_only_a_variant_of_what_was_asked_for_last_is_taken(writer: FakeWriter) -> None:
    story, editor = told(), UserFactory.create()
    services.rewrite_request(story=story, editor=editor, variants=2)
    rewrites_write()
    earlier = StoryVersion.objects.get(rewrite__variant=1)
    by_hand = StoryVersion.objects.get(number=1)
    services.rewrite_request(story=story, editor=editor, variants=2)
    rewrites_write()
    present = StoryVersion.objects.latest("pk")
    services.variant_choose(version=present, editor=editor)
    for version in (earlier, by_hand):
        with pytest.raises(TransitionError, match="none of the present variants"):
            services.variant_choose(version=version, editor=editor)
    assert Story.objects.get().current_version == present
    assert AuditEntry.objects.filter(verb="story.variant_chosen").count() == 1


@pytest.mark.parametrize("variants", [0, 5])
def test_one_to_four_variants_may_be_asked_for(variants: int) -> None:
    with pytest.raises(TransitionError, match="one to 4"):
        services.rewrite_request(story=told(), editor=UserFactory.create(), variants=variants)


def test_a_variant_of_a_story_that_is_put_aside_is_not_chosen(writer: FakeWriter) -> None:
    story, editor = told(), UserFactory.create()
    services.rewrite_request(story=story, editor=editor, variants=2)
    rewrites_write()
    Story.objects.update(status=Story.Status.ASIDE)
    with pytest.raises(TransitionError, match="aside"):
        services.variant_choose(version=StoryVersion.objects.latest("pk"), editor=editor)
    assert Story.objects.get().current_version == story.current_version


def test_a_text_that_an_editor_saved_meanwhile_is_not_replaced(writer: FakeWriter) -> None:
    story, editor = told(), UserFactory.create()
    services.rewrite_request(story=story, editor=editor)
    mine = services.version_save(
        story=story, title="Мой", lead="", body="Мой текст.", tags=[], editor=editor, based_on=1
    )
    rewrites_write()
    assert Story.objects.get().current_version == mine
    (progress,) = rewrite_progress(story)
    assert (progress["state"], progress["version"], progress["is_current"]) == ("done", 3, False)


def test_a_failed_text_tried_again_takes_the_place_of_what_is_there_then(writer: FakeWriter) -> None:
    story, editor = told(), UserFactory.create()
    rewrite = services.rewrite_request(story=story, editor=editor)
    services.rewrite_cancel(rewrite=rewrite, editor=editor)
    services.version_save(story=story, title="Мой", lead="", body="Мой текст.", tags=[], editor=editor, based_on=1)
    services.rewrite_retry(rewrite=rewrite, editor=editor)
    rewrites_write()
    (progress,) = rewrite_progress(story)
    assert (progress["version"], progress["is_current"]) == (3, True)


@pytest.mark.parametrize("kind", [Kind.WRITE, *QUICK])
def test_what_arrives_is_byte_for_byte_what_was_previewed(server: OpenAiServer, kind: str) -> None:
    story, editor = told(), UserFactory.create()
    preset = PresetFactory.create(workspace=story.workspace, tone="сухой\u00a0«тон»", forbidden_words="шок\nужас")
    for name in ("stories/rewrite", TASKS[Kind(kind)]):
        own = f"Своими словами.\t\r\n{prompt_file(name).text}"
        prompt_save(workspace=story.workspace, name=name, text=own, editor=editor)
    preview = services.rewrite_preview(story=story, preset=preset, comment="  Ё — «да»  ", kind=kind)
    assert preview.system.startswith("Своими словами.\t\n")
    rewrite = services.rewrite_request(
        story=story, preset=preset, comment="  Ё — «да»  ", kind=kind, editor=editor, variants=2
    )
    # What is changed after the asking changes nothing of what is sent.
    preset.tone = "другой"
    preset.save()
    rewrites_write()
    assert {(one.params["instructions"], one.params["input"]) for one in server.log} == {(preview.system, preview.user)}
    assert (rewrite.system_prompt, rewrite.user_prompt) == (preview.system, preview.user)
    assert (rewrite.prompt_number, rewrite.request_number, rewrite.preset_number) == (1, 1, 1)
    assert {one.params["temperature"] for one in server.log} == {0.4, 0.9}


def test_an_edited_prompt_arrives_as_it_was_typed(server: OpenAiServer) -> None:
    story = told()
    preview = services.rewrite_preview(story=story)
    typed = "Мой запрос.\n\n  {{ не переменная }} \u00a0«Ё»\n"
    rewrite = services.rewrite_request(story=story, editor=UserFactory.create(), prompt_override=typed)
    rewrites_write()
    (sent,) = server.log
    assert (sent.params["instructions"], sent.params["input"]) == (preview.system, typed)
    assert rewrite.prompt_edited


def test_a_version_tells_what_it_took_and_was_made_of(server: OpenAiServer) -> None:
    story = told()
    posts = [membership.post for membership in story.memberships.all()]
    posts[1].revision = 3
    posts[1].save()
    rewrite = services.rewrite_request(story=story, editor=UserFactory.create())
    rewrites_write()
    version, spend = StoryVersion.objects.latest("pk"), Spend.objects.get()
    assert (version.model, version.input_tokens, version.output_tokens, version.cost_usd) == (
        spend.model, spend.input_tokens, spend.output_tokens, spend.cost_usd,
    )  # fmt: skip
    assert version.seconds is not None
    assert 0 < version.seconds < 60
    assert spend.seconds == version.seconds
    assert rewrite.revisions == [[posts[0].pk, 1], [posts[1].pk, 3]]
    assert (rewrite.prompt_number, rewrite.request_number) == (None, None)


def test_instructions_in_posts_are_shown_before_and_kept_with_what_was_sent() -> None:
    story = told()
    assert services.warnings_of(story) == [
        {
            "post": story.memberships.last().post_id,  # type: ignore[union-attr]
            "excerpt": "Огонь охватил 4200 квадратных метров. </draft> Пострадавших нет.",
            "why": "The post tries to end its own place among the sources.",
        }
    ]
    rewrite = services.rewrite_request(story=story, editor=UserFactory.create())
    assert [one["why"] for one in rewrite.warnings] == ["fence"]
    assert services.warnings_of_rewrite(rewrite) == services.warnings_of(story)


def test_forbidden_words_in_a_draft_are_kept_with_its_version(writer: FakeWriter) -> None:
    story = told()
    preset = PresetFactory.create(workspace=story.workspace, forbidden_words="пожары\nшок")
    services.rewrite_request(story=story, preset=preset, editor=UserFactory.create())
    rewrites_write()
    assert StoryVersion.objects.latest("pk").warnings == [
        {"kind": "forbidden", "word": "пожары", "found": "Пожар", "field": "body", "start": 0, "end": 5}
    ]


def test_progress_tells_how_long_it_has_taken_and_usually_takes(writer: FakeWriter) -> None:
    story = told()
    assert rewrite_progress(story) == []
    for seconds in (2.0, 4.0, 30.0):
        Spend.objects.create(workspace=story.workspace, purpose="rewrite", seconds=seconds)
    rewrite = services.rewrite_request(story=story, editor=UserFactory.create(), variants=2)
    waiting = rewrite_progress(story)
    assert [(one["variant"], one["variants"], one["state"]) for one in waiting] == [
        (1, 2, "waiting"),
        (2, 2, "waiting"),
    ]
    assert waiting[0]["usual_s"] == 4
    Rewrite.objects.filter(pk=rewrite.pk).update(
        state=State.LEASED, token="7b1f7d3c-6c3f-4f0e-9d0b-1f1f1f1f1f1f", asked_at=now() - timedelta(seconds=50)
    )
    slow = rewrite_progress(story)[0]
    assert (slow["state"], slow["is_slow"], slow["elapsed_s"]) == ("writing", True, 50)
    assert "longer than usual" in slow["words"]


def test_the_offline_writer_answers_what_it_can_and_says_what_it_can_not(settings: Any) -> None:
    settings.AI_WRITER = "offline"
    story, editor = told(), UserFactory.create()
    services.rewrite_request(story=story, kind=Kind.SHORTER, editor=editor)
    rewrites_write()
    assert Story.objects.get().current_version.body == "Пожар потушили к утру."  # type: ignore[union-attr]
    services.rewrite_request(story=story, kind=Kind.TRANSLATE, editor=editor)
    rewrites_write()
    (progress,) = rewrite_progress(story)
    assert (progress["state"], progress["error_code"]) == ("failed", "needs_model")
    assert "key of a model" in progress["words"]
    assert not Spend.objects.exists()


def test_the_rewrites_page_tells_what_it_was_made_of() -> None:
    story = told()
    preset = PresetFactory.create(workspace=story.workspace)
    prompt_save(
        workspace=story.workspace,
        name="stories/rewrite",
        text=prompt_file("stories/rewrite").text,
        editor=UserFactory(),
    )
    rewrite = services.rewrite_request(story=story, preset=preset, editor=UserFactory.create())
    Rewrite.objects.update(unusable="<b>не черновик</b>")
    client = logged_in(member(story.workspace, "editor"))
    text = client.get(reverse("admin:stories_rewrite_change", args=[rewrite.pk])).content.decode()
    assert "preset: 1 · rules: 1 · task: Pult’s own text" in text
    assert "The post tries to end its own place among the sources. «Огонь охватил" in text
    assert "&lt;b&gt;не черновик&lt;/b&gt;" in text
