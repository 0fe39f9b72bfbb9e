"""A picture's bytes: looked over, turned upright, freed of what a camera adds, cut. No rows in here."""

from __future__ import annotations

import hashlib
import io
import struct
import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from apps.core.errors import PermanentError

BYTES_MAX = 20_000_000
PIXELS_MAX = 50_000_000
SIDE_MAX = 2560  # Telegram shows photos no larger
SIDE_LEAST = 100
FORMATS = {"JPEG": "image/jpeg", "PNG": "image/png", "WEBP": "image/webp"}
ENDINGS = {"image/jpeg": "jpg", "image/png": "png"}
QUALITY = 90
# One at a time: the largest takes 200 MB unpacked, and what warnings are heard is a matter of the whole process.
UNPACKING = threading.Lock()
# What Pillow's readers raise where bytes are not what they should be.
BROKEN = (
    *(OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, EOFError, RuntimeError),
    *(AttributeError, struct.error, Image.DecompressionBombError),
)
RATIOS = {"16:9": 16 / 9, "4:3": 4 / 3, "1:1": 1.0, "4:5": 0.8}


@dataclass(frozen=True)
class Kept:
    """A picture as it is stored."""

    content: bytes
    mime: str
    width: int
    height: int

    @property
    def content_hash(self) -> str:
        """SHA-256 of the bytes."""
        return hashlib.sha256(self.content).hexdigest()


def picture_read(content: bytes) -> Kept:
    """A picture that may be stored and shown: a JPEG or PNG without places, dates and other marks of a camera.

    Raises:
        PermanentError: it is no picture of a known kind, too large, or too small.
    """
    if len(content) > BYTES_MAX:
        raise PermanentError(_("The picture is larger than 20 MB."), code="too_large")
    with UNPACKING, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of size from half its own limit on; ours is lower
        try:
            with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as opened:
                if opened.width * opened.height > PIXELS_MAX:
                    raise PermanentError(_("The picture has too many pixels."), code="too_large")
                opened.draft("RGB", (SIDE_MAX, SIDE_MAX))  # a JPEG is unpacked no larger than is kept
                upright = ImageOps.exif_transpose(opened)
                upright.thumbnail((SIDE_MAX, SIDE_MAX))
        except BROKEN as exc:
            raise PermanentError(
                _("This is no picture that can be read: JPEG, PNG and WebP can."), code="no_picture"
            ) from exc
    if min(upright.size) < SIDE_LEAST:
        raise PermanentError(_("The picture is too small: less than 100 pixels."), code="too_small")
    return encoded(upright)


def encoded(picture: Image.Image) -> Kept:
    """A picture as a JPEG, or as a PNG where it has something to see through."""
    file, is_clear = io.BytesIO(), picture.has_transparency_data
    # Colours mean what they meant only with their profile; of all else that came with the picture nothing is written.
    profile = picture.info.get("icc_profile") if picture.mode in {"RGB", "RGBA"} else None
    plain = picture.convert("RGBA" if is_clear else "RGB")
    plain.info = {}
    if is_clear:
        plain.save(file, "PNG", optimize=True, icc_profile=profile)
        return Kept(file.getvalue(), "image/png", *plain.size)
    plain.save(file, "JPEG", quality=QUALITY, optimize=True, icc_profile=profile)
    return Kept(file.getvalue(), "image/jpeg", *plain.size)


def crop_of(*, width: int, height: int, ratio: str, x: float = 0.5, y: float = 0.5) -> list[float]:
    """The largest part of a picture with these sides, around a point: left, top, width, height as shares of it.

    Empty for a ratio that is none: the whole picture.
    """
    wanted = RATIOS.get(ratio)
    if wanted is None:
        return []
    across, down = min(1.0, wanted * height / width), min(1.0, width / wanted / height)
    left = min(max(x - across / 2, 0.0), 1.0 - across)
    top = min(max(y - down / 2, 0.0), 1.0 - down)
    return [round(share, 4) for share in (left, top, across, down)]


def cut(content: bytes, crop: Sequence[float]) -> Kept:
    """The chosen part of a stored picture; all of it without a crop."""
    with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as picture:
        if not crop:
            return Kept(content, FORMATS[str(picture.format)], *picture.size)
        left, top, across, down = crop
        wide, high = picture.size
        part = (left * wide, top * high, (left + across) * wide, (top + down) * high)
        return encoded(picture.crop((round(part[0]), round(part[1]), round(part[2]), round(part[3]))))
