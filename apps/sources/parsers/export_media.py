"""What a message of an export shows beside its words: a picture, a file, a poll, a place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from apps.sources.ports import Media

FILE_KINDS = {
    "sticker": "sticker",
    "video_message": "video",
    "voice_message": "voice",
    "animation": "video",
    "video_file": "video",
    "audio_file": "audio",
}
OPTIONS_MAX = 20
# What stands in place of a path: "(File not included. Change data exporting settings to download.)" and the like.
ABSENT = {"not included": "not_included", "exceeds": "too_large", "unavailable": "unavailable"}


def media_of(message: Mapping[str, Any]) -> tuple[Media, ...]:
    """What the message shows; a message shows one thing at most."""
    key = str(message["id"])
    found = (
        _photo(message, key)
        or _file(message, key)
        or _poll(message.get("poll"), key)
        or _contact(message, key)
        or _place(message, key)
        or _thing(message, key)
    )
    return () if found is None else (found,)


def _photo(message: Mapping[str, Any], key: str) -> Media | None:
    if "photo" not in message:
        return None
    return Media(
        "photo",
        key,
        mime="image/jpeg",
        size=_number(message.get("photo_file_size")),
        remote=_place_of(message["photo"]),
        about=_known(message, "width", "height", spoiler="media_spoiler"),
    )


def _file(message: Mapping[str, Any], key: str) -> Media | None:
    if "file" not in message:
        return None
    what = _words(message.get("media_type"))
    about = _known(
        message,
        *("width", "height", "performer", "title"),
        duration="duration_seconds",
        emoji="sticker_emoji",
        spoiler="media_spoiler",
    )
    if what in {"video_message", "animation"}:
        about["form"] = "round" if what == "video_message" else "animation"
    remote = _place_of(message["file"])
    return Media(
        FILE_KINDS.get(what, "document"),
        key,
        mime=_words(message.get("mime_type")),
        size=_number(message.get("file_size")),
        name=_words(message.get("file_name")) or PurePosixPath(remote.get("export", "")).name,
        remote=remote,
        about=about,
    )


def _poll(poll: object, key: str) -> Media | None:
    if not isinstance(poll, Mapping):
        return None
    answers = poll.get("answers")
    options = [
        {"text": _said(one.get("text")), "votes": _number(one.get("voters"))}
        for one in (answers if isinstance(answers, list) else [])[:OPTIONS_MAX]
        if isinstance(one, Mapping)
    ]
    about = {
        "question": _said(poll.get("question")),
        "options": options,
        "voters": _number(poll.get("total_voters")),
        "closed": bool(poll.get("closed")),
    }
    return Media("poll", key, about=about)


def _contact(message: Mapping[str, Any], key: str) -> Media | None:
    contact = message.get("contact_information")
    if not isinstance(contact, Mapping):
        return None
    name = " ".join(filter(None, (_words(contact.get("first_name")), _words(contact.get("last_name")))))
    return Media("other", key, about={"what": "contact", "name": name, "phone": _words(contact.get("phone_number"))})


def _place(message: Mapping[str, Any], key: str) -> Media | None:
    place = message.get("location_information")
    if not isinstance(place, Mapping):
        return None
    about = {"what": "place", **_known(place, "latitude", "longitude"), **_known(message, "place_name", "address")}
    return Media("other", key, about=about)


def _thing(message: Mapping[str, Any], key: str) -> Media | None:
    """A game, an invoice and the like: only said to have been there."""
    if "game_title" in message:
        return Media("other", key, about={"what": "game", "title": _words(message["game_title"])})
    invoice = message.get("invoice_information")
    if isinstance(invoice, Mapping):
        about = {"what": "invoice", **_known(invoice, "title", "amount", "currency")}
        return Media("other", key, about=about)
    todo = message.get("todo_list")
    if isinstance(todo, Mapping):
        answers = todo.get("answers")
        listed = answers if isinstance(answers, list) else []
        points = [_said(one.get("text")) for one in listed if isinstance(one, Mapping)]
        return Media("other", key, about={"what": "list", "title": _said(todo.get("title")), "points": points[:50]})
    if "giveaway_information" in message or "giveaway_results" in message:
        return Media("other", key, about={"what": "giveaway"})
    return None


def _place_of(value: object) -> dict[str, Any]:
    """Where in the export the file lies, or why it is not there."""
    path = _words(value)
    if path and not path.startswith("("):
        return {"export": path}
    reason = next((code for words, code in ABSENT.items() if words in path), "not_included")
    return {"absent": reason}


def _known(source: Mapping[str, Any], *names: str, **renamed: str) -> dict[str, Any]:
    wanted = {**{name: name for name in names}, **renamed}
    return {
        name: source[theirs]
        for name, theirs in wanted.items()
        if isinstance(source.get(theirs), str | int | float) and source[theirs] not in ("", 0, False)
    }


def _said(text: object) -> str:
    """Words that may be formatted: a string, or a list of strings and stretches."""
    if isinstance(text, Mapping):
        text = text.get("text")
    parts = text if isinstance(text, list) else [text]
    return "".join(
        part if isinstance(part, str) else _words(part.get("text")) if isinstance(part, Mapping) else ""
        for part in parts
    )


def _words(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _number(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
