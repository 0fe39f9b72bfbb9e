"""What Telegram's refusals mean, in words for a person.

Telegram gives a status and an English sentence, and its sentences change; so a few words of each are looked for. They
come from the Bot API server's source (`tdlib/telegram-bot-api`, `Client.cpp`) and TDLib's errors.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django_stubs_ext import StrOrPromise

from apps.core.errors import PermanentError


@dataclass(frozen=True)
class Refusal:
    """One way in which Telegram says no, known by any of its marks in the sentence."""

    code: str
    marks: tuple[str, ...]
    words: StrOrPromise


REFUSALS: tuple[Refusal, ...] = (
    Refusal("blocked", ("bot was blocked",), lazy("The person has blocked the bot.")),
    Refusal("deactivated", ("user is deactivated", "user_deactivated"), lazy("The person's account is deleted.")),
    Refusal(
        "not_started",
        ("can't initiate conversation", "bots can't send messages to bots", "can't send messages to the bot"),
        lazy("The person has not started a talk with the bot yet; Telegram lets a bot only answer."),
    ),
    Refusal(
        "not_member",
        ("bot was kicked", "bot is not a member", "group chat was deleted", "channel_private"),
        lazy("The bot is not in the chat any more. Add it again and give it the right to post."),
    ),
    Refusal(
        "chat_not_found",
        ("chat not found", "chat_id is empty", "peer_id_invalid", "username not found", "username_not_occupied"),
        lazy("Telegram does not find the chat. Check its id, and that the bot has been added to it."),
    ),
    Refusal(
        "no_rights",
        (
            "not enough rights",
            "have no rights",
            "need administrator rights",
            "administrator rights are required",
            "chat_write_forbidden",
            "chat_admin_required",
            "chat_restricted",
            "topic_closed_for_bots",
        ),
        lazy("The bot may not post here. Make it an administrator with the right to post messages."),
    ),
    Refusal("topic_closed", ("topic_closed",), lazy("The topic is closed. Open it again, or choose another.")),
    Refusal("topic_not_found", ("message thread not found",), lazy("The topic is not there any more.")),
    Refusal(
        "too_long",
        ("message is too long", "message_too_long", "text is too long", "entity too large"),
        lazy("The text is longer than Telegram takes: 4,096 characters. Shorten it."),
    ),
    Refusal("empty", ("message text is empty", "text must be non-empty"), lazy("The text is empty.")),
    Refusal(
        "bad_markup",
        ("can't parse entities", "unsupported parse_mode"),
        lazy("Telegram does not understand the text's formatting: %(detail)s"),
    ),
    Refusal(
        "message_not_found",
        ("message to edit not found", "message to delete not found", "message_id_invalid", "message not found"),
        lazy("The message is not in the chat any more."),
    ),
    Refusal(
        "not_changeable",
        ("message can't be edited", "message can't be deleted", "message_edit_time_expired"),
        lazy("Telegram does not let the bot change this message any more."),
    ),
)
TOKEN_WORDS = lazy("Telegram does not know this token any more. Get the present one from BotFather and save it here.")
CONFLICT_WORDS = lazy("Another program is using this bot at the same time. Stop it, or make a bot of its own for Pult.")
WEBHOOK_WORDS = lazy(
    "A webhook is set for this bot: Telegram brings what it is told to another program. Turn the webhook off there, or "
    "make a bot of its own for Pult."
)
CODES = frozenset(
    {refusal.code for refusal in REFUSALS}
    | {"token_revoked", "token_malformed", "conflict", "webhook_active", "chat_migrated", "bad_request"}
)


def refusal(status: int, description: str) -> PermanentError:
    """The error that a refusing answer (a status of 4xx but 429) means."""
    if status in {401, 404} and _is_bare(description):
        return PermanentError(str(TOKEN_WORDS), code="token_revoked")
    if status == 409 and "webhook" in description:
        return PermanentError(str(WEBHOOK_WORDS), code="webhook_active")
    if status == 409:
        return PermanentError(str(CONFLICT_WORDS), code="conflict")
    sentence = description.lower()
    for known in REFUSALS:
        if any(mark in sentence for mark in known.marks):
            words = str(known.words)
            return PermanentError(words % {"detail": detail(description)} if "%(" in words else words, code=known.code)
    return PermanentError(_("Telegram refused: %(detail)s") % {"detail": detail(description)}, code="bad_request")


def migrated(chat_id: int) -> PermanentError:
    """The error for a group that has become a supergroup with another id."""
    return PermanentError(
        _("The group has become a supergroup. Its new id is %(chat_id)s: enter it instead.") % {"chat_id": chat_id},
        code="chat_migrated",
    )


def detail(description: str) -> str:
    """Telegram's sentence without the name of the status before it."""
    for prefix in ("Bad Request: ", "Forbidden: ", "Not Found: ", "Unauthorized: "):
        description = description.removeprefix(prefix)
    return description


def _is_bare(description: str) -> bool:
    """Whether the answer is about the token, not about a chat or a method."""
    return description.strip().lower() in {"unauthorized", "not found", ""}
