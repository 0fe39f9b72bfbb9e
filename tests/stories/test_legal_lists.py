"""Legal lists: read from tables, brought up to date, and asked for before a text is approved."""

from __future__ import annotations

import tracemalloc
from datetime import date, timedelta

import pytest

from apps.accounts.models import AuditEntry
from apps.core.errors import PermanentError, TransitionError
from apps.stories import services
from apps.stories.legal.tables import Problem, Row, TableError, table_rows
from apps.stories.models import HouseWord, LegalEntry, LegalList, Story
from apps.stories.services.legal import UnmarkedError, today_of
from tests.stories.factories import (
    HouseStyleFactory,
    HouseWordFactory,
    LegalEntryFactory,
    LegalListFactory,
    StoryPostFactory,
    UserFactory,
    WorkspaceFactory,
    story_with_text,
)

HEAD = "name;also;since;until\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "windows-1251", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_tables_are_read_in_their_encodings_and_delimiters(encoding: str, delimiter: str) -> None:
    lines = [["Наименование", "Дата включения"], ["Тестов Иван", "01.02.2026"]]
    content = "\r\n".join(delimiter.join(line) for line in lines).encode(encoding)
    assert list(table_rows(content)) == [Row(2, "Тестов Иван", (), date(2026, 2, 1), None)]


def test_cells_are_read_with_several_names_quotes_and_dates() -> None:
    content = (HEAD + '"Союз ""Тихий голос""";"ТГ; Голос\nTG";2026-01-02;2026-03-04 00:00\n').encode()
    assert list(table_rows(content)) == [
        Row(3, 'Союз "Тихий голос"', ("ТГ", "Голос", "TG"), date(2026, 1, 2), date(2026, 3, 4))
    ]


def test_lines_that_are_wrong_are_told_and_the_others_kept() -> None:
    content = (
        HEAD + ";x;;\nА;;вчера;\nБ;;2026-02-30;\nВ;;2026-05-01;2026-01-01\nГ;;;\nГ;;;\n" + "я" * 301 + "\n"
    ).encode()
    found = list(table_rows(content))
    assert [(one.line, one.words) for one in found if isinstance(one, Problem)] == [
        (2, "The name is empty."),
        (3, "“вчера” is not a date; write it like 31.01.2030."),
        (4, "“2026-02-30” is not a date; write it like 31.01.2030."),
        (5, "The last day is before the first."),
        (7, "“Г” stands in line 6 already."),
        (8, "The name is longer than 300 characters."),
    ]
    assert [one.name for one in found if isinstance(one, Row)] == ["Г"]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"who;what\nx;y\n", b"\x00\x01\x02\x98", bytes(range(256)) * 10])
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(TableError):
        list(table_rows(content))


def test_an_open_quotation_mark_is_a_problem_not_a_crash() -> None:
    content = (HEAD + '"' + "я" * 200_000 + "\nБ;;;\n").encode()
    assert any(isinstance(one, Problem) for one in table_rows(content))


@pytest.fixture
def legal_list(db: None) -> LegalList:
    made: LegalList = LegalListFactory.create()
    return made


def table(*lines: str) -> bytes:
    return (HEAD + "\n".join(lines)).encode()


def test_an_import_is_shown_before_and_brings_the_list_up_to_date(legal_list: LegalList) -> None:
    for name in ("Старый", "Прежний", "Ушедший"):
        LegalEntryFactory.create(list=legal_list, name=name)
    content = table("Старый;;;", "Прежний;Бывший;;", "Новый;;2026-01-01;", ";;;x")
    plan = services.legal_list_plan(legal_list, content)
    assert (plan.added, plan.changed, plan.same, plan.gone, plan.problems_count) == (1, 1, 1, 1, 1)
    assert (plan.added_names, plan.changed_names, plan.gone_names) == (["Новый"], ["Прежний"], ["Ушедший"])
    assert legal_list.entries.count() == 3
    done = services.legal_list_import(legal_list=legal_list, content=content, editor=UserFactory.create())
    assert done == plan
    assert legal_list.entries.get(name="Прежний").also == "Бывший"
    assert legal_list.entries.get(name="Ушедший").until == today_of(legal_list.workspace) - timedelta(days=1)
    assert AuditEntry.objects.get(verb="legal_list.imported").details["added"] == 1


