"""What an editor does to a publication that is out: edit, withdraw, delete, pin, correct."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F, Max
from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.errors import PermanentError, TransitionError
from apps.delivery.services import lanes_hold
from apps.publishing import layout, markup, telegram_text
from apps.publishing.layout import Message
from apps.publishing.models import (
    Channel,
    PreviewMessage,
    Publication,
    PublicationChange,
    PublicationPart,
    PublicationRevision,
)
from apps.publishing.services.changes import change_make, changes_clear, is_out, is_torn, rest_cancel, revision_go_live
from apps.publishing.services.links import links_put_in
from apps.publishing.services.options import PostOptions, options_of
from apps.publishing.services.publications import give_way, publication_hand_over
from apps.publishing.splitting import begun, split
from apps.publishing.telegram_text import MESSAGE_LIMIT, Sections

Status = Publication.Status
Kind = PublicationRevision.Kind
Do = PublicationChange.Do


@transaction.atomic
def publication_edit(*, publication: Publication, html: str, editor: User | None) -> PublicationRevision:
    """Replace the text of a publication that is out, in Telegram's HTML; the same text changes nothing.

    Raises:
        TransitionError: it is not out, or an earlier change is on its way.
        PermanentError: the markup is broken, or the text needs more messages than there are.
    """
    row = _held(publication, (Status.SENT,))
    html = telegram_text.tidy(html)
    refuse_markup(html)
    current = row.revisions.filter(live_from__isnull=False, live_until__isnull=True).first()
    if html == row.html and current is not None and not is_torn(row, current):
        return current
    parts = _parts(row)
    texts = fitted(parts, html, kind=row.channel.kind)
    revision = _revision(row, Kind.EDITED, editor, html=html)
    _replace(row, revision, texts)
    audit_record(actor=editor, verb="publication.edited", target=row, details={"revision": revision.number})
    return revision


@transaction.atomic
def publication_withdraw(*, publication: Publication, note: str, editor: User | None) -> PublicationRevision:
    """Put a note in the place of the text; pictures stay, further texts are deleted.

    Raises:
        TransitionError: it is not out, or an earlier change is on its way.
        PermanentError: the note is empty or too long.
    """
    row = _held(publication, (Status.SENT,))
    html = escape_plain(note)
    if not html:
        raise PermanentError(_("Write what readers should see in its place."), code="empty")
    parts = _parts(row)
    texts = fitted(parts, html, kind=row.channel.kind)
    revision = _revision(row, Kind.WITHDRAWN, editor, html=html, note=note)
    _replace(row, revision, texts, keeps_buttons=False)
    audit_record(actor=editor, verb="publication.withdrawn", target=row, details={"note": note[:200]})
    return revision


@transaction.atomic
def publication_delete(*, publication: Publication, editor: User | None) -> PublicationRevision:
    """Take all of its messages out of the channel, for good; what stood there stays on record.

    Raises:
        TransitionError: nothing of it is out, or an earlier change is on its way.
    """
    row = _held(publication, (Status.SENT, Status.WITHDRAWN, Status.FAILED))
    parts = [one for one in _parts(row) if is_out(one)]
    if not parts:
        raise TransitionError(_("Nothing of it is out, so there is nothing to delete."))
    rest_cancel(_parts(row), editor, _("deleted there"))
    revision = _revision(row, Kind.DELETED, editor)
    if row.channel.kind == Channel.Kind.PREVIEW:
        PreviewMessage.objects.filter(publication=row).delete()
        PublicationPart.objects.filter(publication=row).update(deleted_at=now())
        _page_changed(row, posts=-1)
        revision_go_live(revision, row)
        PublicationRevision.objects.filter(pk=revision.pk).update(live_until=revision.live_from)
    else:
        for part in reversed(parts):
            change_make(part, Do.DELETE, revision=revision)
    audit_record(actor=editor, verb="publication.deleted", target=row)
    return revision


@transaction.atomic
def publication_pin(*, publication: Publication, editor: User | None, is_pinned: bool = True) -> PublicationChange:
    """Pin the first message of a publication that is out, or unpin it; pressing twice asks once.

    Raises:
        TransitionError: it is not out, stands so already, or is on a page that pins nothing.
    """
    row = _held(publication, (Status.SENT, Status.WITHDRAWN))
    if row.channel.kind != Channel.Kind.TELEGRAM:
        raise TransitionError(_("Nothing is pinned on a preview page."))
    first = _parts(row)[0]
    last = first.changes.filter(do__in=(Do.PIN, Do.UNPIN)).select_related("delivery").order_by("-pk").first()
    wanted = Do.PIN if is_pinned else Do.UNPIN
    waits = last is not None and last.done_at is None and last.delivery is not None and not last.delivery.outcome
    if (last is not None and waits and last.do == wanted) or (not waits and row.is_pinned == is_pinned):
        raise TransitionError(_("It is so already, or on its way."))
    change = change_make(first, wanted)
    verb = "publication.pinned" if is_pinned else "publication.unpinned"
    audit_record(actor=editor, verb=verb, target=row)
    return change


@transaction.atomic
def publication_correct(*, publication: Publication, text: str, editor: User | None) -> Publication:
    """Publish a correction that links back to a publication; asking twice publishes one.

    Raises:
        TransitionError: the first one is not out, has no link, or has another correction already.
        PermanentError: the text is empty or too long.
    """
    row = _held(publication, (Status.SENT, Status.WITHDRAWN))
    if not row.message_url:
        raise TransitionError(_("The first publication has no link that a correction could lead to."))
    options = options_of(row.channel, files=(), link_preview=False, pin=False)
    html, messages = corrected(row, text, options)
    known = Publication.objects.filter(corrects=row).exclude(status__in=(Status.CANCELLED, Status.DELETED)).first()
    if known is not None and known.status == Status.FAILED:
        give_way(known)
        known = None
    if known is not None:
        if known.html == html and known.status != Status.UNKNOWN:
            return known
        raise TransitionError(_("It has a correction already. Edit that one."))
    with translation.override(row.workspace.language):
        title = _("Correction: %(title)s") % {"title": row.title}
    made = Publication.objects.create(
        workspace=row.workspace,
        channel=row.channel,
        story=row.story,
        version=row.version,
        title=title[:300],
        html=html,
        publish_at=now(),
        created_by=editor,
        corrects=row,
        **options.flags(),
    )
    publication_hand_over(made, messages)
    audit_record(actor=editor, verb="publication.corrected", target=row, details={"by": made.pk})
    return made


def corrected(row: Publication, text: str, options: PostOptions) -> tuple[str, list[Message]]:
    """A correction's text and its messages: the word, what is right, and the way back."""
    body = escape_plain(text)
    if not body:
        raise PermanentError(_("Write what is right."), code="empty")
    with translation.override(row.workspace.language):
        head, back = _("Correction"), _("The first publication")
    address = row.message_url if row.message_url.startswith("http") else ""
    link = f'<a href="{escape(address)}">{escape(back)}</a>' if address else ""
    channel = row.channel
    tail = telegram_text.sections(title="", lead="", body="", signature=channel.signature, footer=channel.footer).tail
    sections = Sections(head=f"<b>{escape(head)}</b>", body=telegram_text.joined(body, link), tail=tail)
    return sections.html, layout.lay_out(sections, splits=False, buttons=options.buttons)


