"""Proofreading: what is set right, what is only doubted, what is never touched."""

from __future__ import annotations

import random
import time

import pytest

from apps.stories.proofreading import Change, House, apply, proofread

NB = "\u00a0"
PLAIN = House()


def fixed(text: str, house: House = PLAIN) -> str:
    """The text with everything certain applied; non-breaking spaces shown as `_`."""
    return apply(text, [one for one in proofread(text, house) if one.certain]).replace(NB, "_").replace("\u202f", "~")


def doubted(text: str, house: House = PLAIN) -> dict[str, tuple[str, ...]]:
    return {one.was: one.suggestions for one in proofread(text, house) if not one.certain}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ('Он купил "Вести порта".', "Он купил «Вести порта»."),
        ('Роман "Тайны "Чайки" ночью".', "Роман «Тайны „Чайки“ ночью»."),
        ('"Привет," - сказал он.', "«Привет,»_— сказал он."),
        ('"Первая строка\nи вторая".', "«Первая строка\nи вторая»."),
        ("Экран 5\" и '90-е", "Экран 5\" и '90-е"),
        ("Склад - пуст.", "Склад_— пуст."),
        ("Склад -- пуст.", "Склад_— пуст."),
        ("Склад— пуст, порт –цел, док—нет.", "Склад_— пуст, порт_— цел, док_— нет."),
        ("Юго-восток, кто-то, бизнес-план", "Юго-восток, кто-то, бизнес-план"),
        ("В 2023-2024 гг. и 10-15 мая", "В 2023–2024_гг. и 10–15_мая"),
        ("с 9:00-18:30, XIX-XX вв.", "с 9:00–18:30, XIX–XX_вв."),
        ("8-800-555-35-35, 2024-05-01, Ту-204-300, 7-3", "8-800-555-35-35, 2024-05-01, Ту-204-300, 7-3"),
        ("Ночью до -5 градусов", "Ночью до −5_градусов"),
        ("Он ушёл...", "Он ушёл…"),
        ("Как?.. Вот так!..", "Как?.. Вот так!.."),
        ("Порт  закрыт .Склад,док и причал", "Порт закрыт. Склад, док и причал"),
        ("Счёт 3 : 1 :) и ...дальше", "Счёт 3 : 1 :) и …дальше"),
        ("( в скобках )", "(в скобках)"),
        ("Школа №5 и § 3", "Школа №_5 и §_3"),
        ("Плита 10х15 и 1920x1080", "Плита 10×15 и 1920×1080"),
        ("Код 0x15 и А4х2Б", "Код 0x15 и А4х2Б"),
        ("Тепло, +5°С", "Тепло, +5_°C"),
        ("А.С.Иванов и И. О. Петров", "А._С._Иванов и И._О._Петров"),
        ("т.е. на ул. Мира в г. Тихий, д. 5", "т._е. на ул._Мира в г._Тихий, д._5"),
        ("10 000 рублей, 12345 рублей", "10_000_рублей, 12345_рублей"),
        ("обьём д'Эсте", "обьём д’Эсте"),
        ("Mосква и cклад", "Москва и склад"),
        ("Тeлeграм, Telegrаm и IT-компания", "Телеграм, Telegram и IT-компания"),
        ("на на складе и да да", "на складе и да да"),
        ("ветер 17 м/с с вечера", "ветер 17_м/с с вечера"),
        ("мои\u0306 дом", "мой дом"),
    ],
)
def test_what_is_certain_is_set_right(typed: str, wanted: str) -> None:
    assert fixed(typed) == wanted


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example.org/x--y...z?q=1-2",
        "www.example.org/a,b и почта me.you@example.org",
        "@user_name #тег-дня",
        '`код - "как  есть"...`',
        '```\nblock - "x"\n```',
        '<a href="x - y">',
        "[текст](https://example.org/a-1-2)",
        "Яндекс.Музыка, Газета.Ру, сайт.рф",
        '"мы -- лучшие...в в мире"'.replace('"', "«", 1).replace('"', "»"),
    ],
)
def test_links_code_and_quotes_of_others_are_left(text: str) -> None:
    assert fixed(text) == text
    assert doubted(text) == {}


def test_marks_around_a_quote_change_and_its_words_do_not() -> None:
    house = House(yo="certain", words={"риэлтор": "риелтор"})
    assert fixed('Он: "еще один риэлтор - в в Mоскве...".', house) == "Он: «еще один риэлтор - в в Mоскве...»."
    assert doubted('Он: "севодня человк".') == {}


def test_a_line_whose_quotes_do_not_pair_is_left_whole() -> None:
    assert fixed('Он сказал: "мы - тут.\n\nПорт - пуст.') == 'Он сказал: "мы - тут.\n\nПорт_— пуст.'


def test_english_is_set_by_english_rules() -> None:
    assert fixed('He said "it is so" - and don\'t...  Go 10-15') == "He said “it is so” – and don’t… Go 10–15"
    assert doubted("He sayd so") == {}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("Еще идет дождь, самолет счел", "Ещё идёт дождь, самолёт счёл"),
        ("все узнаем, осел, небо", "все узнаем, осел, небо"),
        ("пришел Семен Королев", "пришёл Семен Королев"),
    ],
)
def test_yo_is_put_where_it_is_certain(typed: str, wanted: str) -> None:
    assert fixed(typed, House(yo="certain")) == wanted
    assert fixed(typed) == typed


