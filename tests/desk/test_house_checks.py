"""The workbench's proofreading, legal marks and paid posts, through the page's own addresses."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import AuditEntry, Membership, User
from apps.core.clock import now
from apps.desk.parts import checks_house
from apps.stories.models import HouseWord, LegalList, Rewrite, Story
from tests.stories.factories import (
    HouseWordFactory,
    LegalEntryFactory,
    LegalListFactory,
    MembershipFactory,
    PresetFactory,
    UserFactory,
    story_with_text,
)

pytestmark = pytest.mark.django_db
TEXT = {"title": "Порт", "lead": "", "body": "Склад - пуст."}


@pytest.fixture
def story() -> Story:
    return story_with_text(status=Story.Status.REVIEW)


def client_of(story: Story, role: str = Membership.Role.EDITOR) -> Client:
    """A browser of a member of the story's workspace."""
    user: User = UserFactory.create(language="en")
    MembershipFactory.create(workspace=story.workspace, user=user, role=role)
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, story: Story, name: str, **form: Any) -> Any:
    return client.post(reverse(f"desk:{name}", args=[story.pk]), form)


def listed(story: Story, name: str = "Тестов Иван Петрович") -> int:
    """A due entry of a list of the story's workspace; its key."""
    made = LegalEntryFactory.create(list=LegalListFactory.create(workspace=story.workspace), name=name)
    return int(made.pk)


def test_changes_come_with_their_places_in_the_browsers_units(story: Story) -> None:
    answer = ask(client_of(story), story, "story_proofread", **TEXT | {"body": "😀 Склад - пуст."}).json()
    assert answer["fields"]["title"] == []
    (change,) = answer["fields"]["body"]
    assert (change["start"], change["end"], change["was"], change["becomes"]) == (8, 10, " -", "\u00a0—")
    assert (change["certain"], change["before"], change["after"]) == (True, "😀 Склад", " пуст.")


def test_the_house_dictionary_of_the_workspace_is_used(story: Story) -> None:
    HouseWordFactory.create(workspace=story.workspace, written="риэлтор", wanted="риелтор")
    HouseWordFactory.create(written="склад", wanted="чужое")
    answer = ask(client_of(story), story, "story_proofread", title="", lead="риэлтору", body="склад").json()
    assert [one["becomes"] for one in answer["fields"]["lead"]] == ["е"]
    assert answer["fields"]["body"] == []


def test_a_text_too_long_is_refused(story: Story) -> None:
    for name in ("story_proofread", "story_marks", "story_mark"):
        answer = ask(client_of(story), story, name, title="", lead="", body="я" * 100_001)
        assert answer.status_code == 413
        assert answer.json()["detail"] == "The text is too long to check."


def test_a_doubted_word_goes_into_the_house_dictionary(story: Story) -> None:
    client = client_of(story)
    text = {"title": "", "lead": "", "body": "вышел человк"}
    assert len(ask(client, story, "story_proofread", **text).json()["fields"]["body"]) == 1
    assert ask(client, story, "story_house_word", written="человк", wanted="человк").json() == {"done": True}
    assert ask(client, story, "story_proofread", **text).json()["fields"]["body"] == []
    assert HouseWord.objects.get().workspace == story.workspace
    assert AuditEntry.objects.filter(verb="house_word.added").count() == 1
    assert ask(client, story, "story_house_word", written=" ", wanted="x").status_code == 409


def test_viewers_see_marks_and_change_nothing(story: Story) -> None:
    listed(story)
    client = client_of(story, Membership.Role.VIEWER)
    assert "Тестов" in ask(client, story, "story_marks", title="Иван Тестов", lead="", body="").json()["html"]
    for name in ("story_proofread", "story_house_word", "story_mark", "story_paid"):
        assert ask(client, story, name, **TEXT).status_code == 403
    page = client.get(reverse("desk:story", args=[story.pk])).content.decode()
    assert "data-hs-run" not in page
    assert 'name="erid"' not in page


def test_words_that_the_preset_forbids_are_shown_for_what_is_typed(story: Story) -> None:
    preset = PresetFactory.create(workspace=story.workspace, forbidden_words="шок\nужасный")
    rewrite = Rewrite.objects.create(
        story=story, workspace=story.workspace, preset=preset, state="done", finished_at=now()
    )
    story.versions.update(rewrite=rewrite, body="В порту шок.")
    client = client_of(story)
    page = client.get(reverse("desk:story", args=[story.pk])).content.decode()
    assert "Words that the preset forbids" in page
    assert '<b>шок</b> <span class="wb-note">Body</span>' in page
    typed = ask(client, story, "story_marks", title="Ужасного <b>", lead="", body="Тихо.").json()["html"]
    assert '<b>Ужасного</b> <span class="wb-note">Title</span>' in typed
    assert "шок" not in typed
    clean = ask(client, story, "story_marks", title="Порт", lead="", body="Тихо.").json()["html"]
    assert "Words that the preset forbids" not in clean


def test_marks_go_into_the_typed_text_and_nothing_is_saved(story: Story) -> None:
    key = listed(story)
    client = client_of(story)
    text = {"title": "", "lead": "", "body": "Видели Ивана Тестова."}
    shown = ask(client, story, "story_marks", **text).json()
    assert shown["lacks"] is True
    assert f'data-hs-mark="{key}"' in shown["html"]
    done = ask(client, story, "story_mark", **text, entry=str(key)).json()["text"]
    assert done["body"] == ("Видели Ивана Тестова*.\n\n* Тестов Иван Петрович — внесён в перечень выдуманных лиц.")
    assert ask(client, story, "story_mark", **done).json()["text"] == done
    assert ask(client, story, "story_marks", **done).json()["lacks"] is False
    assert story.versions.count() == 1


