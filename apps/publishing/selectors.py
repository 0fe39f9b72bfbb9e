"""Reads for the preview pages, and for what was live when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.delivery.models import Attempt, Delivery
from apps.publishing.models import Channel, PreviewMessage, Publication, PublicationPart, PublicationRevision
from apps.stories.models import Preset

PAGE_SIZE = 20
HISTORY_SHOWN = 50


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


def messages_shown(publication: Publication) -> list[dict[str, Any]]:
    """Its messages as the template of posts shows them; those that were deleted are left out."""
    return [
        {"html": part.html, "media": media_shown(part), "buttons": part.buttons}
        for part in publication.parts.filter(deleted_at__isnull=True).order_by("position")
    ]


def media_shown(part: PublicationPart) -> list[dict[str, Any]]:
    """A part's files with the addresses at which the team sees them."""
    name = "publishing:publication_file"
    return [
        {**one, "url": reverse(name, args=[part.publication_id, part.position, number])}
        for number, one in enumerate(part.media)
    ]


def preset_for(channel: Channel) -> Preset | None:
    """The preset by which texts for a channel are written: its own, else the workspace's default."""
    if channel.preset is not None:
        return channel.preset
    return Preset.objects.filter(workspace=channel.workspace_id).order_by("-is_default", "pk").first()


def preview_channels(workspaces: Iterable[int]) -> QuerySet[Channel]:
    """Preview channels that a visitor may read: the open ones, and those of the visitor's workspaces, by their ids."""
    mine = Q(workspace__in=list(workspaces))
    return (
        Channel.objects.filter(Q(is_public=True) | mine, kind=Channel.Kind.PREVIEW)
        .select_related("workspace")
        .defer("workspace__ai_api_key")
    )


def feed_channels(workspaces: Iterable[int]) -> QuerySet[Channel]:
    """Channels whose feed a visitor may read: preview channels as their pages, Telegram channels where it is open."""
    page = Q(kind=Channel.Kind.PREVIEW) & (Q(is_public=True) | Q(workspace__in=list(workspaces)))
    return (
        Channel.objects.filter(page | Q(kind=Channel.Kind.TELEGRAM, has_feed=True))
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


def history_shown(publication: Publication) -> list[PublicationRevision]:
    """The newest texts of a publication, each with its `fate`: whether readers saw it, as far as anybody knows.

    "live", "waits"; "doubt" where nobody knows whether a change arrived; of those given up "part" where some of its
    messages were changed, else "never".
    """
    rows = publication.revisions.select_related("editor").order_by("-number")
    revisions = list(rows.prefetch_related("changes__delivery__attempt_log")[:HISTORY_SHOWN])
    for one in revisions:
        changes = list(one.changes.all())
        if one.live_from is not None:
            fate = "live"
        elif any(_in_doubt(change.delivery) for change in changes if change.delivery):
            fate = "doubt"
        elif one.dropped_at is None:
            fate = "waits"
        else:
            fate = "part" if any(change.done_at for change in changes) else "never"
        one.fate = fate  # type: ignore[attr-defined]
    return revisions


def _in_doubt(delivery: Delivery) -> bool:
    """Whether its last request may have arrived, and nobody has found out since."""
    said = (Attempt.Outcome.UNKNOWN, Attempt.Outcome.SENT, Attempt.Outcome.ABSENT)
    known = sorted((one.pk, one.outcome) for one in delivery.attempt_log.all() if one.outcome in said)
    return bool(known) and known[-1][1] == Attempt.Outcome.UNKNOWN
