"""What rules find, and which of them decides."""

from __future__ import annotations

import pytest

from apps.sources.filters import Candidate, Effect, Judge, Kind, Rule, Verdict, rule_words, value_checked

CATCHES = [
    # cases and plurals
    ("выборы", "Итоги выборов подвели"),
    ("реклама", "Рынок рекламы вырос"),
    ("скидка", "Только сегодня со скидками"),
    ("человек", "Люди вышли на улицу"),
    ("ребёнок", "Детям раздали книги"),
    # verbs with their participles
    ("запретить", "Въезд запретили"),
    ("запретить", "Список запрещённых книг"),
    ("идти", "Шёл дождь"),
    # adjectives
    ("новый", "Новейшая ветка"),
    ("городской", "В городском саду"),
    # names, known and unknown to the dictionary
    ("Собянин", "У Собянина спросили"),
    ("Северодол", "Жители Северодола"),
    ("Вайлдхауз", "Склад Вайлдхауза"),
    # ё, case
    ("ёлка", "ЕЛКИ привезли"),
    ("елка", "Ёлкой любовались"),
    # typed in another form than the dictionary's
    ("выборов", "На выборах"),
    # hyphens
    ("премьер-министр", "Премьер-министру доложили"),
    ("магазин", "В интернет-магазине"),
    ("интернет-магазин", "интернет магазины"),
    # phrases: every word in its forms
    ("новый порт", "Строят в новом порту"),
    ("на правах рекламы", "На  правах\nрекламы"),
    ("новый порт", "Открыли «Новый порт»"),
    # exactly as written
    ('"выборы"', "Выборы прошли"),
    ("«новый порт»", "Новый порт открыт"),
    # signs
    ("#реклама", "Купите! #Реклама"),
    ("c++", "пишу на C++, люблю"),
    ("18+", "Фильм 18+ вышел"),
    ("🔥", "Скидки 🔥"),
    # English
    ("election", "Two elections in a row"),
    ("city", "Three cities"),
    ("box", "Boxes of apples"),
    ("ban", "All bans are lifted"),
    ("stop", "It was stopped, they are stopping it"),
    ("close", "Closing time, closed"),
    ("Apple", "Apple's new phone"),
    # several, by commas and lines
    ("мост, порт", "В порт пришли"),
    ("мост\nпорт; театр", "Театры закрыты"),
]
MISSES = [
    ("реклама", "Рекламация не пройдёт"),
    ("выборы", "Выбор сделан"),
    ("стать", "Несколько статей"),
    ("мост", "Примостился"),
    ('"выборы"', "Итоги выборов"),
    ('"на правах рекламы"', "На праве рекламы"),
    ("новый порт", "Он новый. Порт закрыт"),
    ("новый порт", "Он новый\n\nПорт закрыт"),
    ("новый порт", "Порт новый"),
    ("#реклама", "Рынок рекламы и реклама"),
    ("18+", "Ему 18 лет"),
    ("c++", "язык C и другие"),
    ("new", "The news"),
    ("ad", "The address"),
]


def rule(kind: str, value: str = "", effect: str = Effect.DROP, key: int | None = None) -> Rule:
    return Rule(kind, effect, value_checked(kind, effect, value), key)


def dropped(rule: Rule, text: str = "", **fields: object) -> bool:
    return bool(Judge((rule,)).verdict(Candidate(text=text, **fields)).dropped_by)  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "text"), CATCHES)
def test_word_catches_its_forms(value: str, text: str) -> None:
    assert dropped(rule(Kind.WORDS, value), text)


@pytest.mark.parametrize(("value", "text"), MISSES)
def test_word_leaves_other_words_alone(value: str, text: str) -> None:
    assert not dropped(rule(Kind.WORDS, value), text)


def test_homonym_catches_what_is_written_the_same() -> None:
    # "стали" is both "steel" and "became": the letters are all there is to go by, and the docs say so
    assert dropped(rule(Kind.WORDS, "сталь"), "Они стали сильнее")
    assert not dropped(rule(Kind.WORDS, '"сталь"'), "Они стали сильнее")


def test_phrase_may_not_go_from_title_into_text() -> None:
    assert not dropped(rule(Kind.WORDS, "новый порт"), "порт", title="Новый")


def test_title_counts_too() -> None:
    assert dropped(rule(Kind.WORDS, "мост"), "текст", title="Мосты")


def test_stress_marks_do_not_hide_a_word() -> None:
    assert dropped(rule(Kind.WORDS, "замок"), "В за\u0301мке")


@pytest.mark.parametrize(
    ("value", "text", "told"),
    [
        ("выборы", "На ВЫБОРАХ", "words:drop:выборы → выборах"),
        ("Выборы", "выборы", "words:drop:Выборы"),
        ("новый порт", "в «новом» порту", "words:drop:новый порт → новом порту"),
        ("мост, порт", "порт и мост", "words:drop:мост"),
        ("#реклама", "ой #Реклама", "words:drop:#реклама"),
    ],
)
def test_reason_names_the_word_and_the_form_found(value: str, text: str, told: str) -> None:
    assert Judge((rule(Kind.WORDS, value),)).verdict(Candidate(text=text)).dropped_by == told


