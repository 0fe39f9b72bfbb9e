"""What becomes of a channel that can't be read, and of one that got another name. Call it with the source locked."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.accounts.models import Alert
from apps.accounts.services import alert_close, alert_raise, audit_record
from apps.core.clock import now
from apps.sources.collectors.channel import ReadResult
from apps.sources.models import Source
from apps.sources.services.asks import CLOSED, regain_next
from apps.sources.services.channel_accounts import account_for, account_give, nobody_words
from apps.sources.services.schedule import failing_key, gone_key, source_url, wait_after
from apps.telegram.reading import ChannelInfo
from apps.telegram.services.session_budget import peer_keep

NEXT_ACCOUNT = timedelta(seconds=5)
NO_LOGIN = timedelta(minutes=1)
REFUSED = frozenset({"private", "banned", "not_found"})  # of this account; another may be let in


def channel_failed(source: Source, result: ReadResult) -> timedelta | None:
    """Note on the source why it was not read; the wait until the next reading, None where it is paused.

    It is said in the workspace's language, as an alert is.
    """
    with override(source.workspace.language):
        return _failed(source, result)


def _failed(source: Source, result: ReadResult) -> timedelta | None:
    code = result.code
    if code == "login_lost":
        problem = _("The Telegram account that reads this channel is logged out. Log it in again or add another.")
        if not source.username and source.chat_id is not None:
            problem = nobody_words(source)
        Source.objects.filter(pk=source.pk).update(last_tried_at=now(), last_error=problem)
        source.last_error = problem
        return NO_LOGIN
    if code == "channel_gone":
        channel_stopped(source, _("Telegram has deleted or blocked this channel. Remove it or give another."))
        return None
    if code in REFUSED:
        return _next_account(source, result)
    failures = trouble_told(source, result.problem)
    return wait_after(source, failures=failures, retry_after=result.retry_after, is_answered=code != "network")


def _next_account(source: Source, result: ReadResult) -> timedelta | None:
    refused = sorted({*source.refused_by, result.session_pk})
    Source.objects.filter(pk=source.pk).update(refused_by=refused)
    source.refused_by = refused
    other = None if result.code == "not_found" and source.chat_id is None else account_for(source)
    if other is None:
        channel_stopped(source, refusal_words(source, result.code), code=result.code)
        return None
    account_give(source, other)
    problem = _("One account can't read this channel; another tries it.")
    Source.objects.filter(pk=source.pk).update(last_tried_at=now(), last_error=problem)
    source.last_error = problem
    return NEXT_ACCOUNT


def refusal_words(source: Source, code: str) -> str:
    """Why no account can read a channel, and what to do."""
    name = f"@{source.username}" if source.username else source.name
    if code == "not_found" and source.chat_id is None:
        return _("There is no channel %(name)s. Check the name and resume the source.") % {"name": name}
    if code == "not_found":
        return _(
            "%(name)s has no such name any more, and no account knows the channel otherwise. "
            "Give its present name and resume the source."
        ) % {"name": name}
    if code == "banned":
        return _(
            "The channel has banned the Telegram accounts that could read it. Have one let back in: Pult notices by "
            "itself, within a day. Or add another account and resume the source."
        )
    return _(
        "The channel is private, and no Telegram account of the workspace may read it. Join it in Telegram with one "
        "that was in it: Pult notices by itself, within a day, or at once when you resume the source. To join with "
        "another account use “Add a private channel”."
    )


def channel_stopped(source: Source, reason: str, *, code: str = "") -> None:
    """Pause a channel and tell a person; one that is closed to its accounts is tried again by itself from then on."""
    closed = code if code in CLOSED and source.chat_id is not None else ""
    paused = Source.objects.filter(pk=source.pk, is_active=True).update(
        is_active=False, paused_reason=reason[:300], paused_code=closed, last_tried_at=now(), last_error=reason
    )
    source.is_active, source.last_error, source.paused_code = False, reason, closed
    if paused:
        if closed:
            regain_next(source)
        audit_record(verb="source.stopped", target=source, details={"reason": reason})
        alert_raise(
            workspace=source.workspace,
            key=gone_key(source),
            message=_("“%(source)s” is paused: %(problem)s") % {"source": source.name, "problem": reason},
            level=Alert.Level.ERROR,
            url=source_url(source),
        )
        alert_close(workspace=source.workspace, key=failing_key(source))


def trouble_told(source: Source, problem: str) -> int:
    """Note a failure that time may mend; the answer is how many there were in a row.

    `services.health` tells of it, or of an outage of all sources, a minute later at most.
    """
    failures = source.failures + 1
    Source.objects.filter(pk=source.pk).update(last_tried_at=now(), last_error=problem, failures=F("failures") + 1)
    source.failures, source.last_error = failures, problem
    return failures


def channel_named(source: Source, result: ReadResult) -> bool:
    """Follow a channel's id and name; False where another source reads the same channel, and this one is paused."""
    info = result.info
    if info is None:
        return True
    twin = twin_of(source, info.chat_id)
    if twin is not None:
        twin_stopped(source, twin)
        return False
    peer_keep(session_pk=result.session_pk, channel=info)
    typed = source.username
    source.chat_id, source.username, source.described_at = info.chat_id, info.username, now()
    Source.objects.filter(pk=source.pk).update(
        chat_id=source.chat_id, username=source.username, described_at=source.described_at
    )
    _name_followed(source, info, before={result.title, provisional_name(typed)})
    return True


def twin_of(source: Source, chat_id: int) -> Source | None:
    """Another source of the workspace that reads this chat."""
    others = Source.objects.filter(workspace=source.workspace_id, kind=Source.Kind.TELEGRAM, chat_id=chat_id)
    return others.exclude(pk=source.pk).first()


def twin_stopped(source: Source, twin: Source) -> None:
    """Pause a source of what another one reads already."""
    with override(source.workspace.language):
        words = _("This is the same channel as “%(other)s”. Remove one of the two sources.") % {"other": twin.name}
        channel_stopped(source, words)


def _name_followed(source: Source, info: ChannelInfo, *, before: set[str]) -> None:
    """A source that bears the channel's name follows it; one that an editor named keeps its own."""
    title = " ".join(info.title.split())[:150]
    if not title or title == source.name or source.name not in before:
        return
    if Source.objects.filter(workspace=source.workspace_id, name=title).exists():
        return
    Source.objects.filter(pk=source.pk).update(name=title)
    audit_record(verb="source.renamed", target=source, details={"from": source.name, "to": title})
    source.name = title


def provisional_name(username: str) -> str:
    """What a channel is called until Telegram has told its title."""
    return f"@{username}"