def test_entries_of_another_workspace_are_not_looked_at(story: Story) -> None:
    LegalEntryFactory.create(name="Тестов Иван Петрович")
    shown = ask(client_of(story), story, "story_marks", title="Иван Тестов", lead="", body="").json()
    assert shown["lacks"] is False
    assert "Тестов" not in shown["html"]


def test_a_paid_post_is_noted_and_marked(story: Story) -> None:
    client = client_of(story)
    assert ask(client, story, "story_mark", **TEXT, paid="1").status_code == 409
    assert ask(client, story, "story_paid", is_paid="on", erid="2Vabc", advertiser="ООО «Причал»").status_code == 302
    story.refresh_from_db()
    assert (story.is_paid, story.erid, story.advertiser) == (True, "2Vabc", "ООО «Причал»")
    done = ask(client, story, "story_mark", **TEXT, paid="1").json()["text"]
    assert done["body"] == "Склад - пуст.\n\nРеклама. ООО «Причал». erid: 2Vabc"


def test_approval_without_marks_wants_a_reason(story: Story) -> None:
    listed(story)
    client = client_of(story)
    form = {"title": "Порт", "lead": "", "body": "Видели Ивана Тестова.", "based_on": "1", "then": "approve"}
    refused = ask(client, story, "story_save", **form)
    assert refused.status_code == 409
    page = refused.content.decode()
    assert "The text lacks: the mark of “Тестов Иван Петрович”." in page
    assert 'name="reason"' in page
    story.refresh_from_db()
    assert story.status == Story.Status.REVIEW
    assert ask(client, story, "story_save", **form | {"based_on": "2", "reason": "Однофамилец"}).status_code == 302
    story.refresh_from_db()
    assert story.status == Story.Status.APPROVED
    assert AuditEntry.objects.get(verb="story.approved").details["reason"] == "Однофамилец"


def test_the_page_reads_no_query_for_each_entry(story: Story) -> None:
    client, address = client_of(story), reverse("desk:story", args=[story.pk])

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(address).status_code == 200
        return len(captured)

    listed(story)
    queries()
    few = queries()
    for number in range(5):
        listed(story, f"Тестов Иван {number}")
    assert queries() <= few


# The admin


def test_a_table_is_imported_after_a_preview(story: Story) -> None:
    legal_list = LegalListFactory.create(workspace=story.workspace)
    client, address = client_of(story), reverse("admin:stories_legallist_import", args=[legal_list.pk])
    table = SimpleUploadedFile("list.csv", "name;since\nТестов Иван;01.02.2026\n;x\n".encode("windows-1251"))
    shown = client.post(address, {"file": table})
    assert "Тестов Иван" in shown.content.decode()
    assert "Line 3: The name is empty." in shown.content.decode()
    assert not legal_list.entries.exists()
    token = shown.context["token"]
    assert client.post(address, {"token": token}).status_code == 302
    assert [entry.name for entry in legal_list.entries.all()] == ["Тестов Иван"]
    again = client.post(address, {"token": token})
    assert "Choose it again." in again.content.decode()


def test_a_table_is_imported_by_its_workspace_only(story: Story) -> None:
    legal_list: LegalList = LegalListFactory.create()
    address = reverse("admin:stories_legallist_import", args=[legal_list.pk])
    assert client_of(story).get(address).status_code == 404
    own = reverse("admin:stories_legallist_import", args=[LegalListFactory.create(workspace=story.workspace).pk])
    assert client_of(story, Membership.Role.VIEWER).get(own).status_code == 403
    assert client_of(story).get(own).status_code == 200


def test_a_file_that_is_no_table_is_told(story: Story) -> None:
    legal_list = LegalListFactory.create(workspace=story.workspace)
    address = reverse("admin:stories_legallist_import", args=[legal_list.pk])
    shown = client_of(story).post(address, {"file": SimpleUploadedFile("x.csv", b"who;what\n1;2\n")})
    assert "The first line has to name the columns" in shown.content.decode()


def test_words_are_pasted(story: Story) -> None:
    client, address = client_of(story), reverse("admin:stories_houseword_paste")
    assert client.get(address).status_code == 200
    done = client.post(address, {"words": "риэлтор → риелтор\nТ-Ж"})
    assert done.status_code == 302
    assert [str(one) for one in get_messages(done.wsgi_request)] == ["2 words added, 0 changed."]
    assert HouseWord.objects.filter(workspace=story.workspace).count() == 2
    assert "Line 1: write" in client.post(address, {"words": "а → б → в"}).content.decode()
    assert client_of(story, Membership.Role.VIEWER).get(address).status_code == 403


@pytest.mark.parametrize("name", ["story_proofread", "story_marks"])
def test_asking_too_often_waits(story: Story, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    cache.clear()
    monkeypatch.setattr(checks_house, "RATE", "2/d")
    client = client_of(story)
    assert [ask(client, story, name, **TEXT).status_code for _time in range(3)] == [200, 200, 429]
    assert ask(client, story, name, **TEXT).json() == {"detail": "Checked too often; it goes on in a minute."}
    assert ask(client_of(story), story, name, **TEXT).status_code == 200, "others are not held up"
    other = {"story_proofread": "story_marks", "story_marks": "story_proofread"}[name]
    assert ask(client, story, other, **TEXT).status_code == 200, "each is counted by itself"


@pytest.mark.parametrize("name", ["story_proofread", "story_marks"])
def test_without_its_cache_the_limit_lets_people_work(story: Story, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def away(*_args: object, **_named: object) -> bool:
        raise OSError("no cache")

    monkeypatch.setattr("apps.desk.limits.is_ratelimited", away)
    assert ask(client_of(story), story, name, **TEXT).status_code == 200
