"""The verbs of the gateway to Telegram."""

from apps.telegram.services.bots import (
    BOT_CODES,
    PROGRAM,
    alert_key,
    bot_api,
    bot_check,
    bot_create,
    bot_delete,
    bot_id_of,
    bot_pause,
    bot_update,
    bot_updates,
    bots_wanted,
    token_check,
    token_refused,
)

__all__ = [
    "BOT_CODES",
    "PROGRAM",
    "alert_key",
    "bot_api",
    "bot_check",
    "bot_create",
    "bot_delete",
    "bot_id_of",
    "bot_pause",
    "bot_update",
    "bot_updates",
    "bots_wanted",
    "token_check",
    "token_refused",
]
