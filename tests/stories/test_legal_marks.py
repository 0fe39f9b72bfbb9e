"""Legal marks: who is found in a text, who is only doubted, and what is put into it."""

from __future__ import annotations

import time
from datetime import date

import pytest

from apps.stories.legal import DraftText, Entry, marked, marks, mentions, missing, paid_marked, paid_missing

TODAY = date(2026, 11, 21)
MAN = Entry(1, "Тестов Иван Петрович", footnote="{name} — внесён в перечень выдуманных лиц.")
WOMAN = Entry(2, "Выдумкина Мария Сергеевна")
UNION = Entry(3, 'Автономная некоммерческая организация "Тихий голос"', "banned", footnote="Организация запрещена.")
FUND = Entry(4, "Фонд защиты чаек", "banned", also=("ФЗЧ",), footnote="Организация запрещена.")
SHORT = Entry(5, "Кравец Пётр", "persons")
DAWN = Entry(6, 'Фонд "Заря"', "banned")
ALL = (MAN, WOMAN, UNION, FUND, SHORT, DAWN)


def found(text: str, *entries: Entry, on: date = TODAY) -> list[tuple[str, int, bool]]:
    """Mentions as (words, key of the entry, whether certain)."""
    return [(text[one.start : one.end], one.entry.pk, one.is_certain) for one in marks(text, entries or ALL, on)]


@pytest.mark.parametrize(
    ("text", "words", "key"),
    [
        ("Ивану Тестову передали письмо", "Ивану Тестову", 1),
        ("О Тестове Иване Петровиче забыли", "Тестове Иване Петровиче", 1),
        ("Иван Петрович Тестов вышел", "Иван Петрович Тестов", 1),
        ("с И. П. Тестовым", "И. П. Тестовым", 1),
        ("И.Тестов ушёл", "И.Тестов", 1),
        ("у Тестова И. П. дома", "Тестова И. П.", 1),
        ("ТЕСТОВ ИВАН вышел", "ТЕСТОВ ИВАН", 1),
        ("Марию Выдумкину видели", "Марию Выдумкину", 2),
        ("Петра Кравца нет", "Петра Кравца", 5),
        ("«Тихого голоса» нет", "Тихого голоса", 3),
        ("в Тихом голосе", "Тихом голосе", 3),
        (
            "автономной некоммерческой организации «Тихий голос»",
            "автономной некоммерческой организации «Тихий голос",
            3,
        ),
        ("Фонду защиты чаек", "Фонду защиты чаек", 4),
        ("люди ФЗЧ", "ФЗЧ", 4),
        ("фонд «Заря» закрыт, Фонда «Заря»", "Фонда «Заря", 6),
    ],
)
def test_names_are_found_by_their_forms(text: str, words: str, key: int) -> None:
    assert (words, key, True) in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "Пётр Тестов и П. Тестов",
        "Иван Выдумкин",
        "тестов не было, фзч",
        "Тихий вечер, голос",
        "Заря встаёт. Зарядка",
        "Тестовая сборка",
        "Иван\nТестоведов",
    ],
)
def test_others_are_not_marked(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Это сказал Тестов вчера", "Тестов"),
        ("слышен тихий голос", "тихий голос"),
        ("Тихий голос звучал", "Тихий голос"),
        ("в кафе «Заря» тихо", "Заря"),
    ],
)
def test_a_bare_surname_and_common_words_are_doubts(text: str, words: str) -> None:
    assert [(one[0], one[2]) for one in found(text)] == [(words, False)]


def test_a_surname_after_the_whole_name_is_no_doubt() -> None:
    assert found("Иван Тестов пришёл. Потом Тестов ушёл.") == [("Иван Тестов", 1, True)]


def test_marks_are_due_from_a_day_until_another() -> None:
    entry = Entry(7, "Тестов Иван", since=date(2026, 5, 1), until=date(2026, 6, 1))
    days = [date(2026, 4, 30), date(2026, 5, 1), date(2026, 6, 1), date(2026, 6, 2)]
    assert [len(found("Иван Тестов", entry, on=day)) for day in days] == [0, 1, 1, 0]


def test_marks_go_in_once() -> None:
    text = DraftText("Иван Тестов и «Тихий голос»", "", "Тестов Иван пришёл. ФЗЧ молчит.")
    done = marked(text, ALL, TODAY)
    assert done.title == "Иван Тестов* и «Тихий голос»**"
    assert done.body == (
        "Тестов Иван пришёл. ФЗЧ** молчит.\n\n"
        "* Тестов Иван Петрович — внесён в перечень выдуманных лиц.\n** Организация запрещена."
    )
    assert missing(text, ALL, TODAY) != []
    assert missing(done, ALL, TODAY) == []
    assert marked(done, ALL, TODAY) == done
    assert marked(done, ALL, TODAY, only={1, 3, 4}) == done


