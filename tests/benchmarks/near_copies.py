"""How well and how fast near-copies are found: `python -m tests.benchmarks.near_copies [--data DIR] [--json]`.

Quality is measured without a database: copies planted by light edits, texts that only look like copies, and the pairs
that an exhaustive comparison of real posts finds; several ways side by side. Speed is measured against tables of 10,000
to 1,000,000 posts, on SQLite and, where a server answers, PostgreSQL, each in a process and a database of its own.
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
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("LOG_FILE_ENABLED", "false")

import django

django.setup()

import psycopg  # noqa: E402
from psycopg import sql  # noqa: E402

from apps.sources.near import boilerplate  # noqa: E402
from apps.sources.near.shingles import keys_of  # noqa: E402
from apps.sources.near.verdict import Text, alike  # noqa: E402
from tests.benchmarks.near_copies_texts import EDITS, Told, name_changed, number_changed, read  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
LOCAL_POSTGRES = "postgres://postgres@127.0.0.1:5432/postgres"
SIZES = "10000,100000,1000000"
WINDOW_S = 72 * 3600.0
WORDS_PLANTED = 12
FREQUENT = 200
Keys = Callable[[Text], Sequence[int]]


def minhash(bands: int) -> Keys:
    """The product's keys, the first so many bands of them."""
    return lambda text: keys_of(text.runs, workspace_id=1)[:bands]


def simhash(text: Text) -> Sequence[int]:
    """SimHash of 64 bits over the same runs (Charikar 2002), in four blocks of 16 bits (Manku et al. 2007)."""
    counts = [0] * 64
    for run in text.runs:
        mixed = (run * 0x9E3779B97F4A7C15) & (1 << 64) - 1
        for bit in range(64):
            counts[bit] += 1 if mixed >> bit & 1 else -1
    value = sum(1 << bit for bit in range(64) if counts[bit] > 0)
    return [(block << 16) | (value >> 16 * block & 0xFFFF) for block in range(4)]


WAYS: dict[str, Keys] = {
    "minhash, 10 bands of 2 (runs)": minhash(10),
    "minhash, 5 bands of 2": minhash(5),
    "simhash 64, 4 blocks": simhash,
}


def texts_of(posts: Sequence[Told]) -> list[Text]:
    """Posts as they are compared, their channels' boilerplate learnt from all of them and cut."""
    by_voice: dict[str, list[Told]] = defaultdict(list)
    for told in posts:
        by_voice[told.voice].append(told)
    learnt: dict[str, set[int]] = {}
    for voice, said in by_voice.items():
        seen = Counter(line.key for told in said for line in boilerplate.edges(told.text))
        counts, number = boilerplate.counted({}, 0, seen, len(said))
        learnt[voice] = {key for key, count in counts.items() if boilerplate.is_boilerplate(count, number)}
    return [
        Text(
            boilerplate.without(told.text, boilerplate.cut(told.text, learnt[told.voice])),
            told.voice,
            told.at.timestamp(),
        )
        for told in posts
    ]


def planted(texts: Sequence[Text], keys: Keys) -> dict[str, Any]:
    """How many planted copies are found, by edit, and how many look-alikes are taken for copies."""
    chance = random.Random(11)
    worth = [text for text in texts if len(text.words) >= WORDS_PLANTED]
    sample = chance.sample(worth, min(1000, len(worth)))
    found: dict[str, Any] = {}
    for name, edit in EDITS.items():
        right = tried = 0
        for text in sample:
            copy = Text(edit(text.told, chance), "another", text.at + 600)
            tried += 1
            right += bool(set(keys(text)) & set(keys(copy))) and alike(text, copy) > 0
        found[f"recall, {name}"] = round(right / max(tried, 1), 4)
    for name, change in (("numbers changed", number_changed), ("a name changed", name_changed)):
        wrong = tried = 0
        for text in sample:
            other = change(text.told, chance)
            if other is not None and len(text.words) < 40:
                tried += 1
                look_alike = Text(other, "another", text.at + 600)
                wrong += bool(set(keys(text)) & set(keys(look_alike))) and alike(text, look_alike) > 0
        found[f"taken for copies, {name}"] = round(wrong / max(tried, 1), 4)
    return found


def exhaustive(texts: Sequence[Text]) -> set[tuple[int, int]]:
    """Every pair within the window that the exact comparison calls copies; runs shared by very many are left out."""
    by_run: dict[int, list[int]] = defaultdict(list)
    for place, text in enumerate(texts):
        if text.is_comparable:
            for run in text.runs:
                by_run[run].append(place)
    pairs = {
        (one, other)
        for places in by_run.values()
        if len(places) <= FREQUENT
        for at, one in enumerate(places)
        for other in places[at + 1 :]
        if abs(texts[one].at - texts[other].at) <= WINDOW_S
    }
    return {(one, other) for one, other in pairs if alike(texts[one], texts[other]) > 0}


