"""What Telegram's refusals mean, in words for a person.

Telegram gives a status and an English sentence, and its sentences change; so a few words of each are looked for, those
of `refusal_table`.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.refusal_table import REFUSALS, Way

SLOW_MODE = re.compile(r"slowmode_wait_(\d+)")
SLOW_MODE_S = 30.0  # where Telegram does not say how long
TOKEN_WORDS = lazy("Telegram does not know this token any more. Get the present one from BotFather and save it here.")
CONFLICT_WORDS = lazy("Another program is using this bot at the same time. Stop it, or make a bot of its own for Pult.")
WEBHOOK_WORDS = lazy(
    "A webhook is set for this bot: Telegram brings what it is told to another program. Turn the webhook off there, or "
    "make a bot of its own for Pult."
)
# Those that are not known by a mark; `media_gone` is ours: the file is not in the storage any more.
OTHERS = frozenset(
    {"token_revoked", "token_malformed", "conflict", "webhook_active", "chat_migrated", "bad_request", "media_gone"}
)
CODES = frozenset({known.code for known in REFUSALS} | OTHERS)
WAYS = {known.code: known.way for known in REFUSALS} | {"slow_mode": Way.RETRY, "rate_limited": Way.RETRY}


def way(code: str) -> Way:
    """What comes of a refusal with this code; what is not known waits for a person."""
    return WAYS.get(code, Way.PERSON)


def refusal(status: int, description: str) -> PermanentError | RetryableError:
    """The error that a refusing answer (a status of 4xx but 429) means."""
    if status in {401, 404} and _is_bare(description):
        return PermanentError(str(TOKEN_WORDS), code="token_revoked")
    if status == 409 and "webhook" in description.lower():
        return PermanentError(str(WEBHOOK_WORDS), code="webhook_active")
    if status == 409:
        return PermanentError(str(CONFLICT_WORDS), code="conflict")
    sentence = description.lower()
    if "slowmode_wait" in sentence or "slow mode" in sentence:
        return slowed(sentence)
    for known in REFUSALS:
        if any(mark in sentence for mark in known.marks):
            words = str(known.words)
            return PermanentError(words % {"detail": detail(description)} if "%(" in words else words, code=known.code)
    return PermanentError(_("Telegram refused: %(detail)s") % {"detail": detail(description)}, code="bad_request")


def slowed(sentence: str) -> RetryableError:
    """The error for a group in which everybody has to wait between two messages."""
    found = SLOW_MODE.search(sentence)
    seconds = float(found[1]) if found else SLOW_MODE_S
    return RetryableError(
        _("The group is in slow mode; the bot may write again in %(seconds)s s. Administrators need not wait.")
        % {"seconds": round(seconds)},
        retry_after=seconds,
        code="slow_mode",
    )


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
