"""The bot's side of approval: buttons that are pressed, and the reply that says what to change."""

from __future__ import annotations

from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from apps.core.errors import TransitionError
from apps.delivery.models import Delivery
from apps.notifications.models import PersonChat
from apps.notifications.people import SENDER, person_of, person_tell
from apps.stories.models import ApprovalAsk
from apps.stories.services.approvals import approval_answer, refusal_of
from apps.stories.services.legal import UnmarkedError, named_of
from apps.telegram.inbound import Inbound
from apps.telegram.models import Bot

WORD = "approval"


def approval_heard(update: Inbound, bot: Bot) -> bool:
    """Take a pressed button or the reply to the bot's question; whether it was one."""
    if update.kind == "callback_query":
        word, _colon, rest = update.word.partition(":")
        verdict, _colon, number = rest.partition(":")
        known = verdict in {"yes", "no"} and number.isdecimal()
        return word == WORD and _pressed(update, bot, verdict, int(number) if known else 0)
    if update.kind == "message" and update.replies_to:
        return _replied(update, bot)
    return False


def _pressed(update: Inbound, bot: Bot, verdict: str, number: int) -> bool:
    ask, chat = _ask(update, bot, number)
    if ask is None or chat is None:
        return True  # not theirs, or nobody that is known: nothing is said of what there is
    with translation.override(ask.asked.language):
        refusal = refusal_of(ask, ask.story)
        if refusal is None and verdict == "no":
            _why_asked(ask, chat, update)
            return True
        try:
            words = refusal or _answered(ask, is_approved=True)
        except UnmarkedError as exc:
            _reason_asked(ask, chat, update, exc.lacks)
            return True
    person_tell(chat=chat, html=escape(words), key=f"approval:{ask.pk}:told:{update.row}")
    return True


def _replied(update: Inbound, bot: Bot) -> bool:
    if (person := person_of(update, bot)) is None:
        return False
    chat = PersonChat.objects.filter(bot=bot, user=person).first()
    told = Delivery.objects.filter(workspace=bot.workspace_id, lane__key=f"person:{chat.pk}" if chat else "")
    asked = told.filter(sender=SENDER, vendor_id=str(update.replies_to)).first()
    if asked is None or "approval" not in asked.payload or asked.payload["bot"] != bot.pk:
        return False
    ask, chat = _ask(update, bot, int(asked.payload["approval"]))
    if ask is None or chat is None:
        return True
    with translation.override(ask.asked.language):
        refusal = refusal_of(ask, ask.story)
        words = refusal or _reply_taken(ask, chat, update, approves="approves" in asked.payload)
    if words is None:
        return True
    person_tell(chat=chat, html=escape(words), key=f"approval:{ask.pk}:told:{update.row}")
    return True


def _reply_taken(ask: ApprovalAsk, chat: PersonChat, update: Inbound, *, approves: bool) -> str | None:
    """Take a reply as what to change, or as the reason for approving; None where the question is asked again."""
    said = update.text.strip()
    if not approves:
        if not said:  # a photo, a sticker, a voice: nothing that could be kept
            _why_asked(ask, chat, update)
            return None
        return _answered(ask, is_approved=False, comment=said)
    try:
        return _answered(ask, is_approved=True, reason=said)
    except UnmarkedError as exc:
        _reason_asked(ask, chat, update, exc.lacks)
        return None


def _reason_asked(ask: ApprovalAsk, chat: PersonChat, update: Inbound, lacks: list[str]) -> None:
    """Ask why the text should go out without what the law wants; the reply to this message approves it."""
    words = _(
        "“%(story)s” lacks: %(what)s. To approve it all the same, reply to this message with the reason. "
        "Or return it, so that the editor puts the marks in."
    ) % {"story": ask.version.title, "what": named_of(lacks)}
    more: dict[str, object] = {"asks_reply": True, "approval": ask.pk, "approves": True}
    person_tell(chat=chat, html=escape(words), key=f"approval:{ask.pk}:reason:{update.row}", more=more)


def _why_asked(ask: ApprovalAsk, chat: PersonChat, update: Inbound) -> None:
    """Ask what should be changed; the reply to this message is the answer."""
    words = _("What should be changed in “%(story)s”? Reply to this message.") % {"story": ask.version.title}
    more: dict[str, object] = {"asks_reply": True, "approval": ask.pk}
    person_tell(chat=chat, html=escape(words), key=f"approval:{ask.pk}:why:{update.row}", more=more)


def _answered(ask: ApprovalAsk, *, is_approved: bool, comment: str = "", reason: str = "") -> str:
    """Take the answer; the words for the person.

    Raises:
        UnmarkedError: the text lacks marks that the law wants, and no reason is given.
    """
    try:
        approval_answer(ask=ask, is_approved=is_approved, comment=comment, reason=reason, way="telegram")
    except UnmarkedError:
        raise
    except TransitionError as exc:
        return str(exc)
    if is_approved:
        return _("Approved: “%(story)s”.") % {"story": ask.version.title}
    return _("Returned to the editor: “%(story)s”.") % {"story": ask.version.title}


def _ask(update: Inbound, bot: Bot, number: int) -> tuple[ApprovalAsk | None, PersonChat | None]:
    """The request, where the speaker is the one who was asked, with their talk."""
    person = person_of(update, bot)
    if person is None:
        return None, None
    asks = ApprovalAsk.objects.select_related("story__workspace", "version", "asked", "workspace")
    ask = asks.filter(pk=number, asked=person, workspace=bot.workspace_id).first()
    chat = PersonChat.objects.filter(workspace=bot.workspace_id, user=person).select_related("bot", "workspace").first()
    return ask, chat
