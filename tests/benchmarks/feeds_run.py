"""The measured process of the `feeds` benchmark; its last line is one JSON object."""

from __future__ import annotations

import asyncio
import io
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import django

django.setup()

import fastfeedparser  # noqa: E402
import feedparser  # noqa: E402
import httpx2  # noqa: E402
from django.core.management import call_command  # noqa: E402

from apps.accounts.models import Workspace  # noqa: E402
from apps.core import http  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.core.errors import PultError  # noqa: E402
from apps.core.http import AllowList, Guard  # noqa: E402
from apps.core.work import drain  # noqa: E402
from apps.sources.models import Poll, Post, Source  # noqa: E402
from apps.sources.parsers.feed import parse_feed  # noqa: E402
from apps.sources.tasks import POLLS  # noqa: E402

ENTRIES = 20
SLOW_S = 2.0
TIMES = 5
SYLLABLES = [one + other for one in "бвгдклмнпрст" for other in "аеиоуы"]
FIELDS = ("id", "title", "link", "date", "text")


async def loopback(_host: str, _port: int) -> list[str]:
    """Every name is this machine, so that each feed has a host of its own."""
    return ["127.0.0.1"]


JOB = replace(POLLS, session=lambda: http.session(guard=Guard(AllowList.parse(["127.0.0.0/8"]), resolve=loopback)))