def looked_up(texts: Sequence[Text], keys: Keys) -> tuple[set[tuple[int, int]], float, float]:
    """The pairs that share a key and are copies, candidates a post, and microseconds of hashing a post."""
    began = time.perf_counter()
    hashed = [keys(text) if text.is_comparable else () for text in texts]
    spent = (time.perf_counter() - began) / max(len(texts), 1) * 1e6
    by_key: dict[tuple[int, int], list[int]] = defaultdict(list)
    found: set[tuple[int, int]] = set()
    candidates = 0
    for place, own in enumerate(hashed):
        near = set()
        for band, key in enumerate(own):
            near |= {other for other in by_key[band, key] if abs(texts[other].at - texts[place].at) <= WINDOW_S}
            by_key[band, key].append(place)
        candidates += len(near)
        found |= {(other, place) for other in near if alike(texts[other], texts[place]) > 0}
    return found, candidates / max(len(texts), 1), spent


def quality(posts: Sequence[Told], *, show: int) -> dict[str, Any]:
    """Each way on the second half of the posts' voices and times; the first half is what settings were tried on."""
    tried, reported = posts[::2], posts[1::2]
    result: dict[str, Any] = {}
    for half, told in (("first half", tried), ("second half", reported)):
        result[half] = {name: planted(texts_of(told), keys) for name, keys in WAYS.items()}
    texts = texts_of(posts)
    for text in texts:
        _ = text.words, text.runs, text.numbers, text.names  # hashing alone is timed below
    truth = exhaustive(texts)
    result["real"] = {"pairs": len(truth)}
    for name, keys in WAYS.items():
        found, candidates, spent = looked_up(texts, keys)
        result["real"][name] = {
            "recall": round(len(found & truth) / max(len(truth), 1), 4),
            "candidates_a_post": round(candidates, 3),
            "hashing_us": round(spent, 1),
        }
    for one, other in random.Random(5).sample(sorted(truth), min(show, len(truth))):
        print(f"--- {alike(texts[one], texts[other]):.2f}\n{texts[one].told[:300]}\n...\n{texts[other].told[:300]}")
    return result


def measured(options: argparse.Namespace, *, database_url: str) -> dict[str, Any]:
    """One measured process against one empty database."""
    with tempfile.TemporaryDirectory(prefix="pult-near-") as var:
        environment = {
            **os.environ,
            "PULT_VAR": var,
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "CELERY_BROKER_URL": "memory://",
            "LOG_LEVEL": "ERROR",
        }
        data = str(options.data.resolve()) if options.data else ""
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.near_copies_run", data, str(options.posts), options.sizes],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        sys.exit(f"near_copies: the measured process failed\n{done.stderr[-3000:]}")
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def on_postgres(options: argparse.Namespace) -> dict[str, Any]:
    """The run in a database of its own on a PostgreSQL server, or the words why not."""
    server = os.environ.get("DATABASE_URL") or LOCAL_POSTGRES
    name = f"pult_bench_{uuid4().hex[:12]}"
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as exc:
        return {"skipped": f"no PostgreSQL answers: {str(exc).splitlines()[0]}"}
    with connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            return measured(options, database_url=f"{server.rpartition('/')[0]}/{name}")
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def tell(title: str, told: Any, depth: int = 0) -> None:
    """Print a result for a person."""
    if isinstance(told, dict):
        print("  " * depth + title)
        for name, value in told.items():
            tell(str(name), value, depth + 1)
    else:
        print("  " * depth + f"{title}: {told}")


def main() -> int:
    """Run the benchmark and print what came out."""
    parser = argparse.ArgumentParser(description="Near-copies: found, missed, and how fast.")
    parser.add_argument("--data", type=Path, help="folder of export files (.json); without it posts are invented")
    parser.add_argument("--posts", type=int, default=20_000, help="at most so many real posts")
    parser.add_argument("--sizes", default=SIZES, help="posts to look up against, comma-separated")
    parser.add_argument("--database", choices=["all", "none", "sqlite", "postgresql"], default="all")
    parser.add_argument("--show", type=int, default=0, help="print so many real pairs for judging by hand")
    parser.add_argument("--json", action="store_true", help="end with one line of JSON")
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "near_copies", "input": "real" if options.data else "invented"}
    result["quality"] = quality(read(options.data, limit=options.posts), show=options.show)
    if options.database in {"all", "sqlite"}:
        result["sqlite"] = measured(options, database_url="")
    if options.database in {"all", "postgresql"}:
        result["postgresql"] = on_postgres(options)
    tell("near_copies", {name: value for name, value in result.items() if name != "benchmark"})
    if options.json:
        print(json.dumps(result, ensure_ascii=False))
    return 0


if __name__ == "__main__":
    sys.exit(main())
