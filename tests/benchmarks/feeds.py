"""How fast feeds are refreshed and read: `python -m tests.benchmarks.feeds [--data DIR] [--feeds N] [--json]`.

N feeds of as many hosts are served on loopback by a process of its own. They are collected once, then again with half
of them unchanged (304) and the other half one entry richer, then beside a host that takes its time, in SQLite in a
temporary folder, or in PostgreSQL where DATABASE_URL names an empty database. With --data (or PULT_REAL_DATA, whose
`feeds` folder is taken) every feed file is read by Pult, feedparser and fastfeedparser side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def main() -> int:
    """Run the benchmark and print what came out."""
    real = os.environ.get("PULT_REAL_DATA", "")
    parser = argparse.ArgumentParser(description="Feeds refreshed and read.")
    parser.add_argument(
        "--data", type=Path, default=Path(real) / "feeds" if real else None, help="folder of feed files"
    )
    parser.add_argument("--feeds", type=int, default=1000, help="how many are served")
    parser.add_argument("--slow", type=int, default=200, help="how many more a slow host has")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "feeds", "feeds": options.feeds}
    result["refresh"] = measured("refresh", str(options.feeds), str(options.slow))
    for name, value in result["refresh"].items():
        print(f"{name:>32}: {value}")
    if options.data is None or not options.data.is_dir():
        result["parsing"] = {"skipped": "no folder of feed files given (--data DIR)"}
        print("parsing: skipped, no folder of feed files given (--data DIR)")
    else:
        result["parsing"] = measured("parsing", str(options.data))
        for reader, found in result["parsing"].items():
            print(f"{reader:>16}: {found}")
    if options.json:
        print(json.dumps(result))
    return 0


def measured(*arguments: str) -> dict[str, Any]:
    """What one measured process says in its last line."""
    with ExitStack() as stack:
        var = stack.enter_context(tempfile.TemporaryDirectory(prefix="pult-feeds-"))
        environment = {
            **os.environ,
            "PULT_VAR": var,
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "HTTP_HOST_INTERVAL_S": "0",
            "DEMO": "false",
            "LOG_LEVEL": "ERROR",
        }
        command = [sys.executable, "-m", "tests.benchmarks.feeds_run", *arguments]
        run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        return {"failed": run.stderr.strip().splitlines()[-1:]}
    found: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return found


if __name__ == "__main__":
    sys.exit(main())
