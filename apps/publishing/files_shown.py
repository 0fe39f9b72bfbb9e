"""Files of publications: to the team in the back office, to readers on preview pages."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from apps.accounts.access import require_workspace_object
from apps.accounts.requests import user_of
from apps.publishing.models import PreviewMessage, Publication, PublicationPart
from apps.publishing.views import channel_absent, channel_shown

# What a browser may draw by itself; anything else is given to keep.
DRAWN = {"image/jpeg", "image/png", "image/webp", "video/mp4"}


@require_safe
def publication_file(request: HttpRequest, pk: int, part: int, number: int) -> HttpResponse | FileResponse:
    """A file of a publication, for whoever sees the publication."""
    publication = require_workspace_object(
        user_of(request), Publication.objects.all(), pk, verb="publishing.view_publication"
    )
    found = get_object_or_404(PublicationPart, publication=publication, position=part)
    answer = file_answer(found.media, number)
    patch_cache_control(answer, private=True, max_age=3600)
    return answer


@require_safe
def preview_file(request: HttpRequest, slug: str, pk: int, number: int) -> HttpResponse | FileResponse:
    """A file of a message on a preview page, for whoever may read the page."""
    channel = channel_shown(request, slug)
    if channel is None:
        return channel_absent(request)
    message = get_object_or_404(PreviewMessage, channel=channel, pk=pk)
    mark = etag_of(message.media, number)
    # Asked about at every use and kept by the reader's browser alone: what is withdrawn is not shown from elsewhere.
    answer = get_conditional_response(request, etag=mark) or file_answer(message.media, number)
    answer["ETag"] = mark
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


def etag_of(media: list[Mapping[str, Any]], number: int) -> str:
    """The mark of one of the files: its stored name says what is in it.

    Raises:
        Http404: there is none of this number.
    """
    if number >= len(media):
        raise Http404
    one = media[number]
    return quote_etag(hashlib.sha256(f"{one['storage_name']} {one['mime']} {one['name']}".encode()).hexdigest()[:32])


def file_answer(media: list[Mapping[str, Any]], number: int) -> FileResponse:
    """The bytes of one of the files.

    Raises:
        Http404: there is none of this number, or it is gone.
    """
    if number >= len(media):
        raise Http404
    one = media[number]
    try:
        file = default_storage.open(one["storage_name"], "rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    is_drawn = one["mime"] in DRAWN
    kind = one["mime"] if is_drawn else "application/octet-stream"
    answer = FileResponse(file, content_type=kind, as_attachment=not is_drawn, filename=one["name"])
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


publication_file_shown = admin.site.admin_view(publication_file, cacheable=True)