def test_the_same_table_twice_changes_nothing(legal_list: LegalList) -> None:
    content = table(*(f"Имя {number};;;" for number in range(1_200)))
    editor = UserFactory.create()
    assert services.legal_list_import(legal_list=legal_list, content=content, editor=editor).added == 1_200
    again = services.legal_list_import(legal_list=legal_list, content=content, editor=editor)
    assert again.is_empty
    assert (again.same, LegalEntry.objects.count()) == (1_200, 1_200)


def test_an_entry_whose_line_cannot_be_read_stays_as_it_is(legal_list: LegalList) -> None:
    LegalEntryFactory.create(list=legal_list, name="А")
    plan = services.legal_list_import(
        legal_list=legal_list, content=table("А;;вчера;", "Б;;;"), editor=UserFactory.create()
    )
    assert (plan.gone, plan.problems_count) == (0, 1)
    assert legal_list.entries.get(name="А").until is None


def test_an_ended_entry_comes_back_with_the_table(legal_list: LegalList) -> None:
    editor = UserFactory.create()
    for content in (table("А;;;", "Б;;;"), table("А;;;"), table("А;;;", "Б;;;")):
        services.legal_list_import(legal_list=legal_list, content=content, editor=editor)
    assert list(legal_list.entries.values_list("name", "until")) == [("А", None), ("Б", None)]


def test_the_memory_of_a_plan_does_not_grow_with_the_file(legal_list: LegalList) -> None:
    def peak(lines: int) -> int:
        content = table(*(f"Имя {number};{'я' * 200};;" for number in range(lines)))
        tracemalloc.start()
        services.legal_list_plan(legal_list, content)
        size = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return size - 3 * len(content)  # the text itself, and how it is decoded

    assert peak(4_000) < peak(1_000) + 3_000_000


# Approval


def marked_story(body: str, **fields: object) -> Story:
    """A story whose text is this."""
    story = story_with_text(**fields)
    version = story.current_version
    assert version is not None
    type(version).objects.filter(pk=version.pk).update(title="Порт", body=body)
    return Story.objects.get(pk=story.pk)


def test_a_text_without_its_marks_is_not_approved(legal_list: LegalList) -> None:
    LegalEntryFactory.create(list=legal_list, name="Тестов Иван Петрович")
    story = marked_story("Ивана Тестова видели.", workspace=legal_list.workspace)
    with pytest.raises(UnmarkedError, match="the mark of “Тестов Иван Петрович”") as caught:
        services.story_approve(story=story, editor=UserFactory.create())
    assert isinstance(caught.value, TransitionError)
    story.refresh_from_db()
    assert story.status == Story.Status.NEW
    assert not AuditEntry.objects.filter(verb="story.approved").exists()


def test_a_reason_approves_it_and_stays_in_the_audit(legal_list: LegalList) -> None:
    LegalEntryFactory.create(list=legal_list, name="Тестов Иван Петрович")
    story = marked_story("Ивана Тестова видели.", workspace=legal_list.workspace)
    services.story_approve(story=story, editor=UserFactory.create(), reason=" Однофамилец. ")
    assert story.status == Story.Status.APPROVED
    assert AuditEntry.objects.get(verb="story.approved").details == {
        "lacks": ["the mark of “Тестов Иван Петрович”"],
        "reason": "Однофамилец.",
    }


