"""Fetching a picture or file: from the web in pieces that can be resumed, or through a Telegram account.

What has come is kept in a partial file under PULT_VAR until the whole is there, so that a worker that is killed, or a
server that cuts, costs only the piece in hand.
"""

from __future__ import annotations

import asyncio
import re

from django.utils.translation import gettext as _

from apps.core import http
from apps.core.errors import RetryableError
from apps.core.work import drain
from apps.sources.media_bytes import Kept, too_large
from apps.sources.media_parts import MediaPlan, Part
from apps.telegram.reading import ChannelReader

STEP = 4 * 1024 * 1024
TIMEOUT_S = 120.0
BLOCK = 4096  # Telegram gives a file from a multiple of this on
CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)", re.IGNORECASE)


async def web_media_fetch(plan: MediaPlan, client: http.Session) -> Kept | None:
    """Fetch a file of the web, four megabytes at a time where the server lets it be asked for so.

    Raises:
        RetryableError: the server was away or cut; the next attempt goes on from there.
        PermanentError: it is gone, too large, or something else than was promised.
    """
    if not plan.url:
        return None
    part = Part(plan.media_id)
    while not await _step(plan, client, part):
        await drain.current().renewed()
    return await asyncio.to_thread(part.keep, plan)


async def _step(plan: MediaPlan, client: http.Session, part: Part) -> bool:
    """Ask for the next piece; whether that was all."""
    begin, tag = part.size, part.tag
    if begin and not tag:  # nothing says that the rest would be of the same file
        begin = 0
        part.cut(0)
    headers = {"Range": f"bytes={begin}-{begin + STEP - 1}", **({"If-Range": tag} if begin else {})}
    answer = await client.fetch(plan.url, headers=headers, max_bytes=plan.longest, timeout_s=TIMEOUT_S)
    if answer.status == 206 and not answer.headers.get("Content-Encoding"):
        found = CONTENT_RANGE.fullmatch((answer.headers.get("Content-Range") or "").strip())
        if found and int(found[1]) == begin and answer.body:
            return await asyncio.to_thread(_take, plan, part, answer, begin, found[3])
    elif answer.status == 200:
        part.cut(0)
        await asyncio.to_thread(part.add, answer.body)
        return True
    else:
        answer.expect()
    part.cut(0)  # an answer that fits no request: begin anew, without pieces
    whole = (await client.fetch(plan.url, max_bytes=plan.longest, timeout_s=TIMEOUT_S)).expect()
    await asyncio.to_thread(part.add, whole.body)
    return True


def _take(plan: MediaPlan, part: Part, answer: http.Fetched, begin: int, total: str) -> bool:
    if total != "*" and int(total) > plan.longest:
        raise too_large(plan.longest)
    if not begin:
        tag = answer.headers.get("ETag") or ""
        part.cut(0, tag="" if tag.startswith("W/") else tag or answer.headers.get("Last-Modified") or "")
    part.add(answer.body)
    if part.size > plan.longest:
        raise too_large(plan.longest)
    return part.size >= int(total) if total != "*" else len(answer.body) < STEP


async def channel_media_fetch(plan: MediaPlan, reader: ChannelReader) -> Kept | None:
    """Fetch a file of a Telegram message through an account.

    Raises:
        RetryableError: the account must wait, or the connection broke; the next attempt goes on from there.
        PermanentError: it is gone, too large, or the account may not read it.
    """
    if plan.channel is None:
        return None
    part = Part(plan.media_id)
    begin = part.size // BLOCK * BLOCK
    part.cut(begin)
    got = begin
    pieces = reader.fetch_media(plan.channel, plan.message_id, plan.remote, offset=begin)
    async for piece in pieces:
        got += len(piece)
        if got > plan.longest:
            raise too_large(plan.longest)
        await asyncio.to_thread(part.add, piece)
        if drain.current().remaining_s() < TIMEOUT_S / 2:
            await drain.current().renewed()
    if not got:
        raise RetryableError(_("Telegram gave nothing of the file."), code="network")
    return await asyncio.to_thread(part.keep, plan)
