"""The ways in which Telegram says no, each known by a few words of its sentence.

They come from the Bot API server's source (`tdlib/telegram-bot-api`, `Client.cpp`) and TDLib's errors.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as lazy
from django_stubs_ext import StrOrPromise


class Way(StrEnum):
    """What comes of a refusal: it is tried again, never will go, or waits for a person."""

    RETRY = "retry"
    PERMANENT = "permanent"
    PERSON = "person"


@dataclass(frozen=True)
class Refusal:
    """One way in which Telegram says no, known by any of its marks in the sentence."""

    code: str
    marks: tuple[str, ...]
    words: StrOrPromise
    way: Way = Way.PERSON


# The first that fits is the one, so the narrower stand before the wider.
REFUSALS: tuple[Refusal, ...] = (
    Refusal(
        "blocked",
        ("bot was blocked", "user_is_blocked"),
        lazy("The person has blocked the bot."),
        Way.PERMANENT,
    ),
    Refusal(
        "deactivated",
        ("user is deactivated", "user_deactivated", "input_user_deactivated"),
        lazy("The person's account is deleted."),
        Way.PERMANENT,
    ),
    Refusal(
        "not_started",
        ("can't initiate conversation", "bots can't send messages to bots", "can't send messages to the bot"),
        lazy("The person has not started a talk with the bot yet; Telegram lets a bot only answer."),
        Way.PERMANENT,
    ),
    Refusal(
        "not_member",
        (
            "bot was kicked",
            "bot is not a member",
            "bot is not a participant",
            "group chat was deleted",
            "channel_private",
        ),
        lazy("The bot is not in the chat any more. Add it again and give it the right to post."),
    ),
    Refusal(
        "chat_not_found",
        ("chat not found", "chat_id is empty", "peer_id_invalid", "username not found", "username_not_occupied"),
        lazy("Telegram does not find the chat. Check its id, and that the bot has been added to it."),
    ),
    Refusal(
        "no_rights_topics",
        (
            "not enough rights to create a topic",
            "not enough rights to edit the topic",
            "rights to manage topics",
            "not enough rights to close the topic",
            "not enough rights to delete the topic",
        ),
        lazy("The bot may not manage topics here. Make it an administrator with the right to manage topics."),
    ),
    Refusal(
        "no_rights_pin",
        ("rights to pin a message", "rights to manage pinned messages"),
        lazy("The bot may not pin messages here. Make it an administrator with the right to pin messages."),
    ),
    Refusal(
        "no_rights_media",
        (
            "not enough rights to send photos",
            "not enough rights to send videos",
            "not enough rights to send documents",
            "not enough rights to send animations",
            "not enough rights to send audios",
            "not enough rights to send music",
            "not enough rights to send media",
            "chat_send_media_forbidden",
            "chat_send_photos_forbidden",
            "chat_send_videos_forbidden",
            "chat_send_docs_forbidden",
            "chat_send_gifs_forbidden",
            "chat_send_audios_forbidden",
        ),
        lazy("The chat takes no such files from the bot. Allow its members to send them, or send the text alone."),
    ),
    Refusal(
        "paid",
        ("allow_payment_required",),
        lazy("Writing here costs Telegram Stars, and Pult pays nothing. Let the bot write for free in the chat."),
    ),
    Refusal(
        "no_rights",
        (
            "not enough rights",
            "have no rights",
            "need administrator rights",
            "administrator rights are required",
            "chat_write_forbidden",
            "chat_send_plain_forbidden",
            "chat_guest_send_forbidden",
            "user_banned_in_channel",
            "chat_admin_required",
            "chat_restricted",
            "topic_closed_for_bots",
        ),
        lazy("The bot may not post here. Make it an administrator with the right to post messages."),
    ),
    Refusal("topic_closed", ("topic_closed",), lazy("The topic is closed. Open it again, or choose another.")),
    Refusal(
        "topic_not_found",
        ("message thread not found", "topic_id_invalid", "topic_deleted", "topic not found"),
        lazy("The topic is not there any more."),
    ),
    Refusal(
        "not_forum",
        ("chat is not a forum", "channel_forum_missing"),
        lazy("The chat has no topics. Turn them on in the group's settings."),
    ),
    Refusal(
        "topic_name",
        ("topic_title_empty", "topic name is too long"),
        lazy("A topic's name has 1 to 128 characters."),
    ),
    Refusal(
        "caption_too_long",
        ("caption is too long", "media_caption_too_long"),
        lazy("The text under the file is longer than Telegram takes: 1,024 characters. Shorten it."),
    ),
    Refusal(
        "too_big",
        ("too big for a photo", "file is too big", "file_parts_invalid", "entity too large"),
        lazy("The file is larger than Telegram takes from a bot: 10 MB for a picture, 50 MB for others."),
    ),
    Refusal(
        "too_long",
        ("message is too long", "message_too_long", "text is too long"),
        lazy("The text is longer than Telegram takes: 4,096 characters. Shorten it."),
    ),
    Refusal(
        "photo_size",
        ("photo_invalid_dimensions",),
        lazy(
            "The picture has a shape that Telegram does not show: too large, too narrow or too small. Cut it, or send "
            "it as a document."
        ),
    ),
    Refusal(
        "file_unknown",
        (
            "wrong file identifier",
            "wrong remote file identifier",
            "wrong file_id",
            "file_reference_expired",
            "file_reference_invalid",
        ),
        lazy("Telegram does not know this file any more. Upload it again."),
    ),
    Refusal(
        "media_refused",
        (
            "image_process_failed",
            "photo_ext_invalid",
            "photo_save_file_invalid",
            "file must be non-empty",
            "media_empty",
            "media_invalid",
            "webpage_media_empty",
            "webpage_curl_failed",
            "document_invalid",
            "video_content_type_invalid",
            "wrong type of the web page content",
            "failed to get http url content",
            "can't be mixed with other media types",
            "to send as an album",
            "can't use file of type",
            "type of the media",
            "media_grouped_invalid",
            "there is no photo in",
            "there is no video in",
        ),
        lazy("Telegram does not take this file: %(detail)s"),
    ),
    Refusal("empty", ("message text is empty", "text must be non-empty"), lazy("The text is empty.")),
    Refusal(
        "bad_markup",
        ("can't parse entities", "unsupported parse_mode", "entities_too_long", "entity_bounds_invalid"),
        lazy("Telegram does not understand the text's formatting: %(detail)s"),
    ),
    Refusal(
        "bad_buttons",
        (
            "inline keyboard",
            "button_url_invalid",
            "button_data_invalid",
            "button_type_invalid",
            "reply_markup_too_long",
            "text buttons are unallowed",
        ),
        lazy("Telegram does not take the buttons: %(detail)s"),
    ),
    Refusal(
        "not_modified",
        ("message is not modified", "message_not_modified", "topic_not_modified", "chat_not_modified"),
        lazy("It is so already."),
        Way.PERMANENT,
    ),
    Refusal(
        "message_not_found",
        (
            "message to edit not found",
            "message to delete not found",
            "message to pin not found",
            "message to unpin not found",
            "message to be replied not found",
            "message_id_invalid",
            "message not found",
        ),
        lazy("The message is not in the chat any more."),
        Way.PERMANENT,
    ),
    Refusal(
        "not_changeable",
        (
            "message can't be edited",
            "message can't be deleted",
            "message_edit_time_expired",
            "message_delete_forbidden",
            "there is no text in the message to edit",
            "there is no caption in the message to edit",
        ),
        lazy("Telegram does not let the bot change this message any more."),
        Way.PERMANENT,
    ),
    Refusal(
        "webhook_refused",
        ("bad webhook", "secret token contains"),
        lazy("Telegram does not take the webhook's address: %(detail)s"),
    ),
)
