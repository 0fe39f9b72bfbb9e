"""Invented news: a few events, each told by several voices in their own words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from apps.accounts.models import Workspace
from apps.sources.models import Post
from apps.stories.services.grouping import posts_added
from tests.stories.factories import BEGAN, PostFactory, SourceFactory


class Told(NamedTuple):
    """A post of the invented news."""

    event: str
    voice: str
    hours: float
    text: str


NEWS = (
    Told("fire", "Гавань", 0.0, "В порту Тихой Гавани загорелся склад с канатами, на месте семь пожарных расчётов."),
    Told("rate", "Биржа", 0.2, "Центробанк Приморья сохранил ключевую ставку на уровне 11 процентов годовых."),
    Told("fire", "Маяк", 0.5, "Пожарные тушат склад канатов в порту Тихой Гавани: площадь огня 4200 метров."),
    Told("tiger", "Зоосад", 1.0, "В зоопарке Верхнеозёрска родились двое амурских тигрят, сообщила дирекция зоопарка."),
    Told("rate", "Гавань", 1.5, "Ставку оставили прежней: Центробанк Приморья не изменил 11 процентов годовых."),
    Told("fire", "Биржа", 3.0, "Склад с канатами в порту Тихой Гавани потушен, пожарные ищут причину огня."),
    Told("tiger", "Маяк", 5.0, "Двое тигрят амурского тигра появились на свет в зоопарке Верхнеозёрска."),
    Told("bridge", "Маяк", 6.0, "Мост через реку Светлую закрыли на ремонт до весны, автобусы пойдут в объезд."),
    Told("bridge", "Зоосад", 8.0, "До весны закрыт мост через Светлую: ремонт, автобусы отправили в объезд."),
    Told("comet", "Биржа", 9.0, "Астрономы обсерватории Кедровой увидели новую комету с двумя хвостами."),
)


def told(workspace: Workspace, *, news: tuple[Told, ...] = NEWS, began: datetime = BEGAN) -> list[Post]:
    """Store the news as posts of one export source of many channels, without telling anybody."""
    source = SourceFactory.create(workspace=workspace)
    return [
        PostFactory.create(
            source=source,
            channel=one.voice,
            text=one.text,
            published_at=began + timedelta(hours=one.hours),
            author=one.event,
        )
        for one in news
    ]


def added(workspace: Workspace, *, news: tuple[Told, ...] = NEWS, began: datetime = BEGAN) -> list[Post]:
    """Store the news and have it grouped when somebody drains."""
    posts = told(workspace, news=news, began=began)
    posts_added(posts)
    return posts


def partition(workspace: Workspace) -> set[frozenset[str]]:
    """Which posts stand together, by their external ids."""
    groups: dict[int, set[str]] = {}
    for post in Post.objects.filter(workspace=workspace, membership__isnull=False).select_related("membership"):
        groups.setdefault(post.membership.story_id, set()).add(post.external_id)
    return {frozenset(group) for group in groups.values()}


def events(posts: list[Post]) -> set[frozenset[str]]:
    """Which posts should stand together."""
    groups: dict[str, set[str]] = {}
    for post in posts:
        groups.setdefault(post.author, set()).add(post.external_id)
    return {frozenset(group) for group in groups.values()}
