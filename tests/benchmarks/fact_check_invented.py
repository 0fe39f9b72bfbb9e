"""Invented stories for the `fact_check` benchmark: events of a made-up town, each told by three channels."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from tests.benchmarks.near_copies_texts import Told

BEGAN = datetime(2026, 11, 1, 9, tzinfo=UTC)
PEOPLE = ("Иван Петров", "Мария Соколова", "Антон Белов", "Ольга Кравцова", "Сергей Лебедев", "Нина Орлова")
TOWNS = ("Рязань", "Псков", "Вологда", "Пермь", "Калуга", "Тверь")
EVENTS = (
    ("загорелся склад", "пожар", "Огонь охватил {area} квадратных метров."),
    ("прорвало трубу", "авария", "Без воды остались {area} домов."),
    ("открыли мост", "праздник", "Мост длиной {area} метров строили {years} лет."),
    ("перекрыли шоссе", "ремонт", "Ремонт обойдётся в {area} тыс. рублей."),
)
SAID = (
    "Мы сделаем всё, чтобы жители не мёрзли этой зимой",
    "Такого не было ни разу за последние двадцать лет работы",
    "Причины назовёт комиссия, пока рано говорить о виновных",
    "Работы закончим в срок, деньги на это в бюджете есть",
)


def invented(count: int = 240) -> list[list[Told]]:
    """So many stories, the same each time."""
    chance = random.Random(5)
    return [_story(number, chance) for number in range(count)]


def _story(number: int, chance: random.Random) -> list[Told]:
    at = BEGAN + timedelta(hours=7 * number)
    who, other = chance.sample(PEOPLE, 2)
    town, (what, noun, detail) = chance.choice(TOWNS), chance.choice(EVENTS)
    area, hurt, years = chance.randint(2, 99) * 100, chance.randint(3, 40), chance.randint(3, 15)
    said = chance.choice(SAID)
    told = detail.format(area=area, years=years)
    day = f"{at.day} ноября" if at.month == 11 else f"{at.day}.{at.month:02}.{at.year}"
    link = f"https://example.org/news/{number * 37 % 1000}"
    return [
        Told("Голос А", at, f"Город {town}: {what}. {told} Пострадали {hurt} человек, сообщил мэр {who}."),
        Told("Голос Б", at + timedelta(hours=1), f"{day} в городе {what}. «{said}», — сказал {who}. Подробнее: {link}"),
        Told("Голос В", at + timedelta(hours=2), f"Власти назвали причину: {noun}. Проверкой займётся {other}. {told}"),
    ]