def refresh(count: int, slow: int) -> dict[str, Any]:
    """Collect feeds twice, then beside a slow host."""
    call_command("migrate", verbosity=0)
    server = subprocess.Popen(
        [sys.executable, "-m", "tests.servers.site", "--port", "0"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        base = server.stdout.readline().strip()
        return _refreshed(base, count, slow)
    finally:
        server.terminate()
        server.wait()


def _refreshed(base: str, count: int, slow: int) -> dict[str, Any]:
    port = base.rpartition(":")[2]
    asyncio.run(_program(base, [(f"/{number}", feed(number, ENTRIES), 0.0) for number in range(count)]))
    workspace = Workspace.objects.create(name="Лента", slug="feeds")
    _sources(workspace, [f"http://f{number}.example:{port}/{number}" for number in range(count)])
    found: dict[str, Any] = {"before_mb": peak_mb()}
    found |= _pace("first", count)
    changed = [(f"/{number}", feed(number, ENTRIES + 1), 0.0) for number in range(0, count, 2)]
    asyncio.run(_program(base, changed))
    Poll.objects.filter(state="ready").update(not_before=now())
    found |= _pace("again", count)
    outcomes = Poll.objects.filter(state="done").values_list("status", flat=True)
    found |= {"unchanged": sum(status == 304 for status in outcomes), "posts": Post.objects.count()}
    found["peak_mb"] = peak_mb()
    if slow:
        asyncio.run(_program(base, [(f"/slow/{number}", feed(number, 1), SLOW_S) for number in range(slow)]))
        _sources(workspace, [f"http://slow.example:{port}/slow/{number}" for number in range(slow)])
        Poll.objects.filter(state="ready").update(not_before=now())
        began = now()
        _drained(lambda: _due("f").exists())
        quick = Source.objects.filter(url__startswith="http://f")
        took = max(quick.values_list("last_ok_at", flat=True)) - began
        found["beside_a_slow_host_per_s"] = round(count / took.total_seconds(), 1)
        found["slow_host_asked"] = Poll.objects.filter(state="done", source__url__contains="slow.").count()
    return found


def _pace(name: str, count: int) -> dict[str, float]:
    """Feeds a second, and feeds a second of this process's own work, which other work on the machine disturbs less."""
    worked = time.process_time()
    took = _drained(lambda: _due("f").exists())
    worked = time.process_time() - worked
    return {f"{name}_per_s": round(count / took, 1), f"{name}_per_cpu_s": round(count / worked, 1)}


def _due(host: str) -> Any:
    return Poll.objects.filter(
        state__in=["ready", "leased"], not_before__lte=now(), source__url__startswith=f"http://{host}"
    )


def _drained(is_left: Callable[[], bool]) -> float:
    """Seconds until nothing is left, with the sweep's pause between drains."""
    began = time.monotonic()
    while True:
        drain.run(JOB)
        if not is_left():
            return time.monotonic() - began
        time.sleep(0.05)


def _sources(workspace: Workspace, urls: list[str]) -> None:
    sources = Source.objects.bulk_create(
        Source(workspace=workspace, name=url[7:150], url=url, interval_s=3600) for url in urls
    )
    Poll.objects.bulk_create(Poll(workspace=workspace, source=source) for source in sources)


async def _program(base: str, pages: list[tuple[str, str, float]]) -> None:
    async with httpx2.AsyncClient() as client:
        for path, text, delay_s in pages:
            page = {"path": path, "text": text, "content_type": "application/rss+xml", "delay_s": delay_s}
            await client.post(f"{base}/_pages", json=page)


def feed(number: int, entries: int) -> str:
    """An invented feed; the newest entry stands first."""
    items = "".join(
        f"<item><guid>{number}-{n}</guid><title>{words(number, n, 6)}</title>"
        f"<link>https://a{number}.example/{n}</link><description>{words(number, n, 60)}</description></item>"
        for n in range(entries, 0, -1)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Пристань {number}</title>{items}</channel></rss>'


def words(number: int, n: int, count: int) -> str:
    """Words of no language, other ones for each entry: alike texts would measure the search for copies instead."""
    chance = random.Random(f"{number}/{n}/{count}")
    return " ".join("".join(chance.choices(SYLLABLES, k=3)) for _word in range(count))


def peak_mb() -> int:
    """The most memory that this process has held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def parsing(folder: Path) -> dict[str, Any]:
    """Every file by three readers: seconds, files read, entries, and how many have each field."""
    contents = [path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in {".xml", ".json"}]
    found: dict[str, Any] = {"files": len(contents)}
    for name, reader in (("pult", by_pult), ("feedparser", by_feedparser), ("fastfeedparser", by_fastfeedparser)):
        entries = [row for content in contents for row in reader(content)]
        filled = {field: sum(bool(row[place]) for row in entries) for place, field in enumerate(FIELDS)}
        seconds = min(_timed(reader, contents) for _time in range(TIMES))
        read = sum(bool(reader(content)) for content in contents)
        found[name] = {"seconds": round(seconds, 4), "files_with_entries": read, "entries": len(entries), **filled}
    return found


def _timed(reader: Callable[[bytes], Any], contents: list[bytes]) -> float:
    began = time.perf_counter()
    for content in contents:
        reader(content)
    return time.perf_counter() - began


def by_pult(content: bytes) -> list[tuple[Any, ...]]:
    """As Pult reads it."""
    try:
        items = parse_feed(content).items
    except PultError:
        return []
    return [(item.external_id, item.title, item.url, item.published_at, item.text) for item in items]


def by_feedparser(content: bytes) -> list[tuple[Any, ...]]:
    """As feedparser reads it by itself."""
    return [
        (
            one.get("id"),
            one.get("title"),
            one.get("link"),
            one.get("published_parsed") or one.get("updated_parsed"),
            one.get("summary") or one.get("content"),
        )
        for one in feedparser.parse(io.BytesIO(content)).entries
    ]


def by_fastfeedparser(content: bytes) -> list[tuple[Any, ...]]:
    """As fastfeedparser reads it by itself."""
    try:
        entries = fastfeedparser.parse(content).entries
    except Exception:  # noqa: BLE001 - whatever it raises, it has not read it
        return []
    return [
        (
            one.get("id"),
            one.get("title"),
            one.get("link"),
            one.get("published") or one.get("updated"),
            one.get("description") or one.get("content"),
        )
        for one in entries
    ]


if __name__ == "__main__":
    what, *rest = sys.argv[1:]
    print(json.dumps(refresh(int(rest[0]), int(rest[1])) if what == "refresh" else parsing(Path(rest[0]))))