def test_places_of_the_words_are_told() -> None:
    candidate = Candidate(title="Мосты", text="Старый мост")
    hit = Judge((rule(Kind.WORDS, "мост"),)).hit(0, candidate)

    assert hit is not None
    assert [candidate.words[slice(*span)] for span in hit.spans] == ["Мосты", "мост"]


# Other kinds


@pytest.mark.parametrize(
    ("value", "length", "is_dropped"),
    [
        ("< 10", 9, True),
        ("<10", 10, False),
        ("<= 10", 10, True),
        ("> 10", 11, True),
        (">10", 10, False),
        ("≥ 10", 10, True),
        ("5-10", 5, True),
        ("5–10", 10, True),
        ("5-10", 11, False),
    ],
)
def test_length(value: str, length: int, is_dropped: bool) -> None:
    assert dropped(rule(Kind.LENGTH, value), "ы" * (length - 2), title="ой") is is_dropped


def test_language() -> None:
    assert dropped(rule(Kind.LANGUAGE, "en, UK"), language="uk")
    assert not dropped(rule(Kind.LANGUAGE, "en, uk"), language="ru")
    assert not dropped(rule(Kind.LANGUAGE, "en"), language="")


@pytest.mark.parametrize(
    ("value", "kind", "media", "is_dropped"),
    [
        ("photo", "photo", (), True),
        ("photo", "album", ("video", "photo"), True),
        ("poll", "album", ("video", "photo"), False),
        ("any", "video", (), True),
        ("any", "text", (), False),
        ("none", "text", (), True),
        ("none", "photo", ("photo",), False),
        ("none", "album", (), False),
        ("none, poll", "poll", ("poll",), True),
        ("photo", "text", ("photo",), True),
    ],
)
def test_media(value: str, kind: str, media: tuple[str, ...], is_dropped: bool) -> None:
    assert dropped(rule(Kind.MEDIA, value), "слова", kind=kind, media=media) is is_dropped


def test_author() -> None:
    assert dropped(rule(Kind.AUTHOR, "Иван Мостов"), author="иван мостов")
    assert not dropped(rule(Kind.AUTHOR, "Иван"), author="Иванна")
    assert dropped(rule(Kind.AUTHOR, ""), author="Кто угодно")
    assert not dropped(rule(Kind.AUTHOR, ""), author="")


def test_forwarded() -> None:
    forwarded = {"forwarded_from": "Долина 24", "forwarded_url": "https://t.me/dolina24/17"}
    assert dropped(rule(Kind.FORWARDED, ""), **forwarded)
    assert dropped(rule(Kind.FORWARDED, "долина 24"), **forwarded)
    assert dropped(rule(Kind.FORWARDED, "@dolina24"), **forwarded)
    assert dropped(rule(Kind.FORWARDED, "https://t.me/dolina24"), **forwarded)
    assert not dropped(rule(Kind.FORWARDED, "@dolina"), **forwarded)
    assert not dropped(rule(Kind.FORWARDED, ""), "слова")


ADVERTS = [
    "Реклама. ООО «Ромашка», ИНН 7701234567, erid: 2VtzqwFG12a",
    "Мёд дёшево.\n\nРеклама",
    "Мёд дёшево.\n\n*Реклама. 16+",
    "Мёд. Erid: LjN8KTxyz",
    "На правах рекламы",
    "Купите мёд #реклама",
    "Реклама 16+. ИП Пчёлкин П. П. ИНН 770123456789",
    "Рекламодатель: ООО «Ромашка»",
    "Партнёрский материал",
    "Buy honey. #ad",
]
NOT_ADVERTS = [
    "Рынок рекламы вырос на 10 %",
    "Реклама мёда запрещена законом",
    "Реклама — двигатель торговли",
    "ФАС оштрафовала ООО «Ромашка» за рекламу, ИНН компании не указан",
    "Периде́й стоит на холме",
    "Налоговая: ИНН 7701234567 присвоен",
    "Читайте #адрес",
]


@pytest.mark.parametrize("text", ADVERTS)
def test_advertisement_is_told_by_its_marks(text: str) -> None:
    assert dropped(rule(Kind.ADVERT), text)


@pytest.mark.parametrize("text", NOT_ADVERTS)
def test_talk_of_advertising_is_no_advertisement(text: str) -> None:
    assert not dropped(rule(Kind.ADVERT), text)


def test_advertisement_is_told_by_a_hidden_address() -> None:
    assert dropped(rule(Kind.ADVERT), "Мёд", links=("https://shop.example/?erid=2Vtzq",))
    assert not dropped(rule(Kind.ADVERT), "Мёд", links=("https://shop.example/?id=2",))


# Regular expressions


def test_expression_ignores_case_and_knows_lines() -> None:
    assert dropped(rule(Kind.PATTERN, r"^скидк\w+ \d+ ?%$"), "Сегодня\nСкидка 20%")
    assert not dropped(rule(Kind.PATTERN, r"^скидк\w+ \d+ ?%$"), "Сегодня скидка 20%")


