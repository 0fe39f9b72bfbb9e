"""What the fact check accuses, and what it leaves alone: one line a case."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime

import pytest

from apps.stories.factcheck import CheckTooLongError, Draft, Finding, Source, check, examine, numbers

AT = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)  # a Friday
NEWS = (
    "В порту Тихой Гавани загорелся склад. Площадь пожара — 4200 квадратных метров, пострадали двое рабочих. "
    "«Мы справимся быстро и без потерь», — сказал мэр Иван Петров. Ущерб оценили в 3,5 млн рублей. "
    "В 14:30 пожар потушили, сообщили в МЧС. Суд пройдёт 12 марта. Подробности: https://example.org/fire?id=7"
)


def found(body: str, news: str = NEWS, *, also: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    """The kinds and places of the findings in a text, checked against one post."""
    findings = check(Draft(body=body), [Source(text=news, published_at=AT, also=also)])
    assert all(body[one.start : one.end] == one.text and one.field == "body" for one in findings)
    return [(one.kind, one.text) for one in findings]


@pytest.mark.parametrize(
    "text",
    [
        "Площадь — 4 200 м², пострадали 2 рабочих.",
        "Площадь — четыре тысячи двести квадратных метров.",
        "Площадь — 4,2 тыс. квадратных метров.",
        "Ущерб — 3 500 000 рублей.",
        "Ущерб — 3.5 миллиона ₽.",
        "Пострадали двое, потушили к 14:30.",
        "Это сказал Петров. Мэра Петрова поддержали. Об Иване Петрове пишут.",
        "И. Петров ответил.",
        "Пожар в Тихой Гавани. Тихая Гавань в дыму.",
        "Суд — 12.03.2027, в марте.",
        "Пожар был в пятницу, 20 ноября 2026 года.",
        "«Мы справимся быстро, и без потерь!» — повторил он.",
        '"Мы справимся … без потерь"',
        "Подробности: example.org/fire?id=7",
        "Однако позднее... Вечером выяснилось: Склад сгорел. Мороз мешал. Надежда осталась.",
        "Так называемая «тихая гавань» сгорела.",
    ],
)
def test_the_same_facts_otherwise_written_are_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "accused"),
    [
        ("Площадь пожара — 4300 квадратных метров.", ("number", "4300")),
        ("Площадь — пять тысяч метров.", ("number", "пять тысяч")),
        ("Ущерб — 3,6 млн рублей.", ("number", "3,6 млн")),
        ("Ущерб — 3,5 млрд рублей.", ("number", "3,5 млрд")),
        ("Пострадали трое рабочих.", ("number", "трое")),
        ("Пострадал 15-летний рабочий.", ("number", "15-летний")),
        ("Сказал мэр Иван Сидоров.", ("name", "Сидоров")),
        ("Воробьёв это подтвердил.", ("name", "Воробьёв")),
        ("Приехал министр Анатолий Кузнецов.", ("name", "Анатолий Кузнецов")),
        ("Туда летит Су-27.", ("name", "Су-27")),
        ("Сообщили в ФСБ.", ("name", "ФСБ")),
        ("«Мы справимся быстро и без жертв», — сказал он.", ("quote", "Мы справимся быстро и без жертв")),
        ("«Всё под контролем, паники нет», — сказал он.", ("quote", "Всё под контролем, паники нет")),
        ("Суд пройдёт 13 марта.", ("date", "13 марта")),
        ("Суд пройдёт 12 апреля.", ("date", "12 апреля")),
        ("Суд пройдёт 12 марта 2028 года.", ("date", "12 марта 2028 года")),
        ("Суд пройдёт во вторник.", ("date", "вторник")),
        ("Потушили в 15:30.", ("time", "15:30")),
        ("Подробности: https://example.org/fire?id=8", ("link", "https://example.org/fire?id=8")),
        ("Пишет @lenta_b.", ("link", "@lenta_b")),
    ],
)
def test_what_no_source_has_is_accused(text: str, accused: tuple[str, str]) -> None:
    assert found(text) == [accused]


@pytest.mark.parametrize(
    ("news", "text"),
    [
        ("Об этом рассказал Лев Толстой.", "Рассказ Льва Толстого."),
        ("Илон Маск купил завод.", "Завод купил Elon Musk."),
        ("Elon Musk bought a plant in Texas.", "A plant in Texas was bought by Musk, Elon said."),
        ("Совещание прошло в Министерстве обороны.", "Совещание прошло в Минобороны."),
        ("Это решение принял Центробанк России.", "Решение принял ЦБ РФ."),
        ("Московские власти закрыли мост.", "Мост закрыли власти Москвы. В Москве пробки."),
        ("Французский суд отложил дело.", "Суд во Франции отложил дело."),
        ("Выросло вдвое за год.", "Выросло в 2 раза за год."),
        ("Пятилетний мальчик и двухэтажный дом.", "Мальчик 5 лет, дом в 2 этажа."),
        ("Вчера открыли мост.", "Мост открыли 19 ноября. Мост открыли в четверг."),
        ("Мост открыли 19 ноября.", "Мост открыли вчера."),
        ("В этом году построят мост.", "В 2026 году построят мост."),
        ("С 12 по 15 марта закроют мост.", "Мост закроют 12 марта, откроют 15.03.2027."),
        ("Цена 1,250 dollars.", "Цена — 1250 долларов."),
        ("Температура −15 градусов.", "Мороз 15°."),
        ("Доля выросла на 5-7%.", "Доля выросла на пять–семь процентов."),
        ("Китайские власти молчат.", "В Китае молчат."),
        ("Пострадали 4970 жителей.", "Пострадали почти 5 тысяч жителей."),
        ("Работы закончат в 14 часов.", "Работы закончат в 14:00."),
        ("Организация Объединённых Наций осудила удар.", "ООН осудила удар."),
    ],
)
def test_other_spellings_and_short_forms_are_known(news: str, text: str) -> None:
    assert found(text, news) == []


def test_a_source_s_own_name_and_address_are_known() -> None:
    also = ("Голос Порта", "@golos_porta", "https://t.me/golos_porta/17")
    assert found("Пишет «Голос Порта» (@golos_porta, t.me/golos_porta/17).", also=also) == []
    assert ("link", "@golos_porta") in found("Пишет «Голос Порта» (@golos_porta).")


def only(findings: list[Finding]) -> Finding:
    """The one finding that there is."""
    assert len(findings) == 1
    return findings[0]


def test_a_finding_tells_the_nearest_sentence_and_its_source() -> None:
    sources = [Source(text="Погода хорошая. Снега нет."), Source(text=NEWS, published_at=AT)]
    finding = only(check(Draft(title="Площадь пожара в порту — 4300 метров"), sources))
    assert (finding.field, finding.source) == ("title", 1)
    assert finding.nearest.startswith("Площадь пожара — 4200 квадратных метров")


def test_the_nearest_sentence_of_a_number_has_one() -> None:
    news = "В порту Тихой Гавани загорелся склад. Пострадали двое рабочих, их увезли."
    (finding,) = check(
        Draft(body="В порту Тихой Гавани загорелся склад, пострадали трое рабочих."), [Source(text=news)]
    )
    assert (finding.text, finding.nearest) == ("трое", "Пострадали двое рабочих, их увезли.")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Ущерб — 4200 процентов, ущерб велик.", "other_noun"),
        ("Площадь пожара — 4000 квадратных метров.", "rounded"),
        ("«Мы справимся быстро и без жертв», — сказал мэр.", "other_words"),
        ("«Такого никто не говорил никогда», — сказал мэр.", "not_there"),
    ],
)
def test_a_finding_says_why(text: str, why: str) -> None:
    news = NEWS.replace("4200 квадратных метров", "4200 рублей") if why == "other_noun" else NEWS
    assert only(check(Draft(body=text), [Source(text=news, published_at=AT)])).why == why


def test_a_translation_is_checked_by_numbers_dates_and_links_alone() -> None:
    text = "Fire took 4,200 square metres, said mayor Ivan Petrov. “We will manage fast and safe.” Damage: 9 million."
    assert found(text) == [("number", "9 million")]


def test_english_drafts_are_checked_too() -> None:
    news = (
        "Mayor John Smith said on March 12, 2026 that 1,200 homes in Springfield lost power. "
        "“We are doing all we can,” he said."
    )
    assert found("Smith's office: 1200 homes lost power in Springfield. “We are doing all we can”", news) == []
    assert found("Mayor Adam Jones said on March 13, 2026 that 1,300 homes lost power.", news) == [
        ("name", "Adam Jones"),
        ("date", "March 13, 2026"),
        ("number", "1,300"),
    ]


def test_things_looked_at_are_counted() -> None:
    report = examine(Draft(title="Иван Петров", body="4200 метров, 12 марта"), [Source(text=NEWS, published_at=AT)])
    assert (report.checked, report.findings) == (4, ())


HOSTILE = {
    "open quotes": "«" * 100_000,
    "short quotes": "«а б в г д» " * 8_000,
    "numbers": "1 " * 50_000,
    "groups of digits": "1 111 " * 16_000,
    "one long number": "1" * 100_000,
    "dates": "12 марта " * 11_000,
    "phone numbers": "+7 (999) " * 11_000,
    "addresses": "http://" * 14_000,
    "capitals": "Аа " * 33_000,
    "abbreviations": "АБВГДЕ " * 14_000,
    "spaces": " " * 99_000 + "1",
    "hyphens": "а-" * 50_000,
    "lines in capitals": "ПРИВЕТ ДОМОЙ\n" * 7_600,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_end_in_time(name: str) -> None:
    text = HOSTILE[name]
    began = time.process_time()
    with contextlib.suppress(CheckTooLongError):
        examine(Draft(body=text), [Source(text=text, published_at=AT), Source(text=NEWS)], seconds=0.5)
    assert time.process_time() - began < 10


def test_a_sentence_of_many_numbers_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    stems = numbers.content_stems

    def counted(text: str) -> frozenset[str]:
        read.append(text)
        return stems(text)

    monkeypatch.setattr(numbers, "content_stems", counted)
    (found,) = check(Draft(body="Дом 7 рядом"), [Source(text="7 " * 5_000)])
    assert (found.text, found.why) == ("7", "other_noun")
    assert len(read) < 20


def test_a_check_that_takes_too_long_says_so() -> None:
    with pytest.raises(CheckTooLongError):
        examine(Draft(body="Иван Петров"), [Source(text=NEWS)], seconds=-1)
