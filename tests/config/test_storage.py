"""Files on the disk come under their names whole, whoever else writes them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.files.base import ContentFile, File

from apps.sources.media_bytes import Incoming, bytes_keep
from config.storage import WholeFiles


def test_many_workers_storing_one_content_keep_one_whole_file(settings: object, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path  # type: ignore[attr-defined]
    content = bytes(range(256)) * 4096

    def keep(_number: int) -> str:
        with Incoming() as incoming:
            incoming.write(content)
            return bytes_keep(workspace_id=1, incoming=incoming).file

    with ThreadPoolExecutor(8) as pool:
        names = set(pool.map(keep, range(64)))

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [str(path.relative_to(tmp_path)) for path in files] == list(names)
    assert files[0].read_bytes() == content


def test_file_is_not_seen_under_its_name_before_it_is_whole(tmp_path: Path) -> None:
    storage = WholeFiles(location=tmp_path)
    seen: list[bool] = []

    class Slow(ContentFile[bytes]):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - Django's signature
            for piece in (b"half", b" and half"):
                seen.append((tmp_path / "a" / "b.txt").exists())
                yield piece

    assert storage.save("a/b.txt", Slow(b"")) == "a/b.txt"
    assert (tmp_path / "a" / "b.txt").read_bytes() == b"half and half"
    assert seen == [False, False]


def test_writer_that_dies_leaves_nothing_under_the_name(tmp_path: Path) -> None:
    storage = WholeFiles(location=tmp_path)

    class Dying(ContentFile[bytes]):
        def chunks(self, chunk_size: int | None = None) -> Iterator[bytes]:  # noqa: ARG002 - Django's signature
            yield b"half"
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        storage.save("b.txt", Dying(b""))
    assert not storage.exists("b.txt")
    assert storage.save("b.txt", File(ContentFile(b"whole"))) == "b.txt"
