"""Zips and folders of exports: read where they are sound, refused where they would do harm."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest

from apps.sources.parsers.archives import PlainFolder, path_within, zip_opened
from apps.sources.ports import UnreadableError
from tests.sources.exports import FILES, folder, result, zipped

LONGEST = 1024 * 1024


@pytest.mark.parametrize(
    ("name", "within"),
    [
        ("photos/1.jpg", "photos/1.jpg"),
        ("./photos//1.jpg", "photos/1.jpg"),
        ("../1.jpg", ""),
        ("photos/../../1.jpg", ""),
        ("/etc/passwd", ""),
        ("C:/1.jpg", ""),
        ("photos\\1.jpg", ""),
        ("a\x00b", ""),
    ],
)
def test_only_paths_inside_are_paths(name: str, within: str) -> None:
    assert path_within(name) == within


@pytest.mark.parametrize("base", ["", "ChatExport_2026/", "a/b/"])
def test_zip_gives_its_messages_and_files(base: str) -> None:
    with zip_opened(io.BytesIO(zipped(base=base)), longest=LONGEST) as archive:
        with archive.result() as words:
            assert words.read() == result()
        found = archive.open("photos/1.jpg", longest=LONGEST)
        assert found is not None
        assert found.read() == FILES["photos/1.jpg"]
        assert archive.open("photos/1.jpg", longest=5) is None
        assert archive.open("photos/9.jpg", longest=LONGEST) is None
        assert archive.open("../result.json", longest=LONGEST) is None


def test_members_with_evil_names_are_never_files() -> None:
    evil = zipped({"../../evil.jpg": b"x", "/evil.jpg": b"x"}, base="")
    with zip_opened(io.BytesIO(evil), longest=LONGEST) as archive:
        for name in ("../../evil.jpg", "/evil.jpg", "evil.jpg"):
            assert archive.open(name, longest=LONGEST) is None


def test_outermost_export_is_taken() -> None:
    content = zipped({"photos/result.json": b"{}"})
    with zip_opened(io.BytesIO(content), longest=LONGEST) as archive, archive.result() as words:
        assert words.read() == result()


def refusal(content: bytes) -> str | None:
    with (
        pytest.raises(UnreadableError) as refused,
        zip_opened(io.BytesIO(content), longest=LONGEST) as archive,
        archive.result() as words,
    ):
        words.read()
    return refused.value.code


def test_zip_without_an_export_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("messages.html", "<html>")

    assert refusal(out.getvalue()) == "zip_no_export"


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all", zipped()[:-30], zipped()[200:]])
def test_broken_zip_is_refused(content: bytes) -> None:
    assert refusal(content) == "zip_broken"


def test_spoilt_words_are_refused() -> None:
    content = bytearray(zipped())
    content[80:90] = b"\xff" * 10

    assert refusal(bytes(content)) == "zip_broken"


@pytest.mark.parametrize("size", [LONGEST + 1, 900_000])
def test_words_that_unpack_to_too_much_are_refused(size: int) -> None:
    assert refusal(zipped({}, words=b" " * size)) == "zip_bomb"


def test_file_that_unpacks_to_too_much_is_none() -> None:
    content = zipped({"photos/1.jpg": b"\x00" * 900_000})
    with zip_opened(io.BytesIO(content), longest=LONGEST) as archive:
        assert archive.open("photos/1.jpg", longest=LONGEST) is None


def test_list_of_members_that_would_fill_the_memory_is_refused_before_it_is_read() -> None:
    content = bytearray(zipped())
    end = content.rfind(b"PK\x05\x06")
    struct.pack_into("<I", content, end + 12, 100 * 1024 * 1024)

    assert refusal(bytes(content)) == "zip_bomb"


def zip64(size: int, *, decoy: bool) -> bytes:
    """A zip with a 64-bit end whose list of members is said to be so long; a decoy's locator points to a small one."""
    content = zipped()
    end = content.rfind(b"PK\x05\x06")
    count, real, offset = struct.unpack_from("<HII", content, end + 10)

    def record(length: int) -> bytes:
        return struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, length or real, offset)

    before = record(0) if decoy else b""
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, end, 1)
    return content[:end] + before + record(size) + locator + content[end:]


def test_zip_with_a_64_bit_end_is_read() -> None:
    with zip_opened(io.BytesIO(zip64(0, decoy=False)), longest=LONGEST) as archive, archive.result() as words:
        assert words.read() == result()


@pytest.mark.parametrize(("decoy", "code"), [(False, "zip_bomb"), (True, "zip_broken")])
def test_64_bit_end_is_judged_where_it_is_read(decoy: bool, code: str) -> None:
    content = zip64(100 * 1024 * 1024, decoy=decoy)

    assert refusal(content) == code


def test_64_bit_end_elsewhere_than_its_locator_says_is_refused() -> None:
    assert refusal(zip64(0, decoy=True)) == "zip_broken"


def test_locked_zip_is_refused() -> None:
    content = bytearray(zipped({}))
    content[content.find(b"PK\x01\x02") + 8] |= 1

    assert refusal(bytes(content)) == "zip_locked"


def test_folder_gives_only_what_is_inside(tmp_path: Path) -> None:
    inside = PlainFolder(folder(tmp_path))

    found = inside.open("photos/1.jpg", longest=LONGEST)
    assert found is not None
    with found:
        assert found.read() == FILES["photos/1.jpg"]
    for name in ("photos/absent.jpg", "../outside.jpg", "photos", "", "/etc/hostname"):
        assert inside.open(name, longest=LONGEST) is None
    assert inside.open("photos/1.jpg", longest=5) is None
