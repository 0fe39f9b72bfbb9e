"""What people do about channels without a public name: look at an invitation, join by it, read what accounts are in."""

from __future__ import annotations

from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.errors import TransitionError
from apps.core.work.models import WorkRow
from apps.sources.models import AccountAsk, Invitation, Source
from apps.sources.services.asks import What, channels_ask, invitation_ask
from apps.sources.services.channel_accounts import account_give
from apps.sources.services.sources import source_create, source_resume
from apps.telegram.models import Peer, Session

State = Invitation.State
NAME_MAX = 150


@transaction.atomic
def invitation_check(*, session: Session, link: str, actor: User | None = None) -> Invitation:
    """Have Telegram tell what an invitation opens; nothing is joined. `link` is its hash.

    Raises:
        TransitionError: the account is not logged in.
    """
    _must_be_usable(session)
    known, made = Invitation.objects.get_or_create(
        session=session,
        digest=sha256(link.encode()).hexdigest(),
        defaults={"workspace_id": session.workspace_id, "link": link},
    )
    if not made:
        again = Invitation.objects.filter(pk=known.pk, state__in=[State.SEEN, State.REFUSED, State.INSIDE])
        again.update(state=State.ASKED, code="", problem="", source=None, looks=0)
        known.refresh_from_db()
    if known.state in {State.ASKED, State.WAITING}:
        invitation_ask(known, What.CHECK)
    audit_record(verb="invitation.check_asked", target=known, actor=actor, details={"account": session.pk})
    return known


@transaction.atomic
def invitation_look(*, invitation: Invitation, actor: User | None = None) -> None:
    """Ask once more what an invitation opens, or whether the administrators have let the account in.

    Raises:
        TransitionError: it is being looked at, or its account is not logged in.
    """
    _must_be_usable(invitation.session)
    if Invitation.objects.filter(pk=invitation.pk, state=State.WAITING).exists():
        if not invitation_ask(invitation, What.CHECK):
            raise TransitionError(_("Telegram is being asked just now."))
    else:
        again = Invitation.objects.filter(pk=invitation.pk, state__in=[State.SEEN, State.REFUSED])
        if again.update(state=State.ASKED, code="", problem="") != 1 or not invitation_ask(invitation, What.CHECK):
            raise TransitionError(_("Telegram is being asked just now."))
    audit_record(verb="invitation.check_asked", target=invitation, actor=actor)
    invitation.refresh_from_db()


@transaction.atomic
def invitation_join(*, invitation: Invitation, actor: User | None = None) -> None:
    """Have the account join the channel, and read it from then on: what a person has agreed to.

    Raises:
        TransitionError: it was not looked at, joining costs Stars, or its account is not logged in.
    """
    _must_be_usable(invitation.session)
    seen = Invitation.objects.filter(pk=invitation.pk, state=State.SEEN, is_paid=False)
    if seen.update(state=State.JOINING, code="", problem="", looks=0) != 1:
        raise TransitionError(_("The invitation stands otherwise by now. Look at its page."))
    invitation_ask(invitation, What.JOIN)
    audit_record(verb="invitation.join_asked", target=invitation, actor=actor)
    invitation.refresh_from_db()


@transaction.atomic
def invitation_drop(*, invitation: Invitation, actor: User | None = None) -> None:
    """Forget an invitation; what is joined stays joined.

    Raises:
        TransitionError: Telegram is being asked about it at this moment.
    """
    rows = AccountAsk.objects.filter(invitation=invitation)
    rows.filter(state=WorkRow.State.READY).delete()
    if rows.filter(state=WorkRow.State.LEASED).exists():
        raise TransitionError(_("Telegram is being asked just now. Try again in a minute."))
    audit_record(verb="invitation.dropped", target=invitation, actor=actor)
    invitation.delete()


@transaction.atomic
def invitation_read(*, invitation: Invitation, actor: User | None = None) -> Source:
    """Read the channel of an invitation whose account is in it.

    Raises:
        TransitionError: the account is not in it, or the channel's source is in the archive.
    """
    row = Invitation.objects.select_for_update(of=("self",)).select_related("session").get(pk=invitation.pk)
    if row.state != State.INSIDE or row.chat_id is None:
        raise TransitionError(_("The account is not in this channel yet."))
    source = channel_read_by(session=row.session, chat_id=row.chat_id, actor=actor)
    Invitation.objects.filter(pk=row.pk).update(source=source)
    return source


@transaction.atomic
def channels_list(*, session: Session, actor: User | None = None) -> None:
    """Have Telegram list the channels that an account is in: one page, because a person asks.

    Raises:
        TransitionError: the account is not logged in.
    """
    _must_be_usable(session)
    channels_ask(session)
    audit_record(verb="session.channels_asked", target=session, actor=actor)


@transaction.atomic
def channel_read_by(*, session: Session, chat_id: int, actor: User | None = None) -> Source:
    """Read a channel that the account is in: as a new source, or by the one that stopped for want of an account.

    Raises:
        TransitionError: the account is not in it, or its source is in the archive.
    """
    peer = Peer.objects.filter(session=session, chat_id=chat_id, is_member=True).first()
    if peer is None:
        raise TransitionError(_("The account is not in this channel, as far as Pult knows. List its channels again."))
    known = Source.objects.select_for_update(of=("self",)).filter(
        workspace=session.workspace_id, kind=Source.Kind.TELEGRAM, chat_id=chat_id
    )
    source = known.select_related("session", "workspace").first()
    if source is None:
        return source_create(
            workspace=session.workspace,
            kind=Source.Kind.TELEGRAM,
            name=_free_name(session.workspace_id, peer.title or str(chat_id)),
            username=peer.username,
            actor=actor,
            chat_id=chat_id,
            session=session,
        )
    if source.archived_at is not None:
        raise TransitionError(_("“%(source)s” reads this channel; take it out of the archive.") % {"source": source})
    if not source.is_active:
        account_give(source, session.pk)
        source_resume(source=source, actor=actor)
    elif source.session is None or source.session.state != Session.State.ACTIVE or source.session.is_paused:
        account_give(source, session.pk)
    return source


def _must_be_usable(session: Session) -> None:
    if session.state != Session.State.ACTIVE:
        raise TransitionError(_("“%(account)s” is not logged in. Log it in first.") % {"account": session})
    if session.is_paused:
        raise TransitionError(_("“%(account)s” is paused. Resume it first.") % {"account": session})


def _free_name(workspace_id: int, title: str) -> str:
    """The channel's title, with a number where another source has that name."""
    base = " ".join(title.split())[:NAME_MAX]
    taken = set(
        Source.objects.filter(workspace=workspace_id, name__startswith=base[:100]).values_list("name", flat=True)
    )
    number, name = 1, base
    while name in taken:
        number += 1
        name = f"{base[: NAME_MAX - 8]} {number}"
    return name
