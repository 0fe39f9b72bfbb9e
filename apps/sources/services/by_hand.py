"""Posts that editors bring in themselves: a page that they have a link to, or a text that they paste.

They belong to one source of the workspace, which is never collected; so a text made from them can be checked against
what they say.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from importlib import import_module
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User, Workspace
from apps.accounts.services import audit_record
from apps.core import http
from apps.core.clock import now
from apps.core.errors import PermanentError, RetryableError
from apps.core.http import checked_url
from apps.core.http.client import allow_list
from apps.core.work.drain import Defer
from apps.sources.models import Post, Source
from apps.sources.ports import Item
from apps.sources.services.intake import posts_intake

PAGE_BYTES = 4 * 1024 * 1024
PATIENCE_S = 30.0
BUSY_WAIT_S = 15.0
ACCEPT = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"


@transaction.atomic
def source_by_hand(*, workspace: Workspace, actor: User | None = None) -> Source:
    """The workspace's source of posts added by hand; made when it is first needed, kept for ever."""
    own = Source.objects.filter(workspace=workspace, kind=Source.Kind.HAND)
    if (found := own.first()) is not None:
        return found
    # Not the key: collectors ask for it when their posts are stored, and hold what is asked for next here.
    Workspace.objects.select_for_update(no_key=True).only("pk").get(pk=workspace.pk)
    if (found := own.first()) is not None:
        return found
    name = wanted = _("Added by hand")
    number = 1
    while Source.objects.filter(workspace=workspace, name=name).exists():
        number += 1
        name = f"{wanted} {number}"
    made = Source.objects.create(workspace=workspace, kind=Source.Kind.HAND, name=name, retention_days=0)
    audit_record(verb="source.created", target=made, actor=actor)
    return made


def post_by_hand(*, source: Source, item: Item) -> Post:
    """Store what an editor brought in, as any other post: near-copies are found, listeners are told."""
    posts_intake(source=source, items=[item])
    moment = now()
    Source.objects.filter(pk=source.pk).update(last_ok_at=moment, last_tried_at=moment)
    return Post.objects.get(source=source, external_id=item.external_id)


def address_checked(address: str) -> str:
    """An address that may be fetched.

    Raises:
        PermanentError: it is none, or leads where nothing must be fetched.
    """
    typed = address.strip()
    if typed and "://" not in typed:
        typed = f"https://{typed}"
    return str(checked_url(typed, allow=allow_list()))


async def page_read(address: str, client: http.Session) -> Item:
    """The article at an address; call it outside any transaction.

    Raises:
        Defer: its host is being asked by others of us.
        RetryableError: it may be there later.
        PermanentError: there is no article, or something stands in front of it.
    """
    try:
        wanted = client.fetch(address, headers={"Accept": ACCEPT}, max_bytes=PAGE_BYTES)
        answer = await asyncio.wait_for(wanted, PATIENCE_S)
    except TimeoutError as exc:
        raise RetryableError(_("The site did not answer in time."), code="timed_out") from exc
    except RetryableError as exc:
        if exc.code == "host_busy":
            wait = exc.retry_after or BUSY_WAIT_S
            raise Defer(until=now() + timedelta(seconds=wait), reason=str(exc)) from exc
        raise
    if not answer.is_success:
        raise refusal(answer)
    # Named by path: what parsers of pages load is paid by those who read pages only.
    parser: Any = import_module("apps.sources.parsers.page")
    found = await asyncio.to_thread(parser.read_article, answer.body, url=answer.url, charset=answer.charset)
    if isinstance(found, parser.Obstacle):
        raise PermanentError(found.words, code=f"page_{found.kind}")
    item: Item = found.item
    return item


def refusal(answer: http.Fetched) -> RetryableError | PermanentError:
    """What a status other than success means for an editor who gave a link."""
    status = answer.status
    if status in {404, 410}:
        return PermanentError(_("There is no page at this address (%(status)d). Check the link.") % {"status": status})
    if status in {429, 503}:
        words = _("The site asks to come less often (%(status)d).") % {"status": status}
        return RetryableError(words, retry_after=answer.retry_after)
    if status >= 500:
        return RetryableError(_("The site has trouble of its own (%(status)d).") % {"status": status})
    return PermanentError(
        _("The site does not give this page to programs (%(status)d). Copy its text and paste it.") % {"status": status}
    )