def test_a_new_mention_joins_the_footnotes_that_are_there() -> None:
    done = marked(DraftText("", "", "Иван Тестов здесь."), ALL, TODAY)
    more = marked(DraftText("", "Мария Выдумкина", done.body), ALL, TODAY)
    assert more.lead == "Мария Выдумкина**"
    assert more.body.endswith("лиц.\n** Выдумкина Мария Сергеевна")


def test_half_a_mark_is_missing() -> None:
    done = marked(DraftText("", "", "Иван Тестов здесь."), ALL, TODAY)
    without_sign = DraftText("", "", done.body.replace("Тестов*", "Тестов"))
    without_note = DraftText("", "", done.body.partition("\n")[0])
    assert [one.entry.pk for one in missing(without_sign, ALL, TODAY)] == [1]
    assert [one.entry.pk for one in missing(without_note, ALL, TODAY)] == [1]
    assert marked(without_sign, ALL, TODAY) == done
    assert marked(without_note, ALL, TODAY) == done


def test_typography_of_a_footnote_does_not_matter() -> None:
    done = marked(DraftText("", "", "Иван Тестов здесь."), ALL, TODAY)
    typeset = DraftText("", "", done.body.replace(" — ", "\u00a0— ").replace("* Т", "*Т"))
    assert missing(typeset, ALL, TODAY) == []


def test_a_list_with_asterisks_is_no_footnote() -> None:
    text = DraftText("", "", "Пришли:\n* Иван Тестов\n* Мария Выдумкина")
    assert [one.entry.pk for one in missing(text, ALL, TODAY)] == [1, 2]
    done = marked(text, ALL, TODAY)
    assert done.body.startswith("Пришли:\n* Иван Тестов**\n* Мария Выдумкина***\n")
    assert missing(done, ALL, TODAY) == []
    assert marked(done, ALL, TODAY) == done


def test_a_doubt_is_marked_only_when_chosen() -> None:
    text = DraftText("", "", "Это сказал Тестов вчера.")
    assert marked(text, ALL, TODAY) == text
    assert marked(text, ALL, TODAY, only={1}).body.startswith("Это сказал Тестов* вчера.\n\n* Тестов Иван")
    assert [(one.entry.pk, one.count) for one in mentions(text, ALL, TODAY)] == [(1, 1)]


def test_a_paid_post_says_so() -> None:
    text = DraftText("Скидки", "", "Порт открыт.")
    assert paid_missing(text, erid="2Vabc", advertiser="ООО «Причал»") == ["word", "erid", "advertiser"]
    done = paid_marked(text, erid="2Vabc", advertiser="ООО «Причал»")
    assert done.body == "Порт открыт.\n\nРеклама. ООО «Причал». erid: 2Vabc"
    assert paid_missing(done, erid="2Vabc", advertiser='ООО "Причал"') == []
    assert paid_marked(done, erid="2Vabc", advertiser="ООО «Причал»") == done
    assert paid_marked(done, erid="2Vxyz", advertiser="ООО «Причал»").body.endswith(
        "\n\nРеклама. ООО «Причал». erid: 2Vxyz"
    )
    assert paid_missing(done, erid="", advertiser="") == ["erid", "advertiser"]
    assert paid_missing(done, erid="2Vab", advertiser="ООО «Причал»") == ["erid"]


def test_two_thousand_entries_take_a_moment() -> None:
    entries = [Entry(n, f"Тестов{chr(1072 + n % 32)}{chr(1072 + n // 32 % 32)} Иван Петрович") for n in range(1000)]
    entries += [
        Entry(1000 + n, f'Организация "Голос {chr(1040 + n % 32)}{chr(1072 + n // 32 % 32)}рский"') for n in range(1000)
    ]
    text = ("Это сказал Тестоваа Иван в порту, и голос склада звучал. " * 100)[:5000]
    began = time.process_time()
    marks(text, entries, TODAY)
    first = time.process_time() - began
    marks(text, entries, TODAY)
    assert first < 5
    assert time.process_time() - began - first < 1


@pytest.mark.parametrize(
    "text", ["Тестов Иван " * 8_000, "И. " * 33_000, "«" * 100_000, "Тихий " * 17_000], ids=range(4)
)
def test_hostile_texts_are_searched_in_seconds(text: str) -> None:
    began = time.process_time()
    marked(DraftText("", "", text), ALL, TODAY)
    assert time.process_time() - began < 15
