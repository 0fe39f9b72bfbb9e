"""Nothing twice, nothing lost: `python -m tests.benchmarks.faults [--count 5000] [--kills 100] [--json]`.

Texts leave through real workers, each of which is killed at a random moment after it began to send, while Redis and
PostgreSQL (of its own, where their programs are installed) are killed and started again, and the stand-in of the Bot
API answers some with 429 and 500 and cuts some connections, before and after it accepted the message. Texts come due
over about as long as the kills take, so that those find work under way (`kills_at_work`). At the end every text is sent
once, or in doubt or refused with an alert that says so; what the stand-in accepted tells whether that is true.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.benchmarks.own_servers import OwnPostgres, OwnRedis
from tests.benchmarks.sending import Books, options, set_up
from tests.e2e import stack as e2e
from tests.e2e.stack import Stack
from tests.servers.bot_api import BotApiServer

SHARES = {"429": 0.10, "500": 0.05, "cut_after": 0.03, "cut_before": 0.02}
BOTS = 40
# Texts come due over so long that the last kill still finds some: about what a worker takes to start and to live.
KILL_EVERY_S = 8.0
# A worker is given so long to begin with sending, and then lives up to so long.
SENDS_WITHIN_S, LIVES_S = 60.0, 2.0


def run(running: Stack, books: Books, telegram: BotApiServer, servers: list[Any], given: Any) -> dict[str, Any]:
    """Send everything through the faults; what came of it."""
    spread_s = given.spread if given.spread >= 0 else given.kills * KILL_EVERY_S
    books.ask("fill", bots=BOTS, chats=given.count // BOTS + 1, count=given.count, ahead_s=2, spread_s=spread_s)
    telegram.faults.share(SHARES, method="send*", retry_after=1)
    began, killed, struck, restarts = time.monotonic(), 0, Counter[str](), 0
    chance = random.Random(given.seed)
    while killed < given.kills and time.monotonic() < began + given.seconds:
        if not until_asked(telegram, seconds=SENDS_WITHIN_S) and not live(books):
            break  # all has been sent: there is nothing left to strike at
        time.sleep(chance.uniform(0.0, LIVES_S))
        running.kill("worker")
        killed += 1
        struck.update(in_hand(books))
        if servers and killed % given.restart_every == 0:
            servers[restarts % len(servers)].restart()
            restarts += 1
        running.start_worker()
        with suppress(AssertionError):
            running.until_worker_ready(seconds=60)
    sent_by_then = len(telegram.messages)
    while live(books) and time.monotonic() < began + given.seconds:
        time.sleep(3)
    return {
        **judged(books, telegram, given.count),
        "kills": killed,
        "kills_at_work": struck["at_work"],
        "kills_while_sending": struck["while_sending"],
        "accepted_before_the_last_kill": sent_by_then,
        "restarts": restarts,
        "seconds": round(time.monotonic() - began),
    }


def until_asked(telegram: BotApiServer, *, seconds: float) -> bool:
    """Wait until the present worker has sent something: one that is killed before proves nothing."""
    before, ends = len(telegram.log), time.monotonic() + seconds
    while len(telegram.log) == before and time.monotonic() < ends:
        time.sleep(0.05)
    return len(telegram.log) > before


def in_hand(books: Books) -> list[str]:
    """What the worker that was killed just now had in its hands."""
    try:
        found = books.ask("leased")
    except ConnectionError:
        return []
    return ["at_work"] * bool(found["leased"]) + ["while_sending"] * bool(found["begun"])


def live(books: Books) -> int:
    """How many still wait or are under way; all of them while the database is away."""
    try:
        left: int = books.ask("count")["live"]
    except ConnectionError:
        return 1
    return left


def judged(books: Books, telegram: BotApiServer, count: int) -> dict[str, Any]:
    """Compare what is recorded with what was accepted."""
    counted = books.ask("count")
    arrived = Counter(message.text for message in telegram.messages)
    recorded = set(counted["sent"])
    told = counted["told"] + counted["failed_and_told"]
    return {
        "deliveries": count,
        "sent": len(recorded),
        "sent_twice": sum(times > 1 for times in arrived.values()),
        "called_sent_and_not_there": len(recorded - set(arrived)),
        "unknown_and_told": counted["told"],
        "unknown_and_not_told": counted["doubted"] - counted["told"],
        "failed_and_told": counted["failed_and_told"],
        "unknown_and_arrived": len(set(counted["unsent"]) & set(arrived)),
        "lost": count - len(recorded) - told,
        "standing": counted["standing"],
        "answers": dict(Counter(str(entry.status) for entry in telegram.log if entry.method.startswith("send"))),
    }


@contextmanager
def own_servers(folder: Path) -> Iterator[list[Any]]:
    """PostgreSQL and Redis of this run's own, named to the set-up; none where they are not installed."""
    servers: list[Any] = []
    before = e2e.POSTGRES, e2e.REDIS
    try:
        postgres, redis = OwnPostgres(folder / "postgres"), OwnRedis(folder / "redis")
        servers = [postgres, redis]
        e2e.POSTGRES, e2e.REDIS = f"{postgres.url}/postgres", redis.url
        yield servers
    finally:
        e2e.POSTGRES, e2e.REDIS = before
        for server in servers:
            server.stop()


def main() -> None:
    """Print what came of it."""
    parser = options(__doc__)
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--restart-every", type=int, default=10, help="kills between two restarts of a server")
    parser.add_argument("--spread", type=float, default=-1.0, help="seconds over which they come due; -1: by the kills")
    parser.add_argument("--seconds", type=float, default=3600.0, help="the longest that a run may take")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    runs: list[dict[str, Any]] = []
    with set_up(production=False, seed=given.seed) as (running, books, telegram):
        runs.append({"set_up": "embedded", **run(running, books, telegram, [], given)})
    print(*(f"{key:>26}  {value}" for key, value in runs[-1].items()), sep="\n", flush=True)
    if not given.embedded:
        with tempfile.TemporaryDirectory(prefix="pult-faults-") as name:
            Path(name).chmod(0o755)
            try:
                with (
                    own_servers(Path(name)) as servers,
                    set_up(production=True, seed=given.seed) as (running, books, telegram),
                ):
                    runs.append({"set_up": "production", **run(running, books, telegram, servers, given)})
                print(*(f"{key:>26}  {value}" for key, value in runs[-1].items()), sep="\n", flush=True)
            except FileNotFoundError as missing:
                print(f"production: skipped, {missing}")
    if given.json:
        print(json.dumps({"benchmark": "faults", "runs": runs}))


if __name__ == "__main__":
    main()
