"""Approval asked of a person outside the desk: by a message of the workspace's bot and a link that expires."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import translation
from django.utils.html import format_html
from django.utils.translation import gettext as _

from apps.accounts.access import BACK_OFFICE, RANK, can, least_role
from apps.accounts.models import Membership, User, Workspace
from apps.accounts.services import audit_record
from apps.core.clock import now
from apps.core.crypto import encrypt
from apps.core.errors import TransitionError
from apps.delivery.models import Delivery
from apps.notifications.models import PersonChat
from apps.notifications.people import chat_of, person_tell
from apps.stories.models import ApprovalAsk, Story, StoryVersion
from apps.stories.services.states import OPEN, story_approve, story_return, story_submit
from apps.stories.services.versions import story_locked

VERB = "story.approve"
HOURS = (4, 24, 72)
# Of the text in a message, in UTF-16 units as Telegram counts its 4,096; the link shows all of it.
TEXT_MAX = 3000
COMMENT_MAX = 2000
Answer = ApprovalAsk.Answer


def people_to_ask(workspace: Workspace) -> list[User]:
    """Those of the workspace who may approve, by name."""
    least = RANK[least_role(VERB) or Membership.Role.OWNER]
    members = Membership.objects.filter(workspace=workspace, role__in=BACK_OFFICE, user__is_active=True)
    found = members.select_related("user").order_by("user__name", "user")
    return [one.user for one in found if RANK[one.role] >= least or one.user.is_superuser]


@transaction.atomic
def approval_ask(*, story: Story, asked: User, editor: User, hours: int = 24) -> str:
    """Ask a person to approve the story's present text; the answer is the link, which is kept nowhere.

    The story goes into review. Asking the same person again for the same text takes back the earlier link.

    Raises:
        TransitionError: the story has no text or is decided on, or the person may not approve.
    """
    locked = story_locked(story)
    version: StoryVersion | None = locked.current_version
    if version is None:
        raise TransitionError(_("The story has no text yet. Write a draft first."))
    if locked.status not in OPEN:
        raise TransitionError(_("The story has already left review."))
    if not can(asked, VERB, locked.workspace_id):
        raise TransitionError(_("%(who)s may not approve in this workspace.") % {"who": asked})
    if locked.status != Story.Status.REVIEW:
        story_submit(story=locked, editor=editor)
    token, moment = secrets.token_urlsafe(32), now()
    ApprovalAsk.objects.filter(version=version, asked=asked, answer=Answer.WAITING).update(answer=Answer.LAPSED)
    ask = ApprovalAsk.objects.create(
        workspace_id=locked.workspace_id,
        story=locked,
        version=version,
        asked=asked,
        asked_by=editor,
        token_hash=hash_of(token),
        expires_at=moment + timedelta(hours=hours),
    )
    link = f"{settings.BASE_URL}{reverse('approval', args=[token])}"
    audit_record(actor=editor, verb="story.approval_asked", target=locked, details={"of": asked.pk, "ask": ask.pk})
    chat = chat_of(asked, locked.workspace)
    if chat is not None:
        _message_put(ask, chat, link)
    return link


@transaction.atomic
def approval_answer(*, ask: ApprovalAsk, is_approved: bool, comment: str = "", reason: str = "", way: str = "") -> None:
    """Take a person's answer; returning takes the story back into work, with what they want changed.

    Args:
        reason: why the text goes out although marks that the law wants are missing.
        way: how it came, for the audit: link, telegram.

    Raises:
        UnmarkedError: such marks are missing and no reason is given.
        TransitionError: it was answered or has expired, the text is another by now, or they may not approve any more.
    """
    story = story_locked(ask.story)
    held = ApprovalAsk.objects.select_for_update(of=("self",)).select_related("asked", "version").get(pk=ask.pk)
    if (refusal := refusal_of(held, story)) is not None:
        raise TransitionError(refusal)
    answer = Answer.APPROVED if is_approved else Answer.RETURNED
    said = comment.strip()[:COMMENT_MAX]
    ApprovalAsk.objects.filter(pk=held.pk).update(answer=answer, comment=said, answered_at=now())
    if is_approved:
        story_approve(story=story, editor=held.asked, reason=reason)
    else:
        story_return(story=story, editor=held.asked)
    # Others who were asked about this text need not answer any more.
    ApprovalAsk.objects.filter(version=held.version, answer=Answer.WAITING).update(answer=Answer.LAPSED)
    details = {"ask": held.pk, "answer": str(answer), "comment": said, "way": way}
    audit_record(actor=held.asked, verb="story.approval_answered", target=story, details=details)


def refusal_of(ask: ApprovalAsk, story: Story, *, at: datetime | None = None) -> str | None:
    """Why an answer is not taken any more, in words; None where it is."""
    if ask.answer in {Answer.APPROVED, Answer.RETURNED}:
        return _("You have answered already.")
    if ask.answer == Answer.LAPSED or story.status != Story.Status.REVIEW:
        return _("It has been decided already, or somebody asked anew.")
    if ask.expires_at <= (at or now()):
        return _("The link has expired. Ask the editor for a new one.")
    if story.current_version_id != ask.version_id:
        return _("The text has been changed since. Ask the editor for a new link.")
    if not can(ask.asked, VERB, ask.workspace_id):
        return _("You may not approve in this workspace any more.")
    return None


def is_readable(ask: ApprovalAsk, *, at: datetime | None = None) -> bool:
    """Whether the link still shows the text: until it expires, to who may approve."""
    return ask.expires_at > (at or now()) and can(ask.asked, VERB, ask.workspace_id)


def ask_by_token(token: str) -> ApprovalAsk | None:
    """The request behind a link; None where there is none."""
    found = ApprovalAsk.objects.select_related("story__workspace", "version", "asked", "asked_by", "workspace")
    return found.filter(token_hash=hash_of(token), asked__is_active=True).first()


def asks_of(story: Story, *, limit: int = 10) -> Sequence[ApprovalAsk]:
    """Who was asked about a story and what they said, the latest first."""
    return list(ApprovalAsk.objects.filter(story=story).select_related("asked", "version")[:limit])


def hash_of(token: str) -> str:
    """What is kept of a link."""
    return hashlib.sha256(token.encode()).hexdigest()


def shortened(text: str, room: int) -> str:
    """As much of a text as fits into so many UTF-16 units, with an ellipsis where some of it is left out."""
    units = text.encode("utf-16-le", "replace")
    return text if len(units) <= 2 * room else units[: 2 * room].decode("utf-16-le", "ignore") + "…"


def _message_put(ask: ApprovalAsk, chat: PersonChat, link: str) -> Delivery:
    version = ask.version
    with translation.override(ask.asked.language):
        head = _("Please approve · %(workspace)s") % {"workspace": chat.workspace.name}
        text = "\n\n".join(part for part in (version.lead, version.body) if part.strip())
        html = format_html("{}\n\n<b>{}</b>\n\n{}", head, version.title, shortened(text, TEXT_MAX))
        buttons = [
            [
                {"text": _("✅ Approve"), "word": f"approval:yes:{ask.pk}"},
                {"text": _("↩ Return"), "word": f"approval:no:{ask.pk}"},
            ],
        ]
        if "." in (urlsplit(link).hostname or ""):  # Telegram refuses a message with a button to “localhost”
            buttons.append([{"text": _("Open"), "sealed_url": encrypt(link)}])
    return person_tell(chat=chat, html=html, key=f"approval:{ask.pk}", more={"buttons": buttons})