def fitted(
    parts: Sequence[PublicationPart], html: str, *, kind: str = Channel.Kind.TELEGRAM
) -> list[tuple[PublicationPart, str]]:
    """The messages that have words, each with its new ones; empty where it is left over.

    Raises:
        PermanentError: the text is empty, or needs more messages than there are.
    """
    if not html:
        raise PermanentError(_("The text is empty. Write it first."), code="empty")
    if kind != Channel.Kind.TELEGRAM:
        if kind == Channel.Kind.PREVIEW:
            layout.refuse_long(html)
        return [(parts[0], html)]
    holders = [one for one in parts if one.html or not one.media] or list(parts[:1])
    limit = telegram_text.CAPTION_LIMIT if holders[0].media else MESSAGE_LIMIT
    first, rest = begun(html, limit=limit)
    texts = [first, *split(rest, limit=MESSAGE_LIMIT)]
    if len(texts) > len(holders):
        words = _(
            "The new text needs %(needed)s messages, and %(there)s are there. Shorten it, or publish a correction."
        )
        raise PermanentError(words % {"needed": len(texts), "there": len(holders)}, code="too_long")
    return list(zip(holders, texts + [""] * (len(holders) - len(texts)), strict=True))


def refuse_markup(html: str) -> None:
    """Refuse a text whose markup Telegram would not take.

    Raises:
        PermanentError: it says what is wrong.
    """
    if faults := markup.read(html).faults:
        raise PermanentError(" ".join(faults[:3]), code="markup")


