"""The preview pages: what a channel's readers would see, for trying, training and showing a client."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import condition, require_safe

from apps.accounts.access import roles_of
from apps.accounts.requests import workspaces_of
from apps.publishing.feeds import atom
from apps.publishing.html import plain
from apps.publishing.models import Channel
from apps.publishing.selectors import preview_channels, preview_page


@require_safe
def preview_index(request: HttpRequest) -> HttpResponse:
    """All preview channels that this visitor may read."""
    channels = _readable(request).order_by("name", "pk")[:200]
    return render(request, "publishing/preview_index.html", {"channels": channels})


@require_safe
def preview_channel(request: HttpRequest, slug: str) -> HttpResponse:
    """One channel, its newest messages at the bottom as in Telegram."""
    channel = _channel(request, slug)
    if channel is None:
        return _absent(request)
    page = preview_page(channel, before=_number(request, "before"), at=_number(request, "at"))
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


def preview_feed(request: HttpRequest, slug: str) -> HttpResponse:
    """The channel as an Atom feed; an unchanged one is answered before its messages are read."""
    channel = _channel(request, slug)
    if channel is None:
        return _absent(request)
    response = _feed(request, channel)
    response["Cache-Control"] = "no-cache" if channel.is_public else "private, no-cache"
    patch_vary_headers(response, ["Cookie"])
    return response


def _etag(request: HttpRequest, channel: Channel) -> str:
    return f'"{channel.pk}-{channel.page_version}-{request.scheme}-{request.get_host()}"'


def _changed_at(_request: HttpRequest, channel: Channel) -> datetime:
    return channel.page_changed_at


@require_safe
@condition(etag_func=_etag, last_modified_func=_changed_at)
def _feed(request: HttpRequest, channel: Channel) -> HttpResponse:
    body = atom(channel, preview_page(channel).messages[::-1], absolute=request.build_absolute_uri)
    return HttpResponse(body, content_type="application/atom+xml; charset=utf-8")


def _readable(request: HttpRequest) -> QuerySet[Channel]:
    """A client reads the closed channels of their workspaces too, although they see no back office."""
    return preview_channels({each.pk for each in workspaces_of(request)} | set(roles_of(request.user)))


def _channel(request: HttpRequest, slug: str) -> Channel | None:
    return _readable(request).filter(slug=slug).first()


def _absent(request: HttpRequest) -> HttpResponse:
    return render(request, "publishing/preview_absent.html", status=404)


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.GET.get(name, "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 19 else None
