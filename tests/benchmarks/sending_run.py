"""The database's side of the sending benchmarks: fills the outbox and counts, one JSON command a line."""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime, timedelta
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.db.models import Count  # noqa: E402

from apps.accounts.models import Alert, Workspace  # noqa: E402
from apps.core.clock import now  # noqa: E402
from apps.delivery.models import Delivery, LookUp  # noqa: E402
from apps.delivery.services import delivery_create  # noqa: E402
from apps.publishing.layout import Message  # noqa: E402
from apps.publishing.models import Channel, Publication  # noqa: E402
from apps.publishing.services.publications import publication_hand_over  # noqa: E402
from apps.stories.models import Story, StoryVersion  # noqa: E402
from apps.telegram.models import Bot  # noqa: E402

FIRST_BOT = 910_000


def fill(
    *,
    bots: int,
    chats: int,
    count: int,
    ahead_s: float,
    spread_s: float = 0.0,
    groups: bool = False,
    posts: bool = False,
    seed: int = 1,
) -> dict[str, Any]:
    """Put texts for `bots` times `chats` chats into an empty outbox, due within `spread_s` from `ahead_s` on.

    With `posts` they are publications, each of a story and a channel of its own; else answers of bots.
    """
    Publication.objects.all().delete()
    Channel.objects.all().delete()
    Delivery.objects.all().delete()
    space, _made = Workspace.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    known = bots_of(space, bots)
    far = now() + timedelta(days=1)
    made = published(space, known, count, far) if posts else answered(space, known, count, far, chats, groups=groups)
    return {"deliveries": len(made), "starts_in_s": brought_forward(made, ahead_s, spread_s, random.Random(seed))}


def bots_of(space: Workspace, count: int) -> list[Bot]:
    """So many bots of the workspace, made where they are not there yet."""
    for number in range(count):
        token = f"{FIRST_BOT + number}:{'a' * 35}"
        values = {"name": f"Bot {number}", "username": f"bench_{number}_bot", "token": token}
        Bot.objects.get_or_create(workspace=space, bot_id=FIRST_BOT + number, defaults=values)
    return list(Bot.objects.filter(workspace=space).order_by("bot_id")[:count])


def answered(
    space: Workspace, bots: list[Bot], count: int, at: datetime, chats: int, *, groups: bool
) -> list[Delivery]:
    """Answers of bots, in turn to all of their chats."""
    made = []
    for number in range(count):
        bot = bots[number % len(bots)]
        chat = (-1 if groups else 1) * (1_000_000 + bot.bot_id % 1000 * 10_000 + number // len(bots) % chats)
        made.append(
            delivery_create(
                workspace=space,
                sender="telegram.answer",
                destination=f"Chat {chat}",
                payload={"bot": bot.pk, "chat_id": str(chat), "html": f"text {number}"},
                dedupe_key=f"bench:{number}",
                order_key=f"chat:{chat}",
                not_before=at,
            )
        )
    return made


def published(space: Workspace, bots: list[Bot], count: int, at: datetime) -> list[Delivery]:
    """Publications, each of a story of its own in a channel of its own."""
    made = []
    for number in range(count):
        story = Story.objects.create(workspace=space, title=f"Story {number}", first_at=at, last_at=at)
        version = StoryVersion.objects.create(story=story, number=1, title=story.title, lead="A lead.", body="A body.")
        Story.objects.filter(pk=story.pk).update(current_version=version, status=Story.Status.APPROVED)
        channel = Channel.objects.create(
            workspace=space,
            name=f"Channel {number}",
            slug=f"bench-{number}",
            bot=bots[number % len(bots)],
            chat_id=str(-1_001_000_000_000 - number),
            chat_kind="channel",
        )
        publication = Publication.objects.create(
            workspace=space, channel=channel, story=story, version=version, html=f"text {number}", publish_at=at
        )
        publication_hand_over(publication, [Message(html=publication.html)])
        assert publication.delivery is not None
        made.append(publication.delivery)
    return made


def brought_forward(made: list[Delivery], ahead_s: float, spread_s: float, chance: random.Random) -> float:
    """Give all of them their times at once; the seconds until the first, which are less than none if it took long."""
    start = now() + timedelta(seconds=ahead_s)
    model: Any = Delivery
    for row in made:
        due = start + timedelta(seconds=chance.uniform(0, spread_s))
        row.not_before = row.order_at = due
    first: dict[int, Delivery] = {}
    for row in sorted(made, key=lambda one: (one.order_at, one.pk)):
        first.setdefault(row.lane_id, row)
    lanes = [row.lane for row in first.values()]
    for lane, row in zip(lanes, first.values(), strict=True):
        lane.head, lane.next_at = row.pk, row.not_before
    with transaction.atomic():
        model.objects.bulk_update(made, ["not_before", "order_at"], batch_size=500)
        type(lanes[0]).objects.bulk_update(lanes, ["head", "next_at"], batch_size=500)
    return (start - now()).total_seconds()


def count() -> dict[str, Any]:
    """How the deliveries stand."""
    told = set(Alert.objects.filter(closed_at=None).values_list("key", flat=True))
    doubted = [f"delivery.unknown:{pk}" for pk in Delivery.objects.unknown().values_list("pk", flat=True)]
    refused = [f"delivery.dead:{pk}" for pk in Delivery.objects.dead().values_list("pk", flat=True)]
    rows = Delivery.objects.values_list("state", "outcome").annotate(Count("id"))
    return {
        "standing": {f"{state}/{outcome}": number for state, outcome, number in rows},
        "live": Delivery.objects.live().count() + LookUp.objects.live().count(),
        "doubted": len(doubted),
        "told": sum(key in told for key in doubted),
        "failed_and_told": sum(key in told for key in refused),
        "sent": sorted(Delivery.objects.filter(outcome="sent").values_list("payload__html", flat=True)),
        "unsent": sorted(Delivery.objects.exclude(outcome="sent").values_list("payload__html", flat=True)),
    }


def leased() -> dict[str, Any]:
    """How many were in a worker's hands, and of those how many had begun to leave."""
    rows = Delivery.objects.filter(state="leased")
    return {"leased": rows.count(), "begun": rows.filter(begun_at__isnull=False).count()}


def lags() -> dict[str, Any]:
    """Milliseconds from due to recorded as accepted, and the moments of acceptance."""
    sent = Delivery.objects.filter(outcome="sent").values_list("order_at", "sent_at", "destination")
    rows = [(due, at, to) for due, at, to in sent if at is not None]
    return {
        "lags_ms": [(at - due).total_seconds() * 1000 for due, at, _to in rows],
        "sent_at": sorted(at.timestamp() for _due, at, _to in rows),
        "by_chat": [(to, at.timestamp()) for _due, at, to in rows],
    }


COMMANDS = {"fill": fill, "count": count, "leased": leased, "lags": lags}

if __name__ == "__main__":
    for line in sys.stdin:
        name, options = json.loads(line)
        try:
            answer = COMMANDS[name](**options)  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001 - the asker decides
            connection.close()  # a restarted database is reached by a new one only
            answer = {"error": f"{type(error).__name__}: {error}"}
        print("ANSWER " + json.dumps(answer), flush=True)
