"""Reading bodies: limits before and after unpacking, and packed streams that lie."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from apps.core.errors import PermanentError, RetryableError
from apps.core.http.bodies import read_body
from tests.core.http_origin import run

TEXT = b"<rss>" + b"post " * 2000 + b"</rss>"


async def sent(*chunks: bytes):
    for chunk in chunks:
        yield chunk


def read(*chunks: bytes, encoding: str = "", length: str | None = None, max_bytes: int = 50_000) -> bytes:
    headers = {"Content-Encoding": encoding} if encoding else {}
    if length is not None:
        headers["Content-Length"] = length
    return run(read_body(sent(*chunks), headers, max_bytes=max_bytes))


def in_pieces(packed: bytes, size: int = 7) -> list[bytes]:
    return [packed[at : at + size] for at in range(0, len(packed), size)]


def raw_deflate(text: bytes) -> bytes:
    engine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return engine.compress(text) + engine.flush()


def test_a_plain_body_is_put_together():
    assert read(b"one ", b"two") == b"one two"
    assert read(b"one", encoding="identity", length="3") == b"one"


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
def test_gzip_is_unpacked(encoding):
    assert read(*in_pieces(gzip.compress(TEXT)), encoding=encoding) == TEXT


def test_gzip_of_several_members_is_unpacked():
    packed = gzip.compress(b"one ") + gzip.compress(b"two")
    assert read(packed, encoding="gzip") == b"one two"
    assert read(*in_pieces(packed, 1), encoding="gzip") == b"one two"


def test_deflate_is_unpacked_with_and_without_its_wrapping():
    assert read(*in_pieces(zlib.compress(TEXT)), encoding="deflate") == TEXT
    assert read(*in_pieces(raw_deflate(TEXT), 4000), encoding="deflate") == TEXT


def test_what_follows_a_deflate_stream_is_left_out():
    assert read(zlib.compress(TEXT) + b"rubbish", encoding="deflate") == TEXT


def test_an_empty_packed_body_is_empty():
    assert read(encoding="gzip") == b""


@pytest.mark.parametrize("encoding", ["br", "zstd", "compress", "gzip, gzip"])
def test_a_packing_that_was_not_asked_for_is_refused(encoding):
    with pytest.raises(PermanentError) as caught:
        read(b"x", encoding=encoding)
    assert caught.value.code == "bad_encoding"
    assert encoding in str(caught.value)


def test_an_announced_length_over_the_limit_is_refused_unread():
    asked = []

    async def body():
        asked.append("read")
        yield b"x"

    with pytest.raises(PermanentError) as caught:
        run(read_body(body(), {"Content-Length": "50001"}, max_bytes=50_000))
    assert caught.value.code == "too_large"
    assert asked == []


@pytest.mark.parametrize("length", ["many", "-1", "²"])
def test_a_senseless_length_is_not_believed(length):
    assert read(b"x", length=length) == b"x"


def test_a_body_at_the_limit_is_read_and_one_byte_more_is_not():
    assert len(read(b"x" * 50_000)) == 50_000
    with pytest.raises(PermanentError) as caught:
        read(b"x" * 50_000, b"x")
    assert caught.value.code == "too_large"
    assert "50000" in str(caught.value)


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, raw_deflate])
def test_a_bomb_is_cut_before_it_fills_the_memory(pack):
    bomb = pack(bytes(200_000_000))
    assert len(bomb) < 300_000
    tracemalloc.start()
    try:
        with pytest.raises(PermanentError) as caught:
            read(bomb, encoding="gzip" if pack is gzip.compress else "deflate", max_bytes=1_000_000)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.code == "too_large"
    assert peak < 8_000_000


def test_a_packed_body_over_the_limit_while_still_packed_is_cut():
    with pytest.raises(PermanentError) as caught:
        read(gzip.compress(TEXT), encoding="gzip", max_bytes=20)
    assert caught.value.code == "too_large"


@pytest.mark.parametrize(
    ("chunks", "encoding"),
    [
        ([b"not packed at all"], "gzip"),
        ([b"not packed at all"], "deflate"),
        ([zlib.compress(TEXT)[:30], b"\xff" * 40], "deflate"),
        ([gzip.compress(TEXT)[:-9]], "gzip"),
        ([gzip.compress(TEXT)[:-8] + b"12345678"], "gzip"),
        ([gzip.compress(b"one") + b"no second member"], "gzip"),
    ],
)
def test_a_packed_body_that_is_broken_or_cut_is_retryable(chunks, encoding):
    with pytest.raises(RetryableError) as caught:
        read(*chunks, encoding=encoding)
    assert caught.value.code == "bad_answer"
