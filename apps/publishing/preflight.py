"""What stands in the way of a publication, found before it is asked for: reads only, nothing leaves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.errors import PermanentError
from apps.publishing import markup, telegram_text
from apps.publishing.layout import Message
from apps.publishing.models import Channel, Publication
from apps.publishing.rights import right_lacking
from apps.publishing.services.files import Offered, credit_of, files_shown
from apps.publishing.services.links import LinkShown, base, is_reachable, links_shown
from apps.publishing.services.options import PostOptions
from apps.publishing.services.publications import messages_of
from apps.stories.legal import DraftText
from apps.stories.models import Story
from apps.stories.services.legal import marks_lacking

ERROR, WARNING, NOTE = "error", "warning", "note"
# What may be done about a text that is too long.
SPLIT, SHORTER = "split", "shorter"
LONG = {"too_long", "too_many_parts"}


@dataclass(frozen=True)
class Finding:
    """One thing to know: how bad, in words, and what may be done by one press."""

    level: str
    text: str
    do: tuple[str, ...] = ()


@dataclass(frozen=True)
class Checked:
    """A text as it would come out in one channel.

    Attributes:
        length, limit: of the text that is nearest to its limit, in Telegram's counting; 0 where there is no limit.
        messages: as they would stand there; where it can't go out, as near to it as can be shown.
        links: those that would lead through short links, and where to.
    """

    channel: Channel
    length: int
    limit: int
    messages: Sequence[Message] = ()
    links: Sequence[LinkShown] = ()
    findings: Sequence[Finding] = field(default=())

    @property
    def is_fit(self) -> bool:
        """Whether it can go out."""
        return not any(one.level == ERROR for one in self.findings)


def preflight(
    *, story: Story, text: DraftText, channel: Channel, options: PostOptions, chosen: Sequence[Offered]
) -> Checked:
    """Look at a text, saved or not, and its files as they would go out in a channel."""
    sections = telegram_text.sections(
        title=text.title,
        lead=text.lead,
        body=text.body,
        credit=credit_of(channel.workspace, chosen),
        signature=channel.signature,
        footer=channel.footer,
    )
    files = files_shown(chosen, spoiler=options.spoiler)
    findings = [
        *place_findings(story, channel),
        *rights_findings(channel, options),
        *markup_findings(channel),
        *law_findings(story, text),
    ]
    messages: list[Message] = []
    try:
        messages = messages_of(sections, channel, options, files)
    except PermanentError as exc:
        if exc.code == "too_long":
            with suppress(PermanentError):  # longer than all the messages that a text is split into
                messages = messages_of(sections, channel, replace(options, splits=True), files)
        can_split = bool(messages) and channel.kind == Channel.Kind.TELEGRAM and not options.splits
        offers = ((SPLIT,) if can_split else ()) + ((SHORTER,) if exc.code in LONG else ())
        findings.insert(0, Finding(ERROR, str(exc), offers))
    if len(messages) > 1 and not findings_have(findings, ERROR):
        findings.append(Finding(NOTE, parts_words(messages)))
    links = links_shown(channel, story.pk, messages)
    findings += link_findings(channel, links)
    length, limit = measured(messages, sections.html)
    if channel.kind == Channel.Kind.WEBHOOK:
        limit = 0
    return Checked(channel, length, limit, messages, links, findings)


def findings_have(findings: Sequence[Finding], level: str) -> bool:
    """Whether one of them is as bad as this."""
    return any(one.level == level for one in findings)


def measured(messages: Sequence[Message], html: str) -> tuple[int, int]:
    """Length and limit: of the one message, else of the whole text against that of a message."""
    if len(messages) == 1:
        return telegram_text.length(messages[0].html), messages[0].limit
    return telegram_text.length(html), telegram_text.MESSAGE_LIMIT


def parts_words(messages: Sequence[Message]) -> str:
    """How many messages it will be, and why."""
    words = ngettext(
        "It goes out as %(count)s message, one after the other.",
        "It goes out as %(count)s messages, one after the other.",
        len(messages),
    ) % {"count": len(messages)}
    if messages[0].media and len(messages) > 1 and messages[1].html:
        limit = number_format(telegram_text.CAPTION_LIMIT, force_grouping=True)
        words += " " + _("A caption has room for %(limit)s characters, so the text follows the picture.") % {
            "limit": limit
        }
    return words


def place_findings(story: Story, channel: Channel) -> list[Finding]:
    """What is wrong with the channel, or stands in it already."""
    found = []
    if channel.problem:
        found.append(Finding(ERROR, channel.problem))
    elif channel.kind == Channel.Kind.TELEGRAM and channel.bot is not None and not channel.bot.is_active:
        found.append(Finding(WARNING, _("The channel’s bot is paused: %(why)s") % {"why": channel.bot.problem}))
    elif channel.kind == Channel.Kind.TELEGRAM and channel.checked_at is None:
        found.append(Finding(NOTE, _("Whether the bot may post here was never checked.")))
    elif channel.kind == Channel.Kind.WEBHOOK and channel.checked_at is None:
        found.append(Finding(NOTE, _("Nothing was ever posted to this webhook. Try it by a test message.")))
    if not channel.is_active:
        found.append(Finding(WARNING, _("The channel is switched off: it waits until somebody switches it on.")))
    gone = (Publication.Status.CANCELLED, Publication.Status.DELETED, Publication.Status.FAILED)
    known = Publication.objects.filter(story=story, channel=channel, corrects=None, repeats=None)
    if row := known.exclude(status__in=gone).first():
        words = _("The story is in this channel already: %(status)s.")
        found.append(Finding(ERROR, words % {"status": row.get_status_display()}))
    return found


def rights_findings(channel: Channel, options: PostOptions) -> list[Finding]:
    """What the publication asks for and the channel's bot may not do, as it was found last."""
    if channel.problem or channel.kind != Channel.Kind.TELEGRAM:
        return []
    found = []
    if options.pin and (right := right_lacking(channel, "pin")):
        words = _("It comes out but will not be pinned. %(what)s")
        found.append(Finding(WARNING, words % {"what": right.mend}))
    if right_lacking(channel, "delete"):
        found.append(Finding(NOTE, _("After 48 hours the bot can’t delete it any more: it lacks the right to delete.")))
    return found


def markup_findings(channel: Channel) -> list[Finding]:
    """What is not right in the markup of signature and footer; it is mended when it goes out."""
    return [
        Finding(WARNING, _("Signature or footer of the channel: %(fault)s") % {"fault": fault})
        for text in (channel.signature, channel.footer)
        for fault in markup.read(text).faults
    ]


def link_findings(channel: Channel, links: Sequence[LinkShown]) -> list[Finding]:
    """Whether readers could follow the short links at all."""
    if not links or channel.kind != Channel.Kind.TELEGRAM or is_reachable():
        return []
    words = _("Links would lead through %(address)s, which readers can’t open. Set BASE_URL, or untick “count clicks”.")
    return [Finding(WARNING, words % {"address": base()})]


def law_findings(story: Story, text: DraftText) -> list[Finding]:
    """Marks that the law wants and the text lacks, the erid of a paid post among them."""
    return [Finding(WARNING, _("The text lacks %(what)s.") % {"what": one}) for one in marks_lacking(story, text)]