@pytest.mark.parametrize("away", ["inactive", "ended", "other"])
def test_only_active_lists_of_the_workspace_and_due_entries_count(legal_list: LegalList, away: str) -> None:
    entry = LegalEntryFactory.create(list=legal_list, name="Тестов Иван Петрович")
    workspace = legal_list.workspace
    if away == "inactive":
        LegalList.objects.update(is_active=False)
    elif away == "ended":
        LegalEntry.objects.filter(pk=entry.pk).update(until=date(2020, 1, 1))
    else:
        workspace = WorkspaceFactory.create()
    story = marked_story("Ивана Тестова видели.", workspace=workspace)
    services.story_approve(story=story, editor=UserFactory.create())
    assert AuditEntry.objects.get(verb="story.approved").details == {}


def test_a_doubt_does_not_stop_approval(legal_list: LegalList) -> None:
    LegalEntryFactory.create(list=legal_list, name="Тестов Иван Петрович")
    story = marked_story("Видели Тестова вчера.", workspace=legal_list.workspace)
    services.story_approve(story=story, editor=UserFactory.create())
    assert story.status == Story.Status.APPROVED


@pytest.mark.django_db
def test_a_paid_post_is_approved_when_it_says_so() -> None:
    story, editor = marked_story("Порт открыт."), UserFactory.create()
    services.paid_set(story=story, is_paid=True, erid="2Vabc", advertiser="ООО «Причал»", editor=editor)
    with pytest.raises(UnmarkedError, match="erid 2Vabc"):
        services.story_approve(story=story, editor=editor)
    version = story.current_version
    assert version is not None
    type(version).objects.filter(pk=version.pk).update(body="Порт открыт.\n\nРеклама. ООО «Причал». erid: 2Vabc")
    services.story_approve(story=story, editor=editor)
    assert story.status == Story.Status.APPROVED


@pytest.mark.django_db
def test_an_approved_story_that_turns_out_to_be_paid_goes_back_into_work() -> None:
    story, editor = marked_story("Порт открыт."), UserFactory.create()
    services.story_approve(story=story, editor=editor)
    services.paid_set(story=story, is_paid=True, erid="2Vabc", advertiser="ООО «Причал»", editor=editor)
    story.refresh_from_db()
    assert (story.status, story.erid) == (Story.Status.DRAFT, "2Vabc")
    services.paid_set(story=story, is_paid=True, erid="2Vabc", advertiser="ООО «Причал»", editor=editor)
    assert AuditEntry.objects.filter(verb="story.paid_changed").count() == 1


@pytest.mark.django_db
def test_an_impossible_erid_is_refused() -> None:
    with pytest.raises(PermanentError, match="letters, digits"):
        services.paid_set(story=marked_story("x"), is_paid=True, erid="<b>", advertiser="", editor=UserFactory.create())


# House words


@pytest.mark.django_db
def test_the_house_is_the_workspaces_own() -> None:
    word = HouseWordFactory.create(written="риэлтор", wanted="риелтор")
    HouseWordFactory.create(written="чужое")
    HouseStyleFactory.create(workspace=word.workspace, yo="certain", thousands="thin")
    membership = StoryPostFactory.create(story__workspace=word.workspace, post__text="Приехал человк из Порта")
    house = services.house_of(word.workspace, story=membership.story)
    assert (house.words, house.yo, house.thousands) == ({"риэлтор": "риелтор"}, "certain", "thin")
    assert "человк" in house.known


@pytest.mark.django_db
def test_pasted_words_are_taken_over_once() -> None:
    workspace, editor = WorkspaceFactory.create(), UserFactory.create()
    text = "риэлтор → риелтор\nТ-Ж\nайфон -> iPhone\n\nа → б → в\n" + "я" * 101
    done = services.house_words_import(workspace=workspace, text=text, editor=editor)
    assert (done.added, done.changed) == (3, 0)
    assert done.problems == ["Line 5: write “word → wanted”.", "Line 6: a side is too long."]
    assert dict(HouseWord.objects.values_list("written", "wanted")) == {
        "риэлтор": "риелтор", "Т-Ж": "Т-Ж", "айфон": "iPhone",
    }  # fmt: skip
    again = services.house_words_import(workspace=workspace, text="айфон;айфон\nТ-Ж", editor=editor)
    assert (again.added, again.changed) == (0, 1)
