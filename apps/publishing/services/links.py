"""Short links: made with a publication, followed by readers, counted without anything of theirs."""

from __future__ import annotations

import hashlib
import random
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.urls import reverse

from apps.core.clock import now
from apps.publishing.layout import Message
from apps.publishing.models import Channel, LinkClicks, Publication, ShortLink
from apps.publishing.statistics import links

SIGNS = string.ascii_letters + string.digits
CODE_LENGTH = 9
# Rows that share an hour's clicks, so that readers of a popular link do not queue for one.
SHARDS = 8


@dataclass(frozen=True)
class LinkShown:
    """What a link becomes: as it was written, and where it will lead."""

    target: str
    address: str


def links_put(publication: Publication, messages: Sequence[Message]) -> list[Message]:
    """The messages with own short links in place of their links; inside the transaction that makes them."""
    if not publication.channel.short_links:
        return list(messages)
    targets = [target for one in messages for target in targets_of(one.html, one.buttons)]
    return _with_links(messages, _made(publication, targets))


def links_back(publication: Publication, messages: Sequence[Message]) -> list[Message]:
    """Messages of a publication with what was written in place of its short links; for another one of the same."""
    rows = ShortLink.objects.filter(publication=publication).values_list("code", "target")
    return _with_links(messages, {link_address(code): target for code, target in rows})


def links_put_in(publication: Publication, html: str) -> str:
    """A new text of a publication with own short links; the same target keeps its link."""
    return links_put(publication, [Message(html)])[0].html


def links_shown(channel: Channel, story_pk: int, messages: Sequence[Message]) -> list[LinkShown]:
    """What the links of messages would become; nothing is made."""
    if not channel.short_links:
        return []
    targets = dict.fromkeys(target for one in messages for target in targets_of(one.html, one.buttons))
    values = {"channel": channel.slug, "story": str(story_pk), "publication": "…"}
    return [LinkShown(target, _address(channel, target, values).replace("%E2%80%A6", "…")) for target in targets]


def targets_of(html: str, buttons: Sequence[Sequence[Mapping[str, Any]]] = ()) -> list[str]:
    """The links of a message that would be counted; those that are ours already would not."""
    own = f"{base()}{reverse('publishing:link', args=['-'])[:-1]}"
    found = links.addresses_in(html)
    found += [one["url"] for row in buttons for one in row if links.is_countable(one["url"])]
    return [target for target in dict.fromkeys(found) if not target.startswith(own)]


def link_address(code: str) -> str:
    """What readers follow."""
    return f"{base()}{reverse('publishing:link', args=[code])}"


def link_followed(link: ShortLink, *, is_machine: bool = False) -> None:
    """Count that somebody, or a program, has followed a link."""
    name = "machines" if is_machine else "people"
    at = now().replace(minute=0, second=0, microsecond=0)
    key = {"link": link, "hour": at, "shard": random.randrange(SHARDS)}
    rows = LinkClicks.objects.filter(**key)
    if rows.update(**{name: F(name) + 1}):
        return
    try:
        with transaction.atomic():
            LinkClicks.objects.create(**key, **{name: 1})
    except IntegrityError:
        rows.update(**{name: F(name) + 1})


def base() -> str:
    """Where this installation is reached."""
    return str(settings.BASE_URL).rstrip("/")


def is_reachable() -> bool:
    """Whether others than this machine could open our links, as far as the address tells."""
    host = urlsplit(base()).hostname or ""
    return host != "localhost" and not host.startswith("127.") and host not in {"", "0.0.0.0", "::1"}  # noqa: S104


def _with_links(messages: Sequence[Message], known: Mapping[str, str]) -> list[Message]:
    """The messages with other links in texts and buttons."""
    return [
        replace(
            one,
            html=links.replaced(one.html, lambda address: known.get(address, address)),
            buttons=[
                [{**button, "url": known.get(button["url"], button["url"])} for button in row] for row in one.buttons
            ],
        )
        for one in messages
    ]


def _made(publication: Publication, targets: Sequence[str]) -> dict[str, str]:
    """Short links by target; those that are missing are made."""
    wanted = {target: hashlib.sha256(target.encode()).hexdigest() for target in targets}
    rows = ShortLink.objects.filter(publication=publication, target_hash__in=wanted.values())
    codes = dict(rows.values_list("target_hash", "code"))
    values = {
        "channel": publication.channel.slug,
        "story": str(publication.story_id),
        "publication": str(publication.pk),
    }
    missing = [
        ShortLink(
            publication=publication,
            code="".join(secrets.choice(SIGNS) for _sign in range(CODE_LENGTH)),
            target=target,
            address=_address(publication.channel, target, values),
            target_hash=key,
        )
        for target, key in wanted.items()
        if key not in codes
    ]
    ShortLink.objects.bulk_create(missing)
    codes.update({one.target_hash: one.code for one in missing})
    return {target: link_address(codes[key]) for target, key in wanted.items()}


def _address(channel: Channel, target: str, values: Mapping[str, str]) -> str:
    utm = {name: links.filled(template, values) for name, template in channel.utm.items()}
    return links.with_utm(target, utm)
