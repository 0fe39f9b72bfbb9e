"""Pictures and files that may go out with a story, and the copies that publications keep of them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.files.base import ContentFile, File
from django.core.files.storage import default_storage
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import Workspace
from apps.core.clock import now
from apps.core.errors import PermanentError
from apps.sources.models import Post, PostMedia
from apps.stories.models import Illustration, Story
from apps.stories.services.pictures import cut

SHOWN = 24
FOLDER = "publications"
# An older copy may be taken away at this moment, where no publication has it any more (`kept_files`).
FRESH = timedelta(hours=12)
KINDS = {Post.Kind.VIDEO: "video", Post.Kind.DOCUMENT: "document", Post.Kind.AUDIO: "audio"}
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/mp4": "mp4"}


@dataclass(frozen=True)
class Offered:
    """A picture or file of a story.

    Attributes:
        ref: what a form sends to choose it.
        source: the row that has it.
    """

    ref: str
    kind: str
    name: str
    mime: str
    source: Illustration | PostMedia
    width: int = 0
    height: int = 0
    alt: str = ""
    credit: str = ""
    is_chosen: bool = False

    @property
    def picture(self) -> Illustration | None:
        """The picture, where it is one."""
        return self.source if isinstance(self.source, Illustration) else None

    @property
    def size(self) -> int:
        """In bytes, before any cut; 0 where the file is gone."""
        if isinstance(self.source, PostMedia):
            return self.source.stored.size if self.source.stored else 0
        try:
            return int(self.source.file.size)
        except (FileNotFoundError, OSError):
            return 0


def files_offered(story: Story) -> list[Offered]:
    """All of a story's pictures, the chosen one first, then videos, documents and audio of its posts; two queries."""
    pictures = Illustration.objects.filter(story=story).order_by("-is_chosen", "-created_at", "-pk")[:SHOWN]
    posted = (
        PostMedia.objects.filter(post__membership__story=story, kind__in=list(KINDS), stored__isnull=False)
        .select_related("stored", "post__source")
        .order_by("post_id", "position", "pk")[:SHOWN]
    )
    return [*map(_picture_offered, pictures), *map(_file_offered, posted)]


def files_chosen(story: Story, refs: Sequence[str] | None) -> list[Offered]:
    """The files of these references in their order; without any, the story's chosen picture.

    Raises:
        PermanentError: one of them is not the story's any more.
    """
    offered = files_offered(story)
    if refs is None:
        return [one for one in offered if one.is_chosen]
    by_ref = {one.ref: one for one in offered}
    gone = [ref for ref in refs if ref not in by_ref]
    if gone:
        raise PermanentError(_("A chosen picture or file is not there any more. Choose again."), code="media_gone")
    return [by_ref[ref] for ref in dict.fromkeys(refs)]


def files_kept(workspace: Workspace, chosen: Sequence[Offered], *, spoiler: bool) -> list[dict[str, Any]]:
    """Copies of the files, cut as they are shown, for a publication to keep. Call it outside any transaction.

    The same file gives the same copy for half a day, so repeating it stores nothing more.

    Raises:
        PermanentError: a file is gone.
    """
    try:
        return [_kept(workspace, one, spoiler=spoiler and one.kind in {"photo", "video"}) for one in chosen]
    except FileNotFoundError as exc:
        raise PermanentError(
            _("A picture or file is not there any more. Choose another one."), code="media_gone"
        ) from exc


def files_shown(chosen: Sequence[Offered], *, spoiler: bool) -> list[dict[str, Any]]:
    """The files as they would be kept, for looking at before; nothing is stored."""
    return [
        _described(one, name=one.name, size=one.size, spoiler=spoiler and one.kind in {"photo", "video"})
        for one in chosen
    ]


def credit_of(workspace: Workspace, chosen: Sequence[Offered]) -> str:
    """Whose the pictures are, in the workspace's language; empty where nobody has to be named."""
    named = list(dict.fromkeys(one.credit for one in chosen if one.credit))
    if not named:
        return ""
    with translation.override(workspace.language):
        return _("Photo: %(credit)s") % {"credit": "; ".join(named)}


def _picture_offered(row: Illustration) -> Offered:
    ending = ENDINGS.get(row.mime, "jpg")
    wide, high = row.crop[2:4] if len(row.crop) == 4 else (1, 1)
    return Offered(
        ref=f"picture:{row.pk}",
        kind="photo",
        name=f"picture-{row.pk}.{ending}",
        mime=row.mime,
        source=row,
        width=round(row.width * wide),
        height=round(row.height * high),
        alt=row.alt,
        credit=row.credit,
        is_chosen=row.is_chosen,
    )


def _file_offered(row: PostMedia) -> Offered:
    stored = row.stored
    assert stored is not None  # noqa: S101 - asked for by the query
    mime, kind = row.mime or stored.mime, KINDS[Post.Kind(row.kind)]
    name = row.name or f"{kind}-{row.pk}.{ENDINGS.get(mime, 'bin')}"
    width, height = (int(row.about.get(side) or 0) for side in ("width", "height"))
    return Offered(ref=f"file:{row.pk}", kind=kind, name=name, mime=mime, source=row, width=width, height=height)


def _kept(workspace: Workspace, one: Offered, *, spoiler: bool) -> dict[str, Any]:
    ending = one.name.rpartition(".")[2].lower()[:8] or "bin"
    source = one.source
    if isinstance(source, Illustration):
        file, mark = source.file, json.dumps([source.content_hash, source.crop])
    else:
        assert source.stored is not None  # noqa: S101 - asked for by the query
        file, mark = source.stored.file, source.stored.sha256
    name = f"{FOLDER}/{workspace.pk}/{hashlib.sha256(mark.encode()).hexdigest()}.{ending}"
    if not default_storage.exists(name) or default_storage.get_modified_time(name) < now() - FRESH:
        with file.open("rb") as opened:
            cropped = cut(opened.read(), source.crop) if isinstance(source, Illustration) and source.crop else None
            name = default_storage.save(name, ContentFile(cropped.content) if cropped else File(opened))
    return _described(one, name=name, size=default_storage.size(name), spoiler=spoiler)


def _described(one: Offered, *, name: str, size: int, spoiler: bool) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "storage_name": name,
        "name": one.name,
        "size": size,
        "mime": one.mime,
        "spoiler": spoiler,
        "width": one.width,
        "height": one.height,
        "alt": one.alt,
    }
