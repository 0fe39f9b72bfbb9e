"""The table of common words is counted from export files."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.stories.grouping.rarity import counts_read


def test_words_of_several_posts_are_counted_once_a_post(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    posts = [
        {
            "message_id": number,
            "sender_id": -1,
            "text": f"Паром у причала, паромы ждут. Слово{number}",
            "date": "2026-01-01T09:00:00+00:00",
            "channel": "Маяк",
        }
        for number in range(6)
    ]
    (tmp_path / "one.json").write_text(json.dumps(posts), encoding="utf-8")
    out = tmp_path / "table.bin"
    call_command("count_background", str(tmp_path), "--out", str(out))
    raw = out.read_bytes()
    counts = counts_read(raw[4:])
    assert int.from_bytes(raw[:4], "little") == 6
    assert counts == {zlib.crc32(word.encode()): 6 for word in ("паром", "причал", "ждать", "слово")}
    assert "6 posts, 4 words" in capsys.readouterr().out


def test_a_folder_without_posts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no posts"):
        call_command("count_background", str(tmp_path))
