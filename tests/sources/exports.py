"""Invented exports of Telegram Desktop: folders, and the zips of them."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

from PIL import Image


def picture(colour: str = "red", *, size: tuple[int, int] = (40, 30), form: str = "JPEG") -> bytes:
    """A picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, form)
    return out.getvalue()


def messages() -> list[dict[str, Any]]:
    """Two pictures, one shown twice, a file that is not there, and one that lies elsewhere."""
    paths = ("photos/1.jpg", "photos/2.jpg", "photos/1.jpg", "photos/absent.jpg", "../outside.jpg", "/etc/hostname")
    return [
        {"id": 10 * number, "type": "message", "date": "2026-11-20T15:00:00", "text": f"Мост {number}", "photo": path}
        for number, path in enumerate(paths, start=1)
    ]


def result(*, text: list[dict[str, Any]] | None = None) -> bytes:
    """The result.json of a channel."""
    found = messages() if text is None else text
    return json.dumps({"name": "Чайка", "type": "private_channel", "id": 77, "messages": found}).encode()


FILES = {"photos/1.jpg": picture("red"), "photos/2.jpg": picture("blue")}


def zipped(files: dict[str, bytes] | None = None, *, base: str = "ChatExport_2026/", words: bytes = b"") -> bytes:
    """The folder as a zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{base}result.json", words or result())
        for name, content in (FILES if files is None else files).items():
            archive.writestr(f"{base}{name}", content)
    return out.getvalue()


def folder(root: Path) -> Path:
    """The folder itself, with a picture outside of it."""
    inside = root / "ChatExport_2026"
    (inside / "photos").mkdir(parents=True)
    (inside / "result.json").write_bytes(result())
    for name, content in FILES.items():
        (inside / name).write_bytes(content)
    (root / "outside.jpg").write_bytes(picture("green"))
    (inside / "photos" / "absent.jpg").symlink_to(root / "outside.jpg")
    return inside
