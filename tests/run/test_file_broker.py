"""The broker of folders and files: no message is seen half written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from queue import Empty

import pytest
from kombu.connection import Connection

from config.file_broker import Channel, Transport

SENDER = """
import sys
from kombu.connection import Connection
from config.file_broker import register
register()
with Connection("filesystem://", transport_options={"data_folder_in": sys.argv[1], "data_folder_out": sys.argv[1],
                                                    "control_folder": sys.argv[2]}) as link:
    producer = link.Producer()
    for number in range(300):
        producer.publish({"number": number, "filling": "x" * 5000}, routing_key="bells")
"""


def connection(folder: Path) -> Connection:
    """A connection to the broker in a folder."""
    (folder / "queue").mkdir(exist_ok=True)
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    return Connection("filesystem://", transport=Transport, transport_options=options)


def channel(folder: Path) -> Channel:
    """A channel of it."""
    made: Channel = connection(folder).channel()
    return made


def test_what_is_put_is_got_in_order(tmp_path: Path) -> None:
    one = channel(tmp_path)
    for number in range(3):
        one._put("bells", {"number": number})
        one._put("others", {"number": -1})
    got = sorted(one._get("bells")["number"] for _ in range(3))
    assert got == [0, 1, 2]
    with pytest.raises(Empty):
        one._get("bells")
    assert one._size("others") == 3


def test_a_message_in_the_making_is_not_seen(tmp_path: Path) -> None:
    one = channel(tmp_path)
    (tmp_path / "queue" / "1_x.bells.msg.draft").write_text("")
    with pytest.raises(Empty):
        one._get("bells")


def test_a_broken_message_is_dropped_and_the_next_is_got(tmp_path: Path) -> None:
    one = channel(tmp_path)
    (tmp_path / "queue" / "0_x.bells.msg").write_text("")
    one._put("bells", {"number": 1})
    with pytest.raises(Empty):
        one._get("bells")
    assert one._get("bells") == {"number": 1}


def test_an_exchange_in_the_making_has_no_listeners(tmp_path: Path) -> None:
    one = channel(tmp_path)
    (tmp_path / "control").mkdir()
    (tmp_path / "control" / "x.exchange").write_text("")
    assert one.get_table("x") == []


def test_a_reader_beside_three_writers_never_falls(tmp_path: Path) -> None:
    one = channel(tmp_path)
    (tmp_path / "control").mkdir()
    arguments = [sys.executable, "-c", SENDER, str(tmp_path / "queue"), str(tmp_path / "control")]
    writers = [subprocess.Popen(arguments) for _ in range(3)]
    got = 0
    while got < 900:
        try:
            message = one._get("bells")
        except Empty:
            if all(writer.poll() is not None for writer in writers) and one._size("bells") == 0:
                break
            continue
        assert "number" in json.dumps(message["body"]) or message["body"]
        got += 1
    assert [writer.wait(timeout=110) for writer in writers] == [0, 0, 0]
    assert got == 900
