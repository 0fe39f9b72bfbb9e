"""Which messages a text and its files become in Telegram. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from apps.core.errors import PermanentError
from apps.publishing import telegram_text
from apps.publishing.splitting import split
from apps.publishing.telegram_text import CAPTION_LIMIT, MESSAGE_LIMIT, Sections, joined
from apps.telegram.limits import ALBUM_MAX, album_refusal, media_refusal
from apps.telegram.ports import Media

File = Mapping[str, Any]
Rows = Sequence[Sequence[Mapping[str, str]]]
TOGETHER = {"photo": "seen", "video": "seen", "document": "document", "audio": "audio"}
PARTS_MAX = 10


@dataclass(frozen=True)
class Message:
    """One message, or one album.

    Attributes:
        html: its text; the caption where it has files.
    """

    html: str = ""
    media: Sequence[File] = ()
    buttons: Rows = field(default=())

    @property
    def kind(self) -> str:
        """As `PublicationPart.Kind` names it."""
        return "text" if not self.media else "media" if len(self.media) == 1 else "album"

    @property
    def limit(self) -> int:
        """How many UTF-16 units its text may have."""
        return CAPTION_LIMIT if self.media else MESSAGE_LIMIT


def lay_out(
    text: Sections, files: Sequence[File] = (), *, splits: bool = False, buttons: Rows = (), is_page: bool = False
) -> list[Message]:
    """The messages in their order.

    The first files carry the text as their caption where it fits; else title and lead stand there and the rest follows
    as a text of its own. Buttons stand under the text; under an album there can be none, so there the text goes alone.
    On a page of ours (`is_page`) all is one message.

    Raises:
        PermanentError: nothing is in it; the text is too long and may not be split; files that Telegram would refuse.
    """
    if not text.html:
        raise PermanentError(_("The text is empty. Write it first."), code="empty")
    refuse_files(files)
    if is_page:
        if not splits:
            refuse_long(text.html)
        return [Message(text.html, tuple(files), buttons)]
    groups = grouped(files)
    caption, rest = captioned(text, can_hold=bool(groups), alone=bool(buttons) and bool(groups) and len(groups[0]) > 1)
    texts = texts_of(rest, splits=splits)
    messages = [Message(caption, groups[0])] if groups else []
    messages += [Message(html) for html in texts]
    messages += [Message(media=group) for group in groups[1:]]
    if len(messages) > PARTS_MAX:
        raise PermanentError(
            _("It would be %(count)s messages, at most %(most)s go out together. Shorten the text.")
            % {"count": len(messages), "most": PARTS_MAX},
            code="too_many_parts",
        )
    if buttons:
        place = (len(groups[:1]) + len(texts) - 1) if texts else 0
        messages[place] = Message(messages[place].html, messages[place].media, buttons)
    return messages


def whole(text: Sections, files: Sequence[File] = (), buttons: Rows = ()) -> Message:
    """All of it as one message, for a program, which has none of Telegram's limits.

    Raises:
        PermanentError: nothing is in it.
    """
    if not text.html:
        raise PermanentError(_("The text is empty. Write it first."), code="empty")
    return Message(text.html, tuple(files), buttons)


def captioned(text: Sections, *, can_hold: bool, alone: bool = False) -> tuple[str, Sections]:
    """What the first files carry as their caption, and what is left for texts of their own."""
    if not can_hold or alone:
        return "", text
    if telegram_text.length(text.html) <= CAPTION_LIMIT:
        return text.html, Sections()
    if telegram_text.length(caption := joined(text.head, text.lead)) <= CAPTION_LIMIT:
        return (caption, Sections(body=text.body, tail=text.tail)) if text.body else ("", text)
    return text.head, Sections(lead=text.lead, body=text.body, tail=text.tail)


def texts_of(text: Sections, *, splits: bool) -> list[str]:
    """The texts of their own."""
    if not text.html:
        return []
    if telegram_text.length(text.html) <= MESSAGE_LIMIT:
        return [text.html]
    if not splits:
        refuse_long(text.html)
    return split(joined(text.head, text.lead, text.body), limit=MESSAGE_LIMIT, tail=text.tail)


def refuse_long(html: str) -> None:
    """Refuse a text that is no single message.

    Raises:
        PermanentError: it says by how much to shorten it.
    """
    length = telegram_text.length(html)
    if length <= MESSAGE_LIMIT:
        return
    message = _(
        "The text is too long for a Telegram message: %(length)s characters with the title and the footer, at most "
        "%(limit)s. Shorten it by %(over)s."
    )
    numbers = {"length": length, "limit": MESSAGE_LIMIT, "over": length - MESSAGE_LIMIT}
    words = {name: number_format(number, force_grouping=True) for name, number in numbers.items()}
    raise PermanentError(message % words, code="too_long")


def refuse_files(files: Sequence[File]) -> None:
    """Refuse what Telegram would not take.

    Raises:
        PermanentError: too many, too large, or empty; in words.
    """
    if len(files) > ALBUM_MAX:
        raise PermanentError(
            _("There are %(count)s files; at most %(most)s go out with a publication. Untick some.")
            % {"count": len(files), "most": ALBUM_MAX},
            code="too_many_media",
        )
    for one in files:
        if refusal := media_refusal(media_of(one)):
            raise PermanentError(refusal, code="media")
    for group in grouped(files):
        if len(group) > 1 and (refusal := album_refusal([media_of(one) for one in group])):
            raise PermanentError(refusal, code="media")


def grouped(files: Sequence[File]) -> list[tuple[File, ...]]:
    """Files as they may stand together: pictures with videos, documents and audio with their like, others alone."""
    groups: dict[str, list[File]] = {}
    for number, one in enumerate(files):
        groups.setdefault(TOGETHER.get(str(one["kind"]), f"alone {number}"), []).append(one)
    order = sorted(groups, key=lambda name: name != "seen")
    return [tuple(groups[name]) for name in order]


def media_of(one: File) -> Media:
    """A file as the gateway takes it."""
    return Media(
        kind=one["kind"],
        name=one["name"],
        size=one["size"],
        storage_name=one["storage_name"],
        mime=one.get("mime", ""),
        width=one.get("width", 0),
        height=one.get("height", 0),
    )
