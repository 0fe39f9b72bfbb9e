"""Each of Telegram's refusals has a meaning, and words that say what to do."""

from __future__ import annotations

import pytest

from apps.core.errors import PermanentError, RetryableError
from apps.telegram.refusal_table import REFUSALS, Way
from apps.telegram.refusals import CODES, migrated, refusal, way

# (status, Telegram's sentence, code, what comes of it)
ROWS = [
    (403, "Forbidden: bot was blocked by the user", "blocked", "permanent"),
    (403, "Forbidden: USER_IS_BLOCKED", "blocked", "permanent"),
    (403, "Forbidden: user is deactivated", "deactivated", "permanent"),
    (400, "Bad Request: INPUT_USER_DEACTIVATED", "deactivated", "permanent"),
    (403, "Forbidden: bot can't initiate conversation with a user", "not_started", "permanent"),
    (403, "Forbidden: bots can't send messages to bots", "not_started", "permanent"),
    (403, "Forbidden: bot was kicked from the supergroup chat", "not_member", "person"),
    (403, "Forbidden: bot is not a member of the channel chat", "not_member", "person"),
    (403, "Forbidden: the group chat was deleted", "not_member", "person"),
    (400, "Bad Request: CHANNEL_PRIVATE", "not_member", "person"),
    (400, "Bad Request: chat not found", "chat_not_found", "person"),
    (400, "Bad Request: PEER_ID_INVALID", "chat_not_found", "person"),
    (400, "Bad Request: not enough rights to create a topic", "no_rights_topics", "person"),
    (400, "Bad Request: not enough rights to pin a message", "no_rights_pin", "person"),
    (400, "Bad Request: not enough rights to manage pinned messages in the chat", "no_rights_pin", "person"),
    (400, "Bad Request: not enough rights to send photos to the chat", "no_rights_media", "person"),
    (400, "Bad Request: CHAT_SEND_VIDEOS_FORBIDDEN", "no_rights_media", "person"),
    (403, "Forbidden: ALLOW_PAYMENT_REQUIRED_5", "paid", "person"),
    (400, "Bad Request: not enough rights to send text messages to the chat", "no_rights", "person"),
    (400, "Bad Request: need administrator rights in the channel chat", "no_rights", "person"),
    (400, "Bad Request: have no rights to send a message", "no_rights", "person"),
    (400, "Bad Request: CHAT_WRITE_FORBIDDEN", "no_rights", "person"),
    (400, "Bad Request: CHAT_ADMIN_REQUIRED", "no_rights", "person"),
    (400, "Bad Request: TOPIC_CLOSED", "topic_closed", "person"),
    (400, "Bad Request: message thread not found", "topic_not_found", "person"),
    (400, "Bad Request: TOPIC_DELETED", "topic_not_found", "person"),
    (400, "Bad Request: TOPIC_ID_INVALID", "topic_not_found", "person"),
    (400, "Bad Request: the chat is not a forum", "not_forum", "person"),
    (400, "Bad Request: TOPIC_TITLE_EMPTY", "topic_name", "person"),
    (400, "Bad Request: message caption is too long", "caption_too_long", "person"),
    (400, "Bad Request: MEDIA_CAPTION_TOO_LONG", "caption_too_long", "person"),
    (400, "Bad Request: file of size 11059200 bytes is too big for a photo", "too_big", "person"),
    (413, "Request Entity Too Large", "too_big", "person"),
    (400, "Bad Request: message is too long", "too_long", "person"),
    (400, "Bad Request: MESSAGE_TOO_LONG", "too_long", "person"),
    (400, "Bad Request: PHOTO_INVALID_DIMENSIONS", "photo_size", "person"),
    (400, "Bad Request: wrong file identifier/HTTP URL specified", "file_unknown", "person"),
    (400, "Bad Request: wrong remote file identifier specified: Wrong string length", "file_unknown", "person"),
    (400, "Bad Request: FILE_REFERENCE_EXPIRED", "file_unknown", "person"),
    (400, "Bad Request: IMAGE_PROCESS_FAILED", "media_refused", "person"),
    (400, "Bad Request: WEBPAGE_MEDIA_EMPTY", "media_refused", "person"),
    (400, "Bad Request: file must be non-empty", "media_refused", "person"),
    (400, "Bad Request: document can't be mixed with other media types", "media_refused", "person"),
    (400, "Bad Request: too many messages to send as an album", "media_refused", "person"),
    (400, "Bad Request: message text is empty", "empty", "person"),
    (400, 'Bad Request: can\'t parse entities: Unsupported start tag "p"', "bad_markup", "person"),
    (400, "Bad Request: ENTITIES_TOO_LONG", "bad_markup", "person"),
    (400, "Bad Request: inline keyboard button URL 'x' is invalid: Wrong HTTP URL", "bad_buttons", "person"),
    (400, "Bad Request: BUTTON_DATA_INVALID", "bad_buttons", "person"),
    (400, "Bad Request: message is not modified: specified new message content", "not_modified", "permanent"),
    (400, "Bad Request: TOPIC_NOT_MODIFIED", "not_modified", "permanent"),
    (400, "Bad Request: message to edit not found", "message_not_found", "permanent"),
    (400, "Bad Request: message to pin not found", "message_not_found", "permanent"),
    (400, "Bad Request: MESSAGE_ID_INVALID", "message_not_found", "permanent"),
    (400, "Bad Request: message can't be edited", "not_changeable", "permanent"),
    (400, "Bad Request: message can't be deleted for everyone", "not_changeable", "permanent"),
    (400, "Bad Request: there is no caption in the message to edit", "not_changeable", "permanent"),
    (400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook", "webhook_refused", "person"),
    (401, "Unauthorized", "token_revoked", "person"),
    (404, "Not Found", "token_revoked", "person"),
    (409, "Conflict: terminated by other getUpdates request", "conflict", "person"),
    (409, "Conflict: terminated by setWebhook request", "webhook_active", "person"),
    (409, "Conflict: can't use getUpdates method while webhook is active", "webhook_active", "person"),
    (400, "Bad Request: something new", "bad_request", "person"),
    (404, "Not Found: method not found", "bad_request", "person"),
]


@pytest.mark.parametrize(("status", "sentence", "code", "comes"), ROWS)
def test_refusal_has_its_code_words_and_way(status: int, sentence: str, code: str, comes: str) -> None:
    error = refusal(status, sentence)
    assert isinstance(error, PermanentError)
    assert (error.code, way(error.code)) == (code, Way(comes))
    assert error.code in CODES
    assert len(str(error)) >= 12
    assert "Bad Request" not in str(error)
    assert "%(" not in str(error)


def test_every_row_of_the_table_is_tried() -> None:
    tried = {code for _status, _sentence, code, _way in ROWS}
    assert tried | {"token_malformed", "chat_migrated", "media_gone"} == CODES


def test_every_mark_leads_to_its_own_row() -> None:
    for known in REFUSALS:
        for mark in known.marks:
            assert refusal(400, f"Bad Request: {mark}").code in {known.code, "no_rights"}, mark
            assert mark == mark.lower()


@pytest.mark.parametrize(
    ("sentence", "seconds"), [("Bad Request: SLOWMODE_WAIT_41", 41.0), ("Bad Request: slow mode is enabled", 30.0)]
)
def test_slow_mode_is_tried_again_after_its_wait(sentence: str, seconds: float) -> None:
    error = refusal(400, sentence)
    assert isinstance(error, RetryableError)
    assert (error.code, error.retry_after, way(error.code)) == ("slow_mode", seconds, Way.RETRY)


def test_group_that_moved_and_what_is_not_known_wait_for_a_person() -> None:
    assert "-100777" in str(migrated(-100777))
    assert {way(migrated(-1).code), way("never heard of"), way("rate_limited")} == {Way.PERSON, Way.RETRY}
