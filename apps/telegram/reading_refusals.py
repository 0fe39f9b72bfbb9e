"""What Telegram's refusals to a person's account mean, in words for a person."""

from __future__ import annotations

from math import ceil

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from apps.core.errors import PermanentError, RetryableError

# The codes of the two ports, `reading` and `login`.
WORDS = {
    "login_lost": lazy("Telegram has ended this login. Log in again."),
    "duplicated": lazy(
        "Telegram has ended this login because it was used from two places at once. Log in again, and use it in one "
        "place only."
    ),
    "deactivated": lazy("Telegram has blocked or deleted this account."),
    "private": lazy("The channel is private and this account is not in it. Join it in Telegram with this account."),
    "banned": lazy("This account is shut out of the channel. Read it with another account."),
    "not_found": lazy("Telegram knows no such channel. Check its name."),
    "not_channel": lazy("This name is a person's or a bot's, not a channel's."),
    "channel_gone": lazy("The channel is deleted, or Telegram has blocked it."),
    "invite_expired": lazy(
        "This invitation is not valid any more: it has expired or was revoked. Ask the channel's administrators for a "
        "new one."
    ),
    "invite_wrong": lazy("Telegram knows no such invitation. Copy the whole link once more."),
    "join_requested": lazy("The channel's administrators have to let the account in first."),
    "channels_full": lazy(
        "This account is in as many channels as Telegram allows. Leave one with it in Telegram, or join with another "
        "account."
    ),
    "members_full": lazy("The group has as many members as Telegram allows."),
    "already_in": lazy("The account is in this channel already."),
    "paid": lazy("Joining this channel costs Telegram Stars, and Pult pays nothing. Join it in Telegram yourself."),
    "small_group": lazy(
        "This is a small group, not a channel or a supergroup, and Pult can't read it. Its owner can make a supergroup "
        "of it in Telegram."
    ),
    "media_gone": lazy("The file is not in the channel any more."),
    "no_api": lazy(
        "Telegram gives no access without api_id and api_hash. Get them at my.telegram.org and fill them in here, or "
        "set TELEGRAM_API_ID and TELEGRAM_API_HASH for the whole installation."
    ),
    "api_wrong": lazy("Telegram does not know this api_id with this api_hash. Copy both from my.telegram.org."),
    "proxy_wrong": lazy("The proxy's address can't be read: socks5://, http:// or mtproto://, then host and port."),
    "bot_proxy_wrong": lazy("The proxy's address can't be read: socks5:// or http://, then host and port."),
    "proxy_private": lazy("The proxy's address is not public. Whoever runs Pult may allow it by HTTP_ALLOW_PRIVATE."),
    "string_unreadable": lazy("The kept login can't be read. Log in again."),
    "phone_wrong": lazy("Telegram does not know such a phone number. Write it with the country's code: +7…"),
    "phone_banned": lazy("Telegram has banned this phone number."),
    "phone_full": lazy("Telegram gives this phone number no more codes for now. Try again tomorrow."),
    "sign_up": lazy("There is no Telegram account with this phone number. Make one in a Telegram app first."),
    "code_wrong": lazy("The code is wrong. Look at it once more; Telegram sent it in a message."),
    "code_expired": lazy("The code is too old. Ask for a new one."),
    "code_lost": lazy("This log-in was begun too long ago. Begin again."),
    "no_other_way": lazy("Telegram has no other way to send the code. Wait for it, or begin again later."),
    "password_wrong": lazy("The password is wrong."),
    "refused": lazy("Telegram refused."),
}
# What the ports call by one code although a person is told more.
SAME = {"duplicated": "login_lost", "deactivated": "login_lost", "string_unreadable": "login_lost"}


def refused(code: str, detail: str = "") -> PermanentError:
    """The failure for a code, with Telegram's own word where we have none."""
    words = str(WORDS.get(code, WORDS["refused"]))
    if detail:
        words = _("%(words)s It says: %(detail)s") % {"words": words, "detail": detail}
    return PermanentError(words, code=SAME.get(code, code))


def flooded(seconds: float) -> RetryableError:
    """Telegram asks one account to pause one kind of request."""
    return RetryableError(
        _("Telegram asks this account to wait %(seconds)s s.") % {"seconds": ceil(seconds)},
        retry_after=seconds,
        code="flood",
    )
