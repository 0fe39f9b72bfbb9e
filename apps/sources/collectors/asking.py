"""One question to Telegram that a person asked: what an invitation opens, joining by it, an account's own channels."""

from __future__ import annotations

from dataclasses import dataclass, field

from apps.core.errors import PermanentError
from apps.telegram.reading import ChannelInfo, ChannelReader, ChannelRef, InvitationInfo, MemberChannels

LOGIN_LOST = "login_lost"


@dataclass(frozen=True, slots=True)
class AskPlan:
    """What is asked, apart from rows.

    Attributes:
        what: a value of `AccountAsk.What`; empty where nobody wants to know any more.
        invite: the hash of an invitation.
        channel: the closed channel that is tried again, from `after_id` on.
    """

    what: str = ""
    session_pk: int = 0
    invite: str = field(default="", repr=False)
    channel: ChannelRef | None = None
    after_id: int = 0


@dataclass(frozen=True, slots=True)
class AskResult:
    """What Telegram answered, or the code and words of its refusal.

    Attributes:
        inside: the channel that the account is in now.
        is_open: a closed channel can be read again.
    """

    info: InvitationInfo | None = None
    inside: ChannelInfo | None = None
    channels: MemberChannels | None = None
    is_open: bool = False
    code: str = ""
    problem: str = ""


async def account_ask(plan: AskPlan, reader: ChannelReader) -> AskResult:
    """Ask; what Telegram refuses for good is part of the answer.

    Raises:
        RetryableError: it has to be asked later.
        PermanentError: the login is lost.
    """
    try:
        return await _answered(plan, reader)
    except PermanentError as error:
        if error.code == LOGIN_LOST:
            raise
        return AskResult(code=error.code or "refused", problem=str(error))


async def _answered(plan: AskPlan, reader: ChannelReader) -> AskResult:
    match plan.what:
        case "check":
            info = await reader.invitation(plan.invite)
            return AskResult(info=info, inside=info.channel)
        case "join":
            return await _joined(plan.invite, reader)
        case "channels":
            return AskResult(channels=await reader.member_channels())
        case "regain" if plan.channel is not None:
            await reader.newer(plan.channel, after_id=plan.after_id, limit=1)
            return AskResult(is_open=True)
    return AskResult()


async def _joined(invite: str, reader: ChannelReader) -> AskResult:
    """Join; an account that is in the channel already, from an earlier attempt or by hand, only has to look."""
    try:
        return AskResult(inside=await reader.join(invite))
    except PermanentError as error:
        if error.code != "already_in":
            raise
    info = await reader.invitation(invite)
    return AskResult(info=info, inside=info.channel)
