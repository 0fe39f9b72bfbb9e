"""Presets: every field reaches the prompt, every change is a version, and any can be returned to."""

from __future__ import annotations

import pytest
from django.urls import reverse

from apps.accounts.models import AuditEntry
from apps.core.errors import TransitionError
from apps.stories import services
from apps.stories.models import Preset, PresetVersion
from apps.stories.services.presets import preset_history, preset_return, preset_save
from tests.accounts.factories import UserFactory as PersonFactory
from tests.accounts.factories import logged_in, member
from tests.stories.factories import (
    PresetFactory,
    StoryFactory,
    StoryPostFactory,
    UserFactory,
    WorkspaceFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db


def test_every_field_reaches_the_prompt() -> None:
    story = StoryFactory.create(workspace__language="ru")
    post = {"post__channel": "Канал А", "post__url": "https://example.org/a", "post__text": "В порту горит склад."}
    StoryPostFactory.create(story=story, **post)
    preset = PresetFactory.create(
        workspace=story.workspace,
        tone="сухой",
        audience="жители порта",
        structure="Сначала площадь.",
        language="en",
        length=777,
        emoji=Preset.Emoji.FEW,
        source_credit=Preset.Credit.LINK,
        forbidden_words="шок\nужасная трагедия",
        instructions="Без имён.",
    )
    preview = services.rewrite_preview(story=story, preset=preset)
    for words in (
        "Язык заметки: английский.",
        "Тон: сухой.",
        "Для кого: жители порта.",
        "Построение: Сначала площадь.",
        "не длиннее 777 знаков",
        "Эмодзи: не больше двух",
        "последней строкой тела назови первоисточник с его адресом",
        "«шок», «ужасная трагедия».",
        "Пожелания редакции: Без имён.",
    ):
        assert words in preview.system
    assert '<source n="1" from="Канал А" url="https://example.org/a">' in preview.user
    assert (preview.language, preview.max_chars) == ("en", 777)
    assert preview.credit == "Source: Канал А — https://example.org/a"


def test_without_a_preset_nothing_is_forbidden_or_credited() -> None:
    story = StoryFactory.create()
    StoryPostFactory.create(story=story, post__url="https://example.org/a")
    preview = services.rewrite_preview(story=story)
    assert "ни в какой форме: нет" in preview.system
    assert "https://example.org/a" not in preview.user
    assert preview.credit == ""


@pytest.mark.parametrize(
    ("typed", "text", "found"),
    [
        ("шок", "Жители в шоке от цен.", ["шоке"]),
        ("ужасная трагедия", "После ужасной трагедии прошёл год.", ["ужасной трагедии"]),
        ("«в шоке»", "Жители в шоке. Шоковая терапия.", ["в шоке"]),
        ("shock", "Shocked residents saw two shocks.", ["Shocked"]),
        ("шок", "Шоколад подорожал.", []),
        ("", "Жители в шоке.", []),
    ],
)
def test_forbidden_words_are_found_in_their_forms(typed: str, text: str, found: list[str]) -> None:
    preset = PresetFactory.create(forbidden_words=typed)
    warnings = services.forbidden_in(preset, title="", lead="", body=text)
    assert [one["found"] for one in warnings] == found
    assert all(text[one["start"] : one["end"]] == one["found"] and one["field"] == "body" for one in warnings)


def test_a_change_is_a_version_and_no_change_is_none() -> None:
    first, second = UserFactory.create(name="Анна"), UserFactory.create(name="Борис")
    preset = preset_save(preset=Preset(workspace=WorkspaceFactory.create(), name="Коротко", tone="сухой"), editor=first)
    assert [(one.number, one.editor) for one in preset_history(preset)] == [(1, first)]
    preset_save(preset=Preset.objects.get(), editor=second)
    assert PresetVersion.objects.count() == 1
    changed = Preset.objects.get()
    changed.tone, changed.length = "живой", 500
    preset_save(preset=changed, editor=second)
    newest, oldest = preset_history(Preset.objects.get())
    assert (newest.number, newest.editor, newest.values["tone"], newest.values["length"]) == (2, second, "живой", 500)
    assert (oldest.number, oldest.values["tone"]) == (1, "сухой")
    assert Preset.objects.get().number == 2
    details = AuditEntry.objects.get(verb="preset.changed").details
    assert details == {"number": 2, "fields": ["tone", "length"]}


def test_a_preset_from_before_versions_keeps_what_it_was() -> None:
    preset = PresetFactory.create(tone="сухой")
    assert [(one.number, one.values["tone"]) for one in preset_history(preset)] == [(1, "сухой")]
    preset.tone = "живой"
    preset_save(preset=preset, editor=UserFactory.create())
    assert [(one.number, one.values["tone"]) for one in preset_history(preset)] == [(2, "живой"), (1, "сухой")]


def test_a_version_can_be_returned_to_and_the_name_stays() -> None:
    preset = PresetFactory.create(name="Коротко", tone="сухой", is_default=False)
    preset.name, preset.tone, preset.is_default = "Живо", "живой", True
    preset_save(preset=preset, editor=UserFactory.create())
    returned = preset_return(preset=preset, number=1, editor=UserFactory.create())
    stored = Preset.objects.get()
    assert (stored.tone, stored.name, stored.is_default, stored.number) == ("сухой", "Живо", True, 3)
    assert returned.number == 3
    with pytest.raises(TransitionError, match="no version 9"):
        preset_return(preset=preset, number=9, editor=UserFactory.create())


def test_a_rewrite_keeps_which_version_of_the_preset_it_was() -> None:
    story = story_with_text()
    preset = PresetFactory.create(workspace=story.workspace, tone="сухой")
    preset.tone = "живой"
    preset_save(preset=preset, editor=UserFactory.create())
    rewrite = services.rewrite_request(story=story, preset=preset, editor=UserFactory.create())
    assert (rewrite.preset_number, "Тон: живой." in rewrite.system_prompt) == (2, True)


def test_the_page_of_versions_tells_what_changed_and_returns() -> None:
    workspace = WorkspaceFactory.create()
    preset = PresetFactory.create(workspace=workspace, tone="сухой и ровный")
    preset.tone = "живой и ровный"
    preset_save(preset=preset, editor=PersonFactory.create(name="Анна"))
    client, url = logged_in(member(workspace, "editor")), reverse("admin:stories_preset_past", args=[preset.pk])
    text = client.get(url).content.decode()
    assert "<del>сухой</del><ins>живой</ins> и ровный" in text
    assert "Анна" in text
    assert client.post(url, {"number": "1"}).status_code == 302
    assert Preset.objects.get().tone == "сухой и ровный"
    assert client.get(url + "?before=1&after=1").status_code == 200
    assert client.get(url + "?before=x&after=999999999999").status_code == 200


def test_the_page_of_versions_is_for_its_own_workspace_and_returning_for_editors() -> None:
    workspace = WorkspaceFactory.create()
    preset = PresetFactory.create(workspace=workspace)
    url = reverse("admin:stories_preset_past", args=[preset.pk])
    viewer = logged_in(member(workspace, "viewer"))
    assert viewer.get(url).status_code == 200
    assert viewer.post(url, {"number": "1"}).status_code == 403
    assert logged_in(member(WorkspaceFactory.create(), "owner")).get(url).status_code == 404
    assert logged_in(member(WorkspaceFactory.create(), "owner")).post(url, {"number": "1"}).status_code == 404


def test_saving_the_form_makes_a_version_and_one_entry_in_the_audit() -> None:
    workspace = WorkspaceFactory.create()
    client = logged_in(member(workspace, "editor"))
    fields = {"name": "Коротко", "length": "500", "language": "en", "emoji": "few", "source_credit": "name"}
    assert client.post(reverse("admin:stories_preset_add"), fields).status_code == 302
    preset = Preset.objects.get()
    assert (preset.language, preset.emoji, preset.source_credit, preset.number) == ("en", "few", "name", 1)
    assert AuditEntry.objects.filter(verb__startswith="preset.").count() == 1
    url = reverse("admin:stories_preset_change", args=[preset.pk])
    assert client.post(url, {**fields, "tone": "сухой"}).status_code == 302
    assert Preset.objects.get().number == 2
    assert client.post(url, {**fields, "language": "tlh"}).status_code == 200
    assert Preset.objects.get().number == 2
