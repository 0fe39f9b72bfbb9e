"""How near the outbox comes to Telegram's limits: `python -m tests.benchmarks.delivery [--json]`.

One bot to 300 chats (29.4 a second are let through, of 30 that Telegram takes; at least 95 % of 30 are expected), many
bots at once, and ten groups, which take 20 a minute each. The stand-in counts as Telegram does and refuses what is too
much: none is expected. Rates are of the moments at which the stand-in accepted, not of those that were recorded.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from typing import Any

from tests.benchmarks.sending import Books, options, refusals, set_up, set_ups, until_arrived
from tests.servers.bot_api import BotApiServer

BOT_LIMIT, GROUP_LIMIT, MINUTE_S = 30.0, 20, 60.0


def sent(
    books: Books, telegram: BotApiServer, *, bots: int, chats: int, each: int, groups: bool = False, seconds: float
) -> dict[str, Any]:
    """Everything due at once; how fast it leaves."""
    telegram.messages.clear()
    telegram.log.clear()
    count = bots * chats * each
    books.ask("fill", bots=bots, chats=chats, count=count, ahead_s=5, groups=groups)
    until_arrived(telegram, count, seconds=seconds)
    recorded = len(books.ask("lags")["lags_ms"])
    moments, by_chat = accepted(telegram)
    took = moments[-1] - moments[0] if len(moments) > 1 else 0.0
    rate = (len(moments) - 1) / took if took else 0.0
    in_minute = [sum(at - times[0] < MINUTE_S for at in times) for times in by_chat.values()]
    return {
        "bots": bots,
        "chats": chats,
        "messages": count,
        "sent": recorded,
        "accepted": len(moments),
        "per_s": round(rate, 2),
        "of_limit": round(rate / (BOT_LIMIT * bots), 3),
        "chats_reached": len(by_chat),
        "least_in_first_minute": min(in_minute, default=0),
        "most_in_any_minute": max(map(busiest, by_chat.values()), default=0),
        "refused": refusals(telegram),
    }


def accepted(telegram: BotApiServer) -> tuple[list[float], dict[str, list[float]]]:
    """When the stand-in took messages: all in their order, and those of each chat."""
    by_chat: dict[str, list[float]] = defaultdict(list)
    for entry in telegram.log:
        if entry.stored and entry.method.startswith("send"):
            by_chat[entry.params["chat_id"]].append(entry.time)
    return sorted(at for times in by_chat.values() for at in times), {
        chat: sorted(times) for chat, times in by_chat.items()
    }


def busiest(times: list[float]) -> int:
    """The most messages of any sixty seconds."""
    return max(bisect_left(times, at + MINUTE_S) - place for place, at in enumerate(times))


def main() -> None:
    """Print the figures."""
    parser = options(__doc__)
    parser.add_argument("--chats", type=int, default=300)
    parser.add_argument("--each", type=int, default=3, help="messages to each chat of the one bot")
    parser.add_argument("--bots", type=int, default=40)
    parser.add_argument("--bots-chats", type=int, default=100)
    parser.add_argument("--groups", type=int, default=10)
    given = parser.parse_args()
    runs: list[dict[str, Any]] = []
    for production in set_ups()[: 1 if given.embedded else 2]:
        name = "production" if production else "embedded"
        with set_up(production=production) as (_running, books, telegram):
            sent(books, telegram, bots=1, chats=20, each=1, seconds=60)  # everything has been loaded
            cases = {
                "one bot": {"bots": 1, "chats": given.chats, "each": given.each, "seconds": 300},
                "many bots": {"bots": given.bots, "chats": given.bots_chats, "each": 1, "seconds": 600},
                "groups": {"bots": 1, "chats": given.groups, "each": GROUP_LIMIT + 5, "groups": True, "seconds": 150},
            }
            for case, options_of in cases.items():
                runs.append({"set_up": name, "case": case, **sent(books, telegram, **options_of)})
                print(*(f"{key} {value}" for key, value in runs[-1].items()), sep="  ", flush=True)
    if given.json:
        print(json.dumps({"benchmark": "delivery", "runs": runs}))


if __name__ == "__main__":
    main()
