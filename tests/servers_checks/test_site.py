"""The web's stand-in does what it is programmed to do."""

from __future__ import annotations

import gzip
import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.servers import site
from tests.servers.site import Page, SiteServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[SiteServer]:
    (tmp_path / "feed.xml").write_text("<rss/>")
    with site.running(folder=tmp_path) as running:
        yield running


def get(server: SiteServer, path: str, **headers: str) -> tuple[int, bytes, http.client.HTTPMessage]:
    """Ask once, following nothing."""
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
    try:
        connection.request("GET", path, headers=headers)
        reply = connection.getresponse()
        return reply.status, reply.read(), reply.headers
    finally:
        connection.close()


def test_file_is_served_with_validators_and_then_304(server: SiteServer) -> None:
    status, body, headers = get(server, "/feed.xml")
    assert (status, body) == (200, b"<rss/>")
    assert headers["Content-Type"] in {"application/xml", "text/xml"}
    again = get(server, "/feed.xml", **{"If-None-Match": headers["ETag"]})
    since = get(server, "/feed.xml", **{"If-Modified-Since": headers["Last-Modified"]})
    other = get(server, "/feed.xml", **{"If-None-Match": '"other"', "If-Modified-Since": headers["Last-Modified"]})
    assert (again[0], again[1], since[0], other[0]) == (304, b"", 304, 200)
    assert [entry.status for entry in server.log.of("/feed.xml")] == [200, 304, 304, 200]


def test_nothing_outside_the_folder_is_served(server: SiteServer) -> None:
    assert get(server, "/../../etc/passwd")[0] == 404
    assert get(server, "/nowhere")[0] == 404


def test_redirects_lead_where_they_are_told(server: SiteServer) -> None:
    server.redirect("/private", "http://10.0.0.1/", status=301)
    server.chain("/far", 3, "/feed.xml")
    server.redirect("/loop", "/loop")
    assert (get(server, "/private")[0], get(server, "/private")[2]["Location"]) == (301, "http://10.0.0.1/")
    with urllib.request.urlopen(server.url + "/far") as reply:  # noqa: S310
        assert reply.read() == b"<rss/>"
    assert [entry.method for entry in server.log[-4:]] == ["/far", "/far/1", "/far/2", "/feed.xml"]
    assert get(server, "/loop")[2]["Location"] == "/loop"


def test_bodies_can_be_huge_slow_bombs_and_lies(server: SiteServer) -> None:
    server.page("/huge", "x" * 1000, size=3_000_000)
    server.gzip_bomb("/bomb", 8)
    server.page("/lie", "short", declared_length=100)
    server.page("/slow", "abcdef", piece=2, drip_s=0.05)
    huge, bomb = get(server, "/huge"), get(server, "/bomb")
    assert 3_000_000 <= len(huge[1]) < 3_100_000
    assert "Content-Length" not in huge[2]
    assert len(bomb[1]) < 50_000
    assert len(gzip.decompress(bomb[1])) == 8 * 1024 * 1024
    with pytest.raises(http.client.IncompleteRead):
        get(server, "/lie")
    assert get(server, "/slow")[1] == b"abcdef"


def test_wrong_encoding_is_sent_as_told(server: SiteServer) -> None:
    server.page("/cp1251", "Мост".encode("cp1251"), content_type="text/xml; charset=utf-8")
    assert get(server, "/cp1251")[1] == b"\xcc\xee\xf1\xf2"


def test_answers_follow_one_another_and_the_last_stays(server: SiteServer) -> None:
    server.pages("/flaky", [Page(status=503), Page(b"ok")])
    assert [get(server, "/flaky")[0] for _ in range(3)] == [503, 200, 200]


@pytest.mark.parametrize("kind", ["cut_before", "cut_after"])
def test_connection_is_cut(server: SiteServer, kind: str) -> None:
    server.faults.add(kind, times=1)
    with pytest.raises((http.client.HTTPException, ConnectionError)):
        get(server, "/feed.xml")
    assert get(server, "/feed.xml")[0] == 200
    assert [entry.outcome for entry in server.log] == [kind, "ok"]


def test_busy_and_broken_answers_carry_their_status(server: SiteServer) -> None:
    server.faults.add("429", times=1, retry_after=9)
    server.faults.add("500", times=1)
    busy = get(server, "/feed.xml")
    assert (busy[0], busy[2]["Retry-After"], get(server, "/feed.xml")[0]) == (429, "9", 500)


def test_other_processes_program_it_over_http(server: SiteServer) -> None:
    def post(path: str, what: object) -> int:
        ask = urllib.request.Request(server.url + path, data=json.dumps(what).encode(), method="POST")  # noqa: S310
        with urllib.request.urlopen(ask) as reply:  # noqa: S310
            return int(reply.status)

    assert post("/_pages", {"path": "/new", "text": "hello", "status": 201}) == 200
    assert post("/_faults", {"faults": [{"kind": "500", "method": "/feed.xml", "times": 1}], "seed": 3}) == 200
    assert get(server, "/new")[:2] == (201, b"hello")
    assert get(server, "/feed.xml")[0] == 500
    log = json.loads(get(server, "/_log")[1])
    assert [(entry["method"], entry["status"]) for entry in log] == [("/new", 201), ("/feed.xml", 500)]
    with pytest.raises(urllib.error.HTTPError):
        post("/_faults", {"kind": "earthquake"})
