"""Does memory stay bounded while a big export is imported? `python -m tests.benchmarks.big_import [--mb N] [--json]`.

Writes a result.json of so many megabytes (invented messages), then imports it in a process of its own, into an SQLite
database made for it, and tells the peak of that process's memory, and how fast it was. With `--zip` the export is
zipped with its pictures.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
SYLLABLES = ("мо", "па", "ре", "ка", "сту", "до", "ли", "на", "ве", "три", "ску", "бо", "ля", "зи", "го", "ню")
WORDS_EACH = (100, 1500)
RUN = """
import json, resource, sys, time
import django
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from apps.accounts.models import Workspace
from apps.sources import listeners
from apps.sources.models import MediaFile, Post, Source
from apps.sources.management.commands.import_posts import _imported
from pathlib import Path
listeners._added.clear()
source = Source.objects.create(workspace=Workspace.objects.create(name="Bench", slug="bench"), kind="export", name="a")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.perf_counter()
report = _imported(source, Path(sys.argv[1]))
seconds = time.perf_counter() - began
print(json.dumps({
    "posts": report.intake.added, "files": MediaFile.objects.count(), "seconds": round(seconds, 1),
    "posts_per_s": round(report.read / seconds), "mb_before": before // 1024,
    "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
}))
"""


def messages(size: int) -> Iterator[str]:
    """Invented messages, about so many bytes of JSON in all."""
    chance, written, number = random.Random(7), 0, 0
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))) for _ in range(20_000)]
    while written < size:
        number += 1
        text = [" ".join(chance.choices(words, k=chance.randint(*WORDS_EACH))), {"type": "bold", "text": " важно"}]
        message: dict[str, Any] = {
            "id": number,
            "type": "message",
            "date": "2026-11-20T15:00:00",
            "date_unixtime": str(1_700_000_000 + 60 * number),
            "text": text,
        }
        if number % 500 == 0:
            message["photo"] = f"photos/{number}.jpg"
        line = json.dumps(message, ensure_ascii=False)
        written += len(line.encode()) + 2
        yield line


def write(path: Path, size: int) -> None:
    """The export as Telegram Desktop writes it."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"name": "Чайка", "type": "private_channel", "id": 77, "messages": [\n')
        for number, line in enumerate(messages(size)):
            file.write(f"{',' if number else ''}{line}\n")
        file.write("]}")


def zipped(path: Path) -> Path:
    """The export zipped, with a picture for every five hundredth message."""
    packed = path.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.write(path, "ChatExport/result.json")
        for number in range(500, 50_000, 500):
            out = io.BytesIO()
            Image.effect_noise((1280, 960), 20 + number % 7).save(out, "JPEG", quality=90)
            archive.writestr(f"ChatExport/photos/{number}.jpg", out.getvalue())
    return packed


def main() -> int:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description="A big export in bounded memory.")
    parser.add_argument("--mb", type=int, default=64, help="megabytes of result.json")
    parser.add_argument("--zip", action="store_true", help="zip it with pictures")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pult-big-import-") as folder:
        path = Path(folder) / "result.json"
        write(path, options.mb * 1024 * 1024)
        if options.zip:
            path = zipped(path)
        environment = {
            **os.environ,
            "PULT_VAR": f"{folder}/var",
            "DATABASE_URL": "",
            "REDIS_URL": "",
            "CELERY_BROKER_URL": "memory://",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-c", RUN, str(path)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"big_import: the measured process failed\n{done.stderr[-3000:]}")
    result = {"benchmark": "big_import", "mb": options.mb, **json.loads(done.stdout.splitlines()[-1])}
    print(
        f"{options.mb} MB: {result['posts']} posts and {result['files']} files in {result['seconds']} s "
        f"({result['posts_per_s']} posts/s); memory {result['mb_before']} MB before, {result['peak_mb']} MB at most"
    )
    if options.json:
        print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
