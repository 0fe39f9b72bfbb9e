"""Pictures and files as answers: only what a browser may show is shown, and nothing in them may run."""

from __future__ import annotations

from django.core.files.storage import default_storage
from django.http import FileResponse, Http404

from apps.sources.models import PostMedia
from apps.sources.parsers.sniff import EXTENSIONS, SHOWN, UNKNOWN

# No scripts, forms or frames, whatever the bytes turn out to be.
POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
KEPT_S = 3600


def media_answer(media: PostMedia, *, small: bool = False) -> FileResponse:
    """The stored bytes of a post's media, or a picture's small copy.

    Raises:
        Http404: it was not fetched, or its file is gone.
    """
    stored = media.stored
    name = str(stored.thumbnail if small else stored.file) if stored is not None else ""
    if stored is None or not name:
        raise Http404
    try:
        content = default_storage.open(name, "rb")
    except FileNotFoundError as exc:
        raise Http404 from exc
    mime = "image/webp" if small else stored.mime
    is_shown = mime in SHOWN
    answer = FileResponse(
        content,
        as_attachment=not is_shown,
        filename=_name(media, mime),
        content_type=mime if is_shown else UNKNOWN,
    )
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = POLICY
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = f"private, max-age={KEPT_S}"
    return answer


def _name(media: PostMedia, mime: str) -> str:
    """A name with the ending that the bytes deserve."""
    stem = media.name.rsplit("/", 1)[-1].rsplit("\\", 1)[-1] or f"{media.kind}-{media.pk}"
    if mime in SHOWN:
        return f"{stem.rsplit('.', 1)[0]}{EXTENSIONS.get(mime, '')}"
    return stem if "." in stem else f"{stem}{EXTENSIONS.get(mime, '.bin')}"
