"""The preview pages: what a channel's readers would see, for trying, training and showing a client."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import DatabaseError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition, require_safe

from apps.accounts.access import roles_of
from apps.accounts.requests import workspaces_of
from apps.publishing.feeds import FEEDS, feed_entries
from apps.publishing.html import plain
from apps.publishing.links_shown import is_program
from apps.publishing.models import Channel
from apps.publishing.selectors import feed_channels, preview_channels, preview_page
from apps.publishing.services.readings import page_seen

log = structlog.get_logger(__name__)


@require_safe
def preview_index(request: HttpRequest) -> HttpResponse:
    """All preview channels that this visitor may read."""
    channels = _readable(request).order_by("name", "pk")[:200]
    return render(request, "publishing/preview_index.html", {"channels": channels})


@require_safe
def preview_channel(request: HttpRequest, slug: str) -> HttpResponse:
    """One channel, its newest messages at the bottom as in Telegram."""
    channel = channel_shown(request, slug)
    if channel is None:
        return channel_absent(request)
    page = preview_page(channel, before=_number(request, "before"), at=_number(request, "at"))
    _seen(request, [one.pk for one in page.messages])
    last = page.messages[-1] if page.messages else None
    context = {
        "channel": channel,
        "page": page,
        "zone": channel.workspace.zone,
        "description": channel.about or (plain(last.html) if last else ""),
        "address": request.build_absolute_uri(channel.get_absolute_url()),
    }
    response = render(request, "publishing/preview_channel.html", context)
    response["Cache-Control"] = "no-cache" if channel.is_public else "private, no-cache"
    return response


def preview_feed(request: HttpRequest, slug: str, kind: str = "atom") -> HttpResponse:
    """The channel as a feed; an unchanged one is answered before its messages are read."""
    channel = feed_channels(_mine(request)).filter(slug=slug).first()
    if channel is None:
        return channel_absent(request)
    response = _feed(request, channel, kind)
    is_open = channel.is_public or channel.has_feed
    response["Cache-Control"] = "no-cache" if is_open else "private, no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response


def _etag(request: HttpRequest, channel: Channel, kind: str) -> str:
    return f'"{channel.pk}-{channel.page_version}-{kind}-{request.scheme}-{request.get_host()}"'


def _changed_at(_request: HttpRequest, channel: Channel, _kind: str) -> datetime:
    return channel.page_changed_at


@require_safe
@condition(etag_func=_etag, last_modified_func=_changed_at)
def _feed(request: HttpRequest, channel: Channel, kind: str) -> HttpResponse:
    absolute = request.build_absolute_uri
    make, content_type = FEEDS[kind]
    body = make(channel, feed_entries(channel, absolute), absolute=absolute, own=absolute(request.path))
    return HttpResponse(body, content_type=f"{content_type}; charset=utf-8")


def _seen(request: HttpRequest, message_pks: list[int]) -> None:
    """Count a person's look at these messages; the page is shown where that fails."""
    if not message_pks or is_program(request):
        return
    try:
        page_seen(message_pks)
    except DatabaseError as exc:
        log.warning("preview.not_counted", error=str(exc))


def channel_shown(request: HttpRequest, slug: str) -> Channel | None:
    """The preview channel at this address, if this visitor may read it."""
    return _readable(request).filter(slug=slug).first()


def _readable(request: HttpRequest) -> QuerySet[Channel]:
    """A client reads the closed channels of their workspaces too, although they see no back office."""
    return preview_channels(_mine(request))


def _mine(request: HttpRequest) -> set[int]:
    return {each.pk for each in workspaces_of(request)} | set(roles_of(request.user))


def channel_absent(request: HttpRequest) -> HttpResponse:
    """What is said where there is no such page for whoever asks: not even which one was asked for."""
    return render(request, "publishing/preview_absent.html", status=404)


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
