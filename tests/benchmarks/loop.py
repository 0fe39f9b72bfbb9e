"""The whole loop on real input: `python -m tests.benchmarks.loop --data DIR [--json]`.

DIR holds `telegram-posts/` (JSON lists of posts) and `feeds/` (feed files). The posts are imported, the feeds are
served on loopback and collected; stories of two voices and more are drafted by the offline writer; the freshest forty
drafts are approved and published through the stand-in of the Bot API and on the preview page. Prints what came out, on
SQLite and, where DATABASE_URL and REDIS_URL are set, on PostgreSQL and Redis.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.e2e.stack import POSTGRES, REDIS, Stack, stack
from tests.servers import bot_api, site

PUBLISHED = 40


def run(data: Path, folder: Path, *, production: bool) -> dict[str, Any]:
    """One run on a fresh set-up; the figures of it."""
    with bot_api.running() as telegram, site.running() as host:
        feeds = serve(host, data / "feeds")
        env = {
            "TELEGRAM_API_URL": telegram.url,
            "HTTP_ALLOW_PRIVATE": "127.0.0.0/8",
            "HTTP_HOST_INTERVAL_S": "0",
            "AI_WRITER": "offline",
        }
        with stack(folder, production=production, **env) as running:
            began = time.monotonic()
            figures = follow(running, data, feeds)
            figures["seconds"] = round(time.monotonic() - began, 1)
        texts = Counter((message.chat.id, message.text) for message in telegram.messages)
        figures["messages"] = len(telegram.messages)
        figures["messages_twice"] = sum(times > 1 for times in texts.values())
        return {"set_up": "production" if production else "embedded", "feeds_served": len(feeds), **figures}


def serve(host: site.SiteServer, folder: Path) -> list[str]:
    """Program every feed file as a page."""
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".xml", ".json"})
    return [
        host.page(
            f"/{number}/{path.name}",
            path.read_bytes(),
            content_type="application/json" if path.suffix == ".json" else "application/xml",
        )
        for number, path in enumerate(paths)
    ]


def follow(running: Stack, data: Path, feeds: list[str]) -> dict[str, Any]:
    """Everything from the import to the last message."""
    running.manage("migrate", "-v", "0")
    running.editor("setup", "--chats", "4", "--sources", "2", *(part for url in feeds for part in ("--feed", url)))
    running.start("group", sys.executable, "manage.py", "up")
    running.until(running.is_ready, seconds=60, what="the site answers")
    running.manage("import_posts", str(data / "telegram-posts"), "--source", "Telegram", "--workspace", "followed")

    def worked_off() -> bool:
        seen = running.editor("counts")
        return bool(not seen["waiting"] and not seen["sources_untried"] and seen["grouped"] == seen["kept"])

    running.until(worked_off, seconds=600, what="all posts are grouped and all drafts are written")
    running.editor("approve", "--most", str(PUBLISHED))

    def out() -> bool:
        published = running.editor("counts")["publications"]
        return bool(published and not published.get("scheduled"))

    running.until(out, seconds=300, what="everything is out")
    return running.editor("counts")


def main() -> None:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ["PULT_REAL_DATA"]) if "PULT_REAL_DATA" in os.environ else None
    )
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.data is None or not options.data.is_dir():
        print("skipped: give a folder of real posts and feeds with --data or PULT_REAL_DATA")
        print(json.dumps({"benchmark": "loop", "skipped": "no data"})) if options.json else None
        return
    rows = []
    for production in (False, True):
        if production and not (POSTGRES and REDIS):
            print("production: skipped, DATABASE_URL and REDIS_URL are not set")
            continue
        with tempfile.TemporaryDirectory() as folder:
            rows.append(run(options.data, Path(folder), production=production))
        print(*(f"{name:>20}  {value}" for name, value in rows[-1].items()), sep="\n")
    if options.json:
        print(json.dumps({"benchmark": "loop", "runs": rows}, ensure_ascii=False))


if __name__ == "__main__":
    main()