def test_thousands_follow_the_house() -> None:
    text = "Выплатили 12 500 рублей и 1234567 рублей по счёту 40817810"
    assert fixed(text).startswith("Выплатили 12_500_рублей и 1234567_рублей")
    assert fixed(text, House(thousands="space")) == "Выплатили 12_500_рублей и 1_234_567_рублей по счёту 40817810"
    assert fixed(text, House(thousands="thin")).startswith("Выплатили 12~500_рублей и 1~234~567_рублей")


def test_unknown_words_are_doubts_that_nothing_applies() -> None:
    text = "Пожарные потушыли склад искуственно, потомучто вышел человк."
    assert fixed(text) == text
    found = doubted(text)
    assert found["потушыли"][0] == "потушили"
    assert found["потомучто"] == ("потому что",)
    assert found["человк"][0] == "человек"
    assert "складе" not in found


def test_names_sources_and_house_words_are_not_doubted() -> None:
    assert doubted("Человк Тихогаваньск") == {}
    assert doubted("вышел человк", House(known=frozenset({"человк"}))) == {}
    assert doubted("вышел человк", House(words={"человк": "человк"})) == {}
    assert doubted("вышел человк", House(spelling=False)) == {}
    assert doubted("хайповый телеграм-канал и нейросети") == {}


@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("Риэлтор, к риэлторам и РИЭЛТОР", "Риелтор, к риелторам и РИЕЛТОР"),
        ("сообщил ЦБ, а ЦБ РФ молчит", "сообщил ЦБ РФ, а ЦБ РФ молчит"),
        ("тихая  гавань ждёт", "Тихая Гавань ждёт"),
        ("Вчера Президент уехал. Президента нет", "Вчера президент уехал. Президента нет"),
        ("купил айфон", "купил iPhone"),
        ("сайт Т-Ж...", "сайт Т-Ж…"),
    ],
)
def test_the_house_dictionary_is_followed_by_forms(typed: str, wanted: str) -> None:
    words = {
        "риэлтор": "риелтор", "ЦБ": "ЦБ РФ", "тихая гавань": "Тихая Гавань", "Президент": "президент",
        "айфон": "iPhone", "Т-Ж": "Т-Ж",
    }  # fmt: skip
    house = House(words=words)
    assert fixed(typed, house) == wanted
    assert fixed(wanted.replace("_", NB), house) == wanted


def test_what_the_house_calls_right_is_never_changed() -> None:
    assert fixed("Приехал в в Mоскву", House(words={"Mоскву": "Mоскву"})) == "Приехал в Mоскву"


def test_words_that_lead_round_in_the_house_dictionary_are_left() -> None:
    assert fixed("кот и пёс", House(words={"кот": "пёс", "пёс": "кот"})) == "кот и пёс"


def test_a_change_tells_where_what_and_why() -> None:
    assert proofread("Порт - пуст", PLAIN) == [
        Change(4, 6, " -", f"{NB}—", "dash", "A long dash between words"),
    ]


def test_changes_of_another_text_are_refused() -> None:
    changes = proofread("Порт - пуст", PLAIN)
    with pytest.raises(ValueError, match="the text has no"):
        apply("Порт: пуст!", changes)


def test_any_choice_of_changes_can_be_applied() -> None:
    text = 'Он  сказал: "да"...и ушел ,в 10-15 часов - домой. №5, т.е. 10х15 см'
    changes = proofread(text, PLAIN)
    assert len(changes) > 8
    for number, one in enumerate(changes):
        assert apply(text, changes[:number]) != apply(text, changes[: number + 1])
        assert apply(text, [one]).startswith(text[: one.start] + one.becomes)


ALPHABET = [
    *"аеёио  \n..,,!?:;--–—\"\"«»„“”'()[]*_`#@/<>\u00a0xХxcС°№159",
    " - ", "...", "10-15", "1 000", "т.е.", "слово", "Mосква", "А.Б.Иванов", "https://a.example", " ЦБ ", "в в", "г. ",
]  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_a_second_reading_changes_nothing_more(seed: int) -> None:
    draw = random.Random(seed)
    house = House(yo="certain", thousands=draw.choice(["leave", "space", "thin"]), words={"ЦБ": "ЦБ РФ"})
    for _ in range(40):
        text = "".join(draw.choices(ALPHABET, k=draw.randrange(1, 60)))
        once = apply(text, [one for one in proofread(text, house) if one.certain])
        again = [one for one in proofread(once, house) if one.certain]
        assert again == [], (text, once)


@pytest.mark.parametrize(
    "text",
    [
        "слово " * 17_000,
        " " * 100_000,
        '"' * 100_000,
        '" ' * 50_000,
        "«" * 100_000,
        "-" * 100_000,
        " - " * 33_000,
        "." * 100_000,
        "a." * 50_000,
        "1 000" * 20_000,
        "1-2" * 33_000,
        "<a " * 33_000,
        "`" * 99_999,
        "@" * 100_000,
        "а" * 100_000,
        "аa" * 50_000,
        "[](" * 33_000,
        "*" * 50_000 + '"' * 50_000,
        "А.Б." * 25_000,
        "человк" + "а" * 25 + " ",
    ],
    ids=range(20),
)
def test_hostile_texts_are_read_in_seconds(text: str) -> None:
    began = time.process_time()
    proofread(text, House(yo="certain", words={"ЦБ": "ЦБ РФ", "слон": "слонь"}))
    assert time.process_time() - began < 15
