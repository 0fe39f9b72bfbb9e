"""Reads for the preview pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from apps.publishing.models import Channel, PreviewMessage

PAGE_SIZE = 20


@dataclass(frozen=True)
class Page:
    """Messages in the order of time, and where the pages before and after begin.

    Attributes:
        earlier: the id before which the earlier page ends; None where this is the first.
        is_latest: nothing newer follows.
    """

    messages: list[PreviewMessage]
    earlier: int | None
    is_latest: bool


def preview_channels(workspaces: Iterable[int]) -> QuerySet[Channel]:
    """Preview channels that a visitor may read: the open ones, and those of the visitor's workspaces, by their ids."""
    mine = Q(workspace__in=list(workspaces))
    return (
        Channel.objects.filter(Q(is_public=True) | mine, kind=Channel.Kind.PREVIEW)
        .select_related("workspace")
        .defer("workspace__ai_api_key")
    )


def preview_page(channel: Channel, *, before: int | None = None, at: int | None = None) -> Page:
    """The newest messages, those before a message, or those up to and with it."""
    rows = PreviewMessage.objects.filter(channel=channel)
    wanted = before or at
    anchor = rows.filter(pk=wanted).values_list("published_at", "pk").first() if wanted else None
    if anchor:
        moment, pk = anchor
        same_moment = Q(published_at=moment, pk__lt=pk) if before else Q(published_at=moment, pk__lte=pk)
        rows = rows.filter(Q(published_at__lt=moment) | same_moment)
    found = list(rows.order_by("-published_at", "-pk")[: PAGE_SIZE + 1])
    shown = found[:PAGE_SIZE]
    for message in shown:
        message.channel = channel
    return Page(
        messages=shown[::-1],
        earlier=shown[-1].pk if len(found) > PAGE_SIZE else None,
        is_latest=anchor is None,
    )