def escape_plain(text: str) -> str:
    """A plain text as Telegram's HTML."""
    return escape(telegram_text.tidy(text)).replace("&quot;", '"').replace("&#x27;", "'")


def _replace(
    row: Publication,
    revision: PublicationRevision,
    texts: Sequence[tuple[PublicationPart, str]],
    *,
    keeps_buttons: bool = True,
) -> None:
    """Put the new words into the messages: at once on a page of ours, by deliveries in Telegram."""
    texts = [(part, links_put_in(row, html)) for part, html in texts]
    if row.channel.kind == Channel.Kind.PREVIEW:
        part, html = texts[0]
        PublicationPart.objects.filter(pk=part.pk).update(html=html)
        changes = {"html": html, "edited_at": now()} | ({} if keeps_buttons else {"buttons": []})
        PreviewMessage.objects.filter(publication=row).update(**changes)
        _page_changed(row)
        revision_go_live(revision, row)
        return
    for part, html in texts:
        if not html and part.buttons and keeps_buttons:
            words = _("The message with the buttons would be left over. Keep the text as long, or correct it.")
            raise PermanentError(words, code="buttons")
        if not html:
            change_make(part, Do.DELETE, revision=revision)
        elif html != part.html or not keeps_buttons:
            do = Do.CAPTION if part.media else Do.EDIT
            change_make(part, do, html=html, revision=revision, keeps_buttons=keeps_buttons)
    if not revision.changes.exists():
        revision_go_live(revision, row)


def _held(publication: Publication, statuses: Sequence[str]) -> Publication:
    """The publication, locked.

    Raises:
        TransitionError: it stands otherwise, or an earlier change is on its way.
    """
    keys = [f"channel:{publication.channel_id}", f"publication:{publication.pk}"]
    lanes_hold(workspace=publication.workspace, order_keys=keys)  # as recording does: lanes before publications
    rows = Publication.objects.select_for_update(of=("self",)).select_related(
        "channel", "workspace", "story", "version"
    )
    row = rows.get(pk=publication.pk)
    if row.status not in statuses:
        words = _("This is not possible any more: the publication’s status is “%(status)s”.")
        raise TransitionError(words % {"status": row.get_status_display()})
    if not changes_clear(row, None, _("another change was asked for")):
        raise TransitionError(_("An earlier change is on its way. Wait until it is there."))
    return row


def _revision(
    row: Publication, kind: PublicationRevision.Kind, editor: User | None, *, html: str = "", note: str = ""
) -> PublicationRevision:
    number = (row.revisions.aggregate(most=Max("number"))["most"] or 0) + 1
    return PublicationRevision.objects.create(
        publication=row, number=number, kind=kind, html=html, note=note, editor=editor
    )


def _parts(row: Publication) -> list[PublicationPart]:
    rows = PublicationPart.objects.filter(publication=row, deleted_at__isnull=True).select_related("delivery")
    found = list(rows.order_by("position"))
    for part in found:
        part.publication = row
    return found


def _page_changed(row: Publication, *, posts: int = 0) -> None:
    Channel.objects.filter(pk=row.channel_id).update(
        page_version=F("page_version") + 1, page_changed_at=now(), posts_count=F("posts_count") + posts
    )
