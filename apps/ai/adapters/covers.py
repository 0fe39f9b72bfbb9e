"""Typographic covers, drawn here: a title large, a line of whose it is, a calm ground. No network, no model."""

from __future__ import annotations

import asyncio
import io
import zlib
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from apps.ai.picture_ports import COVER, Picture, PictureAsk, Pictures

# Ground, letters, the line beside them: contrast of 7 and more.
PALETTES: Sequence[tuple[str, str, str]] = (
    ("#12233d", "#ffffff", "#6ea0ff"),
    ("#f4efe6", "#1d1a16", "#b4552d"),
    ("#143029", "#f2fbf6", "#57c79a"),
    ("#2d1b3d", "#ffffff", "#d59bff"),
    ("#e9f0f7", "#10233b", "#2f6fed"),
    ("#3a1414", "#fff5f0", "#ff9c7a"),
)
MARGIN = 0.07  # of the width
SIZES = range(96, 27, -4)  # of the letters, pixels at a width of 1280
LINES_MAX = 6
SPACING = 1.16
WORDS_MAX = 400


class CoverIllustrator:
    """Draws covers; the same words give the same covers."""

    @property
    def label(self) -> str:
        """How it is named to a person."""
        return _(COVER)

    @property
    def may_repeat(self) -> bool:
        """Drawing costs nothing."""
        return True

    def price_of(self, count: int) -> Decimal:  # noqa: ARG002 - covers are free
        """Nothing."""
        return Decimal(0)

    async def draw(self, ask: PictureAsk) -> Pictures:
        """Draw the covers, each on another ground."""
        first = zlib.crc32(ask.prompt.encode()) % len(PALETTES)
        chosen = [PALETTES[(first + number) % len(PALETTES)] for number in range(ask.count)]
        made = [await asyncio.to_thread(cover, ask, palette) for palette in chosen]
        return Pictures(tuple(Picture(content) for content in made), provider=COVER)


def cover(ask: PictureAsk, palette: tuple[str, str, str]) -> bytes:
    """One cover as a PNG."""
    ground, letters, accent = palette
    picture = Image.new("RGB", (ask.width, ask.height), ground)
    pen = ImageDraw.Draw(picture)
    margin = round(ask.width * MARGIN)
    scale = ask.width / 1280
    words = " ".join(ask.prompt.split())[:WORDS_MAX]
    room = (ask.width - 2 * margin, ask.height - 3 * margin)
    font, lines = fitted(words, room, scale)
    height = round(font.size * SPACING)
    top = max(margin, (ask.height - margin - height * len(lines)) // 2)
    pen.rectangle((margin, top - round(28 * scale), margin + round(96 * scale), top - round(20 * scale)), fill=accent)
    for number, line in enumerate(lines):
        pen.text((margin, top + number * height), line, font=font, fill=letters)
    if ask.label.strip():
        small = font_of("Regular", round(30 * scale))
        label = shortened(ask.label.strip(), small, ask.width - 2 * margin)
        pen.text((margin, ask.height - margin - small.size), label, font=small, fill=accent)
    file = io.BytesIO()
    picture.save(file, "PNG", optimize=True)
    return file.getvalue()


def fitted(words: str, room: tuple[int, int], scale: float) -> tuple[ImageFont.FreeTypeFont, list[str]]:
    """The largest letters in which the words fit, and their lines; the smallest with an ellipsis where none does."""
    for size in SIZES:
        font = font_of("Bold", round(size * scale))
        lines = broken(words, font, room[0])
        fits = len(lines) * font.size * SPACING <= room[1] and len(lines) <= LINES_MAX
        if fits and all(font.getlength(line) <= room[0] for line in lines):
            return font, lines
    kept = lines[: min(LINES_MAX, int(room[1] // (font.size * SPACING)))]
    return font, [shortened(line if line is not kept[-1] else f"{line}…", font, room[0]) for line in kept]


def broken(words: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """The words in lines that are as wide as they may be."""
    lines: list[str] = []
    for word in words.split() or [""]:
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def shortened(line: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    """A line cut to a width."""
    while len(line) > 1 and font.getlength(line) > width:
        line = line.rstrip("…")[:-1] + "…"
    return line


@lru_cache(maxsize=64)
def font_of(weight: str, size: int) -> ImageFont.FreeTypeFont:
    """Roboto, which has Cyrillic."""
    return ImageFont.truetype(str(files("font_roboto") / "files" / f"Roboto-{weight}.ttf"), size)
