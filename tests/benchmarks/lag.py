"""How late publications are: `python -m tests.benchmarks.lag [--sizes 1,10,100,1000] [--bots 50] [--json]`.

So many publications are scheduled within one minute over fifty bots, each in a channel of its own; measured is the time
from due to recorded as accepted by the stand-in of the Bot API, which keeps Telegram's limits. Fewer than ten are
published again and again, each time in its part of the minute, until ten have been seen. With `--at-once` all are also
due in the same second, where the limit of 30 a second a bot and the processor say how fast they can be.
"""

from __future__ import annotations

import json
import random
from typing import Any

from tests.benchmarks.sending import Books, options, percentiles, refusals, set_up, set_ups, until_arrived
from tests.servers.bot_api import BotApiServer

# Fewer say nothing about the slow ones.
SEEN_LEAST = 10
AHEAD_S = 5.0


def measured(books: Books, telegram: BotApiServer, *, size: int, bots: int, minute_s: float) -> dict[str, Any]:
    """One minute's worth of publications, in as many rounds as it takes to see enough of them."""
    rounds = -(-SEEN_LEAST // size)
    lags, refused = [], 0
    for _round in range(rounds):
        lags += lags_of(books, telegram, size=size, bots=bots, minute_s=minute_s / rounds)
        refused += refusals(telegram)
    return {
        "rounds": rounds,
        "sent": len(lags),
        "missing": size * rounds - len(lags),
        **percentiles(lags),
        "worst": round(max(lags, default=0)),
        "refused": refused,
    }


def lags_of(books: Books, telegram: BotApiServer, *, size: int, bots: int, minute_s: float) -> list[float]:
    """One round; milliseconds from due to recorded as accepted.

    Raises:
        RuntimeError: filling the outbox took so long that some were due before they were there.
    """
    telegram.messages.clear()
    telegram.log.clear()
    wanted: dict[str, Any] = {"bots": bots, "chats": size, "count": size, "posts": True, "seed": random.random()}
    filled = books.ask("fill", ahead_s=AHEAD_S, spread_s=minute_s, **wanted)
    if filled["starts_in_s"] < 0:
        raise RuntimeError(f"the outbox was filled {-filled['starts_in_s']:.1f} s too late")
    until_arrived(telegram, size, seconds=filled["starts_in_s"] + minute_s + 120)
    found: list[float] = books.ask("lags")["lags_ms"]
    return found


def main() -> None:
    """Print the figures."""
    parser = options(__doc__)
    parser.add_argument("--sizes", default="1,10,100,1000")
    parser.add_argument("--bots", type=int, default=50)
    parser.add_argument("--minute", type=float, default=60.0, help="seconds that they are spread over")
    parser.add_argument("--at-once", action="store_true", help="also all of them in the same second")
    given = parser.parse_args()
    random.seed(1)
    runs: list[dict[str, Any]] = []
    for production in set_ups()[: 1 if given.embedded else 2]:
        name = "production" if production else "embedded"
        with set_up(production=production) as (_running, books, telegram):
            measured(books, telegram, size=given.bots, bots=given.bots, minute_s=5)  # every bot's session has been open
            for minute_s in [given.minute, 1.0][: 2 if given.at_once else 1]:
                for size in map(int, given.sizes.split(",")):
                    found = measured(books, telegram, size=size, bots=given.bots, minute_s=minute_s)
                    runs.append({"set_up": name, "within_s": minute_s, "publications": size, **found})
                    print(*(f"{key} {value}" for key, value in runs[-1].items()), sep="  ", flush=True)
    if given.json:
        print(json.dumps({"benchmark": "lag", "bots": given.bots, "runs": runs}))


if __name__ == "__main__":
    main()
