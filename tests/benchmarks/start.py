"""How long the first command takes, and how much memory the group needs at rest.

`cold_s`: from a fresh clone in an empty folder, environment and packages included, to the first page; the packages come
from wherever pip has them. `warm_s`: the same command again. `rest_mb`: the group's memory (PSS) one minute later.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

BASE = Path(__file__).resolve().parent.parent.parent
REST_S = 60.0
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TERM")
PIP = ("PIP_", "UV_", "SSL_", "REQUESTS_", "http", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY")


def environment(port: int) -> dict[str, str]:
    """What a newcomer's shell has, and how pip reaches its packages."""
    kept = {name: value for name, value in os.environ.items() if name in KEPT or name.startswith(PIP)}
    return {**kept, "PORT": str(port)}


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def started(folder: Path, log: Path) -> tuple[subprocess.Popen[bytes], float]:
    """Run `make run` there until the login page answers; the process and the seconds it took."""
    port = free_port()
    began = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["make", "run"], cwd=folder, env=environment(port), stdout=file, stderr=file, start_new_session=True
        )
    while not answers(f"http://127.0.0.1:{port}/admin/login/"):
        if process.poll() is not None or time.perf_counter() - began > 900:
            raise SystemExit(f"make run did not come up:\n{log.read_text()[-3000:]}")
        time.sleep(0.05)
    return process, time.perf_counter() - began


def answers(url: str) -> bool:
    """Whether a page comes back."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - our own address
            return bool(page.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def stopped(process: subprocess.Popen[bytes]) -> float:
    """Stop the group and wait; the seconds it took."""
    began = time.perf_counter()
    os.killpg(process.pid, signal.SIGINT)
    process.wait(60)
    return time.perf_counter() - began


def memory_mb(process: subprocess.Popen[bytes]) -> dict[str, float]:
    """PSS of every process of the group, by what it is."""
    found: dict[str, float] = {}
    for one in psutil.Process(process.pid).children(recursive=True):
        words = " ".join(one.cmdline())
        name = next(
            (name for name in ("supervisor", "granian", "worker", "beat", "run_bots") if name in words), "other"
        )
        found[name] = found.get(name, 0.0) + one.memory_full_info().pss / 1e6
    return {name: round(value, 1) for name, value in found.items()}


def measured(folder: Path, *, rest_s: float) -> dict[str, object]:
    """Clone, run cold, rest, run warm."""
    clone, log = folder / "pult", folder / "run.log"
    subprocess.run(["git", "clone", "--quiet", "--no-hardlinks", str(BASE), str(clone)], check=True)
    process, cold_s = started(clone, log)
    time.sleep(rest_s)
    stopped(process)
    process, warm_s = started(clone, log)
    time.sleep(rest_s)
    parts = memory_mb(process)
    stop_s = stopped(process)
    return {
        "cold_s": round(cold_s, 1),
        "warm_s": round(warm_s, 2),
        "rest_mb": round(sum(parts.values()), 1),
        "rest_parts_mb": parts,
        "stop_s": round(stop_s, 2),
        "venv_mb": sum(path.stat().st_size for path in (clone / ".venv").rglob("*") if path.is_file()) // 1_000_000,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--rest-s", type=float, default=REST_S, help="seconds before memory is read")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="pult-start-"))
    try:
        figures = measured(folder, rest_s=options.rest_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for name, value in figures.items():
        print(f"{name:14} {value}")
    if options.json:
        print(json.dumps(figures))


if __name__ == "__main__":
    main()
