"""What reading channels costs us: `python -m tests.benchmarks.channels [--channels N] [--behind N] [--json]`.

An in-memory Telegram answers at once and without limits, so that only our own work is measured, in one process on a
SQLite database of its own (or DATABASE_URL): the first reading of every channel, a reading that finds nothing new, and
catching up with what was written while nobody read.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def main() -> None:
    """Measure in a process of its own and tell."""
    parser = argparse.ArgumentParser(description="Reading channels.")
    parser.add_argument("--channels", type=int, default=200)
    parser.add_argument("--behind", type=int, default=250, help="posts of each channel to catch up with")
    parser.add_argument("--json", action="store_true", help="only the last line")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "PULT_VAR": folder, "DJANGO_SETTINGS_MODULE": "config.settings", "LOG_LEVEL": "ERROR"}
        for name in ("migrate --no-input", ""):
            argv = ["manage.py", *name.split()] if name else ["-m", __spec__.name, "run"]
            argv += [] if name else [str(options.channels), str(options.behind)]
            done = subprocess.run([sys.executable, *argv], cwd=ROOT, env=env, capture_output=True, text=True)
            if done.returncode:
                sys.exit(done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    if not options.json:
        for what, figures in result.items():
            print(f"{what}: {figures}")
    print(json.dumps(result))


def run(count: int, behind: int) -> dict[str, Any]:
    """The three phases."""
    import django

    django.setup()
    from apps.core.clock import now
    from apps.sources.models import ChannelRead, Post, Source
    from tests.sources.channels import SessionFactory, Telegram, added, read

    dice = random.Random(1)
    words = ["".join(dice.choices("абвгдежзиклмнопрстуыэюя", k=dice.randint(2, 10))) for _each in range(5000)]
    telegram = Telegram()
    account = SessionFactory.create()
    telegram.accounts.add(account.pk)
    channels = [telegram.channel(f"channel_{n}", chat_id=1_100_000_000 + n, title=f"Канал {n}") for n in range(count)]

    def written(posts: int) -> None:
        for channel in channels:
            for number in range(posts):
                channel.post(f"{number}. " + " ".join(dice.choices(words, k=45)))

    def phase() -> dict[str, Any]:
        before = Post.objects.count(), ChannelRead.objects.filter(state="done").count()
        began, worked = time.perf_counter(), time.process_time()
        while Source.objects.filter(reads__state="ready", reads__not_before__lte=now()).exists():
            read(telegram)
        seconds = time.perf_counter() - began
        posts = Post.objects.count() - before[0]
        readings = ChannelRead.objects.filter(state="done").count() - before[1]
        return {
            "seconds": round(seconds, 2),
            "processor_seconds": round(time.process_time() - worked, 2),
            "readings": readings,
            "readings_a_second": round(readings / seconds, 1),
            "posts": posts,
            "posts_a_second": round(posts / seconds),
        }

    written(20)
    for channel in channels:
        added(account, channel.username)
    result = {"first": phase()}
    ChannelRead.objects.filter(state="ready").update(not_before=now())
    result["nothing_new"] = phase()
    written(behind)
    while Source.objects.filter(read_to_id__lt=20 + behind).exists():
        ChannelRead.objects.filter(state="ready").update(not_before=now())
        part = phase()
        whole = result.setdefault("catching_up", dict.fromkeys(part, 0))
        for name in ("seconds", "processor_seconds", "readings", "posts"):
            whole[name] += part[name]
    whole["readings_a_second"] = round(whole["readings"] / whole["seconds"], 1)
    whole["posts_a_second"] = round(whole["posts"] / whole["seconds"])
    return result


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        print(json.dumps(run(int(sys.argv[2]), int(sys.argv[3]))))
    else:
        main()
