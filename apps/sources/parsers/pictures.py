"""Pictures that strangers posted: their size, and a small copy for lists."""

from __future__ import annotations

import io
import struct
import warnings
from dataclasses import dataclass
from typing import IO

from PIL import Image, ImageOps

PIXELS_MAX = 50_000_000  # more is not unpacked: 150 MB of memory
SIDE_MAX = 30_000
SMALL = (640, 640)
# What Pillow's readers raise where bytes are not what they should be.
BROKEN = (
    *(OSError, ValueError, SyntaxError, TypeError, LookupError, ArithmeticError, EOFError, RuntimeError),
    *(AttributeError, struct.error, Image.DecompressionBombError),
)
FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture's size in pixels, and its small copy in WebP; the copy is empty where it can't be made."""

    width: int
    height: int
    small: bytes


def picture_of(file: IO[bytes]) -> Picture | None:
    """Look at a picture; None where it is none that is known here, or is broken from its first bytes on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow warns of size from half its own limit on; ours is lower
        try:
            with Image.open(file, formats=FORMATS) as image:
                width, height = image.size
                if width * height > PIXELS_MAX or max(width, height) > SIDE_MAX:
                    return Picture(width, height, b"")
                return Picture(width, height, _small(image))
        except BROKEN:
            return None


def _small(image: Image.Image) -> bytes:
    image.draft("RGB", SMALL)
    upright = ImageOps.exif_transpose(image)
    upright.thumbnail(SMALL)
    has_alpha = upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info
    out = io.BytesIO()
    upright.convert("RGBA" if has_alpha else "RGB").save(out, "WEBP", quality=78, method=3)
    return out.getvalue()
