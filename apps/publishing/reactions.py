"""Following what bots are told of reactions under publications."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q

from apps.core.clock import now
from apps.publishing.models import Channel, MessageReactions, Publication
from apps.telegram.inbound import Inbound, mapping
from apps.telegram.models import Bot

KIND = "message_reaction_count"
NUMBER_MAX = 2**31


def reactions_counted(update: Inbound, bot: Bot) -> bool:
    """Note the reactions under a publication of one of the bot's channels; others are nobody's here."""
    if update.kind != KIND:
        return False
    number = update.content.get("message_id")
    publication = publication_at(bot, update, number) if isinstance(number, int) else None
    if publication is not None:
        reactions_keep(publication, by_kind(update.content.get("reactions")), update.at or now(), update.update_id)
    return True


def publication_at(bot: Bot, update: Inbound, number: int) -> Publication | None:
    """The publication whose first message has this number in the chat that the update tells of."""
    chat = update.chat
    named = Q(chat_id=str(chat.get("id", "")))
    if username := chat.get("username"):
        named |= Q(chat_id__iexact=f"@{username}")
    channels = Channel.objects.filter(named, bot=bot, kind=Channel.Kind.TELEGRAM)
    rows = Publication.objects.filter(channel__in=list(channels[:20]), message_id=str(number))
    return rows.order_by("-sent_at").first()


def by_kind(reactions: object) -> dict[str, int]:
    """How many of each; stars paid and emoji made by people by what they are called."""
    found: dict[str, int] = {}
    for one in reactions if isinstance(reactions, list) else []:
        told = mapping(one)
        kind, count = mapping(told.get("type")), told.get("total_count")
        name = str(kind.get("emoji") or kind.get("custom_emoji_id") or kind.get("type") or "?")[:40]
        if isinstance(count, int) and 0 <= count < NUMBER_MAX:
            found[name] = found.get(name, 0) + count
    return found


def reactions_keep(publication: Publication, counts: dict[str, int], at: datetime, update_id: int) -> None:
    """Keep the newest word, in whatever order updates are worked; inside the transaction that finishes one."""
    kept = {"by_kind": counts, "total": sum(counts.values()), "told_at": at, "update_id": update_id}
    _row, is_new = MessageReactions.objects.get_or_create(publication=publication, defaults=kept)
    if not is_new:
        older = Q(told_at__lt=at) | Q(told_at=at, update_id__lt=update_id)
        MessageReactions.objects.filter(older, publication=publication).update(**kept)