CATASTROPHE = r"(\w|\s|ов)+!?$"
LONG = "слово " * 40 + "?"


def test_expression_that_takes_too_long_decides_nothing_and_is_told() -> None:
    judge = Judge((rule(Kind.PATTERN, CATASTROPHE, key=7), rule(Kind.WORDS, "слово", key=8)))

    verdict = judge.verdict(Candidate(text=LONG))

    assert (verdict.rule, verdict.slow) == (8, (7,))


def test_expression_that_takes_too_long_does_not_drop_by_require() -> None:
    judge = Judge((rule(Kind.PATTERN, CATASTROPHE, Effect.REQUIRE, key=7),))

    assert judge.verdict(Candidate(text=LONG)) == Verdict(slow=(7,))


def test_batch_goes_on_without_a_slow_expression() -> None:
    judge = Judge((rule(Kind.PATTERN, CATASTROPHE, key=7),))

    verdicts = [judge.verdict(Candidate(text=LONG)) for _each in range(50)]

    assert all(verdict == Verdict(slow=(7,)) for verdict in verdicts)
    assert judge.slow == {CATASTROPHE: 3}


# Values


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (Kind.WORDS, ""),
        (Kind.WORDS, " , ;\n"),
        (Kind.WORDS, "реклам*"),
        (Kind.PATTERN, "(незакрытая"),
        (Kind.PATTERN, "а*"),
        (Kind.PATTERN, ""),
        (Kind.PATTERN, "а" * 501),
        (Kind.LENGTH, ""),
        (Kind.LENGTH, "100"),
        (Kind.LENGTH, "много"),
        (Kind.LENGTH, "100-50"),
        (Kind.LANGUAGE, ""),
        (Kind.LANGUAGE, "эльфийский"),
        (Kind.MEDIA, ""),
        (Kind.MEDIA, "картинки"),
        (Kind.WORDS, "а" * 20_001),
    ],
)
def test_value_that_says_nothing_is_refused_in_words(kind: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"\w+ .+"):
        value_checked(kind, Effect.DROP, value)


@pytest.mark.parametrize(
    ("kind", "value", "tidy"),
    [
        (Kind.LANGUAGE, " RU;en ru ", "ru, en"),
        (Kind.MEDIA, "photo\nvideo", "photo, video"),
        (Kind.AUTHOR, " Иван  Мостов ;; @dolina ", "Иван Мостов, @dolina"),
        (Kind.ADVERT, "что угодно", ""),
        (Kind.WORDS, " мост,\nпорт ", "мост,\nпорт"),
        (Kind.LENGTH, "<  100", "< 100"),
    ],
)
def test_value_is_tidied(kind: str, value: str, tidy: str) -> None:
    assert value_checked(kind, Effect.DROP, value) == tidy


# Order


BRIDGE, PORT = "мост", "порт"


@pytest.mark.parametrize(
    ("effects", "text", "number", "is_dropped"),
    [
        ((Effect.DROP, Effect.KEEP), "мост и порт", 0, True),
        ((Effect.KEEP, Effect.DROP), "мост и порт", 0, False),
        ((Effect.KEEP, Effect.DROP), "порт", 1, True),
        ((Effect.REQUIRE, Effect.DROP), "порт", 0, True),
        ((Effect.REQUIRE, Effect.DROP), "мост", None, False),
        ((Effect.REQUIRE, Effect.REQUIRE), "мост", 1, True),
        ((Effect.REQUIRE, Effect.REQUIRE), "мост, порт", None, False),
        ((Effect.KEEP, Effect.REQUIRE), "мост", 0, False),
        ((Effect.DROP, Effect.DROP), "театр", None, False),
    ],
)
def test_first_rule_that_decides_wins(
    effects: tuple[str, str], text: str, number: int | None, is_dropped: bool
) -> None:
    rules = (rule(Kind.WORDS, BRIDGE, effects[0], 1), rule(Kind.WORDS, PORT, effects[1], 2))

    verdict = Judge(rules).verdict(Candidate(text=text))

    assert (verdict.number, bool(verdict.dropped_by)) == (number, is_dropped)
    assert verdict.rule == (None if number is None else rules[number].key)


def test_require_names_what_was_wanted() -> None:
    verdict = Judge((rule(Kind.WORDS, "мост,\nпорт", Effect.REQUIRE),)).verdict(Candidate(text="театр"))

    assert verdict.dropped_by == "words:require:мост, порт"


def test_no_rules_keep_everything() -> None:
    assert Judge(()).verdict(Candidate(text="что угодно")) == Verdict()


@pytest.mark.parametrize("kind", Kind.values)
@pytest.mark.parametrize("effect", [Effect.DROP, Effect.REQUIRE])
def test_reason_is_said_in_words(kind: str, effect: str) -> None:
    said = rule_words(f"{kind}:{effect}:photo")

    assert said
    assert not said.startswith(f"{kind}:")


def test_reason_of_another_kind_is_said_as_it_is() -> None:
    assert rule_words("что-то ещё") == "что-то ещё"
